#include "meter/filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/number.hpp"
#include "core/path.hpp"
#include "core/regex.hpp"
#include "core/unicode.hpp"
#include "filter/text_search.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::size_t filter_max_conditions = 100;

enum class FilterTest { contains, equals, regex_match, exists, gt, lt };

/// An operator is a test and perhaps its negation: not_* is the exact negation (wire contract 10).
struct FilterOperator {
    std::string_view name;
    FilterTest test;
    bool negated;
};

constexpr std::array filter_operators{
    FilterOperator{"contains", FilterTest::contains, false},
    FilterOperator{"not_contains", FilterTest::contains, true},
    FilterOperator{"equals", FilterTest::equals, false},
    FilterOperator{"not_equals", FilterTest::equals, true},
    FilterOperator{"regex_match", FilterTest::regex_match, false},
    FilterOperator{"exists", FilterTest::exists, false},
    FilterOperator{"not_exists", FilterTest::exists, true},
    FilterOperator{"gt", FilterTest::gt, false},
    FilterOperator{"lt", FilterTest::lt, false},
};

struct FilterCondition {
    std::string field;
    FilterTest test = FilterTest::exists;
    bool negated = false;
    bool case_sensitive = false;
    detail::TextSearch text;      ///< the value as text, folded unless case_sensitive
    std::optional<Value> number;  ///< equals, gt, lt: the value as a number
    std::optional<core::Regex> regex;
};

Error filter_error(std::string member, const std::string& why) {
    std::string message = member + ": " + why;
    return {ErrorCode::invalid_argument, std::move(message), std::move(member)};
}

Error filter_missing(std::string member) {
    return {ErrorCode::invalid_argument, "Missing required field: " + member, std::move(member)};
}

/// A member that counts: null is the same as absent (wire contract 1).
const Value* filter_member(const Object& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_null() ? nullptr : value;
}

/// Strings as they are, everything else as compact JSON.
std::string filter_text(const Value& value) {
    const std::string* text = value.if_string();
    return text != nullptr ? *text : to_json(value);
}

std::string filter_comparable(const Value& value, bool case_sensitive) {
    return case_sensitive ? filter_text(value) : core::fold_case(filter_text(value));
}

/// A JSON number or text that is nothing but a number; integers stay exact.
std::optional<Value> filter_exact_number(const Value& value) {
    if (value.is_number()) return value;
    const std::string* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    const std::string_view trimmed = core::trim(*text);
    std::int64_t integer = 0;
    const auto [rest, failure] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), integer);
    if (failure == std::errc{} && rest == trimmed.data() + trimmed.size()) return Value(integer);
    const auto number = core::exact_number(*text);
    return number ? std::optional<Value>(*number) : std::nullopt;
}

/// The number after the cleaning of `number` in wire contract 9.
std::optional<Value> filter_loose_number(const Value& value) {
    if (value.is_number()) return value;
    const std::string* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    const auto number = core::find_number(*text);
    return number ? std::optional<Value>(*number) : std::nullopt;
}

/// a < b; exact where both are integers.
bool filter_less(const Value& a, const Value& b) {
    if (a.is_integer() && b.is_integer()) return *a.if_integer() < *b.if_integer();
    return a.to_double() < b.to_double();
}

bool filter_exists(const Value* value) {
    if (value == nullptr || value->is_null()) return false;
    if (const auto* text = value->if_string()) return !text->empty();
    if (const auto* array = value->if_array()) return !array->empty();
    if (const auto* object = value->if_object()) return !object->empty();
    return true;
}

/// contains, equals and regex_match on one value that is no array.
bool filter_matches_one(const FilterCondition& condition, const Value& value) {
    if (value.is_null()) return false;
    switch (condition.test) {
        case FilterTest::contains:
            return condition.text.found_in(filter_comparable(value, condition.case_sensitive));
        case FilterTest::equals:
            // Numeric only when the item's value is a JSON number and the filter's reads as one.
            if (condition.number && value.is_number()) return *condition.number == value;
            return filter_comparable(value, condition.case_sensitive) == condition.text.needle();
        case FilterTest::regex_match:
            return condition.regex->found_in(filter_text(value));
        default:
            return false;
    }
}

bool filter_holds(const FilterCondition& condition, const Value* value) {
    if (condition.test == FilterTest::exists) return filter_exists(value);
    // Missing or null fails every positive test; a schema turns "missing" into null, so both are one.
    if (value == nullptr || value->is_null()) return false;
    if (condition.test == FilterTest::gt || condition.test == FilterTest::lt) {
        const auto number = filter_loose_number(*value);
        if (!number) return false;
        return condition.test == FilterTest::gt ? filter_less(*condition.number, *number)
                                                : filter_less(*number, *condition.number);
    }
    if (const auto* array = value->if_array())
        return std::any_of(array->begin(), array->end(),
                           [&](const Value& member) { return filter_matches_one(condition, member); });
    return filter_matches_one(condition, *value);
}

Result<void> filter_read_value(FilterCondition& condition, const Object& object, const std::string& at) {
    const std::string name = at + ".value";
    const Value* value = filter_member(object, "value");
    if (value == nullptr) return filter_missing(name);
    if (!value->is_string() && !value->is_number() && !value->is_bool())
        return filter_error(name, "must be a string, number or boolean");
    switch (condition.test) {
        case FilterTest::gt:
        case FilterTest::lt:
            condition.number = filter_loose_number(*value);
            if (!condition.number) return filter_error(name, "must be a number for gt and lt");
            return {};
        case FilterTest::regex_match: {
            auto regex = core::Regex::parse(filter_text(*value), condition.case_sensitive);
            if (!regex) return filter_error(name, regex.error().message);
            condition.regex = std::move(*regex);
            return {};
        }
        default:
            condition.number = filter_exact_number(*value);
            condition.text = detail::TextSearch(filter_comparable(*value, condition.case_sensitive));
            return {};
    }
}

Result<FilterCondition> filter_read_condition(const Value& definition, const std::string& at) {
    const Object* object = definition.if_object();
    if (object == nullptr) return filter_error(at, "must be an object");
    FilterCondition condition;

    const Value* field = filter_member(*object, "field");
    if (field == nullptr) return filter_missing(at + ".field");
    if (!field->is_string() || field->if_string()->empty())
        return filter_error(at + ".field", "must be a non-empty string");
    condition.field = *field->if_string();

    const Value* name = filter_member(*object, "operator");
    if (name == nullptr) return filter_missing(at + ".operator");
    if (!name->is_string()) return filter_error(at + ".operator", "must be a string");
    const auto found = std::find_if(filter_operators.begin(), filter_operators.end(),
                                    [&](const FilterOperator& known) { return known.name == *name->if_string(); });
    if (found == filter_operators.end())
        return filter_error(at + ".operator",
                            "must be one of: contains, not_contains, equals, not_equals, regex_match, exists, "
                            "not_exists, gt, lt");
    condition.test = found->test;
    condition.negated = found->negated;

    if (const Value* sensitive = filter_member(*object, "case_sensitive")) {
        if (!sensitive->is_bool()) return filter_error(at + ".case_sensitive", "must be true or false");
        condition.case_sensitive = *sensitive->if_bool();
    }
    if (condition.test != FilterTest::exists) {
        auto read = filter_read_value(condition, *object, at);
        if (!read) return read.error();
    }
    return condition;
}

}  // namespace

struct Filter::Impl {
    Value config;
    bool any = false;
    std::vector<FilterCondition> conditions;
};

Result<Filter> Filter::parse(const Value& config) {
    const std::string root = "filter_config";
    const Object* object = config.if_object();
    if (object == nullptr) return filter_error(root, "must be an object");
    auto impl = std::make_shared<Impl>();
    impl->config = config;

    if (const Value* mode = filter_member(*object, "mode")) {
        const std::string* name = mode->if_string();
        if (name == nullptr || (*name != "all" && *name != "any"))
            return filter_error(root + ".mode", "must be \"all\" or \"any\"");
        impl->any = *name == "any";
    }
    const Value* conditions = filter_member(*object, "conditions");
    if (conditions == nullptr) {
        // {} is how clients that cannot send null say "no filter" (wire contract 8.4).
        if (!object->empty()) return filter_missing(root + ".conditions");
        return Filter(std::move(impl));
    }
    const auto* list = conditions->if_array();
    if (list == nullptr) return filter_error(root + ".conditions", "must be an array");
    if (list->size() > filter_max_conditions)
        return filter_error(root + ".conditions", "at most 100 conditions are allowed");
    for (std::size_t i = 0; i < list->size(); ++i) {
        auto condition = filter_read_condition((*list)[i], root + ".conditions." + std::to_string(i));
        if (!condition) return condition.error();
        impl->conditions.push_back(std::move(*condition));
    }
    return Filter(std::move(impl));
}

bool Filter::matches(const Value& item) const {
    if (impl_->conditions.empty()) return true;
    for (const FilterCondition& condition : impl_->conditions) {
        const bool holds = filter_holds(condition, core::find_path(item, condition.field)) != condition.negated;
        if (holds == impl_->any) return holds;
    }
    return !impl_->any;
}

const Value& Filter::config() const noexcept {
    return impl_->config;
}

Filter::Filter(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Filter::Filter(const Filter&) = default;
Filter& Filter::operator=(const Filter&) = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

}  // namespace meter
