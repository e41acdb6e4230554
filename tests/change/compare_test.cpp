#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>

#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::Value;

namespace {

std::vector<Value> items(std::string_view json) {
    return *meter::parse_json(json).value().if_array();
}

std::vector<std::string> shape_texts(std::string_view older, std::string_view newer) {
    return meter::structural_changes(meter::structural_signature(items(older)),
                                     meter::structural_signature(items(newer)));
}

constexpr const char* products = R"([{"name":"Product A","price":"$19.99"},{"name":"Product B","price":"$29.99"}])";

}  // namespace

TEST_SUITE("change.compare") {
    TEST_CASE("similarity is that of the contract") {
        // Wire contract, appendix C (12.4).
        CHECK(meter::similarity(items(R"([{"t":"Product A $19.99"}])"), items(R"([{"t":"Product A $29.99"}])")) ==
              0.75);
        CHECK(meter::similarity(items(products), items(R"([{"name":"Product A","price":"$19.99"}])")) == 0.866);
        CHECK(meter::similarity(items("[]"), items(products)) == 0.0);
        CHECK(meter::similarity(items("[]"), items("[]")) == 1.0);
        CHECK(meter::similarity(items(R"(["..."])"), items(R"([null])")) == 1.0);
        CHECK(meter::similarity(items(R"([1.5, true])"), items(R"(["5 TRUE 1"])")) == 1.0);
        CHECK(meter::similarity(items(R"(["a"])"), items(R"(["b"])")) == 0.0);
        CHECK(meter::similarity(items("[\"\u00C9t\u00E9\"]"), items("[\"e\u0301te\u0301\"]")) == 1.0);
    }

    TEST_CASE("similarity agrees with counts kept in a map, is symmetric and within its bounds") {
        std::mt19937 random(3);
        for (int round = 0; round < 500; ++round) {
            std::map<std::string, double> counts[2];
            Value::Array sides[2];
            for (int side = 0; side < 2; ++side) {
                for (auto n = random() % 12; n > 0; --n) {
                    std::string token(1, static_cast<char>('a' + random() % 6));
                    ++counts[side][token];
                    sides[side].emplace_back(random() % 2 == 0 ? token + "," : "(" + token);
                }
            }
            double dot = 0, x = 0, y = 0;
            for (const auto& [token, count] : counts[0]) {
                x += count * count;
                const auto other = counts[1].find(token);
                if (other != counts[1].end()) dot += count * other->second;
            }
            for (const auto& [token, count] : counts[1]) y += count * count;
            const double expected = x == 0 && y == 0 ? 1 : x == 0 || y == 0 ? 0 : dot / (std::sqrt(x) * std::sqrt(y));
            const double got = meter::similarity(sides[0], sides[1]);
            CHECK(std::abs(got - expected) <= 0.000051);
            CHECK(got == meter::similarity(sides[1], sides[0]));
            CHECK((got >= 0 && got <= 1));
        }
    }

    TEST_CASE("changes of shape are told as the contract words them, sorted") {
        CHECK(shape_texts(R"([{"a":"x","b":1,"c":1,"d":1}])", R"([{"a":1,"c":1,"d":null,"e":{"f":[]}}])") ==
              std::vector<std::string>{"Field 'a' type changed: string -> number", "Field 'b' removed",
                                       "Field 'd' became optional", "Field 'd' type changed: number -> null",
                                       "Field 'e' added", "Field 'e.f' added"});
        CHECK(shape_texts(R"([{"a":1},{"a":"x"},{}])", R"([{"a":1},{"a":1}])") ==
              std::vector<std::string>{"Field 'a' became required", "Field 'a' type changed: number|string -> number"});
        CHECK(shape_texts(products, products).empty());
        CHECK(meter::structural_changes(Value{}, *meter::parse_json(R"({"fields":[1]})")).empty());
        CHECK(meter::structural_changes(*meter::parse_json(R"({"fields":{"x":1}})"), Value{}) ==
              std::vector<std::string>{"Field 'x' removed"});
    }

    TEST_CASE("the comparison of the contract has all its members") {
        // Wire contract, appendix C (11.7).
        const auto comparison = meter::compare(
            {"old", items(R"([{"name":"A","price":"1"},{"name":"B","price":"2"}])")},
            {"new", items(R"([{"name":"A","price":"9"},{"name":"B","price":"2"},{"name":"C","price":"3"}])")});
        CHECK_FALSE(comparison.content_hash_match);
        CHECK(comparison.structural_match);
        CHECK(comparison.item_count_diff == 1);
        CHECK(comparison.structural_changes.empty());
        CHECK(
            meter::to_json(comparison) ==
            R"({"job_id":"new","other_job_id":"old","content_hash_match":false,"structural_match":true,"semantic_similarity":0.6124,"item_count_diff":1,"changes":["Item count changed: 2 -> 3","1 item added","Field 'price' changed in 1 item"],"structural_changes":[]})");
        CHECK(meter::compare({"b", items(products)}, {"a", items(R"([{"name":"Product A"}])")}).structural_changes ==
              std::vector<std::string>{"Field 'price' removed"});
    }

    TEST_CASE("a job compared with itself has nothing to tell") {
        const auto comparison = meter::compare({"a", items(products)}, {"a", items(products)});
        CHECK(comparison.content_hash_match);
        CHECK(comparison.structural_match);
        CHECK(comparison.semantic_similarity == 1.0);
        CHECK(comparison.item_count_diff == 0);
        CHECK(comparison.changes.empty());
        CHECK(comparison.structural_changes.empty());
    }

    TEST_CASE("stored hashes decide, whatever the items are") {
        const auto same = meter::compare({"a", items("[1]"), "x"}, {"b", items("[2]"), "x"});
        CHECK(same.content_hash_match);
        CHECK(same.semantic_similarity == 1.0);
        CHECK(same.changes.empty());
        CHECK_FALSE(meter::compare({"a", items("[1]"), "x"}, {"b", items("[1]"), "y"}).content_hash_match);
    }

    TEST_CASE("rules reach the texts and nothing else") {
        const auto rules = meter::ChangeRules::parse(*meter::parse_json(R"({"fields":["v"]})"), {}).value();
        const auto comparison =
            meter::compare({"a", items(R"([{"id":1,"v":1}])")}, {"b", items(R"([{"id":1,"v":2}])")}, rules);
        CHECK_FALSE(comparison.content_hash_match);
        CHECK(comparison.changes.empty());
        CHECK(comparison.semantic_similarity < 1.0);
    }
}
