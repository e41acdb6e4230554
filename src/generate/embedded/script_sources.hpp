// JSON in the scripts of a page.
#pragma once

#include <vector>

#include "generate/embedded/embedded.hpp"

namespace meter::generate::detail {

/// Every script that holds JSON and that a plan can name, in document order.
std::vector<ScriptJson> read_scripts(html::Element root, const EmbeddedLimits& limits);

/// The objects of JSON-LD scripts: roots, members of arrays, @graph, mainEntity and itemListElement (and its item).
void append_json_ld(const std::vector<ScriptJson>& scripts, const EmbeddedLimits& limits,
                    std::vector<EmbeddedObject>& objects);

}  // namespace meter::generate::detail
