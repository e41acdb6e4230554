// Contract of ScheduleStore: the changelog and the seen marks.
#include <atomic>

#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

ChangeRecord sample_change() {
    return {.new_items_count = 2,
            .removed_items_count = 1,
            .new_items = R"([{"name":"B"},{"name":"C"}])",
            .removed_items = R"([{"name":"A"}])",
            .modified_items = R"([{"item":{"name":"B"},"fields":{"name":{"old":"A","new":"B"}}}])",
            .order_changed = false};
}

/// Ticks, runs and completes a job that changed something; its id is that of `number`.
void add_change(ContractReport& report, Store& store, const Schedule& schedule, std::int64_t number) {
    auto now = report.take(store.schedules().find(schedule.account_id, schedule.schedule_id), "find()");
    if (!report.expect(now.has_value(), "the schedule is there")) return;
    (void)store.schedules().tick({sample_tick(*now, number, number * 1'000 + 1'000)});
    const ClaimedJob claimed = claim(report, store, number * 1'000);
    JobCompletion completion = sample_completion(claimed, "hash " + std::to_string(number));
    completion.has_changes = true;
    completion.change = sample_change();
    report.take(store.jobs().complete(completion), "complete()");
}

}  // namespace

void check_changes(ContractReport& report, Store& store) {
    ScheduleStore& schedules = store.schedules();
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 30'000);
    const Schedule other = add_schedule(report, store, strategy, 11, 30'000);
    for (const std::int64_t number : {30, 31, 32}) add_change(report, store, schedule, number);
    add_change(report, store, other, 40);

    const auto unseen = [&](const std::optional<ChangePlace>& after = {}, std::int64_t limit = 10,
                            std::size_t bytes = 1u << 20) {
        return report.take(schedules.unseen_changes("acme", schedule.schedule_id, after, limit, bytes),
                           "unseen_changes()");
    };
    const auto unseen_ids = [&](auto... arguments) { return ids_of(unseen(arguments...), &ScheduleChange::job_id); };
    const auto all = unseen();
    report.expect(ids_of(all, &ScheduleChange::job_id) == sample_ids({32, 31, 30}), "changes are newest first");
    report.expect(all.size() == 3 && all[0].results == R"([{"name":"A"},{"name":"B"}])" && all[0].item_count == 2 &&
                      all[0].total_item_count == 2 && all[0].content_hash == "hash 32" && !all[0].seen,
                  "with the results of their jobs");
    report.expect(unseen_ids(std::nullopt, 2) == sample_ids({32, 31}), "as many as asked for");
    if (all.size() == 3)
        report.expect(unseen_ids(ChangePlace{all[0].created_at, all[0].job_id}) == sample_ids({31, 30}),
                      "from behind a place on");
    report.expect(unseen_ids(std::nullopt, 10, std::size_t{30}) == sample_ids({32}), "and bytes");
    report.expect(unseen_ids(std::nullopt, 10, std::size_t{1}) == sample_ids({32}), "but one at least");
    report.expect(
        report.take(schedules.unseen_changes("other", schedule.schedule_id, {}, 10, 99), "unseen_changes()").empty(),
        "foreign changes are not there");

    report.expect(!report.take(schedules.mark_seen("acme", schedule.schedule_id, sample_ids({30, 40})), "mark_seen()"),
                  "changes of another schedule are not marked");
    report.expect(unseen_ids() == sample_ids({32, 31, 30}), "and nothing is marked then");
    report.expect(report.take(schedules.mark_seen("acme", schedule.schedule_id, sample_ids({31})), "mark_seen()"),
                  "mark_seen() says so");
    report.expect(unseen_ids() == sample_ids({32, 30}), "what is marked is not shown again");
    report.expect(!report.take(schedules.mark_seen("acme", schedule.schedule_id, sample_ids({30, 31})), "mark_seen()"),
                  "what is marked is not marked again");
    report.expect(unseen_ids() == sample_ids({32, 30}), "all or none");
    report.expect(!report.take(schedules.mark_seen("other", schedule.schedule_id, sample_ids({30})), "mark_seen()"),
                  "foreign changes are not marked");

    const auto log = [&](ListRange range, bool items) {
        return report.take(schedules.changelog("acme", schedule.schedule_id, range, items), "changelog()");
    };
    const auto rows = log({}, true);
    report.expect(ids_of(rows, &ChangelogRow::job_id) == sample_ids({32, 31, 30}), "the changelog holds seen ones too");
    report.expect(!rows.empty() && rows[0].change == sample_change() && rows[0].item_count == 2 &&
                      rows[0].completed_at == moment(5'000) && rows[0].url == *schedule.url,
                  "with what changed");
    report.expect(ids_of(log({.limit = 1, .offset = 1}, true), &ChangelogRow::job_id) == sample_ids({31}), "it pages");
    const auto bare = log({.limit = 1}, false);
    report.expect(bare.size() == 1 && bare[0].change.new_items == "[]" && bare[0].change.new_items_count == 2,
                  "without items the counts stay");
    report.expect(report.take(schedules.count_changes("acme", schedule.schedule_id), "count_changes()") == 3 &&
                      report.take(schedules.count_changes("other", schedule.schedule_id), "count_changes()") == 0,
                  "count_changes() counts them");

    report.take(schedules.remove("acme", schedule.schedule_id), "remove()");
    report.expect(report.take(schedules.count_changes("acme", schedule.schedule_id), "count_changes()") == 0 &&
                      report.take(schedules.count_changes("acme", other.schedule_id), "count_changes()") == 1,
                  "a schedule takes its changelog along");
    report.expect(report.take(store.jobs().find("acme", sample_id(30)), "find() of a job").has_value(),
                  "and leaves its jobs");
}

/// A job whose schedule goes while it runs completes all the same.
void check_orphaned_change(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 1'000);
    (void)store.schedules().tick({sample_tick(schedule, 30, 61'000)});
    const ClaimedJob claimed = claim(report, store, 1'000);
    report.take(store.schedules().remove("acme", schedule.schedule_id), "remove()");
    JobCompletion completion = sample_completion(claimed, "hash");
    completion.has_changes = true;
    completion.change = sample_change();
    report.expect(report.take(store.jobs().complete(completion), "complete()"), "a job outlives its schedule");
    report.expect(report.take(store.schedules().count_changes("acme", schedule.schedule_id), "count_changes()") == 0,
                  "and nobody is told");
}

void check_seen_race(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    const Schedule schedule = add_schedule(report, store, strategy, 10, 30'000);
    for (const std::int64_t number : {30, 31}) add_change(report, store, schedule, number);
    std::atomic<int> marked{0};
    in_parallel(4, [&](int) {
        const auto done = store.schedules().mark_seen("acme", schedule.schedule_id, sample_ids({30, 31}));
        if (done && *done) ++marked;
    });
    report.expect(marked == 1, "of several that mark the same changes one does");
}

}  // namespace meter::testing
