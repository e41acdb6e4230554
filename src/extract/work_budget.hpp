// A bound on the work of one extraction: plans come from outside as pages do, and nested containers times selectors
// times text can be made to cost the square of the page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "html/document.hpp"

namespace meter::detail {

/// Counts steps: about one for a selector tried on a node, or for four bytes of text made. On ordinary pages, where the
/// bound cannot be reached, it costs one walk over the page.
class WorkBudget {
public:
    /// `readers`: how many selectors and fields look at each container.
    WorkBudget(html::Element root, std::size_t readers);

    std::size_t nodes() const noexcept { return nodes_; }

    /// `readers` things look at every node below `element`. False: the budget is spent.
    bool charge_subtree(html::Element element, std::size_t readers) noexcept;
    bool charge_steps(std::uint64_t steps) noexcept;
    bool charge_text(std::size_t bytes) noexcept { return charge_steps(bytes / 4); }

private:
    std::size_t nodes_ = 0;
    std::uint64_t spent_ = 0;
    bool exact_ = false;
    std::unordered_map<const _xmlNode*, std::uint32_t> sizes_;  ///< nodes below and including; only when exact
};

}  // namespace meter::detail
