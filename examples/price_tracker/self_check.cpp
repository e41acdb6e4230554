#include "self_check.hpp"

#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "../loopback_site.hpp"
#include "meter/testing/manual_clock.hpp"
#include "tracker.hpp"

namespace {

std::string shop_page(const std::vector<std::pair<std::string, std::string>>& products) {
    std::string html = "<html><title>Shop</title><h1>All products</h1><ul>";
    for (const auto& [name, price] : products)
        html += "<li class=product><h2>" + name + "</h2><span class=price>$" + price + "</span></li>";
    return html + "</ul>";
}

}  // namespace

int self_check() {
    const auto folder = std::filesystem::temp_directory_path() / ("price-tracker-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    LoopbackSite site{{"/shop", shop_page({{"Kettle", "24.50"}, {"Teapot", "18.00"}, {"Cup", "4.00"}})}};
    const auto clock = std::make_shared<meter::testing::ManualClock>();
    std::string feed;

    // Every hour is a process of its own: what is known is in the file.
    const auto hour = [&](bool first) {
        meter::EngineOptions options;
        options.store = meter::open_store("sqlite:" + (folder / "prices.db").string()).value();
        options.clock = clock;
        options.fetch.allow_private_networks = true;  // the shop is on loopback
        options.jobs.workers = 0;                     // run_pending() does the work
        auto tracker = PriceTracker::open(std::move(options)).value();
        if (first) tracker.watch(site.url("/shop"), std::chrono::hours(1)).value();
        clock->advance(std::chrono::hours(1));
        tracker.engine().run_pending().value();
        for (const auto& event : tracker.news().value()) feed += to_text(event) + "\n";
        return tracker.pages().value().at(0).health;
    };
    std::string health = hour(true);  // what the rest is compared with
    site.set("/shop", shop_page({{"Teapot", "18.00"}, {"Kettle", "21.00"}, {"Whisk", "9.90"}}));
    health += ", " + hour(false);
    health += ", " + hour(false);  // nothing new
    site.set("/shop", "<h1>Back soon</h1>");
    health += ", " + hour(false);  // a shop that is down has not sold out
    site.set("/shop", shop_page({{"Teapot", "19.80"}, {"Kettle", "21.00"}, {"Whisk", "9.90"}}));
    health += ", " + hour(false);
    std::filesystem::remove_all(folder);

    std::cout << feed << health << '\n';
    std::string told;  // without times and addresses
    for (std::size_t at = 0; at < feed.size(); at = feed.find('\n', at) + 1)
        told += feed.substr(at + 22, feed.find("  http", at) - at - 22) + "|";
    return told == "Kettle: 24.50 -> 21.00 (-14 %)|Whisk: new, 9.90|Cup: gone, was 4.00|Teapot: 18.00 -> 19.80 (+10 "
                   "%)|" &&
                   health == "ok, ok, ok, degraded x 1, ok"
               ? 0
               : 1;
}
