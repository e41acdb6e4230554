// A small shop and an engine on it, for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace shop {

inline const std::string url = "https://shop.test/products";

inline std::string page(const std::vector<std::pair<std::string, std::string>>& products) {
    std::string html = "<title>Shop</title><ul>";
    for (const auto& [name, price] : products)
        html += "<li class=product><h2>" + name + "</h2><span class=price>" + price + "</span></li>";
    return html + "</ul>";
}

inline meter::Value plan() {
    return meter::parse_json(R"({"container":{"selector":"li.product"},
        "fields":{"name":{"selector":"h2"},"price":{"selector":".price"}}})")
        .value();
}

/// An engine whose clock, site and workers the test drives.
struct Fixture {
    std::shared_ptr<meter::testing::ManualClock> clock = std::make_shared<meter::testing::ManualClock>();
    std::shared_ptr<meter::testing::ScriptedFetcher> site = std::make_shared<meter::testing::ScriptedFetcher>();
    std::shared_ptr<meter::Store> store = meter::open_store("memory:").value();
    std::unique_ptr<meter::Engine> engine;

    explicit Fixture(meter::JobOptions jobs = {.workers = 0}, meter::QuotaOptions quota = {}) {
        site->page(url, page({{"Product A", "$19.99"}, {"Product B", "$29.99"}}));
        engine = meter::Engine::open(
                     {.store = store, .fetcher = site, .clock = clock, .jobs = jobs, .quota = std::move(quota)})
                     .value();
    }

    meter::Strategy strategy(const meter::Caller& caller = {}) {
        return engine->create_strategy({.url = url, .description = {}, .name = "Shop", .strategy = plan()}, caller)
            .value();
    }

    meter::Job run(const meter::Strategy& strategy, const std::string& on = url) {
        return engine->execute({.strategy_id = strategy.strategy_id, .url = on}).value();
    }
};

}  // namespace shop
