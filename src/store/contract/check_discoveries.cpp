#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds discovery_lease{1'000};
constexpr std::int64_t discovery_attempts = 3;

Discovery sample_discovery(std::int64_t number, std::string account_id = "acme") {
    Discovery discovery;
    discovery.discovery_id = sample_id(number);
    discovery.account_id = std::move(account_id);
    discovery.request = {.method = DiscoveryMethod::link_pattern,
                         .root_url = "https://shop.example/",
                         .link_pattern = "product/*",
                         .navigation_pattern = "category/**"};
    discovery.created_at = moment(number);
    return discovery;
}

DiscoveryStep sample_step(std::string read, std::vector<std::string> pages, std::vector<std::string> urls) {
    DiscoveryStep step;
    step.read = std::move(read);
    for (auto& page : pages) step.pages.push_back({std::move(page), 1});
    step.urls = std::move(urls);
    return step;
}

/// Claims at `moment(now)`; reports when there is none.
ClaimedDiscovery claim_discovery(ContractReport& report, Store& store, std::int64_t now) {
    auto claimed =
        report.take(store.discoveries().claim_next(moment(now), discovery_lease, discovery_attempts), "claim_next()");
    report.expect(claimed.has_value(), "claim_next() finds a discovery to run");
    return claimed.value_or(ClaimedDiscovery{});
}

}  // namespace

void check_discoveries(ContractReport& report, Store& store) {
    auto& discoveries = store.discoveries();
    const Discovery first = sample_discovery(10);
    Discovery second = sample_discovery(11);
    second.request = {.method = DiscoveryMethod::pagination, .root_url = "https://shop.example/{n}"};
    const Discovery foreign = sample_discovery(12, "other");
    for (const auto& discovery : {first, second, foreign}) report.take(discoveries.insert(discovery), "insert()");
    report.expect_error(discoveries.insert(first), ErrorCode::conflict, "insert() of an id that exists is a conflict");
    report.expect(report.take(discoveries.find("acme", first.discovery_id), "find()") == first,
                  "find() returns every member as it was inserted");
    report.expect(!report.take(discoveries.find("other", first.discovery_id), "find()") &&
                      !report.take(discoveries.find("acme", sample_id(77)), "find()"),
                  "find() sees neither another account's discovery nor an unknown one");
    report.expect(report.take(discoveries.list("acme", {}), "list()") == std::vector<Discovery>{second, first},
                  "list() is newest first and the account's own");
    report.expect(report.take(discoveries.list("acme", {.status = DiscoveryStatus::completed}), "list()").empty(),
                  "list() keeps to the status");
    DiscoveryQuery part;
    part.range = {.limit = 1, .offset = 1};
    report.expect(report.take(discoveries.list("acme", part), "list()") == std::vector<Discovery>{first},
                  "list() keeps to its range");

    const auto claimed = claim_discovery(report, store, 100);
    report.expect(
        claimed.discovery.discovery_id == first.discovery_id && claimed.discovery.status == DiscoveryStatus::running &&
            claimed.discovery.started_at == moment(100) && claimed.state.waiting.empty() && claimed.state.read.empty(),
        "claim_next() takes the oldest, with nothing done");
    std::vector<std::string> urls;
    for (int i = 0; i < 12; ++i) urls.push_back("https://shop.example/p/" + std::to_string(i));
    DiscoveryStep step =
        sample_step("https://shop.example/", {"https://shop.example/a", "https://shop.example/b"}, urls);
    report.expect(report.take(discoveries.advance(claimed.ref(), step), "advance()"), "advance() of a held claim");
    step = sample_step("https://shop.example/a", {"https://shop.example/b", "https://shop.example/c"},
                       {"https://shop.example/last"});
    step.truncated = true;
    report.expect(report.take(discoveries.advance(claimed.ref(), step), "advance()"), "advance() of a held claim");
    urls.push_back("https://shop.example/last");

    const auto running = report.take(discoveries.find("acme", first.discovery_id), "find()").value_or(Discovery{});
    report.expect(running.total_urls == 13 && running.truncated &&
                      running.sample_urls == std::vector<std::string>(urls.begin(), urls.begin() + 10),
                  "what was found so far can be read while it runs");
    const auto found = report.take(discoveries.urls("acme", first.discovery_id, {.limit = 10'000}), "urls()");
    report.expect(found && found->urls == urls && found->total == 13, "urls() are in the order they were found");
    const auto some = report.take(discoveries.urls("acme", first.discovery_id, {.limit = 2, .offset = 11}), "urls()");
    report.expect(some && some->urls == std::vector<std::string>{urls[11], urls[12]} && some->total == 13,
                  "urls() keeps to its range, total does not");
    report.expect(!report.take(discoveries.urls("other", first.discovery_id, {.limit = 1}), "urls()"),
                  "urls() does not see another account's discovery");
    report.expect_error(discoveries.urls("acme", first.discovery_id, {.limit = 10'001}), ErrorCode::invalid_argument,
                        "urls() refuses a limit above 10000");

    report.expect(report.take(discoveries.finish(claimed.ref(), moment(200), std::nullopt), "finish()"),
                  "finish() of a held claim");
    const auto done = report.take(discoveries.find("acme", first.discovery_id), "find()").value_or(Discovery{});
    report.expect(done.status == DiscoveryStatus::completed && done.completed_at == moment(200) && !done.error &&
                      done.total_urls == 13,
                  "finish() completes and keeps what was found");
    report.expect(!report.take(discoveries.finish(claimed.ref(), moment(300), "late"), "finish()") &&
                      !report.take(discoveries.advance(claimed.ref(), step), "advance()"),
                  "nothing is written after the end");
    const auto next = claim_discovery(report, store, 300);
    report.take(discoveries.finish(next.ref(), moment(310), "Page not accessible: 404 Not Found"), "finish()");
    const auto failed = report.take(discoveries.find("acme", second.discovery_id), "find()").value_or(Discovery{});
    report.expect(failed.status == DiscoveryStatus::failed && failed.error == "Page not accessible: 404 Not Found",
                  "finish() with an error fails");

    report.expect(!report.take(discoveries.remove("other", first.discovery_id), "remove()"),
                  "remove() does not see another account's discovery");
    report.expect(report.take(discoveries.remove("acme", first.discovery_id), "remove()") &&
                      !report.take(discoveries.find("acme", first.discovery_id), "find()") &&
                      !report.take(discoveries.urls("acme", first.discovery_id, {.limit = 1}), "urls()") &&
                      !report.take(discoveries.remove("acme", first.discovery_id), "remove()"),
                  "remove() takes everything, once");
}

void check_discovery_claims(ContractReport& report, Store& store) {
    auto& discoveries = store.discoveries();
    const Discovery only = sample_discovery(20);
    report.take(discoveries.insert(only), "insert()");
    const auto first = claim_discovery(report, store, 0);
    const auto none = [&](std::int64_t now) {
        return !report.take(discoveries.claim_next(moment(now), discovery_lease, discovery_attempts), "claim_next()");
    };
    report.expect(none(999), "claim_next() leaves a held discovery alone");
    report.expect(
        report.take(discoveries.heartbeat({first.ref()}, moment(900), discovery_lease), "heartbeat()").empty(),
        "heartbeat() of a held claim");
    report.expect(none(1'800), "heartbeat() extends the lease");
    DiscoveryStep begun = sample_step("https://shop.example/", {"https://shop.example/a"}, {"https://shop.example/p"});
    begun.pages.push_back({"https://shop.example/moved", 0, 2});
    report.take(discoveries.advance(first.ref(), begun), "advance()");

    const auto second = claim_discovery(report, store, 1'900);
    report.expect(second.token > first.token && second.discovery.started_at == moment(0),
                  "an expired lease is claimed anew, the start stays");
    report.expect(second.state.read == std::vector<std::string>{"https://shop.example/"} &&
                      second.state.waiting == std::vector<DiscoveryPage>{{"https://shop.example/moved", 0, 2},
                                                                         {"https://shop.example/a", 1}} &&
                      second.state.urls == std::vector<std::string>{"https://shop.example/p"},
                  "the next worker goes on where the last one stopped");
    report.expect(!report.take(discoveries.advance(first.ref(), sample_step("x", {}, {"y"})), "advance()") &&
                      !report.take(discoveries.finish(first.ref(), moment(1'950), std::nullopt), "finish()") &&
                      !report.take(discoveries.release(first.ref()), "release()") &&
                      report.take(discoveries.heartbeat({first.ref()}, moment(1'950), discovery_lease),
                                  "heartbeat()") == std::vector<std::string>{only.discovery_id},
                  "a late worker changes nothing");
    report.expect(report.take(discoveries.release(second.ref()), "release()"), "release() of a held claim");
    report.expect(report.take(discoveries.find("acme", only.discovery_id), "find()").value_or(Discovery{}).status ==
                      DiscoveryStatus::pending,
                  "a released discovery is pending");

    std::int64_t now = 2'000;
    for (std::int64_t i = 0; i < discovery_attempts; ++i, now += 1'000) (void)claim_discovery(report, store, now);
    report.expect(none(now), "claim_next() gives up on what keeps losing its worker");
    const auto given_up = report.take(discoveries.find("acme", only.discovery_id), "find()").value_or(Discovery{});
    report.expect(given_up.status == DiscoveryStatus::failed && given_up.error == "Interrupted by server restart" &&
                      given_up.completed_at == moment(now),
                  "and says why");
}

void check_discovery_ticks(ContractReport& report, Store& store) {
    auto& discoveries = store.discoveries();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Discovery parent = sample_discovery(10);
    report.take(discoveries.insert(parent), "insert()");
    report.take(discoveries.finish(claim_discovery(report, store, 0).ref(), moment(1), std::nullopt), "finish()");

    Schedule schedule = sample_schedule(strategy, 20);
    schedule.url.reset();
    schedule.urls = {"https://shop.example/old"};
    schedule.rediscover = true;
    schedule.discovery_id = sample_id(77);
    report.expect_error(store.schedules().insert(schedule, sample_due(5'000)), ErrorCode::not_found,
                        "insert() of a schedule that discovers what is not there is refused");
    schedule.discovery_id = parent.discovery_id;
    report.take(store.schedules().insert(schedule, sample_due(5'000)), "insert()");
    const auto now = [&] {
        return report.take(store.schedules().find("acme", schedule.schedule_id), "find()").value_or(Schedule{});
    };
    const auto tick = [&](std::int64_t due, std::int64_t discovery) {
        const ScheduleTick made{.schedule_id = schedule.schedule_id,
                                .version = now().version,
                                .due_at = moment(due),
                                .ticked_at = moment(due),
                                .next = sample_due(due + 5'000),
                                .discovery_id = sample_id(discovery)};
        const auto outcomes = report.take(store.schedules().tick({made}), "tick()");
        return outcomes.empty() ? TickOutcome::stale : outcomes.front();
    };
    report.expect(tick(5'000, 30) == TickOutcome::made, "a tick runs the discovery again");
    report.expect(tick(10'000, 31) == TickOutcome::skipped,
                  "a tick is skipped while the discovery of the last one runs");
    report.expect(!report.take(discoveries.find("acme", sample_id(30)), "find()") &&
                      !report.take(discoveries.urls("acme", sample_id(30), {.limit = 1}), "urls()") &&
                      !report.take(discoveries.remove("acme", sample_id(30)), "remove()") &&
                      report.take(discoveries.list("acme", {}), "list()").size() == 1,
                  "callers do not see it");

    const auto claimed = claim_discovery(report, store, 11'000);
    report.expect(claimed.discovery.schedule_id == schedule.schedule_id &&
                      claimed.discovery.request == parent.request && !claimed.given_up,
                  "claim_next() hands it out with what the discovery looks for");
    report.take(
        discoveries.advance(claimed.ref(), sample_step("https://shop.example/", {}, {"https://shop.example/new"})),
        "advance()");
    DiscoveryTick end;
    end.version = now().version - 1;
    end.urls = {"https://shop.example/new"};
    Job job = sample_job(strategy, 40);
    job.schedule_id = schedule.schedule_id;
    job.created_at = moment(12'000);
    end.jobs = {job};
    report.expect_error(discoveries.finish_tick(claimed.ref(), end), ErrorCode::conflict,
                        "finish_tick() for an older schedule conflicts");
    end.version = now().version;
    report.expect(report.take(discoveries.finish_tick(claimed.ref(), end), "finish_tick()"), "finish_tick()");
    report.expect(now().urls == end.urls && now().version == end.version + 1, "the schedule has the new URLs");
    report.expect(report.take(store.jobs().find("acme", job.job_id), "find()") == job &&
                      report.take(store.jobs().counts(), "counts()").pending == 1,
                  "the jobs wait");
    report.expect(!report.take(discoveries.finish_tick(claimed.ref(), end), "finish_tick()"),
                  "finish_tick() again is false");
    report.expect(tick(15'000, 32) == TickOutcome::skipped, "the next tick waits for the jobs");
    report.take(store.jobs().fail_unfinished("acme", job.job_id, moment(16'000), "gone"), "fail_unfinished()");

    report.expect(tick(20'000, 33) == TickOutcome::made, "then the discovery runs again");
    std::int64_t moment_of_claim = 21'000;
    for (std::int64_t i = 0; i < discovery_attempts; ++i, moment_of_claim += 1'000)
        report.expect(!claim_discovery(report, store, moment_of_claim).given_up, "a lost worker is replaced");
    const auto last = claim_discovery(report, store, moment_of_claim);
    report.expect(last.given_up, "what keeps losing its worker is handed out to be ended");
    report.expect(
        report.take(discoveries.finish_tick(last.ref(), std::nullopt), "finish_tick()") && now().urls == end.urls,
        "finish_tick() without jobs leaves the schedule as it is");
    report.expect(tick(25'000, 34) == TickOutcome::made, "a tick runs the discovery again");
    report.expect(
        report.take(store.schedules().remove("acme", schedule.schedule_id), "remove()") &&
            !report.take(discoveries.claim_next(moment(26'000), discovery_lease, discovery_attempts), "claim_next()"),
        "with its schedule the discovery goes");
}

}  // namespace meter::testing
