#include "meter/json.hpp"

// A program may use RapidJSON too, with other macros; its templates have the same names unless ours get others, and the
// linker keeps one of two.
#define RAPIDJSON_NAMESPACE meter::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN namespace meter::rapidjson {
#define RAPIDJSON_NAMESPACE_END }
// Before its first allocation RapidJSON 1.1.0 compares null plus an offset with null (Stack::Reserve): harmless, but
// clang's UndefinedBehaviorSanitizer stops there.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <numeric>
#include <optional>

#include "core/number.hpp"

namespace meter {
namespace {

constexpr std::size_t json_deepest = 512;
constexpr std::size_t json_longest = std::size_t{1} << 31;  // RapidJSON counts in 32 bits
constexpr std::size_t json_small_object = 16;               // members compared with each other, not sorted

/// Builds a Value from SAX events. Finished values wait on one stack until the array or object they belong to ends,
/// so nothing recurses and every container is made in one piece.
class ValueBuilder {
public:
    using Ch = char;
    using SizeType = rapidjson::SizeType;

    explicit ValueBuilder(std::size_t max_depth) : max_depth_(max_depth) {}

    bool Null() { return add(nullptr); }
    bool Bool(bool value) { return add(value); }
    bool Int(int value) { return add(value); }
    bool Uint(unsigned value) { return add(value); }
    bool Int64(std::int64_t value) { return add(value); }
    bool Uint64(std::uint64_t value) { return add(value); }
    bool Double(double value) { return add(value); }

    bool RawNumber(const char* text, SizeType length, bool) {
        const std::string_view number(text, length);
        std::int64_t integer = 0;
        const char* const end = text + length;
        if (const auto [at, error] = std::from_chars(text, end, integer); at == end && error == std::errc{})
            return add(integer);
        const auto decimal = core::exact_number(number);
        if (!decimal) return fail(ErrorCode::parse, "a number is beyond the range of a double");
        return add(*decimal);
    }

    bool String(const char* text, SizeType length, bool) {
        return is_text(text, length) && add(std::string(text, length));
    }

    bool Key(const char* text, SizeType length, bool) {
        if (!is_text(text, length)) return false;
        keys_.emplace_back(text, length);
        return true;
    }

    bool StartObject() { return open(); }
    bool StartArray() { return open(); }

    bool EndArray(SizeType count) {
        --depth_;
        const auto first = values_.end() - static_cast<std::ptrdiff_t>(count);
        Value::Array array(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
        values_.erase(first, values_.end());
        return add(std::move(array));
    }

    bool EndObject(SizeType count) {
        --depth_;
        const auto first_key = keys_.end() - static_cast<std::ptrdiff_t>(count);
        const auto first_value = values_.end() - static_cast<std::ptrdiff_t>(count);
        drop_repeated(first_key, first_value, count);
        Object object;
        for (std::size_t i = 0; i < count; ++i)
            if (kept_.empty() || kept_[i])
                object.append(std::move(first_key[static_cast<std::ptrdiff_t>(i)]),
                              std::move(first_value[static_cast<std::ptrdiff_t>(i)]));
        keys_.erase(first_key, keys_.end());
        values_.erase(first_value, values_.end());
        return add(std::move(object));
    }

    Value take() { return std::move(values_.front()); }
    const std::optional<Error>& error() const { return error_; }

private:
    using KeyAt = std::vector<std::string>::iterator;
    using ValueAt = std::vector<Value>::iterator;

    template <class T>
    bool add(T&& value) {
        values_.emplace_back(std::forward<T>(value));
        return true;
    }

    bool fail(ErrorCode code, std::string message) {
        error_ = Error{code, std::move(message)};
        return false;
    }

    bool open() {
        if (++depth_ > max_depth_)
            return fail(ErrorCode::too_large, "nested deeper than " + std::to_string(max_depth_) + " levels");
        return true;
    }

    /// RapidJSON turns an escaped low surrogate that stands alone ("\udc00") into the three bytes ED B0 80, which are
    /// no UTF-8: RFC 8259 section 8.2 warns of exactly that.
    bool is_text(const char* text, SizeType length) {
        const char* const end = text + length;
        for (const char* at = text; at != end; ++at) {
            at = static_cast<const char*>(std::memchr(at, 0xED, static_cast<std::size_t>(end - at)));
            if (at == nullptr) return true;
            if (at + 1 != end && static_cast<unsigned char>(at[1]) >= 0xA0)
                return fail(ErrorCode::parse, "a surrogate stands alone in a string");
        }
        return true;
    }

    /// Fills `kept_` when a key repeats: the first place keeps the last value. Large objects are sorted by key, so that
    /// a hostile text costs no more than n log n.
    void drop_repeated(KeyAt keys, ValueAt values, std::size_t count) {
        kept_.clear();
        const auto key = [&](std::size_t i) -> const std::string& { return keys[static_cast<std::ptrdiff_t>(i)]; };
        const auto replace = [&](std::size_t first, std::size_t later) {
            if (kept_.empty()) kept_.assign(count, true);
            std::swap(values[static_cast<std::ptrdiff_t>(first)], values[static_cast<std::ptrdiff_t>(later)]);
            kept_[later] = false;
        };
        if (count <= json_small_object) {
            for (std::size_t i = 1; i < count; ++i)
                for (std::size_t first = 0; first < i; ++first)
                    if (key(first) == key(i)) {
                        replace(first, i);
                        break;
                    }
            return;
        }
        order_.resize(count);
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
            const int order = key(a).compare(key(b));
            return order != 0 ? order < 0 : a < b;
        });
        std::size_t first = order_.front();
        for (std::size_t i = 1; i < count; ++i) {
            if (key(order_[i]) == key(first))
                replace(first, order_[i]);
            else
                first = order_[i];
        }
    }

    std::size_t max_depth_;
    std::size_t depth_ = 0;
    std::vector<Value> values_;
    std::vector<std::string> keys_;
    std::vector<bool> kept_;
    std::vector<std::size_t> order_;
    std::optional<Error> error_;
};

Error malformed_json(std::string_view reason, std::size_t offset) {
    return {ErrorCode::parse, "Malformed JSON at byte " + std::to_string(offset) + ": " + std::string(reason)};
}

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
    if (limits.max_depth < 1 || limits.max_depth > json_deepest)
        return Error{ErrorCode::invalid_argument, "max_depth must be from 1 to 512", "max_depth"};
    if (text.size() > std::min(limits.max_bytes, json_longest))
        return Error{ErrorCode::too_large,
                     "JSON text of " + std::to_string(text.size()) + " bytes is longer than allowed"};
    if (text.starts_with("\xEF\xBB\xBF")) return malformed_json("a byte order mark is not allowed", 0);
    // To RapidJSON a NUL is the end of the text: what follows would go unread.
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return malformed_json("a NUL byte is not allowed", nul);

    constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseFullPrecisionFlag | rapidjson::kParseNumbersAsStringsFlag;
    rapidjson::MemoryStream stream(text.empty() ? "" : text.data(), text.size());
    rapidjson::Reader reader;
    ValueBuilder builder(limits.max_depth);
    const rapidjson::ParseResult parsed = reader.Parse<flags>(stream, builder);
    if (!parsed.IsError()) return builder.take();
    if (!builder.error()) return malformed_json(rapidjson::GetParseError_En(parsed.Code()), parsed.Offset());
    Error error = *builder.error();
    if (error.code == ErrorCode::parse) return malformed_json(error.message, parsed.Offset());
    error.message = "JSON at byte " + std::to_string(parsed.Offset()) + " is " + error.message;
    return error;
}

}  // namespace meter
