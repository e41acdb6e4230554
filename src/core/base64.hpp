// RFC 4648 base64, standard alphabet.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace meter::core {

std::string to_base64(std::string_view bytes);  ///< padded

/// nullopt for anything but the alphabet with right or no padding. Bits that pad the last character may have any
/// value: keys with such an end are in use.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace meter::core
