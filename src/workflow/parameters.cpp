#include "workflow/parameters.hpp"

#include <utility>

#include "core/path.hpp"
#include "json/members.hpp"
#include "json/wire_parts.hpp"

namespace meter::workflow {
namespace {

Error mapping_error(std::string member, std::string_view expected) {
    std::string message = member + " ";
    message += expected;
    return {ErrorCode::invalid_argument, std::move(message), std::move(member)};
}

constexpr std::string_view parameter_kinds = "must be a scalar, an array of scalars or null";

}  // namespace

bool is_blank(const Value* value) noexcept {
    if (value == nullptr || value->is_null()) return true;
    if (const auto* text = value->if_string()) return text->empty();
    if (const auto* array = value->if_array()) return array->empty();
    if (const auto* object = value->if_object()) return object->empty();
    return false;
}

Result<ParameterMap> ParameterMap::parse(const Value& config, const std::string& path) {
    const Object* object = config.if_object();
    if (object == nullptr) return mapping_error(path, "must be an object");
    ParameterMap map;
    map.entries_.reserve(object->size());
    for (const auto& [name, source] : *object) {
        const std::string at = path + "." + name;
        Entry entry{.name = name};
        if (const std::string* field = source.if_string()) {
            entry.field = *field;
        } else if (source.is_object()) {
            const bool constant = source.find("value") != nullptr;
            if (constant == (source.find("field") != nullptr))
                return mapping_error(at, "must have either field or value");
            json::Members in(source, json::Nulls::kept, at);
            entry.field = in.text("field");
            entry.required = !constant && !in.is_null("required") && in.flag("required").value_or(false);
            const std::string_view member = constant ? "value" : "default";
            if (const Value* value = in.find(member); value != nullptr && (constant || !value->is_null())) {
                if (!json::is_parameter(*value)) in.fail(member, parameter_kinds);
                entry.value = *value;
            }
            if (in.error()) return *in.error();
        } else {
            return mapping_error(at, "must be a field path, {\"field\"} or {\"value\"}");
        }
        if (entry.field && entry.field->empty()) return mapping_error(at, "must name a field");
        map.entries_.push_back(std::move(entry));
    }
    return map;
}

ParameterMap ParameterMap::of_names(const Object& names) {
    ParameterMap map;
    map.entries_.reserve(names.size());
    for (const auto& [name, captured] : names)
        map.entries_.push_back({.name = name, .field = name, .whole_name = true});
    return map;
}

bool ParameterMap::apply(const Value& item, Object& parameters) const {
    for (const Entry& entry : entries_) {
        const Value* value = nullptr;
        if (entry.field) {
            value = entry.whole_name ? item.find(*entry.field) : core::find_path(item, *entry.field);
            // What no parameter can be is as good as missing.
            if (value != nullptr && (is_blank(value) || !json::is_parameter(*value))) value = nullptr;
        }
        if (value == nullptr && entry.value) value = &*entry.value;
        if (value != nullptr)
            parameters.set(entry.name, *value);
        else if (entry.required)
            return false;
    }
    return true;
}

}  // namespace meter::workflow
