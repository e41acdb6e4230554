// Reads the members of a request body: each is looked up, checked for kind and range and handed over in one call.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/error.hpp"
#include "meter/value.hpp"

namespace meter::json {

/// What a null member means: on create it is as good as absent, on PATCH it is a value of its own (wire contract 1).
enum class Nulls { dropped, kept };

/// Allowed length of a text in code points.
struct TextLength {
    std::size_t min = 0;
    std::size_t max = std::numeric_limits<std::size_t>::max();
};

/// The members of one JSON object. A read gives nullopt when the member is absent or wrong; the first thing that is
/// wrong is kept, so a caller reads everything and asks once:
///   Members in(body, Nulls::dropped);
///   in.require({"name"});
///   request.name = in.text("name", {1, 200}).value_or("");
///   if (in.error()) return *in.error();
/// Unknown members are ignored (wire contract 1). Messages and subjects name a member by its dotted path.
class Members {
public:
    /// `path` is the dotted path of the object itself; empty for a body. What is no object is an error at once.
    Members(const Value& object, Nulls nulls, std::string path = {});

    const std::optional<Error>& error() const noexcept { return error_; }
    /// Keeps the first error only.
    void fail(Error error);
    /// "<path> <expected>" as invalid_argument about the member.
    void fail(std::string_view name, std::string_view expected);

    /// The member; null pointer when absent, or null with Nulls::dropped.
    const Value* find(std::string_view name) const noexcept;
    bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
    /// Is it there as null, with Nulls::kept?
    bool is_null(std::string_view name) const noexcept;

    /// "Missing required field: <name>" for the first that is absent.
    void require(std::initializer_list<std::string_view> names);
    /// "<name> is not supported by this version" for each that is given and not null.
    void refuse(std::initializer_list<std::string_view> names);

    std::optional<std::string> text(std::string_view name, TextLength length = {});
    /// A text that passes the URL check; invalid_url otherwise.
    std::optional<std::string> url(std::string_view name);
    /// A UUID in lower case.
    std::optional<std::string> uuid(std::string_view name);
    std::optional<bool> flag(std::string_view name);
    /// A number without fraction.
    std::optional<std::int64_t> integer(std::string_view name);
    /// A number without fraction, from `min` to `max`.
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
    const Object* object(std::string_view name);
    const Value::Array* array(std::string_view name, std::size_t min, std::size_t max);
    /// An array of strings.
    std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t min, std::size_t max);
    /// One of the words; the index in the list.
    std::optional<std::size_t> word(std::string_view name, std::initializer_list<std::string_view> words);

    /// The dotted path of a member.
    std::string path_of(std::string_view name) const;

private:
    std::optional<Error> error_;
    const Object* object_;
    Nulls nulls_;
    std::string path_;
};

/// Number of code points of valid UTF-8.
std::size_t count_characters(std::string_view text) noexcept;

}  // namespace meter::json
