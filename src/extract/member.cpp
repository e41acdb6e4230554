#include "extract/member.hpp"

#include <utility>

namespace meter::detail {

Error plan_error(std::string member, std::string_view why) {
    std::string message = member + ": " + std::string(why);
    return {ErrorCode::invalid_argument, std::move(message), std::move(member)};
}

Error plan_missing(std::string member) {
    std::string message = "Missing required field: " + member;
    return {ErrorCode::invalid_argument, std::move(message), std::move(member)};
}

const Value* plan_member(const Object& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_null() ? nullptr : value;
}

Result<std::string> plan_string(const Object& object, std::string_view name, const std::string& at,
                                std::string_view fallback) {
    const Value* value = plan_member(object, name);
    if (value == nullptr) return std::string(fallback);
    if (!value->is_string()) return plan_error(at + "." + std::string(name), "must be a string");
    return *value->if_string();
}

Result<bool> plan_flag(const Object& object, std::string_view name, const std::string& at, bool fallback) {
    const Value* value = plan_member(object, name);
    if (value == nullptr) return fallback;
    if (!value->is_bool()) return plan_error(at + "." + std::string(name), "must be true or false");
    return *value->if_bool();
}

Result<const Object*> plan_object(const Object& object, std::string_view name, const std::string& at) {
    const Value* value = plan_member(object, name);
    if (value == nullptr) return static_cast<const Object*>(nullptr);
    if (!value->is_object()) return plan_error(at + "." + std::string(name), "must be an object");
    return value->if_object();
}

Result<std::size_t> plan_count(const Object& object, std::string_view name, const std::string& at, std::size_t lowest,
                               std::size_t highest, std::size_t fallback) {
    const Value* value = plan_member(object, name);
    if (value == nullptr) return fallback;
    const std::int64_t* number = value->if_integer();
    if (number != nullptr && std::cmp_greater_equal(*number, lowest) && std::cmp_less_equal(*number, highest))
        return static_cast<std::size_t>(*number);
    std::string why = "must be a whole number from " + std::to_string(lowest);
    why += highest == SIZE_MAX ? " up" : " to " + std::to_string(highest);
    return plan_error(at + "." + std::string(name), why);
}

Result<html::Selector> plan_selector(const std::string& text, const std::string& at) {
    auto selector = html::Selector::parse(text);
    if (!selector) return plan_error(at, selector.error().message);
    return selector;
}

Result<JsonSource> plan_json_source(const Object& definition) {
    const std::string root = "strategy";
    JsonSource source;
    auto items_path = plan_string(definition, "items_path", root);
    if (!items_path) return items_path.error();
    if (items_path->size() > plan_max_path) return plan_error(root + ".items_path", "longer than 2048 bytes");
    source.items_path = std::move(*items_path);

    const auto fields = plan_object(definition, "fields", root);
    if (!fields) return fields.error();
    if (*fields == nullptr) return source;
    if ((*fields)->size() > plan_max_fields) return plan_error(root + ".fields", "at most 200 fields are allowed");
    for (const auto& [name, field] : **fields) {
        const std::string at = root + ".fields." + name;
        if (name.size() > plan_max_name) return plan_error(root + ".fields", "names have at most 256 bytes");
        const Object* object = field.if_object();
        if (object == nullptr) return plan_error(at, "must be an object with a path");
        if (plan_member(*object, "path") == nullptr) return plan_missing(at + ".path");
        auto path = plan_string(*object, "path", at);
        if (!path) return path.error();
        if (path->size() > plan_max_path) return plan_error(at + ".path", "longer than 2048 bytes");
        source.fields.emplace_back(name, std::move(*path));
    }
    return source;
}

}  // namespace meter::detail
