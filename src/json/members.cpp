#include "json/members.hpp"

#include <algorithm>
#include <cmath>

#include "core/id.hpp"
#include "core/url_text.hpp"

namespace meter::json {
namespace {

/// The number as int64 when it has no fraction: 30 and 30.0 are the same JSON integer.
std::optional<std::int64_t> exact_integer(const Value& value) {
    if (const std::int64_t* integer = value.if_integer()) return *integer;
    const double number = value.to_double();
    constexpr double exact = 9007199254740992.0;  // 2^53
    if (!value.is_number() || std::abs(number) > exact || std::trunc(number) != number) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::string describe_length(TextLength length) {
    std::string out = "must be a string";
    if (length.max == TextLength{}.max) return length.min > 0 ? out + " that is not empty" : out;
    out.append(length.min > 0 ? " of " + std::to_string(length.min) + " to " : " of at most ");
    return out.append(std::to_string(length.max)).append(" characters");
}

}  // namespace

std::size_t count_characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Members::Members(const Value& object, Nulls nulls, std::string path)
    : object_(object.if_object()), nulls_(nulls), path_(std::move(path)) {
    if (object_ != nullptr) return;
    fail({ErrorCode::invalid_argument, (path_.empty() ? "Request body" : path_) + " must be a JSON object", path_});
}

void Members::fail(Error error) {
    if (!error_) error_ = std::move(error);
}

void Members::fail(std::string_view name, std::string_view expected) {
    std::string path = path_of(name);
    std::string message = path + " ";
    fail({ErrorCode::invalid_argument, message.append(expected), std::move(path)});
}

std::string Members::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : (path_ + ".").append(name);
}

const Value* Members::find(std::string_view name) const noexcept {
    const Value* value = object_ == nullptr ? nullptr : object_->find(name);
    return value != nullptr && value->is_null() && nulls_ == Nulls::dropped ? nullptr : value;
}

bool Members::is_null(std::string_view name) const noexcept {
    const Value* value = find(name);
    return value != nullptr && value->is_null();
}

void Members::require(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (has(name)) continue;
        std::string path = path_of(name);
        fail({ErrorCode::invalid_argument, "Missing required field: " + path, path});
    }
}

void Members::refuse(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (has(name) && !is_null(name)) fail(name, "is not supported by this version");
}

std::optional<std::string> Members::text(std::string_view name, TextLength length) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* text = value->if_string();
    const std::size_t characters = text == nullptr ? 0 : count_characters(*text);
    if (text != nullptr && characters >= length.min && characters <= length.max) return *text;
    fail(name, describe_length(length));
    return std::nullopt;
}

std::optional<std::string> Members::url(std::string_view name) {
    auto url = text(name);
    if (!url) return std::nullopt;
    if (auto valid = core::validate_url(*url); !valid) {
        fail({valid.error().code, valid.error().message, path_of(name)});
        return std::nullopt;
    }
    return url;
}

std::optional<std::string> Members::uuid(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* text = value->if_string();
    auto uuid = text == nullptr ? std::nullopt : core::normalize_uuid(*text);
    if (!uuid) fail(name, "must be a UUID");
    return uuid;
}

std::optional<bool> Members::flag(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const bool* flag = value->if_bool()) return *flag;
    fail(name, "must be true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Members::integer(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const auto number = exact_integer(*value);
    if (!number) fail(name, "must be an integer");
    return number;
}

std::optional<std::int64_t> Members::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const auto number = exact_integer(*value);
    if (number && *number >= min && *number <= max) return number;
    fail(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

const Object* Members::object(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr) return nullptr;
    if (value->is_object()) return value->if_object();
    fail(name, "must be an object");
    return nullptr;
}

const Value::Array* Members::array(std::string_view name, std::size_t min, std::size_t max) {
    const Value* value = find(name);
    if (value == nullptr) return nullptr;
    const Value::Array* array = value->if_array();
    if (array != nullptr && array->size() >= min && array->size() <= max) return array;
    fail(name, "must be an array of " + std::to_string(min) + " to " + std::to_string(max) + " members");
    return nullptr;
}

std::optional<std::vector<std::string>> Members::texts(std::string_view name, std::size_t min, std::size_t max) {
    const Value::Array* list = array(name, min, max);
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    texts.reserve(list->size());
    for (const Value& value : *list) {
        if (const std::string* text = value.if_string()) {
            texts.push_back(*text);
            continue;
        }
        fail(std::string(name) + "." + std::to_string(texts.size()), "must be a string");
        return std::nullopt;
    }
    return texts;
}

std::optional<std::size_t> Members::word(std::string_view name, std::initializer_list<std::string_view> words) {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* text = value->if_string();
    const auto found = text == nullptr ? words.end() : std::find(words.begin(), words.end(), *text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    std::string expected = "must be one of: ";
    for (const std::string_view word : words) expected.append(word == *words.begin() ? "" : ", ").append(word);
    fail(name, expected);
    return std::nullopt;
}

}  // namespace meter::json
