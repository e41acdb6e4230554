// YAML documents as values, for files of other programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::server {

struct YamlDocument {
    int line = 1;  ///< where it begins
    Value value;
    /// Why the document cannot be read: aliases, tags of programs, keys that are no texts. The others still can.
    std::string refused = {};
};

/// Reads every document of a YAML 1.1 text: mappings, lists and scalars; plain scalars as null, booleans and numbers
/// where they look like it (YAML 1.2 core schema, yes and no included). The last of repeated keys counts. Linear in the
/// text: nothing is copied by an alias, at most 32 levels, 1,000,000 nodes.
/// Errors: parse with the line in the message; too_large; unsupported where the build has no libyaml.
Result<std::vector<YamlDocument>> read_yaml(std::string_view text);

}  // namespace meter::server
