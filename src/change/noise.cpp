// Applying noise rules to items (wire contract 12.7).
#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "change/rules.hpp"
#include "core/number.hpp"
#include "core/path.hpp"
#include "core/unicode.hpp"

namespace meter::detail {
namespace {

/// Takes what a regex matches out of every text at or below a value.
void noise_strip_texts(const core::Regex& regex, Value& root) {
    std::vector<Value*> open{&root};
    while (!open.empty()) {
        Value* const value = open.back();
        open.pop_back();
        if (std::string* text = value->if_string()) {
            if (regex.found_in(*text)) *text = regex.remove_all(*text);
        } else if (Value::Array* array = value->if_array()) {
            for (Value& element : *array) open.push_back(&element);
        } else if (Object* object = value->if_object()) {
            for (auto& member : *object) open.push_back(&member.second);
        }
    }
}

/// Calls `visit(object, key)` for the member that a dotted path names. As in core::find_path() the whole rest of the
/// path is tried as one key first; unlike there a segment that is no index reaches into every element of an array.
template <class Visit>
void noise_each_member(Value& root, std::string_view path, Visit visit) {
    std::vector<std::pair<Value*, std::string_view>> open{{&root, path}};
    while (!open.empty()) {
        const auto [value, rest] = open.back();
        open.pop_back();
        const std::size_t dot = rest.find('.');
        const std::string_view first = rest.substr(0, dot);
        if (Object* object = value->if_object()) {
            if (object->contains(rest)) {
                visit(*object, rest);
            } else if (dot != std::string_view::npos) {
                if (Value* next = object->find(first)) open.emplace_back(next, rest.substr(dot + 1));
            }
        } else if (Value::Array* array = value->if_array()) {
            if (const auto index = core::array_index(first)) {
                if (*index < array->size() && dot != std::string_view::npos)
                    open.emplace_back(&(*array)[*index], rest.substr(dot + 1));
            } else {
                for (Value& element : *array)
                    if (!element.is_scalar()) open.emplace_back(&element, rest);
            }
        }
    }
}

/// A text with exactly one number in it, taken apart.
struct NoiseNumber {
    std::string before, after;
    double number = 0;
};

bool noise_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "$1,299.00 each". nullopt when there is no number, more than one, or one whose separators can be read in two ways:
/// when in doubt a difference is shown.
std::optional<NoiseNumber> noise_single_number(std::string_view given) {
    const std::string text = core::collapse_space(core::to_nfc(given));
    std::size_t begin = 0;
    while (begin < text.size() && !noise_is_digit(text[begin])) ++begin;
    if (begin == text.size()) return std::nullopt;
    std::size_t end = begin;
    std::size_t points = 0;
    bool comma_after_point = false;
    while (end < text.size()) {
        const bool separator =
            (text[end] == '.' || text[end] == ',') && end + 1 < text.size() && noise_is_digit(text[end + 1]);
        if (!noise_is_digit(text[end]) && !separator) break;
        if (text[end] == '.') ++points;
        if (text[end] == ',' && points > 0) comma_after_point = true;
        ++end;
    }
    if (points > 1 || comma_after_point) return std::nullopt;
    if (std::any_of(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), noise_is_digit)) return std::nullopt;
    const auto number = core::find_number(std::string_view(text).substr(begin, end - begin));
    if (!number) return std::nullopt;
    return NoiseNumber{text.substr(0, begin), text.substr(end), *number};
}

bool noise_within(double a, double b, double most) {
    // 19.99 and 20.04 are 0.05 apart to everybody but binary arithmetic.
    return std::abs(a - b) <= most + 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

bool noise_tolerated(const Value& a, const Value& b, double most) {
    if (a.is_number() && b.is_number()) return noise_within(a.to_double(), b.to_double(), most);
    if (!a.is_string() || !b.is_string()) return false;
    const auto x = noise_single_number(*a.if_string());
    if (!x) return false;
    const auto y = noise_single_number(*b.if_string());
    return y && x->before == y->before && x->after == y->after && noise_within(x->number, y->number, most);
}

}  // namespace

Value without_noise(const ChangeRules::Impl& rules, const Value& item, std::string* key) {
    Value clean = item;
    for (const ChangeRules::Impl::TextRule& rule : rules.texts) {
        if (!rule.field) {
            noise_strip_texts(rule.regex, clean);
            continue;
        }
        noise_each_member(clean, *rule.field, [&](Object& object, std::string_view name) {
            noise_strip_texts(rule.regex, *object.find(name));
        });
    }
    if (key != nullptr) {
        key->clear();
        Value::Array values;
        for (const std::string& field : rules.key_fields) {
            const Value* value = core::find_path(clean, field);
            if (value == nullptr || value->is_null()) break;
            values.push_back(*value);
        }
        if (values.size() == rules.key_fields.size()) *key = canonical_json(values);
    }
    for (const std::string& field : rules.fields)
        noise_each_member(clean, field, [](Object& object, std::string_view name) { object.erase(name); });
    return clean;
}

void align_within_tolerance(const ChangeRules::Impl& rules, const Value& older, Value& newer) {
    for (const ChangeRules::Impl::Tolerance& tolerance : rules.tolerances) {
        const Value* before = core::find_path(older, tolerance.field);
        // `newer` is ours to change: find_path() only lacks an overload for it.
        auto* after = const_cast<Value*>(core::find_path(newer, tolerance.field));
        if (before != nullptr && after != nullptr && noise_tolerated(*before, *after, tolerance.most)) *after = *before;
    }
}

}  // namespace meter::detail
