// Text of elements, for the rest of src/html.
#pragma once

#include <libxml/tree.h>

#include <cstddef>
#include <string>

namespace meter::html::detail {

/// Appends Element::text(). Returns what it cost: nodes visited and their text by 16 bytes.
std::size_t append_text(const xmlNode* root, std::string& out);

void append_raw_text(const xmlNode* root, std::string& out);

}  // namespace meter::html::detail
