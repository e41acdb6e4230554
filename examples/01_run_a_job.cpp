// A job in ten lines: say how a page is to be read, run it, get records; run it again and learn that they changed.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"

int main() {
    LoopbackSite site{{"/shop", R"(<ul><li class=product><h2>Kettle</h2><b class=price>$24.50</b>
                                        <li class=product><h2>Teapot</h2><b class=price>$18.00</b></ul>)"}};
    const std::string shop = site.url("/shop");
    const char* const plan_text = R"({"container": {"selector": "li.product"},
                                      "fields": {"name": {"selector": "h2"}, "price": {"selector": ".price"}}})";

    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // the shop of this example is on loopback
    const auto engine = meter::Engine::open(options).value();

    const auto plan = meter::parse_json(plan_text).value();
    const auto strategy = engine->create_strategy({.url = shop, .name = "Shop", .strategy = plan}).value();

    const auto first = engine->execute({.strategy_id = strategy.strategy_id, .url = shop}).value();
    std::cout << "first run:  " << first.results.value_or(first.error.value_or("?")) << "\n";

    site.set("/shop", "<ul><li class=product><h2>Kettle</h2><b class=price>$21.00</b></ul>");
    const auto second = engine->execute({.strategy_id = strategy.strategy_id, .url = shop}).value();
    std::cout << "second run: " << second.results.value_or(second.error.value_or("?")) << "\n"
              << "changed:    " << (second.has_changes.value_or(false) ? "yes" : "no") << "\n";

    const bool as_expected = first.item_count == 2 && first.has_changes == false &&
                             second.results == R"([{"name":"Kettle","price":"$21.00"}])" && second.has_changes == true;
    return as_expected ? 0 : 1;
}
