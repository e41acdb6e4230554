// A JSON-like value: the records, plans and parameters that flow through the library.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "meter/export.hpp"

namespace meter {

class Value;

namespace detail {
template <class T>
concept UnsignedNumber = std::unsigned_integral<T> && !std::same_as<T, bool>;
}  // namespace detail

/// An object: members in insertion order, each key once. Lookup is linear, which beats a map on the small objects
/// that records are.
class METER_EXPORT Object {
public:
    using Member = std::pair<std::string, Value>;

    Object();
    Object(std::initializer_list<Member> members);  ///< a repeated key: the last value counts
    Object(const Object&);
    Object(Object&&) noexcept;
    Object& operator=(const Object&);
    Object& operator=(Object&&) noexcept;
    ~Object();

    /// The member's value, or null pointer. Valid until the object changes.
    const Value* find(std::string_view key) const noexcept;
    Value* find(std::string_view key) noexcept;
    bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }

    /// Sets a member; an existing key keeps its place. Returns the stored value.
    Value& set(std::string key, Value value);
    /// Adds a member whose key the caller knows to be new: no lookup.
    Value& append(std::string key, Value value);
    /// Room for so many members, so that adding them moves none.
    void reserve(std::size_t members);
    /// Removes a member; false when there was none.
    bool erase(std::string_view key);

    std::size_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }
    std::vector<Member>::const_iterator begin() const noexcept;
    std::vector<Member>::const_iterator end() const noexcept;
    std::vector<Member>::iterator begin() noexcept;
    std::vector<Member>::iterator end() noexcept;

    /// Equal when the same keys have equal values; order does not count (RFC 8259 section 4).
    friend METER_EXPORT bool operator==(const Object& a, const Object& b);

private:
    std::vector<Member> members_;
};

/// null, bool, int64, double, string, array or object. Regular: copy is deep, == compares content (an integer and a
/// double are equal when they are the same number). Destruction recurses once per level; parse_json() caps the depth.
/// Threads: as the standard library's containers.
class METER_EXPORT Value {
public:
    using Array = std::vector<Value>;
    enum class Kind { null, boolean, integer, number, string, array, object };

    Value() noexcept = default;
    Value(std::nullptr_t) noexcept {}
    Value(std::same_as<bool> auto value) noexcept : data_(value) {}
    Value(std::signed_integral auto value) noexcept : data_(static_cast<std::int64_t>(value)) {}
    /// Values above the int64 range become a double.
    Value(detail::UnsignedNumber auto value) noexcept {
        if (static_cast<std::uint64_t>(value) <= static_cast<std::uint64_t>(INT64_MAX))
            data_ = static_cast<std::int64_t>(value);
        else
            data_ = static_cast<double>(value);
    }
    Value(double value) noexcept : data_(value) {}
    Value(std::string value) noexcept : data_(std::move(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(Array value) noexcept : data_(std::move(value)) {}
    Value(Object value) noexcept : data_(std::move(value)) {}

    Kind kind() const noexcept { return static_cast<Kind>(data_.index()); }
    bool is_null() const noexcept { return kind() == Kind::null; }
    bool is_bool() const noexcept { return kind() == Kind::boolean; }
    bool is_integer() const noexcept { return kind() == Kind::integer; }
    bool is_number() const noexcept { return kind() == Kind::integer || kind() == Kind::number; }
    bool is_string() const noexcept { return kind() == Kind::string; }
    bool is_array() const noexcept { return kind() == Kind::array; }
    bool is_object() const noexcept { return kind() == Kind::object; }
    bool is_scalar() const noexcept { return !is_array() && !is_object(); }

    /// Checked access: the content, or a null pointer when the value is of another kind.
    const bool* if_bool() const noexcept { return std::get_if<bool>(&data_); }
    const std::int64_t* if_integer() const noexcept { return std::get_if<std::int64_t>(&data_); }
    const std::string* if_string() const noexcept { return std::get_if<std::string>(&data_); }
    std::string* if_string() noexcept { return std::get_if<std::string>(&data_); }
    const Array* if_array() const noexcept { return std::get_if<Array>(&data_); }
    Array* if_array() noexcept { return std::get_if<Array>(&data_); }
    const Object* if_object() const noexcept { return std::get_if<Object>(&data_); }
    Object* if_object() noexcept { return std::get_if<Object>(&data_); }

    /// The number, integer or not; 0 when the value is no number.
    double to_double() const noexcept;

    /// The member of an object; null pointer when there is none or this is no object.
    const Value* find(std::string_view key) const noexcept;

    /// "null", "boolean", "number", "string", "array" or "object": the JSON type name.
    std::string_view type_name() const noexcept;

    friend METER_EXPORT bool operator==(const Value& a, const Value& b);

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> data_ = nullptr;
};

}  // namespace meter
