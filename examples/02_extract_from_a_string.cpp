// Extraction alone: a page held in memory, a plan, a schema and a filter. No engine, no storage, no network.
#include <iostream>
#include <vector>

#include "meter/extract.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"
#include "meter/schema.hpp"

namespace {

constexpr std::string_view page = R"(
    <article><h2><a href="/kettle">Kettle</a></h2><p>Now only <b>$24.50</b></p><i>steel</i><i>red</i></article>
    <article><h2><a href="/samovar">Samovar</a></h2><p>Now only <b>$1,299.00</b></p><i>brass</i></article>
    <article><h2><a href="/mug">Mug</a></h2><p>sold out</p></article>)";

constexpr std::string_view plan_text = R"json({
    "container": {"selector": "article"},
    "fields": {"name":  {"selector": "h2"},
               "url":   {"selector": "h2 a", "attribute": "href"},
               "price": {"selector": "p", "regex": "only (.+)"},
               "tags":  {"selector": "i", "all": true}}})json";

int run() {
    const auto plan = meter::Plan::parse(meter::parse_json(plan_text).value());
    if (!plan) return std::cerr << plan.error().subject << ": " << plan.error().message << "\n", 1;
    const auto found = meter::extract(page, *plan, "https://shop.test/list");
    if (!found) return std::cerr << found.error().message << "\n", 1;

    const auto schema = meter::OutputSchema::parse(
        meter::Object{{"name", "string"}, {"price", "number"}, {"tags", "array"}, {"url", "string"}});
    const auto below_100 = meter::Filter::parse(
        meter::parse_json(R"({"conditions": [{"field": "price", "operator": "lt", "value": 100}]})").value());

    std::vector<meter::Value> cheap;
    for (const meter::Value& item : found->items)
        if (auto shaped = schema.value().shape(item); below_100.value().matches(shaped)) cheap.push_back(shaped);
    std::cout << meter::to_pretty_json(cheap) << "\n";

    const meter::Value expected = meter::Value::Array{meter::Object{{"name", "Kettle"},
                                                                    {"price", 24.5},
                                                                    {"tags", meter::Value::Array{"steel", "red"}},
                                                                    {"url", "https://shop.test/kettle"}}};
    return found->items.size() == 3 && meter::Value(cheap) == expected ? 0 : 1;
}

}  // namespace

int main() {
    return run();
}
