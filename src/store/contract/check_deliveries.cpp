#include <algorithm>
#include <mutex>
#include <set>

#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

using std::chrono::milliseconds;

Delivery sample_delivery(std::int64_t number, std::string endpoint = "https://a.example:443",
                         std::string account_id = "acme") {
    Delivery delivery;
    delivery.delivery_id = sample_id(number);
    delivery.account_id = std::move(account_id);
    delivery.schedule_id = sample_id(1);
    delivery.job_id = sample_id(number + 1'000'000);
    delivery.event = "job.completed";
    delivery.name = "Shop \xE2\x82\xAC";
    delivery.payload = R"({"job_id":"1"})";
    delivery.endpoint = std::move(endpoint);
    delivery.next_attempt_at = moment(number);
    delivery.created_at = moment(number);
    return delivery;
}

DeliveryClaim due_claim(std::int64_t now, std::int64_t limit = 100, std::int64_t per_endpoint = 100) {
    DeliveryClaim claim;
    claim.now = moment(now);
    claim.lease = milliseconds{1'000};
    claim.limit = limit;
    claim.per_endpoint = per_endpoint;
    return claim;
}

DeliveryRef attempt_ref(const ClaimedDelivery& claimed) {
    DeliveryRef ref;
    ref.delivery_id = claimed.delivery.delivery_id;
    ref.token = claimed.token;
    return ref;
}

AttemptEnd delivered_end(const ClaimedDelivery& claimed, std::int64_t ended_at) {
    AttemptEnd end;
    end.attempt = attempt_ref(claimed);
    end.ended_at = moment(ended_at);
    end.delivered = true;
    end.status_code = 204;
    return end;
}

AttemptEnd failed_end(const ClaimedDelivery& claimed, std::int64_t ended_at, std::optional<TimePoint> next) {
    AttemptEnd end;
    end.attempt = attempt_ref(claimed);
    end.ended_at = moment(ended_at);
    end.status_code = 503;
    end.error = "Webhook returned status 503";
    end.next_attempt_at = next;
    return end;
}

std::vector<std::string> claimed_ids(const std::vector<ClaimedDelivery>& claimed) {
    std::vector<std::string> ids;
    for (const auto& one : claimed) ids.push_back(one.delivery.delivery_id);
    return ids;
}

Delivery without_payload(Delivery delivery) {
    delivery.payload.clear();
    return delivery;
}

}  // namespace

void check_delivery_lists(ContractReport& report, Store& store) {
    auto& outbox = store.deliveries();
    std::vector<Delivery> added{sample_delivery(10), sample_delivery(11), sample_delivery(12)};
    added[1].schedule_id = sample_id(2);
    added[2].job_id.reset();
    added[2].workflow_run_id = sample_id(77);
    added[2].created_at = added[1].created_at;
    report.take(outbox.insert(added), "insert()");
    const Delivery foreign = sample_delivery(13, "https://a.example:443", "other");
    report.take(outbox.insert({foreign}), "insert()");

    report.expect(report.take(outbox.find("acme", sample_id(12)), "find()") == added[2], "find() gives all members");
    report.expect(!report.take(outbox.find("acme", sample_id(13)), "find()"), "a foreign delivery is not there");
    const std::vector<Delivery> all{without_payload(added[2]), without_payload(added[1]), without_payload(added[0])};
    report.expect(report.take(outbox.list("acme", {}), "list()") == all,
                  "list() is newest first, ties by id, and without payloads");
    DeliveryQuery query;
    query.schedule_id = sample_id(2);
    report.expect(ids_of(report.take(outbox.list("acme", query), "list()"), &Delivery::delivery_id) == sample_ids({11}),
                  "list() keeps to the schedule");
    query.status = DeliveryStatus::failed;
    report.expect(report.take(outbox.list("acme", query), "list()").empty(), "list() keeps to schedule and status");
    query.schedule_id.reset();
    query.status = DeliveryStatus::pending;
    query.range = {.limit = 1, .offset = 1};
    report.expect(ids_of(report.take(outbox.list("acme", query), "list()"), &Delivery::delivery_id) == sample_ids({11}),
                  "list() keeps to the range");
    query.status = DeliveryStatus::delivered;
    report.expect(report.take(outbox.list("acme", query), "list()").empty(), "nothing is delivered yet");

    report.expect_error(outbox.insert({sample_delivery(20), sample_delivery(11)}), ErrorCode::conflict,
                        "an id cannot be inserted twice");
    report.expect(!report.take(outbox.find("acme", sample_id(20)), "find()"), "insert() is all or nothing");
}

void check_delivery_writes(ContractReport& report, Store& store) {
    auto& jobs = store.jobs();
    auto& outbox = store.deliveries();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    (void)add_job(report, store, strategy, 10);
    const ClaimedJob first = claim(report, store, 1'000);
    JobCompletion completion = sample_completion(first, "hash 1");
    completion.new_baseline = sample_baseline(first, "hash 1");
    completion.deliveries = {sample_delivery(500)};
    report.take(jobs.complete(completion), "complete()");
    report.expect(report.take(outbox.find("acme", sample_id(500)), "find()") == completion.deliveries[0],
                  "complete() puts its deliveries into the outbox");

    (void)add_job(report, store, strategy, 11);
    const ClaimedJob second = claim(report, store, 2'000);
    JobCompletion stale = sample_completion(second, "hash 2");
    stale.deliveries = {sample_delivery(501)};
    report.expect_error(jobs.complete(stale), ErrorCode::conflict, "another baseline is a conflict");
    report.expect(!report.take(outbox.find("acme", sample_id(501)), "find()"), "a conflict delivers nothing");
    JobFailure failure;
    failure.claim = claim_ref(second);
    failure.completed_at = moment(3'000);
    failure.error = "Page not accessible: 404 Not Found";
    failure.deliveries = {sample_delivery(502)};
    ++failure.claim.token;
    report.expect(!report.take(jobs.fail(failure), "fail()"), "a claim that is not held does not fail");
    report.expect(!report.take(outbox.find("acme", sample_id(502)), "find()"), "and delivers nothing");
    --failure.claim.token;
    report.take(jobs.fail(failure), "fail()");
    report.expect(report.take(outbox.find("acme", sample_id(502)), "find()") == failure.deliveries[0],
                  "fail() puts its deliveries into the outbox");
}

void check_delivery_claims(ContractReport& report, Store& store) {
    auto& outbox = store.deliveries();
    report.expect(report.take(outbox.claim_due(due_claim(0)), "claim_due()").empty(), "an empty outbox has nothing");
    report.expect(!report.take(outbox.next_due(), "next_due()"), "and nothing is due");
    report.take(outbox.insert({sample_delivery(30), sample_delivery(10), sample_delivery(20)}), "insert()");
    report.expect(report.take(outbox.next_due(), "next_due()") == moment(10), "next_due() is the earliest");
    report.expect(report.take(outbox.claim_due(due_claim(9)), "claim_due()").empty(), "nothing is due before its time");
    const auto two = report.take(outbox.claim_due(due_claim(20)), "claim_due()");
    report.expect(claimed_ids(two) == sample_ids({10, 20}), "claim_due() takes what is due, in order");
    if (two.size() != 2) return;
    Delivery expected = sample_delivery(10);
    expected.attempts = 1;
    expected.next_attempt_at = moment(1'020);
    report.expect(two[0].delivery == expected, "a claim counts the attempt and holds a lease");
    report.expect(claimed_ids(report.take(outbox.claim_due(due_claim(500)), "claim_due()")) == sample_ids({30}),
                  "what is held is not claimed again");

    report.expect(
        report.take(outbox.heartbeat({attempt_ref(two[0])}, moment(800), milliseconds{1'000}), "heartbeat()").empty(),
        "heartbeat() finds a held attempt");
    const auto again = report.take(outbox.claim_due(due_claim(1'400)), "claim_due()");
    report.expect(claimed_ids(again) == sample_ids({20}), "an expired lease is due again, an extended one is not");
    if (again.size() != 1) return;
    report.expect(again[0].delivery.attempts == 2, "a lost attempt stays counted");
    report.expect(!report.take(outbox.end_attempt(delivered_end(two[1], 1'450)), "end_attempt()"),
                  "a late sender writes nothing");
    report.expect(report.take(outbox.heartbeat({attempt_ref(two[1])}, moment(1'450), milliseconds{1'000}),
                              "heartbeat()") == sample_ids({20}),
                  "heartbeat() tells which attempts are lost");
    report.expect(!report.take(outbox.release(attempt_ref(two[1]), moment(1'450), "x"), "release()"),
                  "a late sender releases nothing");
    report.expect(!report.take(outbox.drop(attempt_ref(two[1])), "drop()"), "and drops nothing");
    report.expect(report.take(outbox.end_attempt(delivered_end(again[0], 1'500)), "end_attempt()"),
                  "the present one does");

    report.expect(report.take(outbox.release(attempt_ref(two[0]), moment(1'500), "https://b.example:443"), "release()"),
                  "a held attempt can be given back");
    const auto released = report.take(outbox.claim_due(due_claim(1'500, 1)), "claim_due()");
    report.expect(released.size() == 1 && released[0].delivery.attempts == 1 &&
                      released[0].delivery.endpoint == "https://b.example:443",
                  "and is due at once, uncounted, at its new endpoint");
    if (released.size() != 1) return;
    report.expect(report.take(outbox.drop(attempt_ref(released[0])), "drop()"), "a held attempt can be dropped");
    report.expect(!report.take(outbox.find("acme", sample_id(10)), "find()"), "and is gone");
}

void check_delivery_endings(ContractReport& report, Store& store) {
    auto& outbox = store.deliveries();
    report.take(outbox.insert({sample_delivery(10), sample_delivery(20)}), "insert()");
    auto held = report.take(outbox.claim_due(due_claim(20)), "claim_due()");
    if (!report.expect(held.size() == 2, "two are due")) return;
    report.take(outbox.end_attempt(failed_end(held[0], 50, moment(2'000))), "end_attempt()");
    Delivery expected = sample_delivery(10);
    expected.attempts = expected.failures = 1;
    expected.next_attempt_at = moment(2'000);
    expected.last_status_code = 503;
    expected.last_error = "Webhook returned status 503";
    report.expect(report.take(outbox.find("acme", sample_id(10)), "find()") == expected,
                  "a failed attempt is tried again later");
    report.expect(!report.take(outbox.end_attempt(failed_end(held[0], 60, std::nullopt)), "end_attempt()"),
                  "an attempt ends once");
    report.expect_error(outbox.replay("acme", sample_id(10), moment(60)), ErrorCode::conflict,
                        "what is pending cannot be replayed");
    report.take(outbox.end_attempt(delivered_end(held[1], 70)), "end_attempt()");
    const auto retried = report.take(outbox.claim_due(due_claim(2'000)), "claim_due()");
    if (!report.expect(claimed_ids(retried) == sample_ids({10}), "only the failed one is due again")) return;
    report.expect(retried[0].delivery.payload == sample_delivery(10).payload, "with the same payload");
    report.take(outbox.end_attempt(failed_end(retried[0], 2'010, std::nullopt)), "end_attempt()");
    expected.status = DeliveryStatus::failed;
    expected.attempts = expected.failures = 2;
    expected.next_attempt_at.reset();
    expected.completed_at = moment(2'010);
    report.expect(report.take(outbox.find("acme", sample_id(10)), "find()") == expected, "and is given up");
    DeliveryQuery failed;
    failed.status = DeliveryStatus::failed;
    report.expect(
        ids_of(report.take(outbox.list("acme", failed), "list()"), &Delivery::delivery_id) == sample_ids({10}),
        "what was given up is listed");
    report.expect(!report.take(outbox.next_due(), "next_due()"), "nothing is pending");

    report.expect(!report.take(outbox.replay("other", sample_id(10), moment(3'000)), "replay()"),
                  "a foreign delivery cannot be replayed");
    expected.status = DeliveryStatus::pending;
    expected.attempts = expected.failures = 0;
    expected.next_attempt_at = moment(3'000);
    expected.last_status_code.reset();
    expected.last_error.reset();
    expected.completed_at.reset();
    report.expect(
        report.take(outbox.replay("acme", sample_id(10), moment(3'000)), "replay()") == without_payload(expected),
        "a replay is pending from the start");
    report.expect(report.take(outbox.find("acme", sample_id(10)), "find()") == expected, "and stored so");
    held = report.take(outbox.claim_due(due_claim(3'000)), "claim_due()");
    if (!report.expect(held.size() == 1, "a replay is due at once")) return;
    report.take(outbox.end_attempt(delivered_end(held[0], 3'010)), "end_attempt()");

    report.expect(report.take(outbox.drop_ended_before(moment(70), 10), "drop_ended_before()") == 0,
                  "what ended at the moment stays");
    report.expect(report.take(outbox.drop_ended_before(moment(9'000), 1), "drop_ended_before()") == 1,
                  "drop_ended_before() keeps to the limit");
    report.expect(report.take(outbox.list("acme", {}), "list()").size() == 1, "and removes the oldest first");
    report.expect(report.take(outbox.find("acme", sample_id(10)), "find()").has_value(), "not a newer one");
}

void check_delivery_places(ContractReport& report, Store& store) {
    auto& outbox = store.deliveries();
    std::vector<Delivery> flood;
    for (std::int64_t i = 0; i < 600; ++i) flood.push_back(sample_delivery(100 + i, "https://slow.example:443"));
    report.take(outbox.insert(flood), "insert()");
    report.take(outbox.insert({sample_delivery(5'000, "https://quick.example:443"),
                               sample_delivery(5'001, "https://zealous.example:443")}),
                "insert()");
    auto few = due_claim(6'000, 10, 3);
    report.expect(claimed_ids(report.take(outbox.claim_due(few), "claim_due()")) == sample_ids({100, 101, 102}),
                  "an endpoint gets no more than its places");
    few.places = {{"https://slow.example:443", 0}, {"https://zealous.example:443", 0}};
    report.expect(claimed_ids(report.take(outbox.claim_due(few), "claim_due()")) == sample_ids({5'000}),
                  "a flood to a full endpoint hides no other");
    few.places = {{"https://slow.example:443", 1}};
    report.expect(claimed_ids(report.take(outbox.claim_due(few), "claim_due()")) == sample_ids({103}),
                  "the places that are left are used");
    report.expect(
        claimed_ids(report.take(outbox.claim_due(due_claim(6'000, 2)), "claim_due()")) == sample_ids({104, 105}),
        "the limit holds over all endpoints");
}

void check_delivery_race(ContractReport& report, Store& store) {
    std::vector<Delivery> deliveries;
    for (std::int64_t i = 0; i < 100; ++i)
        deliveries.push_back(sample_delivery(10 + i, "https://" + std::to_string(i % 7) + ".example:443"));
    report.take(store.deliveries().insert(deliveries), "insert()");
    std::mutex mutex;
    std::multiset<std::string> claimed;
    in_parallel(4, [&](int) {
        for (;;) {
            const auto some = store.deliveries().claim_due(due_claim(1'000, 5));
            const std::lock_guard lock(mutex);
            if (!some || some->empty()) return;
            for (const auto& one : *some) claimed.insert(one.delivery.delivery_id);
        }
    });
    report.expect(claimed.size() == std::set<std::string>(claimed.begin(), claimed.end()).size(),
                  "no attempt is given to two senders");
    // A caller that was beaten to everything it had chosen may leave with nothing; the rest is due still.
    const auto rest = report.take(store.deliveries().claim_due(due_claim(1'000, 1'000)), "claim_due()");
    report.expect(claimed.size() + rest.size() == 100, "and none is lost");
}

}  // namespace meter::testing
