// A parsed tree as html5lib-tests write it.
#pragma once

#include <string>

#include "html/document.hpp"

namespace meter::html::test {

/// One line a node, "| " and two spaces a level before each; the children of the root for a fragment.
std::string dump_tree(const Document& document, bool fragment = false);

}  // namespace meter::html::test
