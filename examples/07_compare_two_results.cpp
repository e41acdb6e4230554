// What changed between two results: verdict, texts, fields with old and new values; noise rules, a keyword filter, and
// when to look again. Pure functions: no engine, no storage, no network.
#include <iostream>
#include <vector>

#include "meter/change.hpp"
#include "meter/cron.hpp"
#include "meter/json.hpp"
#include "meter/keyword_filter.hpp"

namespace {

constexpr std::string_view yesterday = R"([
    {"url": "/kettle",  "name": "Kettle",  "price": 24.50, "views": "310 views"},
    {"url": "/samovar", "name": "Samovar", "price": 1299,  "views": "17 views"},
    {"url": "/mug",     "name": "Mug",     "price": 6.00,  "views": "52 views"}])";

constexpr std::string_view today = R"([
    {"url": "/samovar", "name": "Samovar", "price": 1299,  "views": "21 views"},
    {"url": "/kettle",  "name": "Kettle",  "price": 19.90, "views": "355 views"},
    {"url": "/teapot",  "name": "Teapot",  "price": 34.00, "views": "1 views"}])";

std::vector<meter::Value> items(std::string_view json) {
    return *meter::parse_json(json).value().if_array();
}

int run() {
    // Counters that move by themselves are no news, nor is a price that moves by a cent.
    const auto ignore = meter::parse_json(R"({"fields": ["views"], "tolerance": {"price": 0.01}})").value();
    const auto rules = meter::ChangeRules::parse(ignore, meter::Value::Array{"url"}).value();

    const auto changes = meter::diff(items(yesterday), items(today), rules);
    for (const std::string& text : changes.texts) std::cout << text << "\n";
    for (const auto& modified : changes.modified_items)
        for (const auto& field : modified.fields)
            std::cout << meter::to_json(*modified.item.find("name")) << " " << field.name << ": "
                      << meter::to_json(field.before) << " -> " << meter::to_json(field.after) << "\n";

    const auto comparison = meter::compare({"monday", items(yesterday)}, {"tuesday", items(today)}, rules);
    std::cout << "similarity " << comparison.semantic_similarity << "\n";

    const auto wanted = meter::KeywordFilter::parse("tea* -samovar").value();
    const auto news = meter::matching_items(wanted, changes.new_items);
    std::cout << "about tea: " << meter::to_json(meter::Value(news)) << "\n";

    const auto mornings = meter::Cron::parse("30 8 * * MON-FRI", "Europe/Berlin").value();
    const auto now = meter::parse_time("2025-03-28T12:00:00Z").value();  // clocks change on Sunday
    for (const auto due : meter::next_runs(mornings, now, 2))
        std::cout << "next look " << meter::format_time(due) << "\n";

    const bool texts_as_expected =
        changes.texts == std::vector<std::string>{"1 item added", "1 item removed", "Field 'price' changed in 1 item"};
    const bool monday_in_summer_time =
        meter::next_runs(mornings, now, 1).front() == meter::parse_time("2025-03-31T06:30:00Z").value();
    return changes.changed && texts_as_expected && news.size() == 1 && monday_in_summer_time ? 0 : 1;
}

}  // namespace

int main() {
    return run();
}
