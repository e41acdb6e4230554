#include "change/canonical.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "meter/change.hpp"

namespace meter {
namespace detail {
namespace {

constexpr std::size_t canonical_piece = 64 << 10;

/// Printable ASCII without leading, trailing or double spaces: what most values are. Already normal, no copy needed.
bool is_canonical_ascii(std::string_view text) noexcept {
    bool space = true;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7F) return false;
        if (c == ' ' && space) return false;
        space = c == ' ';
    }
    return text.empty() || !space;
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
    if (is_canonical_ascii(text))
        append_canonical_literal(out, text);
    else
        append_canonical_literal(out, core::collapse_space(core::to_nfc(text)));
}

void append_canonical_key(std::string& out, std::string_view key) {
    if (core::is_valid_utf8(key))
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
    const Value::Array* array = nullptr;
    std::vector<const Object::Member*> members = {};  ///< of an object, sorted
    std::size_t next = 0;
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

    const auto begin = [&](const Value& current) {
        if (const auto* array = current.if_array()) {
            out.push_back('[');
            open.push_back({array});
        } else if (const auto* object = current.if_object()) {
            out.push_back('{');
            CanonicalFrame frame;
            frame.members.reserve(object->size());
            for (const auto& member : *object) frame.members.push_back(&member);
            std::sort(frame.members.begin(), frame.members.end(),
                      [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
            open.push_back(std::move(frame));
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
        const std::size_t size = frame.array != nullptr ? frame.array->size() : frame.members.size();
        if (frame.next == size) {
            out.push_back(frame.array != nullptr ? ']' : '}');
            open.pop_back();
            continue;
        }
        if (frame.next > 0) out.push_back(',');
        const std::size_t at = frame.next++;
        if (frame.array != nullptr) {
            begin((*frame.array)[at]);  // may move `frame`: not used after this
        } else {
            const Object::Member& member = *frame.members[at];
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
