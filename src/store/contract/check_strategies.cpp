#include "store/contract/report.hpp"

namespace meter::testing {

void check_strategies(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    Strategy full = sample_strategy("acme", 1, moment(10));
    full.scraper_type = ScraperType::api;
    full.name = "N\xC3\xA4me \"with\" 'quotes'; --";
    full.api_parameters = R"({"page":1})";
    full.preview_data = R"([{"a":1}])";
    full.attempts = 3;
    full.output_schema = R"({"type":"object"})";
    full.filter_config = R"({"mode":"all"})";
    full.strategy_group_id = add_group(report, store, "acme", 900).group_id;
    full.fetch = R"({"timeout_seconds":5})";
    full.warnings = {"price was not found", "\"quoted\"", ""};
    full.updated_at = moment(20);
    report.take(strategies.insert(full, sample_event(full, "created", 1), std::nullopt, ""), "insert()");
    report.expect(report.take(strategies.find("acme", full.strategy_id), "find()") == full,
                  "find() returns every member as it was inserted");
    const Strategy plain = add_strategy(report, store, "acme", 2);
    report.expect(report.take(strategies.find("acme", plain.strategy_id), "find()") == plain,
                  "absent members come back absent");
    report.expect(!report.take(strategies.find("other", full.strategy_id), "find()"),
                  "find() does not see another account's strategy");
    report.expect(!report.take(strategies.find("acme", sample_id(77)), "find()"), "find() of an unknown id is empty");

    Strategy stray = sample_strategy("other", 5);
    stray.strategy_group_id = full.strategy_group_id;
    report.expect_error(strategies.insert(stray, sample_event(stray, "created", 5), std::nullopt, ""),
                        ErrorCode::not_found, "insert() into a group of another account is refused");
    Strategy twice = sample_strategy("other", 1);
    report.expect_error(strategies.insert(twice, sample_event(twice, "created", 3), std::nullopt, ""),
                        ErrorCode::conflict, "insert() of an id that exists is a conflict");
    report.expect(report.take(strategies.list_audit("other", {}), "list_audit()").empty(),
                  "a refused insert() records nothing");
    report.expect(report.take(strategies.find("acme", full.strategy_id), "find()") == full,
                  "a refused insert() changes nothing");

    StrategyUpdate rename;
    rename.name = "renamed";
    rename.updated_at = moment(30);
    Strategy expected = full;
    expected.name = "renamed";
    expected.updated_at = moment(30);
    report.expect(report.take(strategies.update("acme", full.strategy_id, rename), "update()") == expected,
                  "update() changes the given members and returns the strategy after it");
    StrategyUpdate clear;
    clear.filter_config = std::optional<std::string>();
    clear.fetch = std::optional<std::string>(R"({"render":"http"})");
    clear.description = "";
    clear.preview_data = "[]";
    clear.updated_at = moment(40);
    expected.filter_config.reset();
    expected.fetch = R"({"render":"http"})";
    expected.description = "";
    expected.preview_data = "[]";
    expected.updated_at = moment(40);
    report.expect(report.take(strategies.update("acme", full.strategy_id, clear), "update()") == expected,
                  "update() clears where the inner value is absent");
    report.expect(!report.take(strategies.update("other", full.strategy_id, rename), "update()"),
                  "update() does not see another account's strategy");
    report.expect(report.take(strategies.find("acme", full.strategy_id), "find()") == expected,
                  "update() is stored, and another account's is not");

    StrategyUpdate refined;
    refined.plan =
        StrategyUpdate::NewPlan{.scraper_type = ScraperType::css,
                                .strategy = R"({"type":"css"})",
                                .api_parameters = std::nullopt,
                                .attempts = 2,
                                .warnings = {"size was not found"},
                                .snapshot = PageSnapshot{"https://shop.test/", "text/html", "<p>", moment(45)}};
    refined.preview_data = R"([{"b":2}])";
    refined.updated_at = moment(50);
    refined.expected_strategy = "{}somebody else's";
    report.expect_error(strategies.update("acme", full.strategy_id, refined), ErrorCode::conflict,
                        "update() of a plan that is not the expected one is a conflict");
    report.expect(report.take(strategies.find("acme", full.strategy_id), "find()") == expected &&
                      !report.take(strategies.find_snapshot("acme", full.strategy_id), "find_snapshot()"),
                  "a refused update() changes nothing");
    refined.expected_strategy = expected.strategy;
    expected.scraper_type = ScraperType::css;
    expected.strategy = R"({"type":"css"})";
    expected.api_parameters.reset();
    expected.attempts = 2;
    expected.warnings = {"size was not found"};
    expected.preview_data = R"([{"b":2}])";
    expected.updated_at = moment(50);
    report.expect(report.take(strategies.update("acme", full.strategy_id, refined), "update()") == expected,
                  "update() replaces the plan with everything that follows from it");
    report.expect(
        report.take(strategies.find_snapshot("acme", full.strategy_id), "find_snapshot()") == refined.plan->snapshot,
        "update() keeps the page a new plan was made from");
}

void check_strategy_lists(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    const auto add = [&](std::string account_id, std::int64_t number, std::int64_t created_at) {
        const Strategy strategy = sample_strategy(std::move(account_id), number, moment(created_at));
        report.take(strategies.insert(strategy, sample_event(strategy, "created", number), std::nullopt, ""),
                    "insert()");
    };
    add("acme", 3, 100);
    add("acme", 1, 200);
    add("acme", 2, 200);
    add("acme", 4, 50);
    add("other", 5, 300);
    const auto list = [&](std::int64_t limit, std::int64_t offset) {
        ListRange range;
        range.limit = limit;
        range.offset = offset;
        return ids_of(report.take(strategies.list("acme", range), "list()"), &Strategy::strategy_id);
    };
    report.expect(list(10, 0) == sample_ids({2, 1, 3, 4}),
                  "list() is newest first, ties by id descending, of one account");
    report.expect(list(2, 1) == sample_ids({1, 3}), "list() returns the part asked for");
    report.expect(list(10, 4).empty(), "list() past the end is empty");
    for (const auto& range : {ListRange{.limit = 0}, ListRange{.limit = 1001}, ListRange{.limit = 1, .offset = -1}})
        report.expect_error(strategies.list("acme", range), ErrorCode::invalid_argument,
                            "list() refuses a range outside limits");
}

void check_strategy_removal(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    const Strategy strategy = sample_strategy("acme", 1);
    PageSnapshot page;
    page.url = strategy.url;
    page.body = "<html>";
    report.take(strategies.insert(strategy, sample_event(strategy, "created", 1), page, ""), "insert()");
    const Strategy kept = add_strategy(report, store, "acme", 2);

    Batch batch;
    batch.batch_id = sample_id(100);
    batch.account_id = "acme";
    batch.strategy_id = strategy.strategy_id;
    batch.job_count = 3;
    batch.created_at = moment(0);
    std::vector<Job> jobs{sample_job(strategy, 10), sample_job(strategy, 11), sample_job(strategy, 12)};
    for (auto& job : jobs) job.batch_id = batch.batch_id;
    report.take(store.jobs().insert(jobs, batch), "insert() of a batch");
    const ClaimedJob done = claim(report, store, 1'000);
    JobCompletion completion = sample_completion(done, "hash");
    completion.new_baseline = sample_baseline(done, "hash");
    report.take(store.jobs().complete(completion), "complete()");
    const ClaimedJob running = claim(report, store, 1'000);
    const Job kept_job = add_job(report, store, kept, 20);

    const AuditEvent deleted = sample_event(strategy, "deleted", 3);
    report.expect(!report.take(strategies.remove("other", strategy.strategy_id, deleted), "remove()"),
                  "remove() does not see another account's strategy");
    report.expect(report.take(strategies.list_audit("acme", {}), "list_audit()").size() == 2,
                  "a remove() that finds nothing records nothing");
    report.expect(report.take(strategies.remove("acme", strategy.strategy_id, deleted), "remove()"),
                  "remove() reports that the strategy was there");
    report.expect(!report.take(strategies.remove("acme", strategy.strategy_id, deleted), "remove()"),
                  "remove() reports that the strategy is gone");

    report.expect(!report.take(strategies.find("acme", strategy.strategy_id), "find()"), "the strategy is gone");
    report.expect(!report.take(strategies.find_snapshot("acme", strategy.strategy_id), "find_snapshot()"),
                  "its snapshot is gone");
    for (const auto& job : jobs)
        report.expect(!report.take(store.jobs().find("acme", job.job_id), "find()"), "its jobs are gone");
    report.expect(report.take(store.jobs().history("acme", strategy.strategy_id, {}), "history()").empty(),
                  "its history is gone");
    report.expect(!report.take(store.jobs().batch_progress("acme", batch.batch_id), "batch_progress()"),
                  "its batches are gone");
    report.expect(!report.take(store.jobs().find_baseline(completion.key), "find_baseline()"),
                  "its baselines are gone");
    report.expect(report.take(store.jobs().heartbeat({claim_ref(running)}, moment(1'000), std::chrono::seconds{1}),
                              "heartbeat()") == std::vector{running.job.job_id},
                  "a running job of it is lost to its worker");
    report.expect(!report.take(store.jobs().complete(sample_completion(running, "h")), "complete()"),
                  "a running job of it can no longer complete");
    report.expect_error(store.jobs().insert({sample_job(strategy, 30)}, std::nullopt), ErrorCode::not_found,
                        "no job can be added to it");
    const JobCounts counts = report.take(store.jobs().counts(), "counts()");
    report.expect(counts.pending == 1 && counts.running == 0, "counts() no longer has its jobs");
    report.expect(claim(report, store, 2'000).job.job_id == kept_job.job_id, "another strategy's jobs stay");
    AuditQuery of_strategy;
    of_strategy.strategy_id = strategy.strategy_id;
    const auto audit = report.take(strategies.list_audit("acme", of_strategy), "list_audit()");
    report.expect(audit.size() == 2, "its audit survives, with the deletion");
}

void check_snapshots(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    PageSnapshot page;
    page.url = "https://shop.example/final";
    page.content_type = "text/html; charset=iso-8859-1";
    page.body = std::string("\0\xFF<p>\x80", 6);
    page.fetched_at = moment(100);
    const Strategy strategy = sample_strategy("acme", 1);
    report.take(strategies.insert(strategy, sample_event(strategy, "created", 1), page, ""), "insert()");
    PageSnapshot empty;
    empty.fetched_at = moment(200);
    const Strategy newer = sample_strategy("acme", 2);
    report.take(strategies.insert(newer, sample_event(newer, "created", 2), empty, ""), "insert()");
    const Strategy without = add_strategy(report, store, "acme", 3);

    report.expect(report.take(strategies.find_snapshot("acme", strategy.strategy_id), "find_snapshot()") == page,
                  "a snapshot keeps its bytes, whatever they are");
    report.expect(report.take(strategies.find_snapshot("acme", newer.strategy_id), "find_snapshot()") == empty,
                  "a snapshot may be empty");
    report.expect(!report.take(strategies.find_snapshot("acme", without.strategy_id), "find_snapshot()"),
                  "a strategy may have no snapshot");
    report.expect(!report.take(strategies.find_snapshot("other", strategy.strategy_id), "find_snapshot()"),
                  "find_snapshot() does not see another account's");
    report.expect(report.take(strategies.drop_snapshots_before(moment(200)), "drop_snapshots_before()") == 1,
                  "drop_snapshots_before() drops what is older, not what is as old");
    report.expect(!report.take(strategies.find_snapshot("acme", strategy.strategy_id), "find_snapshot()"),
                  "a dropped snapshot is gone");
    report.expect(report.take(strategies.find("acme", strategy.strategy_id), "find()").has_value(),
                  "its strategy stays");
}

void check_audit(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    for (std::int64_t number = 1; number <= 4; ++number) {
        const Strategy strategy = sample_strategy(number == 4 ? "other" : "acme", number, moment(100));
        AuditEvent created = sample_event(strategy, "created", number);
        created.created_at = moment(number == 2 ? 50 : 100);
        if (number == 1) created.api_key_prefix = "sk_live_abcd";
        report.take(strategies.insert(strategy, created, std::nullopt, ""), "insert()");
        if (number != 1) continue;
        AuditEvent deleted = sample_event(strategy, "deleted", 10);
        deleted.created_at = moment(300);
        report.take(strategies.remove("acme", strategy.strategy_id, deleted), "remove()");
    }
    const auto list = [&](const AuditQuery& query) {
        return ids_of(report.take(strategies.list_audit("acme", query), "list_audit()"), &AuditEvent::id);
    };
    report.expect(list({}) == sample_ids({10, 3, 1, 2}), "list_audit() is newest first, of one account");
    report.expect(list({.strategy_id = sample_id(1)}) == sample_ids({10, 1}), "list_audit() filters by strategy");
    report.expect(list({.event = "created"}) == sample_ids({3, 1, 2}), "list_audit() filters by event");
    report.expect(list({.strategy_id = sample_id(1), .event = "created"}) == sample_ids({1}),
                  "list_audit() filters by both");
    report.expect(list({.since = moment(100)}) == sample_ids({10, 3, 1}), "list_audit() filters from a moment on");
    report.expect(list({.range = {.limit = 2, .offset = 1}}) == sample_ids({3, 1}),
                  "list_audit() returns the part asked for");
    const auto first = report.take(strategies.list_audit("acme", {.strategy_id = sample_id(1)}), "list_audit()");
    report.expect(first.size() == 2 && first[1].api_key_prefix == "sk_live_abcd" && first[0].event == "deleted" &&
                      first[1].url == "https://shop.example/list" && first[1].strategy_name == "Strategy 1",
                  "an event keeps its members");
    report.expect_error(strategies.list_audit("acme", {.range = {.limit = 0}}), ErrorCode::invalid_argument,
                        "list_audit() refuses a range outside limits");
}

}  // namespace meter::testing
