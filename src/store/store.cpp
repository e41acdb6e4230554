// Anchors of the store seams: their type identity lives here.
#include "meter/store.hpp"

namespace meter {

StrategyStore::~StrategyStore() = default;
JobStore::~JobStore() = default;
IdempotencyStore::~IdempotencyStore() = default;
ApiKeyStore::~ApiKeyStore() = default;
Store::~Store() = default;

}  // namespace meter
