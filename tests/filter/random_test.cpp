// Random filters against an evaluator that follows the words of section 10 with no thought for speed.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/number.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"

using meter::Object;
using meter::Value;

namespace {

std::string naive_text(const Value& value) {
    return value.is_string() ? *value.if_string() : meter::to_json(value);
}

std::string naive_lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

bool naive_positive(const std::string& op, const Value& item, const Value& wanted, bool sensitive) {
    const auto norm = [&](const Value& value) {
        return sensitive ? naive_text(value) : naive_lower(naive_text(value));
    };
    if (op == "exists")
        return !item.is_null() && item != Value("") && item != Value(Value::Array{}) && item != Value(Object{});
    if (item.is_null()) return false;
    if (op == "gt" || op == "lt") {
        const auto number = [](const Value& value) -> std::optional<double> {
            if (value.is_number()) return value.to_double();
            return value.is_string() ? meter::core::find_number(*value.if_string()) : std::nullopt;
        };
        const auto left = number(item), right = number(wanted);
        return left && right && (op == "gt" ? *left > *right : *left < *right);
    }
    const std::vector<Value> members = item.is_array() ? *item.if_array() : std::vector<Value>{item};
    for (const Value& member : members) {
        if (member.is_null()) continue;
        if (op == "contains" && norm(member).find(norm(wanted)) != std::string::npos) return true;
        if (op == "regex_match" && norm(member).find(norm(wanted)) != std::string::npos) return true;
        if (op == "equals") {
            const auto right = wanted.is_number()   ? std::optional(wanted.to_double())
                               : wanted.is_string() ? meter::core::exact_number(*wanted.if_string())
                                                    : std::nullopt;
            if (member.is_number() && right ? member.to_double() == *right : norm(member) == norm(wanted)) return true;
        }
    }
    return false;
}

}  // namespace

TEST_SUITE("filter.random") {
    TEST_CASE("Random filters agree with the naive evaluator on random items") {
        std::mt19937 random(7);
        const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
        // Patterns without special characters, so that a regex is a substring.
        const std::vector<Value> scalars{nullptr, true, false, 0,    1,      20,       2.5,    "",   "a",
                                         "A",     "ab", "BA",  "20", "20.0", "$20.00", "true", "aab"};
        const std::vector<std::string> fields{"x", "y", "z", "x.k", "y.0"};
        const std::vector<std::string> operators{"contains", "not_contains", "equals", "not_equals", "regex_match",
                                                 "exists",   "not_exists",   "gt",     "lt"};
        const auto value = [&]() -> Value {
            switch (random() % 6) {
                case 0:
                    return Value::Array{pick(scalars), pick(scalars)};
                case 1:
                    return Object{{"k", pick(scalars)}};
                case 2:
                    return random() % 2 == 0 ? Value(Value::Array{}) : Value(Object{});
                default:
                    return pick(scalars);
            }
        };
        int passed = 0, failed = 0;
        for (int round = 0; round < 20'000; ++round) {
            Object item;
            for (const char* name : {"x", "y", "z"})
                if (random() % 4 != 0) item.set(name, value());
            const bool any = random() % 2 == 0;
            bool expected = !any;
            Value::Array conditions;
            for (std::size_t n = 1 + random() % 3; n > 0; --n) {
                const std::string field = pick(fields), op = pick(operators);
                Value wanted = pick(scalars);
                const bool numeric = op == "gt" || op == "lt";
                if (wanted.is_null() || (numeric && !wanted.is_number())) wanted = 1;
                if (op == "regex_match") wanted = "a";
                const bool sensitive = random() % 2 == 0;
                conditions.push_back(
                    Object{{"field", field}, {"operator", op}, {"value", wanted}, {"case_sensitive", sensitive}});

                const Value* found = item.find(field.substr(0, 1));
                if (field == "x.k") found = found == nullptr ? nullptr : found->find("k");
                if (field == "y.0")
                    found = found == nullptr || !found->is_array() || found->if_array()->empty()
                                ? nullptr
                                : &found->if_array()->front();
                const bool negated = op.starts_with("not_");
                const bool holds = naive_positive(negated ? op.substr(4) : op, found == nullptr ? Value() : *found,
                                                  wanted, sensitive) != negated;
                expected = any ? expected || holds : expected && holds;
            }
            const Value config = Object{{"mode", any ? "any" : "all"}, {"conditions", std::move(conditions)}};
            const auto filter = meter::Filter::parse(config);
            REQUIRE(filter);
            CAPTURE(meter::to_json(config));
            CAPTURE(meter::to_json(item));
            CHECK(filter->matches(item) == expected);
            ++(expected ? passed : failed);
        }
        // The comparison says little where nearly all filters end alike.
        CHECK(passed > 3'000);
        CHECK(failed > 3'000);
    }
}
