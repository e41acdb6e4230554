// What schedules found, and how jobs compare (wire contract 11.7, 14).
#include <utility>

#include "engine/impl.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"
#include "meter/keyword_filter.hpp"
#include "run/change_decision.hpp"

namespace meter {
namespace {

constexpr std::int64_t most_changes = 1'000;
constexpr std::size_t most_change_bytes = 64u << 20;  // of results in one answer
constexpr std::int64_t read_changes = 100;            // at a time
constexpr std::int64_t most_changelog_entries = 100;
constexpr int mark_tries = 100;  // each lost race means that another caller took some of the changes

constexpr JsonLimits stored_changes_limits{.max_depth = 128, .max_bytes = std::size_t{1} << 31};

std::optional<std::string> applied(const KeywordFilter& filter, const std::string& text) {
    return filter.blank() ? std::nullopt : std::optional(text);
}

/// Cuts a change to the items that match; false when there is none.
Result<bool> cut_change(ScheduleChange& change, const KeywordFilter& filter, const OutputSchema* schema) {
    auto results = parse_json(change.results, stored_changes_limits);
    if (!results) return results.error();
    auto items = matching_items(filter, items_of(schema, *std::move(results)));
    if (items.empty()) return false;
    change.item_count = static_cast<std::int64_t>(items.size());
    change.results = to_json(make_results(schema, std::move(items)));
    return true;
}

/// Unseen changes that pass the filter, newest first, within the limits of one answer.
Result<std::vector<ScheduleChange>> collect_changes(ScheduleStore& store, const Schedule& schedule,
                                                    const KeywordFilter& filter, const OutputSchema* schema) {
    std::vector<ScheduleChange> changes;
    std::optional<ChangePlace> after;
    for (std::size_t bytes = 0; bytes < most_change_bytes;) {
        const auto room = most_changes - static_cast<std::int64_t>(changes.size());
        if (room == 0) break;
        auto page = store.unseen_changes(schedule.account_id, schedule.schedule_id, after,
                                         filter.blank() ? room : read_changes, most_change_bytes - bytes);
        if (!page) return page.error();
        if (page->empty()) break;
        after = ChangePlace{page->back().created_at, page->back().job_id};
        for (ScheduleChange& change : *page) {
            if (static_cast<std::int64_t>(changes.size()) == most_changes) break;
            if (!filter.blank()) {
                const auto kept = cut_change(change, filter, schema);
                if (!kept) return kept.error();
                if (!*kept) continue;
            }
            bytes += change.results.size();
            changes.push_back(std::move(change));
        }
    }
    return changes;
}

/// Cuts a list to the items that match; how many are left.
Result<std::int64_t> cut_items(std::string& list, const KeywordFilter& filter) {
    auto parsed = parse_json(list, stored_changes_limits);
    if (!parsed) return parsed.error();
    Value::Array* array = parsed->if_array();
    if (array == nullptr) return Error{ErrorCode::store, "A changelog holds something else; check it for damage"};
    auto items = matching_items(filter, std::move(*array));
    const auto count = static_cast<std::int64_t>(items.size());
    list = to_json(Value(std::move(items)));
    return count;
}

/// The pairs whose present item matches.
Result<void> cut_pairs(std::string& list, const KeywordFilter& filter) {
    auto parsed = parse_json(list, stored_changes_limits);
    if (!parsed) return parsed.error();
    Value::Array* array = parsed->if_array();
    if (array == nullptr) return Error{ErrorCode::store, "A changelog holds something else; check it for damage"};
    std::erase_if(*array, [&](const Value& pair) {
        const Value* item = pair.find("item");
        return item == nullptr || !filter.matches(*item);
    });
    list = to_json(*parsed);
    return {};
}

/// False when no new and no removed item is left.
Result<bool> cut_row(ChangelogRow& row, const KeywordFilter& filter) {
    const auto added = cut_items(row.change.new_items, filter);
    if (!added) return added.error();
    const auto removed = cut_items(row.change.removed_items, filter);
    if (!removed) return removed.error();
    row.change.new_items_count = *added;
    row.change.removed_items_count = *removed;
    if (*added + *removed == 0) return false;
    if (auto cut = cut_pairs(row.change.modified_items, filter); !cut) return cut.error();
    return true;
}

/// Paging applies after filtering, and the total is that of the filtered ones: every row is looked at.
Result<void> collect_filtered(ScheduleStore& store, const Schedule& schedule, const KeywordFilter& filter,
                              Changelog& changelog) {
    const ListRange range = changelog.range;
    for (std::int64_t offset = 0;; offset += read_changes) {
        auto rows =
            store.changelog(schedule.account_id, schedule.schedule_id, {.limit = read_changes, .offset = offset}, true);
        if (!rows) return rows.error();
        for (ChangelogRow& row : *rows) {
            const auto kept = cut_row(row, filter);
            if (!kept) return kept.error();
            if (!*kept) continue;
            if (changelog.total >= range.offset && static_cast<std::int64_t>(changelog.entries.size()) < range.limit)
                changelog.entries.push_back(std::move(row));
            ++changelog.total;
        }
        if (static_cast<std::int64_t>(rows->size()) < read_changes) return {};
    }
}

}  // namespace

Result<ScheduleChanges> Engine::schedule_changes(std::string_view schedule_id, const ChangesQuery& query,
                                                 const Caller& caller) {
    Impl& self = *impl_;
    const auto filter = KeywordFilter::parse(query.filter);
    if (!filter) return filter.error();
    const auto schedule = self.require_schedule(schedule_id, caller);
    if (!schedule) return schedule.error();
    std::optional<OutputSchema> schema;
    if (!filter->blank()) {
        const auto strategy = self.require_strategy(schedule->strategy_id, caller);
        if (!strategy) return not_found("Schedule", schedule_id);  // gone with its strategy
        auto parsed = schema_of(*strategy);
        if (!parsed) return parsed.error();
        schema = *std::move(parsed);
    }
    ScheduleChanges answer{.schedule_id = schedule->schedule_id,
                           .changes = {},
                           .marked_seen = query.mark_seen,
                           .filter_applied = applied(*filter, query.filter)};
    for (int i = 0; i < mark_tries; ++i) {
        auto changes = collect_changes(self.schedules(), *schedule, *filter, schema ? &*schema : nullptr);
        if (!changes) return changes.error();
        if (query.mark_seen && !changes->empty()) {
            std::vector<std::string> ids;
            for (const ScheduleChange& change : *changes) ids.push_back(change.job_id);
            const auto marked = self.schedules().mark_seen(caller.account_id, schedule->schedule_id, ids);
            if (!marked) return marked.error();
            if (!*marked) continue;  // somebody else was shown some of them: what is left?
            for (ScheduleChange& change : *changes) change.seen = true;
        }
        answer.changes = *std::move(changes);
        return answer;
    }
    return Error{ErrorCode::unavailable, "The changes are being read by others", schedule->schedule_id, true};
}

Result<Changelog> Engine::schedule_changelog(std::string_view schedule_id, const ChangelogQuery& query,
                                             const Caller& caller) {
    Impl& self = *impl_;
    if (auto valid = validate(query.range, most_changelog_entries); !valid) return valid.error();
    const auto filter = KeywordFilter::parse(query.filter);
    if (!filter) return filter.error();
    const auto schedule = self.require_schedule(schedule_id, caller);
    if (!schedule) return schedule.error();
    Changelog changelog{.schedule_id = schedule->schedule_id,
                        .entries = {},
                        .total = 0,
                        .range = query.range,
                        .include_items = query.include_items,
                        .filter_applied = applied(*filter, query.filter)};
    if (!filter->blank()) {
        if (auto done = collect_filtered(self.schedules(), *schedule, *filter, changelog); !done) return done.error();
        return changelog;
    }
    const auto total = self.schedules().count_changes(caller.account_id, schedule->schedule_id);
    if (!total) return total.error();
    changelog.total = *total;
    auto rows = self.schedules().changelog(caller.account_id, schedule->schedule_id, query.range, query.include_items);
    if (!rows) return rows.error();
    changelog.entries = *std::move(rows);
    return changelog;
}

Result<Comparison> Engine::compare_jobs(std::string_view job_id, std::string_view other_job_id, const Caller& caller) {
    Impl& self = *impl_;
    const auto newer = get_job(job_id, caller);
    if (!newer) return newer.error();
    const auto baseline = get_job(other_job_id, caller);
    if (!baseline) return baseline.error();
    if (newer->status != JobStatus::completed || baseline->status != JobStatus::completed)
        return bad_request("Both jobs must be completed", {});

    const auto strategy_of = [&](const Job& job) { return self.require_strategy(job.strategy_id, caller); };
    const auto side = [](const Job& job, const Strategy& strategy) -> Result<ComparedJob> {
        const auto schema = schema_of(strategy);
        if (!schema) return schema.error();
        auto results = parse_json(job.results.value_or("[]"), stored_changes_limits);
        if (!results) return results.error();
        return ComparedJob{.job_id = job.job_id,
                           .items = items_of(*schema ? &**schema : nullptr, *std::move(results)),
                           .content_hash = job.content_hash.value_or("")};
    };
    const auto strategy = strategy_of(*newer);
    if (!strategy) return not_found("Job", job_id);  // gone with its strategy
    const auto other_strategy = strategy_of(*baseline);
    if (!other_strategy) return not_found("Job", other_job_id);
    const auto after = side(*newer, *strategy);
    if (!after) return after.error();
    const auto before = side(*baseline, *other_strategy);
    if (!before) return before.error();

    std::optional<Schedule> schedule;
    if (newer->schedule_id) {
        auto found = self.schedules().find(caller.account_id, *newer->schedule_id);
        if (!found) return found.error();
        schedule = *std::move(found);
    }
    const std::optional<std::string> none;
    const auto rules = run::combined_rules({schedule ? schedule->ignore : none, schedule ? schedule->key : none},
                                           {strategy->ignore, strategy->key});
    if (!rules) return rules.error();
    return compare(*before, *after, *rules);
}

}  // namespace meter
