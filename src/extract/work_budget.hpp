// A bound on the work of one extraction: plans come from outside as pages do, and nested containers times selectors
// times text can be made to cost the square of the page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "html/document.hpp"

namespace meter::detail {

/// Counts steps: about one for a selector tried on a node, or for four bytes of text made. On ordinary pages, where the
/// bound cannot be reached, it costs one look at each element.
class WorkBudget {
public:
    /// `readers`: how many selectors and fields look at each container.
    WorkBudget(const html::Document& document, std::size_t readers);

    /// Elements and texts of the page. The first call may walk over it.
    std::size_t nodes();

    /// `readers` things look at every node below `element`. False: the budget is spent.
    bool charge_subtree(html::Element element, std::size_t readers) noexcept;
    bool charge_steps(std::uint64_t steps) noexcept;
    bool charge_text(std::size_t bytes) noexcept { return charge_steps(bytes / 4); }

private:
    html::Element root_;
    std::optional<std::size_t> nodes_;  ///< once counted
    std::uint64_t spent_ = 0;
    bool exact_ = false;
    std::unordered_map<const _xmlNode*, std::uint32_t> sizes_;  ///< nodes below and including; only when exact
};

}  // namespace meter::detail
