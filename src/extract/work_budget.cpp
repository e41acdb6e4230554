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

WorkBudget::WorkBudget(html::Element root, std::size_t readers) {
    WorkCount count;
    html::walk(root, count_work_node, &count);
    nodes_ = count.nodes;
    // At worst every node lies in `deepest` nested containers, and there in as many nested matches.
    const double worst = static_cast<double>(count.nodes) * static_cast<double>(count.deepest) *
                         static_cast<double>(count.deepest) * static_cast<double>(readers + 1);
    exact_ = worst > static_cast<double>(work_max_steps);
    if (!exact_) return;
    sizes_.reserve(count.nodes);
    WorkSizes sizes{&sizes_, {}, 0};
    html::walk(root, size_work_node, &sizes);
}

bool WorkBudget::charge_subtree(html::Element element, std::size_t readers) noexcept {
    if (!exact_) return true;
    const auto found = sizes_.find(element.node());
    return charge_steps((found == sizes_.end() ? std::uint64_t{nodes_} : std::uint64_t{found->second}) * readers);
}

bool WorkBudget::charge_steps(std::uint64_t steps) noexcept {
    spent_ += steps;
    return spent_ <= work_max_steps;
}

}  // namespace meter::detail
