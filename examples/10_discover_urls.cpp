// Discovery: the pages of a site, found by following its links as robots.txt allows, then scraped as one batch.
#include <iostream>

#include "loopback_site.hpp"
#include "meter/meter.hpp"

int main() {
    LoopbackSite site{{"/robots.txt", "User-agent: *\nDisallow: /cart"},
                      {"/", "<a href=/tea>Tea</a> <a href=/cart>Cart</a> <a href=/product/mug>Mug</a>"},
                      {"/tea", "<a href=/product/sencha>Sencha</a> <a href=/product/mug#details>Mug</a>"},
                      {"/cart", "<a href=/product/secret>Secret</a>"},
                      {"/product/mug", "<h1>Travel Mug</h1><b class=price>$18.00</b>"},
                      {"/product/sencha", "<h1>Sencha Tin</h1><b class=price>$12.40</b>"}};
    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // the shop of this example is on loopback
    options.jobs.workers = 0;                     // run_pending() runs discoveries and jobs
    const auto engine = meter::Engine::open(options).value();

    meter::DiscoveryRequest request;
    request.method = meter::DiscoveryMethod::link_pattern;
    request.root_url = site.url("/");
    request.link_pattern = "/product/*";
    const auto discovery = engine->start_discovery(request).value();
    engine->run_pending().value();
    for (const auto& url : engine->discovered_urls(discovery.discovery_id).value().urls) std::cout << url << "\n";

    const char* const plan = R"({"container": {"selector": "body"},
                                 "fields": {"name": {"selector": "h1"}, "price": {"selector": ".price"}}})";
    const auto strategy =
        engine
            ->create_strategy(
                {.url = site.url("/product/mug"), .name = "Product", .strategy = meter::parse_json(plan).value()})
            .value();
    meter::DiscoveryExecuteRequest execution;
    execution.strategy_id = strategy.strategy_id;
    const auto batch = engine->execute_discovery(discovery.discovery_id, execution).value();
    engine->run_pending().value();

    meter::JobQuery of_batch;
    of_batch.batch_id = batch.batch_id;
    std::string results;
    for (const auto& job : engine->list_jobs(of_batch).value()) results += job.results.value_or("failed");
    std::cout << results << "\n";
    return engine->get_discovery(discovery.discovery_id).value().total_urls == 2 && batch.job_count == 2 &&
                   results.find("Sencha Tin") != std::string::npos && results.find("Travel Mug") != std::string::npos
               ? 0
               : 1;
}
