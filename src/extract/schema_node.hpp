// The compiled form of an output schema.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/result.hpp"
#include "meter/schema.hpp"
#include "meter/value.hpp"

namespace meter {
namespace detail {

/// A type word, a nested object, or a list of one of these.
struct SchemaNode {
    enum class Kind { string, number, integer, boolean, array, object, list };

    Kind kind = Kind::string;
    std::vector<std::pair<std::string, SchemaNode>> members = {};  ///< kind object, in schema order
    std::unique_ptr<SchemaNode> element = {};                      ///< kind list
};

/// Reads a schema and checks its limits. Its depth, and so that of every recursion over it, is at most 8 levels.
Result<SchemaNode> parse_schema(const Value& definition);

/// Is this written as JSON Schema: `type` "object" with an object `properties`, or `type` "array" with object `items`?
bool is_json_schema(const Value& schema);

/// The short form of a JSON Schema. Local $ref and the first branch of anyOf, oneOf and allOf that is not "null" are
/// followed, as model libraries write optional and nested members.
Value reduce_json_schema(const Value& schema);

/// The value coerced to what a type word asks for (wire contract 9).
Value coerce_value(const Value& value, SchemaNode::Kind kind);

/// Lower case, '-' and ' ' as '_': names that match each other become equal.
std::string normal_field_name(std::string_view name);

/// Does the key promise a link: does it contain url, link or href?
bool is_link_key(std::string_view key);

/// An item in the shape of an object node. `base_url`, when not empty, is what relative links are resolved against.
Value shape_item(const Value& item, const SchemaNode& object, std::string_view base_url);

}  // namespace detail

struct OutputSchema::Impl {
    Value definition;
    detail::SchemaNode root = {};  ///< of one item: the inner object in wrapper form
    std::string wrapper_key = {};
};

}  // namespace meter
