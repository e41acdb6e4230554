// Bytes to tree: libxml2's HTML parser feeds a builder of ours.
#pragma once

#include <libxml/tree.h>

#include <cstddef>
#include <string_view>

#include "html/tree.hpp"

namespace meter::html::detail {

enum class BuildOutcome { built, too_large, out_of_memory };

/// Parses UTF-8 without NUL bytes, as Prescan leaves it, and fills `tree`. `doc` is null for input without content.
/// `tags` is the number of tags in the text; it bounds how many elements may be open at a time.
/// libxml2's own tree builder is not used: it drops everything after the 256th open element and copies long scripts
/// in quadratic time; ours interns names, numbers elements, and keeps deep content at the depth cap.
BuildOutcome build_tree(std::string_view text, std::size_t tags, std::size_t max_nodes, Tree& tree, xmlDocPtr& doc);

}  // namespace meter::html::detail
