#include "html/selector.hpp"

#include <utility>

#include "html/css.hpp"
#include "html/xpath.hpp"

namespace meter::html {
namespace {

constexpr std::string_view xpath_prefix = "xpath:";

Error too_many_steps(std::string_view selector) {
    return Error{ErrorCode::too_large, "Selector needs too many steps", std::string(selector)};
}

}  // namespace

struct Selector::Impl {
    std::string text;
    detail::CssProgram css;
    std::shared_ptr<const detail::XPathProgram> xpath;  // null for CSS

    // Appends the matches of a CSS selector; false when the budget ran out.
    bool collect(Element scope, std::size_t limit, std::vector<Match>& found) const {
        if (limit == 0) return true;
        detail::CssMatcher matcher(css, detail::tree_of(scope.node()), detail::record_of(scope.node()));
        const detail::Tree& tree = detail::tree_of(scope.node());
        return matcher.run([&](std::uint32_t index) {
            found.push_back(Match{Element(tree[index].node), std::nullopt});
            return --limit > 0;
        });
    }
};

Result<Selector> Selector::parse(std::string_view text) {
    auto impl = std::make_shared<Impl>();
    impl->text = text;
    if (text.starts_with(xpath_prefix) && text.size() <= detail::max_selector_bytes) {
        auto program = detail::XPathProgram::compile(text, xpath_prefix.size());
        if (!program) return program.error();
        impl->xpath = std::move(*program);
    } else if (auto error = detail::parse_css(text, impl->css)) {
        return std::move(*error);
    }
    Selector selector;
    selector.impl_ = std::move(impl);
    return selector;
}

bool Selector::matches(Element element, Element scope) const {
    if (!element || impl_ == nullptr || is_xpath()) return false;
    const detail::Tree& tree = detail::tree_of(element.node());
    detail::CssMatcher matcher(impl_->css, tree, scope ? detail::record_of(scope.node()) : 0);
    return matcher.matches(detail::record_of(element.node())) && !matcher.exhausted();
}

Result<std::vector<Match>> Selector::all(Element scope, std::size_t limit) const {
    std::vector<Match> found;
    if (!scope || impl_ == nullptr) return found;
    if (is_xpath()) return impl_->xpath->evaluate(scope.node(), limit);
    if (!impl_->collect(scope, limit, found)) return too_many_steps(impl_->text);
    return found;
}

Result<std::optional<Match>> Selector::first(Element scope) const {
    auto found = all(scope, 1);
    if (!found) return found.error();
    if (found->empty()) return std::optional<Match>();
    return std::optional<Match>(std::move(found->front()));
}

bool Selector::is_xpath() const noexcept {
    return impl_ != nullptr && impl_->xpath != nullptr;
}

std::size_t SelectorSet::add(const Selector& selector, bool first_only) {
    entries_.push_back({selector, first_only});
    return entries_.size() - 1;
}

// One selector after the other: the records of a subtree lie side by side in memory, so that a pass over them costs
// less than asking all selectors at each, and a selector that wants one match stops there.
Result<void> SelectorSet::run(Element scope, std::vector<std::vector<Match>>& found) const {
    found.resize(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        found[i].clear();
        if (!scope || entry.selector.impl_ == nullptr) continue;
        const std::size_t limit = entry.first_only ? 1 : SIZE_MAX;
        if (entry.selector.is_xpath()) {
            auto matches = entry.selector.all(scope, limit);
            if (!matches) return matches.error();
            found[i] = std::move(*matches);
        } else if (!entry.selector.impl_->collect(scope, limit, found[i])) {
            return too_many_steps(entry.selector.impl_->text);
        }
    }
    return {};
}

}  // namespace meter::html
