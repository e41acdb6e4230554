#include "meter/generator.hpp"

namespace meter {

Generator::~Generator() = default;

}  // namespace meter
