#include "nodes/config_schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "json/members.hpp"
#include "meter/json.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t schema_depth = 16;
constexpr std::size_t schema_most_errors = 20;

constexpr std::array<std::string_view, 7> schema_types{"null",   "boolean", "integer", "number",
                                                       "string", "array",   "object"};
constexpr std::array<std::string_view, 8> schema_counts{"minItems", "maxItems", "minLength",     "maxLength",
                                                        "minimum",  "maximum",  "minProperties", "maxProperties"};
constexpr std::array<std::string_view, 7> schema_remarks{"title",  "description", "default", "examples",
                                                         "format", "$schema",     "secret"};

template <std::size_t N>
bool schema_lists(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Error schema_error(const std::string& path, std::string_view expected) {
    return {ErrorCode::invalid_argument, path + " " + std::string(expected), path};
}

/// "integer" is a number without fraction, as JSON Schema has it.
bool schema_has_type(const Value& value, std::string_view type) {
    if (type == "integer")
        return value.is_integer() || (value.is_number() && std::trunc(value.to_double()) == value.to_double());
    return value.type_name() == type;
}

std::vector<std::string> schema_types_of(const Value& schema) {
    std::vector<std::string> names;
    const Value* type = schema.find("type");
    if (type == nullptr) return names;
    if (const auto* one = type->if_string()) names.push_back(*one);
    if (const auto* several = type->if_array())
        for (const Value& name : *several)
            if (const auto* text = name.if_string()) names.push_back(*text);
    return names;
}

std::string schema_type_text(const std::vector<std::string>& names) {
    std::string text = "must be ";
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += " or ";
        const bool vowel = names[i].starts_with('a') || names[i].starts_with('o') || names[i].starts_with('i');
        text += names[i] == "null" ? "null" : (vowel ? "an " : "a ") + names[i];
    }
    return text;
}

Result<void> schema_check_types(const Value& type, const std::string& path) {
    const Value::Array one{type};
    const auto& names = type.if_array() != nullptr ? *type.if_array() : one;
    for (const Value& name : names)
        if (!name.is_string() || !schema_lists(schema_types, *name.if_string()))
            return schema_error(path, "must name types of JSON");
    return {};
}

Result<void> schema_check_at(const Value& schema, const std::string& path, std::size_t depth);

Result<void> schema_check_members(const Value& properties, const std::string& path, std::size_t depth) {
    if (!properties.is_object()) return schema_error(path, "must be an object");
    for (const auto& [name, member] : *properties.if_object())
        if (auto ok = schema_check_at(member, path + "." + name, depth + 1); !ok) return ok;
    return {};
}

/// Recursion is bounded by `schema_depth`.
Result<void> schema_check_at(const Value& schema, const std::string& path, std::size_t depth) {
    const Object* object = schema.if_object();
    if (object == nullptr) return schema_error(path, "must be an object");
    if (depth > schema_depth) return schema_error(path, "is nested too deep");
    for (const auto& [name, value] : *object) {
        const std::string at = path + "." + name;
        if (name == "type") {
            if (auto ok = schema_check_types(value, at); !ok) return ok;
        } else if (name == "properties") {
            if (auto ok = schema_check_members(value, at, depth); !ok) return ok;
        } else if (name == "items") {
            if (auto ok = schema_check_at(value, at, depth + 1); !ok) return ok;
        } else if (name == "required" || name == "enum") {
            if (!value.is_array()) return schema_error(at, "must be an array");
        } else if (name == "additionalProperties") {
            if (!value.is_bool()) return schema_error(at, "must be true or false");
        } else if (schema_lists(schema_counts, name)) {
            if (!value.is_number()) return schema_error(at, "must be a number");
        } else if (!schema_lists(schema_remarks, name)) {
            return schema_error(at, "is no part of JSON Schema that is supported here");
        }
    }
    return {};
}

std::string schema_number(const Value& number) {
    return to_json(number);
}

/// "at least 1" and "at most 5" of a count or number.
void schema_check_range(const Value& schema, std::string_view least, std::string_view most, double count,
                        std::string_view unit, const std::string& path, std::vector<Error>& errors) {
    const std::string after = unit.empty() ? std::string() : " " + std::string(unit);
    const std::string verb = unit.empty() ? "must be " : "must have ";
    if (const Value* bound = schema.find(least); bound != nullptr && count < bound->to_double())
        errors.push_back(schema_error(path, verb + "at least " + schema_number(*bound) + after));
    if (const Value* bound = schema.find(most); bound != nullptr && count > bound->to_double())
        errors.push_back(schema_error(path, verb + "at most " + schema_number(*bound) + after));
}

void schema_check_enum(const Value& schema, const Value& value, const std::string& path, std::vector<Error>& errors) {
    const Value* words = schema.find("enum");
    if (words == nullptr) return;
    const auto& list = *words->if_array();
    if (std::find(list.begin(), list.end(), value) != list.end()) return;
    std::string text = "must be one of: ";
    for (std::size_t i = 0; i < list.size(); ++i)
        text += (i > 0 ? ", " : "") + (list[i].if_string() != nullptr ? *list[i].if_string() : to_json(list[i]));
    errors.push_back(schema_error(path, text));
}

void schema_check_object(const Value& schema, const Object& object, const std::string& path,
                         std::vector<Error>& errors) {
    if (const Value* required = schema.find("required"))
        for (const Value& one : *required->if_array()) {
            const std::string* name = one.if_string();
            const Value* member = name != nullptr ? object.find(*name) : nullptr;
            if (name != nullptr && (member == nullptr || member->is_null()))
                errors.push_back(
                    {ErrorCode::invalid_argument, "Missing required field: " + path + "." + *name, path + "." + *name});
        }
    const Value* properties = schema.find("properties");
    const Value* additional = schema.find("additionalProperties");
    const bool closed = additional != nullptr && additional->if_bool() != nullptr && !*additional->if_bool();
    for (const auto& [name, member] : object) {
        const Value* known = properties != nullptr ? properties->find(name) : nullptr;
        if (known != nullptr && !member.is_null()) check_value(*known, member, path + "." + name, errors);
        if (known == nullptr && closed) errors.push_back(schema_error(path + "." + name, "is not known"));
        if (errors.size() >= schema_most_errors) return;
    }
    schema_check_range(schema, "minProperties", "maxProperties", static_cast<double>(object.size()), "members", path,
                       errors);
}

}  // namespace

Result<void> check_schema(const Value& schema) {
    return schema_check_at(schema, "configSchema", 0);
}

/// As deep as the schema, which is bounded.
void check_value(const Value& schema, const Value& value, const std::string& path, std::vector<Error>& errors) {
    if (errors.size() >= schema_most_errors) return;
    const auto types = schema_types_of(schema);
    if (!types.empty() &&
        std::none_of(types.begin(), types.end(), [&](const auto& type) { return schema_has_type(value, type); })) {
        errors.push_back(schema_error(path, schema_type_text(types)));
        return;
    }
    schema_check_enum(schema, value, path, errors);
    if (value.is_number()) schema_check_range(schema, "minimum", "maximum", value.to_double(), "", path, errors);
    if (const auto* text = value.if_string())
        schema_check_range(schema, "minLength", "maxLength", static_cast<double>(json::count_characters(*text)),
                           "characters", path, errors);
    if (const auto* array = value.if_array()) {
        schema_check_range(schema, "minItems", "maxItems", static_cast<double>(array->size()), "elements", path,
                           errors);
        if (const Value* items = schema.find("items"))
            for (std::size_t i = 0; i < array->size(); ++i) {
                if (errors.size() >= schema_most_errors) return;
                check_value(*items, (*array)[i], path + "." + std::to_string(i), errors);
            }
    }
    if (const auto* object = value.if_object()) schema_check_object(schema, *object, path, errors);
}

}  // namespace meter::nodes
