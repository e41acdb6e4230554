// Items from a list and into lists: for tests of node types.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/node.hpp"

namespace meter::testing {

/// Hands out the items of a list.
class METER_EXPORT ListedItems final : public ItemSource {
public:
    explicit ListedItems(std::vector<Value> items = {}) : items_(std::move(items)) {}
    ~ListedItems() override;

    Result<std::optional<Value>> next() override;

private:
    std::vector<Value> items_;
    std::size_t next_ = 0;
};

/// Keeps what it is given, by port.
class METER_EXPORT CollectedItems final : public ItemSink {
public:
    ~CollectedItems() override;

    Result<void> push(std::string_view port, Value item) override;
    /// What came through a port, in order.
    const std::vector<Value>& at(std::string_view port = "output") const;

private:
    std::map<std::string, std::vector<Value>, std::less<>> items_;
};

}  // namespace meter::testing
