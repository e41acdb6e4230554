// Which doctypes mean quirks mode.
#pragma once

#include "html/parser/token.hpp"

namespace meter::html::detail {

/// HTML standard 13.2.6.4.1, no iframe srcdoc document.
bool means_quirks(const DoctypeToken& doctype) noexcept;

}  // namespace meter::html::detail
