// A plan from a page held in memory and a sentence: no engine, no network, no language model. Then the plan reads
// another page of the same site, and is changed in words.
#include <iostream>
#include <string>

#include "meter/extract.hpp"
#include "meter/generator.hpp"
#include "meter/json.hpp"
#include "meter/schema.hpp"

namespace {

std::string shop_page(int from, int to) {
    std::string page = "<h1>Kettles</h1><ul class=products>";
    for (int i = from; i <= to; ++i) {
        const std::string number = std::to_string(i);
        page += "<li class=product><a href=\"/kettle/" + number + "\"><h2>Enamel kettle " + number + "</h2></a>" +
                "<span class=price>$" + number + ".50</span><em class=stock>in stock</em></li>";
    }
    return page + "</ul>";
}

int run() {
    const std::string page = shop_page(10, 15), next_page = shop_page(16, 20);
    const std::string_view url = "https://shop.test/kettles", wish = "Extract product names, prices and links";
    const auto schema =
        meter::OutputSchema::parse(meter::Object{{"name", "string"}, {"price", "number"}, {"link", "string"}});
    if (!schema) return std::cerr << schema.error().message << "\n", 1;

    const auto made = meter::generate_strategy(page, url, wish, &*schema);
    if (!made) return std::cerr << made.error().message << "\n", 1;
    std::cout << meter::to_pretty_json(*made->definition.find("fields")) << "\n";
    for (const std::string& warning : made->warnings) std::cout << warning << "\n";

    const auto found = meter::extract(next_page, meter::Plan::parse(made->definition).value(), url);
    if (!found || found->items.size() != 5) return std::cerr << "the plan does not fit the next page\n", 1;
    const meter::Value first = schema->shape(found->items.front(), url);
    std::cout << meter::to_json(first) << "\n";

    meter::RefineInput change;
    change.original.page = {.body = page, .url = url, .content_type = "text/html; charset=utf-8"};
    change.original.description = wish;
    change.plan = &made->definition;
    change.feedback = "also extract the availability, and drop the link";
    const auto refined = meter::make_generator()->refine(change, {});
    if (!refined) return std::cerr << refined.error().message << "\n", 1;
    std::cout << meter::to_json(refined->items.front()) << "\n";

    const meter::Value expected =
        meter::Object{{"name", "Enamel kettle 16"}, {"price", 16.5}, {"link", "https://shop.test/kettle/16"}};
    const bool changed =
        refined->items.front().find("availability") != nullptr && refined->items.front().find("link") == nullptr;
    return first == expected && changed ? 0 : 1;
}

}  // namespace

int main() {
    return run();
}
