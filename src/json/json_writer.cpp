#include <array>
#include <variant>

#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "json/plain_text.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

/// Bytes that a JSON string cannot hold as they are (RFC 8259 section 7).
constexpr bool needs_json_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// The short escapes where there are some, \u00xx in lower case otherwise (RFC 8785 section 3.2.2.2).
void append_json_escape(std::string& out, char c) {
    static constexpr std::string_view plain = "\"\\\b\f\n\r\t";
    static constexpr std::string_view names = "\"\\bfnrt";
    out.push_back('\\');
    if (const std::size_t at = plain.find(c); at != std::string_view::npos) {
        out.push_back(names[at]);
    } else {
        static constexpr std::string_view digits = "0123456789abcdef";
        out.append("u00");
        out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
        out.push_back(digits[static_cast<unsigned char>(c) & 15]);
    }
}

/// Writes a value without recursing: containers that are not finished wait on a stack of positions.
class JsonTextWriter {
public:
    JsonTextWriter(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

    void write(const Value& root) {
        begin(root);
        while (!open_.empty()) {
            if (open_.back().object != nullptr)
                next_member();
            else
                next_element();
        }
    }

private:
    /// A container and what is left of it. `array` or `object` is set, never both.
    struct Open {
        const Value::Array* array;
        const Object* object;
        std::size_t next;
    };

    /// Writes a scalar or an empty container; opens any other container.
    void begin(const Value& value) {
        switch (value.kind()) {
            case Value::Kind::null:
                out_.append("null");
                break;
            case Value::Kind::boolean:
                out_.append(*value.if_bool() ? "true" : "false");
                break;
            case Value::Kind::integer:
                json::append_number(out_, *value.if_integer());
                break;
            case Value::Kind::number:
                json::append_number(out_, value.to_double());
                break;
            case Value::Kind::string:
                append_json_string(out_, *value.if_string());
                break;
            case Value::Kind::array:
                begin_container('[', ']', value.if_array()->empty(), {value.if_array(), nullptr, 0});
                break;
            case Value::Kind::object:
                begin_container('{', '}', value.if_object()->empty(), {nullptr, value.if_object(), 0});
                break;
        }
    }

    void begin_container(char opening, char closing, bool empty, Open container) {
        out_.push_back(opening);
        if (empty)
            out_.push_back(closing);
        else
            open_.push_back(container);
    }

    void next_element() {
        Open& top = open_.back();
        if (top.next == top.array->size()) return end_container(']');
        separate(top.next);
        begin((*top.array)[top.next++]);  // may move `top`
    }

    void next_member() {
        Open& top = open_.back();
        if (top.next == top.object->size()) return end_container('}');
        separate(top.next);
        const Object::Member& member = top.object->begin()[static_cast<std::ptrdiff_t>(top.next++)];
        append_json_string(out_, member.first);
        out_.append(pretty_ ? ": " : ":");
        begin(member.second);
    }

    void end_container(char closing) {
        open_.pop_back();
        break_line();
        out_.push_back(closing);
    }

    void separate(std::size_t index) {
        if (index > 0) out_.push_back(',');
        break_line();
    }

    void break_line() {
        if (pretty_) out_.append(1, '\n').append(open_.size() * 2, ' ');
    }

    std::string& out_;
    bool pretty_;
    std::vector<Open> open_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    if (json::plain_prefix(text) == text.size()) {
        out.push_back('"');
        out.append(text);
        out.push_back('"');
        return;
    }
    std::string clean;
    if (!core::is_valid_utf8(text)) text = clean = core::sanitize_utf8(text);
    out.push_back('"');
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!needs_json_escape(text[i])) continue;
        out.append(text.substr(start, i - start));
        append_json_escape(out, text[i]);
        start = i + 1;
    }
    out.append(text.substr(start));
    out.push_back('"');
}

std::string to_json(const Value& value) {
    std::string out;
    JsonTextWriter(out, false).write(value);
    return out;
}

std::string to_pretty_json(const Value& value) {
    std::string out;
    JsonTextWriter(out, true).write(value);
    return out;
}

}  // namespace meter
