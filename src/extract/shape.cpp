// Items into the shape of an output schema: matching of fields and coercion of values (wire contract 9).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/number.hpp"
#include "core/unicode.hpp"
#include "extract/schema_node.hpp"
#include "meter/json.hpp"
#include "url/url.hpp"

namespace meter::detail {
namespace {

using SchemaKind = SchemaNode::Kind;

Value coerce_to_text(const Value& value) {
    if (value.is_null()) return nullptr;
    std::string text;
    if (const auto* given = value.if_string()) {
        text = *given;
    } else if (const auto* list = value.if_array()) {
        for (const Value& member : *list) {
            if (member.is_null()) continue;
            std::string part = member.if_string() != nullptr ? *member.if_string() : to_json(member);
            if (part.empty()) continue;
            if (!text.empty()) text.append(", ");
            text.append(part);
        }
    } else {
        text = to_json(value);
    }
    if (core::trim(text).empty()) return nullptr;
    return text;
}

/// A whole number as it is written: also beyond 2^53, where a double would lose digits.
std::optional<std::int64_t> whole_number(std::string_view text) {
    text = core::trim(text);
    std::int64_t number = 0;
    const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

Value coerce_to_number(const Value& value) {
    if (value.is_number()) return value;
    const auto* text = value.if_string();
    if (text == nullptr) return nullptr;
    if (const auto whole = whole_number(*text)) return *whole;
    const auto number = core::find_number(*text);
    return number ? Value(*number) : Value();
}

Value coerce_to_integer(const Value& value) {
    const Value number = coerce_to_number(value);
    if (number.kind() != Value::Kind::number) return number;
    const double rounded = std::round(number.to_double());  // half away from zero
    if (!std::isfinite(rounded)) return nullptr;
    if (std::abs(rounded) < 9.2e18) return static_cast<std::int64_t>(rounded);
    return rounded;
}

Value coerce_to_boolean(const Value& value) {
    if (value.is_bool()) return value;
    if (value.is_number()) {
        if (value.to_double() == 1) return true;
        return value.to_double() == 0 ? Value(false) : Value();
    }
    const auto* text = value.if_string();
    if (text == nullptr) return nullptr;
    const std::string word = core::ascii_lower(core::trim(*text));
    for (const std::string_view yes : {"true", "yes", "1"})
        if (word == yes) return true;
    for (const std::string_view no : {"false", "no", "0"})
        if (word == no) return false;
    return nullptr;
}

Value coerce_to_array(const Value& value) {
    if (value.is_null() || value.is_array()) return value;
    Value::Array list;
    const auto* text = value.if_string();
    if (text == nullptr) {
        list.push_back(value);
        return list;
    }
    std::string_view rest = *text;
    while (true) {
        const std::size_t comma = rest.find(',');
        const std::string_view part = core::trim(rest.substr(0, comma));
        if (!part.empty()) list.emplace_back(part);
        if (comma == std::string_view::npos) return list;
        rest.remove_prefix(comma + 1);
    }
}

bool looks_like_link(const Value& value) {
    const auto* text = value.if_string();
    return text != nullptr && text->find("://") != std::string::npos && text->find(' ') == std::string::npos;
}

/// Fields of an item by flattened name ("pricing_amount" for {"pricing": {"amount": ...}}).
class FlatItem {
public:
    /// Names longer than `longest` cannot match anything: they are not built, so long keys above many members cost
    /// nothing.
    FlatItem(const Object& item, std::size_t longest) {
        struct Frame {
            std::vector<Object::Member>::const_iterator next;
            std::vector<Object::Member>::const_iterator end;
            std::size_t prefix;
        };
        std::vector<Frame> open{{item.begin(), item.end(), 0}};
        std::string name;
        while (!open.empty()) {
            Frame& frame = open.back();
            if (frame.next == frame.end) {
                open.pop_back();
                continue;
            }
            const auto& [key, value] = *frame.next++;
            name.resize(frame.prefix);
            if (name.size() + key.size() > longest) continue;
            name.append(key);
            fields_[normal_field_name(name)].push_back({name, &value});
            if (const Object* nested = value.if_object()) {
                name.push_back('_');
                open.push_back({nested->begin(), nested->end(), name.size()});
            }
        }
    }

    /// The field for a schema's flattened key: an exact name before one that only matches, and for link keys a link
    /// before any other value. Null pointer when there is none.
    const Value* find(const std::string& flat_key, bool link) const {
        const auto found = fields_.find(normal_field_name(flat_key));
        if (found == fields_.end()) return nullptr;
        const Candidate* best = nullptr;
        int best_rank = -1;
        for (const Candidate& candidate : found->second) {
            const int rank = (link && looks_like_link(*candidate.value) ? 4 : 0) +
                             (candidate.value->is_null() ? 0 : 2) + (candidate.name == flat_key ? 1 : 0);
            if (rank > best_rank) {
                best = &candidate;
                best_rank = rank;
            }
        }
        return best->value;
    }

private:
    struct Candidate {
        std::string name;
        const Value* value;
    };
    std::unordered_map<std::string, std::vector<Candidate>> fields_;
};

/// The link inside a link-like object ({"text": "More", "href": "https://..."}), or the value itself.
const Value& link_target(const Value& value) {
    if (!value.is_object()) return value;
    for (const std::string_view name : {"href", "url", "link", "@id"})
        if (const Value* target = value.find(name); target != nullptr && target->is_string()) return *target;
    return value;
}

std::size_t longest_flat_key(const SchemaNode& object) {
    std::size_t longest = 0;
    for (const auto& [key, member] : object.members) {
        const std::size_t below = member.kind == SchemaKind::object ? 1 + longest_flat_key(member) : 0;
        longest = std::max(longest, key.size() + below);
    }
    return longest;
}

/// Shapes the values of one item.
class Shaper {
public:
    explicit Shaper(std::string_view base_url) : base_url_(base_url) {}

    Value item(const Value& given, const SchemaNode& object) const {
        static const Object nothing;
        const Object* members = given.if_object();
        // Folding may shorten a name (long s, Kelvin sign), so names somewhat longer than the keys count too.
        const FlatItem flat(members != nullptr ? *members : nothing, 3 * longest_flat_key(object) + 16);
        return shape_members(flat, object, "");
    }

private:
    Value shape_members(const FlatItem& flat, const SchemaNode& object, const std::string& prefix) const {
        Object shaped;
        for (const auto& [key, member] : object.members) {
            const std::string flat_key = prefix + key;
            if (member.kind == SchemaKind::object) {
                shaped.append(key, shape_members(flat, member, flat_key + "_"));
                continue;
            }
            const bool link = is_link_key(key);
            const Value* value = flat.find(flat_key, link);
            shaped.append(key, value == nullptr ? Value() : shape_value(*value, member, link));
        }
        return shaped;
    }

    /// `link`: the value stands under a key that promises a link.
    Value shape_value(const Value& value, const SchemaNode& node, bool link) const {
        switch (node.kind) {
            case SchemaKind::object:
                return item(value, node);
            case SchemaKind::list:
                return shape_list(value, *node.element, link);
            default:
                break;
        }
        Value coerced = coerce_value(link ? link_target(value) : value, node.kind);
        if (link) make_absolute(coerced);
        return coerced;
    }

    Value shape_list(const Value& value, const SchemaNode& element, bool link) const {
        if (value.is_null()) return nullptr;
        Value::Array shaped;
        if (element.kind != SchemaKind::object) {
            const Value list = coerce_to_array(value);
            for (const Value& member : *list.if_array()) shaped.push_back(shape_value(member, element, link));
            return shaped;
        }
        const auto add = [&](const Value& member) {
            Value object = shape_list_object(member, element);
            if (!object.is_null()) shaped.push_back(std::move(object));
        };
        // A single object is a list of one; text is not split, it is no list of objects.
        if (const auto* list = value.if_array())
            std::for_each(list->begin(), list->end(), add);
        else
            add(value);
        return shaped;
    }

    /// One member of a list of objects. Where the object has a single field, a bare value is taken for it.
    Value shape_list_object(const Value& member, const SchemaNode& object) const {
        if (member.is_object()) return item(member, object);
        if (member.is_null() || object.members.size() != 1) return nullptr;
        const auto& [key, only] = object.members.front();
        Object shaped;
        shaped.append(key, shape_value(member, only, is_link_key(key)));
        return shaped;
    }

    /// Text with white space in it is no link ("Read more").
    void make_absolute(Value& value) const {
        if (base_url_.empty()) return;
        if (auto* list = value.if_array())
            for (Value& member : *list)
                if (member.is_string()) make_absolute(member);
        const auto* text = value.if_string();
        if (text == nullptr || looks_like_link(value) || text->find_first_of(" \t\r\n") != std::string::npos) return;
        value = url::resolve(base_url_, *text);
    }

    std::string_view base_url_;
};

}  // namespace

Value coerce_value(const Value& value, SchemaNode::Kind kind) {
    switch (kind) {
        case SchemaKind::string:
            return coerce_to_text(value);
        case SchemaKind::number:
            return coerce_to_number(value);
        case SchemaKind::integer:
            return coerce_to_integer(value);
        case SchemaKind::boolean:
            return coerce_to_boolean(value);
        case SchemaKind::array:
            return coerce_to_array(value);
        default:
            return nullptr;
    }
}

std::string normal_field_name(std::string_view name) {
    std::string normal = core::fold_case(name);
    std::replace_if(
        normal.begin(), normal.end(), [](char c) { return c == '-' || c == ' '; }, '_');
    return normal;
}

bool is_link_key(std::string_view key) {
    const std::string lower = core::ascii_lower(key);
    return lower.find("url") != std::string::npos || lower.find("link") != std::string::npos ||
           lower.find("href") != std::string::npos;
}

Value shape_item(const Value& item, const SchemaNode& object, std::string_view base_url) {
    return Shaper(base_url).item(item, object);
}

}  // namespace meter::detail
