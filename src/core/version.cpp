#include "meter/version.hpp"

namespace meter {

std::string_view version() noexcept {
    return METER_VERSION;
}

}  // namespace meter
