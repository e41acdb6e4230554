// Parts that several request bodies have in common.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "json/members.hpp"
#include "meter/schedule.hpp"
#include "meter/value.hpp"

namespace meter::json {

/// `parameters`, or a member of another name with the same content: name -> scalar, array of scalars, or null to remove
/// (wire contract 8.6).
std::optional<Value> read_parameters(Members& in, std::string_view name = "parameters");

/// May a parameter have this value?
bool is_parameter(const Value& value);

/// `urls`: 1 to 10,000. All texts first, then all URLs: what answers 422 comes after everything that answers 400.
std::vector<std::string> read_urls(Members& in);

/// A list of objects, each read by `read(Members&)` at its own path; nulls in them are dropped. Nothing is read after
/// the first that is wrong.
template <class Read>
auto read_objects(Members& in, std::string_view name, std::size_t most, Read read) {
    std::vector<std::invoke_result_t<Read, Members&>> parts;
    const Value::Array* array = in.array(name, 0, most);
    if (array == nullptr) return parts;
    parts.reserve(array->size());
    for (const Value& value : *array) {
        Members part(value, Nulls::dropped, in.path_of(name) + "." + std::to_string(parts.size()));
        parts.push_back(read(part));
        if (!part.error()) continue;
        in.fail(*part.error());
        break;
    }
    return parts;
}

/// Takes the named members out where they are null: there null counts as absent, and is not to be answered.
void drop_nulls(Object& object, std::initializer_list<std::string_view> names);

/// `ignore` and `key` (wire contract 12.7); with Nulls::kept a null is a value. What is in them is checked where it is
/// compiled (ChangeRules).
std::optional<Value> read_ignore(Members& in);
std::optional<Value> read_key(Members& in);

/// An object without its null members; anything else as it is.
Value without_nulls(Value value);

/// `filter_config` without the nulls in it, which count as absent (wire contract 1): what is stored is what is shown.
/// The rest is checked where it is compiled (Filter). nullopt when absent or null.
std::optional<Value> read_filter_config(Members& in);

/// The webhook members of a new schedule (wire contract 13.3), URL and secret not judged yet.
WebhookRequest read_webhook(Members& in);

inline constexpr std::int64_t most_jitter_seconds = 3'600;

}  // namespace meter::json
