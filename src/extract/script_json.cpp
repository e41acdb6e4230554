#include "extract/script_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/unicode.hpp"
#include "extract/json_items.hpp"
#include "meter/json.hpp"

namespace meter::detail {
namespace {

/// Four hex digits at `pos`.
std::optional<char32_t> script_hex4(std::string_view text, std::size_t pos) noexcept {
    if (text.size() < 4 || pos > text.size() - 4) return std::nullopt;
    char32_t value = 0;
    for (const char c : text.substr(pos, 4)) {
        const char32_t digit = c >= '0' && c <= '9'   ? c - '0'
                               : c >= 'a' && c <= 'f' ? c - 'a' + 10
                               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                      : 16;
        if (digit == 16) return std::nullopt;
        value = value * 16 + digit;
    }
    return value;
}

bool is_high_surrogate(char32_t unit) noexcept {
    return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(char32_t unit) noexcept {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/// Copies JSON text and mends it on the way. One pass, no look-back beyond one comma.
class JsonMender {
public:
    /// `relaxed`: the tolerance of parse_script_json(); otherwise only surrogates are mended.
    JsonMender(std::string_view text, bool relaxed) : text_(text), relaxed_(relaxed) { out_.reserve(text.size()); }

    std::string run() && {
        while (at_ < text_.size()) {
            if (text_[at_] == '"')
                copy_string();
            else if (!relaxed_ || !skip_noise())
                copy_plain();
        }
        return std::move(out_);
    }

private:
    bool starts(std::string_view what) const noexcept { return text_.substr(at_).starts_with(what); }

    /// Moves past `end`, or to the end of the text.
    void skip_past(std::string_view end, std::size_t from) {
        const std::size_t found = text_.find(end, from);
        at_ = found == std::string_view::npos ? text_.size() : found + end.size();
    }

    bool skip_noise() {
        const std::size_t before = at_;
        if (starts("/*")) {
            skip_past("*/", at_ + 2);
        } else if (starts("//<![CDATA[")) {
            at_ += 11;
        } else if (starts("//")) {
            at_ = std::min(text_.find_first_of("\n\r", at_), text_.size());
        } else if (starts("<![CDATA[")) {
            at_ += 9;
        } else if (starts("]]>") || starts("-->")) {
            at_ += 3;
        } else if (starts("<!--")) {
            // Around the JSON, or a comment of its own before it.
            const std::size_t inner = text_.find_first_not_of(" \t\n\r", at_ + 4);
            const bool around = inner == std::string_view::npos || text_[inner] == '{' || text_[inner] == '[';
            if (around)
                at_ += 4;
            else
                skip_past("-->", at_ + 4);
        } else if (text_[at_] == ';') {
            ++at_;
        }
        if (at_ == before) return false;
        out_.push_back(' ');
        return true;
    }

    void copy_plain() {
        const char c = text_[at_++];
        const bool closing = c == '}' || c == ']';
        if (relaxed_ && closing && comma_ != std::string::npos) out_[comma_] = ' ';
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            const bool trailing = c == ',' && last_ != '[' && last_ != '{' && last_ != ',';
            comma_ = trailing ? out_.size() : std::string::npos;
            last_ = c;
        }
        out_.push_back(c);
    }

    void copy_string() {
        comma_ = std::string::npos;
        last_ = '"';
        out_.push_back(text_[at_++]);
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\\') {
                copy_escape();
                continue;
            }
            ++at_;
            if (relaxed_ && static_cast<unsigned char>(c) < 0x20)
                append_control(c);
            else
                out_.push_back(c);
            if (c == '"') return;
        }
    }

    void append_control(char c) {
        static constexpr char hex[] = "0123456789abcdef";
        out_.append("\\u00");
        out_.push_back(hex[(static_cast<unsigned char>(c) >> 4) & 15]);
        out_.push_back(hex[static_cast<unsigned char>(c) & 15]);
    }

    void copy_escape() {
        const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (kind == 'u') {
            if (const auto unit = script_hex4(text_, at_ + 2)) {
                copy_unit(*unit);
                return;
            }
        }
        if (relaxed_ && kind == '\'') {  // JavaScript's escape, not JSON's
            out_.push_back('\'');
            at_ += 2;
            return;
        }
        if (relaxed_ && (kind == '\n' || kind == '\r')) {  // a continued line
            at_ += 2;
            return;
        }
        out_.append(text_.substr(at_, 2));
        at_ = std::min(at_ + 2, text_.size());
    }

    void copy_unit(char32_t unit) {
        std::size_t length = 6;
        bool whole = !is_high_surrogate(unit) && !is_low_surrogate(unit);
        if (is_high_surrogate(unit) && text_.substr(at_ + 6).starts_with("\\u")) {
            const auto low = script_hex4(text_, at_ + 8);
            if (low && is_low_surrogate(*low)) {
                whole = true;
                length = 12;
            }
        }
        if (whole)
            out_.append(text_.substr(at_, length));
        else
            out_.append("\\ufffd");
        at_ += length;
    }

    std::string_view text_;
    bool relaxed_;
    std::size_t at_ = 0;
    std::string out_;
    char last_ = '[';                        ///< last character outside strings that is no white space
    std::size_t comma_ = std::string::npos;  ///< in `out_`: a comma after a value, with only white space after it
};

/// The end of the bracketed text or string that starts at `start`, strings inside skipped; npos when it does not end.
std::size_t script_literal_end(std::string_view script, std::size_t start) noexcept {
    std::size_t depth = 0;
    char quote = '\0';
    for (std::size_t i = start; i < script.size(); ++i) {
        const char c = script[i];
        if (quote != '\0') {
            if (c == '\\') {
                ++i;
            } else if (c == quote) {
                quote = '\0';
                if (depth == 0) return i + 1;
            }
        } else if (c == '"' || c == '\'' || c == '`') {
            quote = c;
        } else if (c == '{' || c == '[' || c == '(') {
            ++depth;
        } else if (c == '}' || c == ']' || c == ')') {
            if (depth <= 1) return i + 1;
            --depth;
        }
    }
    return std::string_view::npos;
}

/// The text a JavaScript string literal (quotes included) stands for (ECMA-262 section 12.9.4), as UTF-8.
std::string script_unescape(std::string_view literal) {
    const std::string_view inner = literal.substr(1, literal.size() - 2);
    std::string out;
    out.reserve(inner.size());
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] != '\\' || i + 1 == inner.size()) {
            out.push_back(inner[i]);
            continue;
        }
        const char kind = inner[++i];
        switch (kind) {
            case 'n':
                out.push_back('\n');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case 'b':
                out.push_back('\b');
                break;
            case 'f':
                out.push_back('\f');
                break;
            case 'v':
                out.push_back('\v');
                break;
            case '\n':
                break;
            case 'x': {
                const std::string padded = "00" + std::string(inner.substr(i + 1, 2));
                if (const auto unit = script_hex4(padded, 0)) {
                    core::append_utf8(out, *unit);
                    i += 2;
                }
                break;
            }
            case 'u': {
                const auto unit = script_hex4(inner, i + 1);
                if (!unit) break;
                i += 4;
                const auto low = inner.substr(i + 1).starts_with("\\u") ? script_hex4(inner, i + 3) : std::nullopt;
                if (is_high_surrogate(*unit) && low && is_low_surrogate(*low)) {
                    core::append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
                    i += 6;
                } else {
                    core::append_utf8(out, *unit);  // a lone surrogate becomes U+FFFD
                }
                break;
            }
            default:
                out.push_back(kind);
        }
    }
    return out;
}

bool is_script_identifier(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::array<std::string_view, 4> script_globals{"window.", "self.", "globalThis.", "this."};

std::size_t script_skip_space(std::string_view script, std::size_t at) noexcept {
    while (at < script.size() && (script[at] == ' ' || script[at] == '\t' || script[at] == '\n' || script[at] == '\r'))
        ++at;
    return at;
}

/// Where the right side begins when `script` assigns to `name`, found at `at`; npos when it does not.
std::size_t script_right_side(std::string_view script, std::size_t at, std::string_view name) noexcept {
    const std::string_view before = script.substr(0, at);
    std::size_t after = at + name.size();
    const char left = before.empty() ? ' ' : before.back();
    if (left == '"' || left == '\'') {  // window["X"]
        const bool bracketed = before.size() > 1 && before[before.size() - 2] == '[' && after + 1 < script.size() &&
                               script[after] == left && script[after + 1] == ']';
        if (!bracketed) return std::string_view::npos;
        after += 2;
    } else if (left == '.') {  // window.X, but not other.X
        const bool global = std::any_of(script_globals.begin(), script_globals.end(),
                                        [&](std::string_view object) { return before.ends_with(object); });
        if (!global) return std::string_view::npos;
    } else if (is_script_identifier(left)) {
        return std::string_view::npos;
    }
    after = script_skip_space(script, after);
    if (after >= script.size() || script[after] != '=') return std::string_view::npos;
    ++after;
    if (after < script.size() && (script[after] == '=' || script[after] == '>')) return std::string_view::npos;
    return script_skip_space(script, after);
}

}  // namespace

std::string repair_json_text(std::string_view text) {
    return JsonMender(text, false).run();
}

Result<Value> parse_script_json(std::string_view text) {
    text = core::trim(text);
    auto parsed = parse_json(text, JsonLimits{.max_depth = json_max_depth, .max_bytes = text.size()});
    if (parsed || parsed.error().code != ErrorCode::parse) return parsed;
    const std::string mended = JsonMender(text, true).run();
    return parse_json(core::trim(mended), JsonLimits{.max_depth = json_max_depth, .max_bytes = mended.size()});
}

std::optional<Value> find_assigned_json(std::string_view script, std::string_view name) {
    for (const std::string_view object : script_globals)
        if (name.starts_with(object) && name.size() > object.size()) {
            name.remove_prefix(object.size());
            break;
        }
    // Literals that are no JSON may hold further assignments, so the search goes on inside them. The bytes looked at
    // are bounded, which keeps "X={X={X={..." linear.
    std::size_t allowance = 8 * script.size();
    for (std::size_t at = script.find(name); at != std::string_view::npos; at = script.find(name, at + 1)) {
        std::size_t start = script_right_side(script, at, name);
        if (start >= script.size()) continue;
        constexpr std::string_view json_parse = "JSON.parse(";
        const bool quoted = script.substr(start).starts_with(json_parse);
        if (quoted) start = script_skip_space(script, start + json_parse.size());
        if (start >= script.size()) continue;
        const char first = script[start];
        if (quoted ? first != '"' && first != '\'' && first != '`' : first != '{' && first != '[') continue;

        const std::size_t end = script_literal_end(script, start);
        const std::size_t cost = std::min(end, script.size()) - start;
        if (end != std::string_view::npos) {
            const std::string_view literal = script.substr(start, end - start);
            auto value = quoted ? parse_script_json(script_unescape(literal)) : parse_script_json(literal);
            if (value) return std::move(*value);
        }
        if (cost > allowance) return std::nullopt;
        allowance -= cost;
    }
    return std::nullopt;
}

}  // namespace meter::detail
