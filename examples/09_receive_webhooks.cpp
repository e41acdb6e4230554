// Webhooks: every run of a schedule is told to a receiver, which checks who speaks. An attempt that fails is repeated
// with the same id and the same bytes. The clock is the program's own, so that the waits take no time.
#include <iostream>

#include "loopback_receiver.hpp"
#include "loopback_site.hpp"
#include "meter/meter.hpp"
#include "meter/testing/manual_clock.hpp"

namespace {

/// What a receiver does before it believes anything: the body as it came, three headers, and the shared secret.
bool is_genuine(const LoopbackReceiver::Hook& hook, const std::string& secret, meter::TimePoint now) {
    return meter::verify_webhook(secret, hook.headers.at("webhook-id"), hook.headers.at("webhook-timestamp"),
                                 hook.headers.at("webhook-signature"), hook.body, now);
}

}  // namespace

int main() {
    using namespace std::chrono_literals;
    const LoopbackSite site{{"/shop", "<ul><li>Kettle<li>Teapot</ul>"}};
    const LoopbackReceiver receiver({503});  // the first attempt fails
    const auto clock = std::make_shared<meter::testing::ManualClock>();
    meter::EngineOptions options;
    options.fetch.allow_private_networks = true;  // site and receiver of this example are on loopback
    options.clock = clock;
    options.jobs.workers = 0;  // run_pending() and deliver_pending() do the work
    const auto engine = meter::Engine::open(options).value();

    meter::WatchRequest request;
    request.strategy = {.url = site.url("/shop"), .name = "Shop"};
    request.strategy.strategy =
        meter::parse_json(R"({"container": {"selector": "li"}, "fields": {"name": {"selector": ":self"}}})").value();
    request.interval_seconds = 3600;
    request.webhook.url = receiver.url();
    const auto schedule = engine->create_watch(request).value().schedule;
    const std::string secret = schedule.webhook_secret.value();  // told this once

    clock->advance(1h);
    engine->run_pending().value();
    engine->deliver_pending().value();
    const auto waiting = engine->list_deliveries().value().at(0);
    std::cout << meter::to_string(waiting.status) << " after: " << waiting.last_error.value_or("nothing") << "\n";
    const bool first_genuine = is_genuine(receiver.hooks().at(0), secret, clock->now());

    clock->advance(10s);  // the first wait
    engine->deliver_pending().value();
    const auto delivery = engine->list_deliveries().value().at(0);
    const auto hooks = receiver.hooks();
    std::cout << meter::to_string(delivery.status) << " by attempt " << delivery.attempts << ": " << hooks.at(1).body
              << "\n";

    auto forged = hooks.at(1);
    forged.body += " ";
    const bool as_expected = waiting.status == meter::DeliveryStatus::pending &&
                             delivery.status == meter::DeliveryStatus::delivered && hooks.size() == 2 &&
                             hooks[0].body == hooks[1].body && first_genuine &&
                             hooks[0].headers.at("webhook-id") == hooks[1].headers.at("webhook-id") &&
                             is_genuine(hooks[1], secret, clock->now()) && !is_genuine(forged, secret, clock->now());
    return as_expected ? 0 : 1;
}
