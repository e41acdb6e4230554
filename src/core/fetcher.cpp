// The seam only: what implements it (src/fetch, fakes, programs of users) need not link the built-in fetcher.
#include "meter/fetcher.hpp"

namespace meter {

Fetcher::~Fetcher() = default;

}  // namespace meter
