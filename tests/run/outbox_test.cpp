#include "run/outbox.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "core/id.hpp"
#include "meter/testing/manual_clock.hpp"

namespace meter::run {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;

/// Answers as it is told, keeps what it was given, and can hold senders until it is let go.
class FakeNotifier final : public Notifier {
public:
    Result<WebhookAnswer> send(const WebhookMessage& message, std::stop_token stop) override {
        std::unique_lock lock(mutex_);
        messages_.push_back(message);
        ++inside_[message.url];
        most_inside_[message.url] = std::max(most_inside_[message.url], inside_[message.url]);
        changed_.notify_all();
        const bool free = changed_.wait(lock, stop, [&] { return !held_.contains(message.url); });
        --inside_[message.url];
        changed_.notify_all();
        if (!free) return Error{ErrorCode::cancelled, "Cancelled"};
        if (answers_.empty()) return WebhookAnswer{.status = 200};
        auto answer = answers_.front();
        answers_.erase(answers_.begin());
        return answer;
    }
    bool supports(WebhookType) const override { return true; }

    void answer_with(std::vector<Result<WebhookAnswer>> answers) {
        const std::lock_guard lock(mutex_);
        answers_ = std::move(answers);
    }
    void hold(const std::string& url) {
        const std::lock_guard lock(mutex_);
        held_.insert(url);
    }
    void let_go(const std::string& url) {
        const std::lock_guard lock(mutex_);
        held_.erase(url);
        changed_.notify_all();
    }
    /// Waits until so many messages have come.
    void wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return messages_.size() >= count; });
    }
    void wait_until_inside(const std::string& url, int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return inside_[url] == count; });
    }
    std::vector<WebhookMessage> messages() const {
        const std::lock_guard lock(mutex_);
        return messages_;
    }
    int most_inside(const std::string& url) const {
        const std::lock_guard lock(mutex_);
        const auto found = most_inside_.find(url);
        return found == most_inside_.end() ? 0 : found->second;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::vector<WebhookMessage> messages_;
    std::vector<Result<WebhookAnswer>> answers_;
    std::set<std::string> held_;
    std::map<std::string, int> inside_, most_inside_;
};

/// An outbox over a store in memory; schedules are entries of a map.
struct Bench {
    std::shared_ptr<Store> store = open_store("memory:").value();
    std::shared_ptr<FakeNotifier> notifier = std::make_shared<FakeNotifier>();
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
    std::mutex mutex;
    std::map<std::string, WebhookTarget, std::less<>> schedules;  // guarded by mutex

    OutboxParts parts() {
        return {store, notifier, clock, null_logger(),
                [this](std::string_view, std::string_view schedule_id) -> Result<std::optional<WebhookTarget>> {
                    const std::lock_guard lock(mutex);
                    const auto found = schedules.find(schedule_id);
                    if (found == schedules.end()) return std::optional<WebhookTarget>{};
                    return std::optional<WebhookTarget>(found->second);
                }};
    }
    void schedule(const std::string& id, const std::string& url) {
        const std::lock_guard lock(mutex);
        schedules[id] = {.url = url, .secret = "whsec_AAEC"};
    }
    std::string add(const std::string& schedule_id, const std::string& endpoint) {
        Delivery delivery;
        delivery.delivery_id = core::new_uuid(clock->now());
        delivery.account_id = "acme";
        delivery.schedule_id = schedule_id;
        delivery.event = "job.completed";
        delivery.name = "Shop";
        delivery.payload = R"({"job_id":")" + delivery.delivery_id + "\"}";
        delivery.endpoint = endpoint;
        delivery.created_at = clock->now();
        REQUIRE(store->deliveries().insert({delivery}));
        return delivery.delivery_id;
    }
    Delivery get(const std::string& id) { return store->deliveries().find("acme", id).value().value(); }
    bool has(const std::string& id) { return store->deliveries().find("acme", id).value().has_value(); }
};

constexpr const char* url_a = "https://a.example/hook";
constexpr const char* url_b = "https://b.example/hook";
constexpr const char* endpoint_a = "https://a.example:443";
constexpr const char* endpoint_b = "https://b.example:443";

/// Attempts run on the test's thread.
WebhookOptions by_hand() {
    return {.max_in_flight = 0};
}

Result<WebhookAnswer> answer_of(int status, std::optional<std::chrono::milliseconds> retry_after = {}) {
    return WebhookAnswer{.status = status, .retry_after = retry_after};
}

}  // namespace

TEST_SUITE("run.outbox") {
    TEST_CASE("a delivery is sent once, and is delivered") {
        Bench bench;
        bench.schedule("s", url_a);
        const auto id = bench.add("s", endpoint_a);
        Outbox outbox(bench.parts(), by_hand());
        CHECK(outbox.run_due({}).value() == 1);
        CHECK(outbox.run_due({}).value() == 0);
        const auto messages = bench.notifier->messages();
        REQUIRE(messages.size() == 1);
        CHECK(messages[0].url == url_a);
        CHECK(messages[0].body == bench.get(id).payload);
        CHECK(bench.get(id).status == DeliveryStatus::delivered);
        CHECK(bench.get(id).attempts == 1);
        CHECK(bench.get(id).last_status_code == 200);
        CHECK(outbox.metrics().delivered == 1);
    }

    TEST_CASE("failures are tried again at the times of the schedule, and then given up") {
        Bench bench;
        bench.schedule("s", url_a);
        const auto id = bench.add("s", endpoint_a);
        bench.notifier->answer_with({answer_of(500), Error{ErrorCode::network, "Connection failed: x", {}, true},
                                     answer_of(429, 7min), answer_of(503), answer_of(502)});
        Outbox outbox(bench.parts(), by_hand());
        const std::vector<std::chrono::milliseconds> waits{10s, 1min, 7min, 30min};
        for (std::size_t i = 0; i < waits.size(); ++i) {
            CAPTURE(i);
            CHECK(outbox.run_due({}).value() == 1);
            CHECK(bench.get(id).status == DeliveryStatus::pending);
            CHECK(bench.get(id).next_attempt_at == bench.clock->now() + waits[i]);
            bench.clock->advance(waits[i] - 1ms);
            CHECK(outbox.run_due({}).value() == 0);
            bench.clock->advance(1ms);
        }
        CHECK(outbox.run_due({}).value() == 1);
        const Delivery given_up = bench.get(id);
        CHECK(given_up.status == DeliveryStatus::failed);
        CHECK(given_up.attempts == 5);
        CHECK(given_up.last_status_code == 502);
        CHECK(given_up.last_error == "Webhook returned status 502");
        CHECK(given_up.completed_at == bench.clock->now());
        CHECK(outbox.metrics().failed == 1);

        const auto messages = bench.notifier->messages();
        REQUIRE(messages.size() == 5);
        for (const auto& message : messages) CHECK(message.body == messages[0].body);

        REQUIRE(bench.store->deliveries().replay("acme", id, bench.clock->now()).value());
        CHECK(outbox.run_due({}).value() == 1);
        CHECK(bench.get(id).status == DeliveryStatus::delivered);
        CHECK(bench.notifier->messages().back().body == messages[0].body);
    }

    TEST_CASE("refusals and redirects end a delivery at once") {
        for (const int status : {301, 302, 307, 308, 400, 401, 404, 410, 422}) {
            CAPTURE(status);
            Bench bench;
            bench.schedule("s", url_a);
            const auto id = bench.add("s", endpoint_a);
            bench.notifier->answer_with({answer_of(status)});
            Outbox outbox(bench.parts(), by_hand());
            CHECK(outbox.run_due({}).value() == 1);
            CHECK(bench.get(id).status == DeliveryStatus::failed);
            CHECK(bench.get(id).last_status_code == status);
        }
    }

    TEST_CASE("URL, type and secret are those of the moment") {
        Bench bench;
        bench.schedule("s", url_a);
        const auto id = bench.add("s", endpoint_a);
        bench.notifier->answer_with({answer_of(500)});
        Outbox outbox(bench.parts(), by_hand());
        CHECK(outbox.run_due({}).value() == 1);
        {
            const std::lock_guard lock(bench.mutex);
            bench.schedules["s"] = {.url = url_b, .secret = "new secret"};
        }
        bench.clock->advance(10s);
        CHECK(outbox.run_due({}).value() == 2);  // one look to find that it has moved
        const auto messages = bench.notifier->messages();
        REQUIRE(messages.size() == 2);
        CHECK(messages[1].url == url_b);
        bool told = false;
        for (const auto& [name, value] : messages[1].headers) {
            CHECK(value != "whsec_AAEC");
            told = told || value == "new secret";
            if (name == "X-Webhook-Attempt") CHECK(value == "2");
        }
        CHECK(told);
        CHECK(bench.get(id).status == DeliveryStatus::delivered);
        CHECK(bench.get(id).endpoint == endpoint_b);
    }

    TEST_CASE("without its schedule a delivery is dropped, without a webhook it fails") {
        Bench bench;
        bench.schedule("bare", "");
        const auto orphan = bench.add("gone", endpoint_a);
        const auto bare = bench.add("bare", endpoint_a);
        Outbox outbox(bench.parts(), by_hand());
        CHECK(outbox.run_due({}).value() == 2);
        CHECK_FALSE(bench.has(orphan));
        CHECK(bench.get(bare).status == DeliveryStatus::failed);
        CHECK(bench.get(bare).last_error == "The schedule has no webhook any more");
        CHECK(bench.notifier->messages().empty());
    }

    TEST_CASE("what a dead process held is sent when its lease has run out, with the same id and bytes") {
        Bench bench;
        bench.schedule("s", url_a);
        const auto id = bench.add("s", endpoint_a);
        const auto held =
            bench.store->deliveries().claim_due({.now = bench.clock->now(), .lease = 30s, .limit = 1}).value();
        REQUIRE(held.size() == 1);
        Outbox outbox(bench.parts(), by_hand());
        CHECK(outbox.run_due({}).value() == 0);
        bench.clock->advance(30s);
        CHECK(outbox.run_due({}).value() == 1);
        CHECK(bench.notifier->messages().at(0).body == held[0].delivery.payload);
        CHECK(bench.get(id).attempts == 2);
        // A lost attempt is not a failed one: the whole schedule of retries is left.
        CHECK(bench.get(id).failures == 0);
    }

    TEST_CASE("a receiver that hangs takes its own places only") {
        Bench bench;
        bench.schedule("slow", url_a);
        bench.schedule("quick", url_b);
        for (int i = 0; i < 400; ++i) (void)bench.add("slow", endpoint_a);
        bench.notifier->hold(url_a);
        Outbox outbox(bench.parts(), {.per_endpoint = 3, .max_in_flight = 64});
        bench.notifier->wait_until_inside(url_a, 3);
        std::vector<std::string> quick;
        for (int i = 0; i < 50; ++i) quick.push_back(bench.add("quick", endpoint_b));
        outbox.notify();
        bench.notifier->wait_for(53);
        CHECK(bench.notifier->most_inside(url_a) == 3);
        CHECK(bench.notifier->most_inside(url_b) <= 3);
        bench.notifier->let_go(url_a);
        bench.notifier->wait_for(450);
        outbox.stop(10s);
        for (const auto& id : quick) CHECK(bench.get(id).status == DeliveryStatus::delivered);
        CHECK(outbox.metrics().delivered == 450);
        CHECK(bench.notifier->most_inside(url_a) <= 3);
    }

    TEST_CASE("a crowd of hanging receivers leaves places for another") {
        Bench bench;
        for (int i = 0; i < 12; ++i) {
            const std::string name = "slow" + std::to_string(i);
            bench.schedule(name, "https://" + name + ".example/");
            bench.notifier->hold("https://" + name + ".example/");
            for (int k = 0; k < 4; ++k) (void)bench.add(name, "https://" + name + ".example:443");
        }
        // 32 places: 24 of them by fours to six receivers, then one for each of the others.
        Outbox outbox(bench.parts(), {.per_endpoint = 4, .max_in_flight = 32});
        bench.notifier->wait_for(30);
        bench.schedule("quick", url_b);
        const auto id = bench.add("quick", endpoint_b);
        outbox.notify();
        bench.notifier->wait_for(31);
        for (int i = 0; i < 12; ++i) bench.notifier->let_go("https://slow" + std::to_string(i) + ".example/");
        bench.notifier->wait_for(49);
        outbox.stop(10s);
        CHECK(bench.get(id).status == DeliveryStatus::delivered);
    }

    TEST_CASE("stopping gives attempts back uncounted") {
        Bench bench;
        bench.schedule("s", url_a);
        const auto id = bench.add("s", endpoint_a);
        bench.notifier->hold(url_a);
        Outbox outbox(bench.parts(), {});
        bench.notifier->wait_until_inside(url_a, 1);
        outbox.stop(0ms);
        CHECK(bench.get(id).status == DeliveryStatus::pending);
        CHECK(bench.get(id).attempts == 0);
        CHECK(bench.get(id).next_attempt_at == bench.clock->now());
    }

    TEST_CASE("a retry is made when the clock says so, without being asked") {
        Bench bench;
        bench.schedule("s", url_a);
        bench.notifier->answer_with({answer_of(500)});
        const auto id = bench.add("s", endpoint_a);
        Outbox outbox(bench.parts(), {});
        bench.notifier->wait_for(1);
        while (bench.get(id).failures == 0) std::this_thread::yield();
        bench.clock->advance(10s);
        bench.notifier->wait_for(2);
        outbox.stop(10s);
        CHECK(bench.get(id).status == DeliveryStatus::delivered);
    }
}

}  // namespace meter::run
