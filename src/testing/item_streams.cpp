#include "meter/testing/item_streams.hpp"

namespace meter::testing {

ListedItems::~ListedItems() = default;
CollectedItems::~CollectedItems() = default;

Result<std::optional<Value>> ListedItems::next() {
    if (next_ == items_.size()) return std::optional<Value>();
    return std::optional<Value>(items_[next_++]);
}

Result<void> CollectedItems::push(std::string_view port, Value item) {
    items_[std::string(port)].push_back(std::move(item));
    return {};
}

const std::vector<Value>& CollectedItems::at(std::string_view port) const {
    static const std::vector<Value> none;
    const auto found = items_.find(port);
    return found == items_.end() ? none : found->second;
}

}  // namespace meter::testing
