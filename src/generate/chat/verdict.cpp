#include "generate/chat/verdict.hpp"

#include <algorithm>
#include <unordered_set>

#include "core/unicode.hpp"
#include "generate/values/values.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_judged = 200;  // records

std::string judged_text(const Value& value) {
    if (const std::string* text = value.if_string()) return core::collapse_space(*text);
    if (value.is_null()) return {};
    if (const auto* list = value.if_array(); list != nullptr && list->empty()) return {};
    return to_json(value);
}

bool holds_digit(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos;
}

double likeness_of_value(const WantedField& wanted, std::string_view text) {
    const std::size_t length = text.size();
    if (wanted.type == WantedType::number && !holds_digit(text)) return 0;
    switch (wanted.concept_of) {
        case Concept::title:
            if (is_number(text) || length < 2) return 0.2;
            if (length < 40 && (has_price(text) || is_date_like(text))) return 0.4;
            return length <= 200 ? 1 : 0.4;
        case Concept::price:
        case Concept::old_price:
        case Concept::salary:
            if (length > 80) return 0.3;
            return has_price(text) ? 1 : is_number(text) ? 0.8 : holds_digit(text) ? 0.4 : 0;
        case Concept::url:
            return is_url(text) ? 1 : 0;
        case Concept::image:
            return is_image_url(text) ? 1 : is_url(text) ? 0.8 : 0;
        case Concept::date:
            return is_date_like(text) ? 1 : length < 40 && holds_digit(text) ? 0.3 : 0;
        case Concept::count:
            return length > 60 || !holds_digit(text) ? 0 : is_number(text) ? 1 : 0.8;
        case Concept::rating:
            return find_rating(text) ? 1 : length < 30 && holds_digit(text) ? 0.8 : 0.2;
        case Concept::duration:
            return find_duration(text) ? 1 : length < 40 && holds_digit(text) ? 0.6 : 0.2;
        case Concept::phone:
            return is_phone(text) ? 1 : length < 40 && holds_digit(text) ? 0.5 : 0;
        case Concept::email:
            return is_email(text) ? 1 : text.find('@') != std::string_view::npos && length < 80 ? 0.5 : 0;
        case Concept::description:
            return length >= 25 ? 1 : 0.5;
        case Concept::availability:
            return is_availability(text) ? 1 : length < 60 ? 0.7 : 0.2;
        case Concept::author:
        case Concept::location:
        case Concept::company:
        case Concept::brand:
        case Concept::category:
            return is_number(text) || is_url(text) ? 0.3 : length <= 120 ? 1 : 0.3;
        default:
            return length <= 300 ? 1 : 0.5;
    }
}

std::vector<std::string> judged_values(const std::string& name, const std::vector<Value>& items) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < items.size() && i < max_judged; ++i) {
        const Value* value = items[i].find(name);
        values.push_back(value != nullptr ? judged_text(*value) : std::string());
    }
    return values;
}

double quality_of(const WantedField& wanted, const std::vector<std::string>& values) {
    if (values.empty()) return 0;
    double sum = 0;
    std::size_t filled = 0;
    std::unordered_set<std::string_view> different;
    for (const std::string& value : values) {
        if (value.empty()) continue;
        ++filled;
        sum += likeness_of_value(wanted, value);
        different.insert(value);
    }
    const bool names_records =
        wanted.concept_of == Concept::title || wanted.concept_of == Concept::url || wanted.concept_of == Concept::image;
    const double varied =
        names_records && filled >= 4 && different.size() * 2 < filled ? 0.3 : 1;  // the same for most: a button, a logo
    return sum / static_cast<double>(values.size()) * varied;
}

}  // namespace

double field_quality(const WantedField& wanted, const std::vector<Value>& items) {
    return quality_of(wanted, judged_values(wanted.name, items));
}

double result_quality(const std::vector<WantedField>& wanted, const std::vector<Value>& items) {
    if (wanted.empty()) return 0;
    double sum = 0;
    std::vector<std::vector<std::string>> seen;
    for (const WantedField& field : wanted) {
        std::vector<std::string> values = judged_values(field.name, items);
        const auto same = [&](const std::vector<std::string>& other) {
            std::size_t equal = 0, filled = 0;
            for (std::size_t i = 0; i < values.size(); ++i) {
                filled += !values[i].empty();
                equal += !values[i].empty() && values[i] == other[i];
            }
            return filled > 0 && equal * 5 > filled * 4;
        };
        const bool used = std::any_of(seen.begin(), seen.end(), same);
        sum += quality_of(field, values) * (used ? 0.3 : 1);
        seen.push_back(std::move(values));
    }
    return sum / static_cast<double>(wanted.size());
}

}  // namespace meter::generate
