#include "extract/work_budget.hpp"

#include <algorithm>
#include <vector>

namespace meter::detail {
namespace {

/// Above what a page of a million nodes costs with 200 fields; some seconds.
constexpr std::uint64_t work_max_steps = 300'000'000;

struct WorkCount {
    std::size_t nodes = 0;
    std::size_t depth = 0;
    std::size_t deepest = 0;
};

bool count_work_node(void* context, const html::Node& node, bool entering) {
    auto& count = *static_cast<WorkCount*>(context);
    if (!entering) {
        --count.depth;
        return true;
    }
    ++count.nodes;
    if (node.kind == html::Node::Kind::element) count.deepest = std::max(count.deepest, ++count.depth);
    return true;
}

struct WorkSizes {
    std::unordered_map<const _xmlNode*, std::uint32_t>* sizes;
    std::vector<std::uint32_t> open;  ///< nodes seen when each open element was entered
    std::uint32_t seen = 0;
};

bool size_work_node(void* context, const html::Node& node, bool entering) {
    auto& state = *static_cast<WorkSizes*>(context);
    if (!entering) {
        (*state.sizes)[node.element.node()] = state.seen - state.open.back();
        state.open.pop_back();
        return true;
    }
    if (node.kind == html::Node::Kind::element) state.open.push_back(state.seen);
    ++state.seen;
    return true;
}

}  // namespace

WorkBudget::WorkBudget(const html::Document& document, std::size_t readers) : root_(document.root()) {
    // At worst every node lies in `deepest` nested containers, and there in as many nested matches.
    const auto may_exceed = [&](std::size_t nodes, std::size_t deepest) {
        const double worst = static_cast<double>(nodes) * static_cast<double>(deepest) * static_cast<double>(deepest) *
                             static_cast<double>(readers + 1);
        return worst > static_cast<double>(work_max_steps);
    };
    const html::Extent bound = document.extent();
    if (!may_exceed(bound.nodes, bound.depth)) return;
    WorkCount count;
    html::walk(root_, count_work_node, &count);
    nodes_ = count.nodes;
    exact_ = may_exceed(count.nodes, count.deepest);
    if (!exact_) return;
    sizes_.reserve(count.nodes);
    WorkSizes sizes{&sizes_, {}, 0};
    html::walk(root_, size_work_node, &sizes);
}

std::size_t WorkBudget::nodes() {
    if (!nodes_) {
        WorkCount count;
        html::walk(root_, count_work_node, &count);
        nodes_ = count.nodes;
    }
    return *nodes_;
}

bool WorkBudget::charge_subtree(html::Element element, std::size_t readers) noexcept {
    if (!exact_) return true;
    const auto found = sizes_.find(element.node());
    return charge_steps((found == sizes_.end() ? std::uint64_t{*nodes_} : std::uint64_t{found->second}) * readers);
}

bool WorkBudget::charge_steps(std::uint64_t steps) noexcept {
    spent_ += steps;
    return spent_ <= work_max_steps;
}

}  // namespace meter::detail
