#include "change/canonical.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "json/plain_text.hpp"
#include "meter/change.hpp"

namespace meter {
namespace detail {
namespace {

constexpr std::size_t canonical_piece = 64 << 10;

/// Printable ASCII that needs no escapes, as most names and values are.
bool is_plain(std::string_view text) noexcept {
    return json::plain_prefix(text) == text.size();
}

/// Neither leading nor trailing nor double spaces.
bool is_collapsed(std::string_view text) noexcept {
    return !text.starts_with(' ') && !text.ends_with(' ') && text.find("  ") == std::string_view::npos;
}

void append_quoted(std::string& out, std::string_view plain) {
    out.push_back('"');
    out.append(plain);
    out.push_back('"');
}

/// RFC 8785 section 3.2.2.2: the two-character escapes, \u00xx in lower case for other controls, the rest as it is.
void append_canonical_literal(std::string& out, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    out.push_back('"');
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.substr(from, i - from));
        from = i + 1;
        out.push_back('\\');
        switch (byte) {
            case '"':
                out.push_back('"');
                break;
            case '\\':
                out.push_back('\\');
                break;
            case '\b':
                out.push_back('b');
                break;
            case '\t':
                out.push_back('t');
                break;
            case '\n':
                out.push_back('n');
                break;
            case '\f':
                out.push_back('f');
                break;
            case '\r':
                out.push_back('r');
                break;
            default:
                out.append("u00");
                out.push_back(hex[byte >> 4]);
                out.push_back(hex[byte & 15]);
        }
    }
    out.append(text.substr(from));
    out.push_back('"');
}

void append_canonical_string(std::string& out, std::string_view text) {
    if (is_plain(text) && is_collapsed(text))
        append_quoted(out, text);
    else
        append_canonical_literal(out, core::collapse_space(core::to_nfc(text)));
}

void append_canonical_key(std::string& out, std::string_view key) {
    if (is_plain(key))
        append_quoted(out, key);
    else if (core::is_valid_utf8(key))
        append_canonical_literal(out, key);
    else
        append_canonical_literal(out, core::sanitize_utf8(key));
}

void append_canonical_scalar(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Value::Kind::boolean:
            out.append(*value.if_bool() ? "true" : "false");
            break;
        case Value::Kind::integer:
            json::append_number(out, *value.if_integer());
            break;
        case Value::Kind::number:
            json::append_number(out, value.to_double());
            break;
        case Value::Kind::string:
            append_canonical_string(out, *value.if_string());
            break;
        default:
            out.append("null");
    }
}

/// An array or object that is being written.
struct CanonicalFrame {
    const Value::Array* array = nullptr;           ///< null for an object
    std::size_t first = 0, end = 0, next = first;  ///< in the array, or among the members of all open objects
};

}  // namespace

bool utf16_less(std::string_view a, std::string_view b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (a[i] == b[i]) continue;
        // UTF-8 bytes sort by code point. UTF-16 differs in one thing: surrogates (lead bytes F0..F4) come before
        // U+E000..U+FFFF (lead bytes EE and EF).
        const auto rank = [](char c) {
            const unsigned byte = static_cast<unsigned char>(c);
            return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
        };
        return rank(a[i]) < rank(b[i]);
    }
    return a.size() < b.size();
}

void write_canonical(CanonicalSink& sink, const Value& value) {
    std::string out;
    std::vector<CanonicalFrame> open;
    std::vector<const Object::Member*> members;  // of the open objects, each object's sorted

    const auto begin = [&](const Value& current) {
        if (const auto* array = current.if_array()) {
            out.push_back('[');
            open.push_back({array, 0, array->size()});
        } else if (const auto* object = current.if_object()) {
            out.push_back('{');
            const std::size_t first = members.size();
            for (const auto& member : *object) members.push_back(&member);
            std::sort(members.begin() + static_cast<std::ptrdiff_t>(first), members.end(),
                      [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
            open.push_back({nullptr, first, members.size()});
        } else {
            append_canonical_scalar(out, current);
        }
    };

    begin(value);
    while (!open.empty()) {
        if (out.size() >= canonical_piece) {
            sink.write(out);
            out.clear();
        }
        CanonicalFrame& frame = open.back();
        if (frame.next == frame.end) {
            if (frame.array == nullptr) members.resize(frame.first);
            out.push_back(frame.array != nullptr ? ']' : '}');
            open.pop_back();
            continue;
        }
        if (frame.next > frame.first) out.push_back(',');
        const std::size_t at = frame.next++;
        if (frame.array != nullptr) {
            begin((*frame.array)[at]);  // may move `frame`: not used after this
        } else {
            const Object::Member& member = *members[at];
            append_canonical_key(out, member.first);
            out.push_back(':');
            begin(member.second);
        }
    }
    sink.write(out);
}

namespace {

class CanonicalText : public CanonicalSink {
public:
    void write(std::string_view piece) override { text.append(piece); }
    std::string text;
};

class CanonicalHash : public CanonicalSink {
public:
    void write(std::string_view piece) override { hash.update(piece); }
    core::Sha256 hash;
};

}  // namespace
}  // namespace detail

std::string canonical_json(const Value& results) {
    detail::CanonicalText sink;
    detail::write_canonical(sink, results);
    return std::move(sink.text);
}

std::string content_hash(const Value& results) {
    detail::CanonicalHash sink;
    detail::write_canonical(sink, results);
    return sink.hash.finish_hex();
}

}  // namespace meter
