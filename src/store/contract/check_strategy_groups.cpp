#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds group_lease{1'000};
constexpr std::int64_t group_attempts = 3;

StrategyGroup group_now(ContractReport& report, Store& store, const StrategyGroup& group) {
    return report.take(store.strategy_groups().find(group.account_id, group.group_id), "find()")
        .value_or(StrategyGroup{});
}

std::vector<std::string> member_ids(ContractReport& report, Store& store, const StrategyGroup& group) {
    return ids_of(report.take(store.strategy_groups().strategies(group.account_id, group.group_id), "strategies()"),
                  &Strategy::strategy_id);
}

std::vector<std::string> schedule_ids(ContractReport& report, Store& store, const StrategyGroup& group) {
    return ids_of(report.take(store.strategy_groups().schedules(group.account_id, group.group_id), "schedules()"),
                  &Schedule::schedule_id);
}

GroupSchedule sample_group_schedule(const StrategyGroup& group, const Strategy& strategy, std::int64_t number) {
    GroupSchedule made;
    made.schedule = sample_schedule(strategy, number);
    made.schedule.strategy_group_id = group.group_id;
    made.due = std::optional(sample_due(60'000));
    return made;
}

RegenerationProgress progress_of(ContractReport& report, Store& store, const StrategyGroup& group) {
    return report.take(store.strategy_groups().regeneration(group.account_id, group.group_id), "regeneration()")
        .value_or(RegenerationProgress{});
}

ClaimedRegeneration claim_regeneration(ContractReport& report, Store& store, std::int64_t now) {
    auto claimed = report.take(store.strategy_groups().claim_regeneration(moment(now), group_lease, group_attempts),
                               "claim_regeneration()");
    report.expect(claimed.has_value(), "claim_regeneration() finds a strategy");
    return claimed.value_or(ClaimedRegeneration{});
}

RegenerationEnd sample_failure(std::int64_t now) {
    RegenerationEnd end;
    end.error = "No items could be extracted";
    end.ended_at = moment(now);
    return end;
}

}  // namespace

void check_strategy_groups(ContractReport& report, Store& store) {
    auto& groups = store.strategy_groups();
    const StrategyGroup first = add_group(report, store, "acme", 10);
    StrategyGroup second = add_group(report, store, "acme", 11);
    const StrategyGroup foreign = add_group(report, store, "other", 12);
    report.expect_error(groups.insert(first), ErrorCode::conflict, "insert() of an id that exists is a conflict");
    report.expect(report.take(groups.find("acme", first.group_id), "find()") == first,
                  "find() returns every member as it was inserted");
    report.expect(!report.take(groups.find("other", first.group_id), "find()") &&
                      !report.take(groups.find("acme", sample_id(77)), "find()"),
                  "find() sees neither another account's group nor an unknown one");
    report.expect(report.take(groups.list("acme", {}), "list()") == std::vector<StrategyGroup>{second, first},
                  "list() is newest first and the account's own");
    report.expect(
        report.take(groups.list("acme", {.limit = 1, .offset = 1}), "list()") == std::vector<StrategyGroup>{first},
        "list() keeps to its range");

    second.name = "Renamed";
    second.description = "why";
    second.updated_at = moment(50);
    auto updated = report.take(groups.update(second), "update()").value_or(StrategyGroup{});
    report.expect(updated.version > second.version && updated.updated_at == moment(50), "update() raises the version");
    second.version = updated.version;
    report.expect(updated == second && group_now(report, store, second) == second,
                  "update() writes name and description and returns the group after it");
    StrategyGroup stale = second;
    stale.version = 1;
    report.expect_error(groups.update(stale), ErrorCode::conflict, "update() of an older version is a conflict");
    stale.account_id = "other";
    report.expect(!report.take(groups.update(stale), "update()"), "update() does not see another account's group");

    report.expect(!report.take(groups.remove("other", second.group_id), "remove()") &&
                      report.take(groups.remove("acme", second.group_id), "remove()") &&
                      !report.take(groups.remove("acme", second.group_id), "remove()"),
                  "remove() takes the account's own, once");
    report.expect(group_now(report, store, foreign) == foreign, "remove() leaves other groups alone");
}

void check_group_members(ContractReport& report, Store& store) {
    auto& groups = store.strategy_groups();
    const StrategyGroup one = add_group(report, store, "acme", 1);
    const StrategyGroup two = add_group(report, store, "acme", 2);
    const Strategy a = add_strategy(report, store, "acme", 10);
    const Strategy b = add_strategy(report, store, "acme", 11);
    const Strategy foreign = add_strategy(report, store, "other", 12);
    report.expect_error(groups.add("acme", one.group_id, {a.strategy_id, foreign.strategy_id}, moment(5)),
                        ErrorCode::not_found, "add() of a strategy that is not the account's is refused");
    report.expect(member_ids(report, store, one).empty(), "a refused add() adds nothing");
    report.expect(
        report.take(groups.add("acme", one.group_id, {a.strategy_id, b.strategy_id, a.strategy_id}, moment(5)),
                    "add()") == 2,
        "add() counts those that were no members");
    report.expect(report.take(groups.add("acme", one.group_id, {a.strategy_id}, moment(6)), "add()") == 0,
                  "add() of a member is fine");
    report.expect(!report.take(groups.add("other", one.group_id, {foreign.strategy_id}, moment(6)), "add()"),
                  "add() does not see another account's group");
    const StrategyGroup full = group_now(report, store, one);
    report.expect(full.strategy_count == 2 && full.updated_at == moment(5) && full.version > one.version,
                  "the group counts its members, and was changed when they came");
    report.expect(member_ids(report, store, one) == sample_ids({11, 10}), "strategies() is newest first");
    report.expect(
        report.take(store.strategies().find("acme", a.strategy_id), "find()").value_or(Strategy{}).strategy_group_id ==
            one.group_id,
        "a member names its group");

    GroupScheduleChange change;
    change.group = full;
    change.created = {sample_group_schedule(one, a, 20), sample_group_schedule(one, b, 21)};
    report.take(groups.apply(change), "apply()");
    report.expect(report.take(groups.add("acme", two.group_id, {a.strategy_id}, moment(7)), "add()") == 1 &&
                      member_ids(report, store, one) == sample_ids({11}) &&
                      member_ids(report, store, two) == sample_ids({10}),
                  "add() moves the member of another group");
    report.expect(schedule_ids(report, store, one) == sample_ids({21}) && schedule_ids(report, store, two).empty(),
                  "what the old group had scheduled for it is gone");
    report.expect(
        !report.take(groups.remove_strategy("acme", one.group_id, a.strategy_id, moment(8)), "remove_strategy()") &&
            !report.take(groups.remove_strategy("other", one.group_id, b.strategy_id, moment(8)), "remove_strategy()"),
        "remove_strategy() of no member is false");
    report.expect(
        report.take(groups.remove_strategy("acme", one.group_id, b.strategy_id, moment(8)), "remove_strategy()") &&
            member_ids(report, store, one).empty() && schedule_ids(report, store, one).empty(),
        "remove_strategy() takes the member and its schedule out");
    report.expect(report.take(store.strategies().find("acme", b.strategy_id), "find()").has_value(),
                  "the strategy itself stays");
}

void check_group_schedules(ContractReport& report, Store& store) {
    auto& groups = store.strategy_groups();
    StrategyGroup group = add_group(report, store, "acme", 1);
    const Strategy a = add_strategy(report, store, "acme", 10);
    const Strategy b = add_strategy(report, store, "acme", 11);
    const Strategy outside = add_strategy(report, store, "acme", 12);
    const Schedule single = add_schedule(report, store, a, 30, 60'000);
    report.take(groups.add("acme", group.group_id, {a.strategy_id, b.strategy_id}, moment(5)), "add()");
    group = group_now(report, store, group);

    GroupScheduleChange change;
    change.group = group;
    change.group.webhook = {.url = "https://hook.example/",
                            .type = WebhookType::slack,
                            .secret = "whsec_1",
                            .metadata = R"({"a":1})",
                            .on = WebhookOn::changes};
    change.created = {sample_group_schedule(group, a, 20), sample_group_schedule(group, outside, 21)};
    report.expect_error(groups.apply(change), ErrorCode::conflict, "apply() to a strategy that is no member conflicts");
    report.expect(schedule_ids(report, store, group).empty() && group_now(report, store, group) == group,
                  "a refused apply() writes nothing");
    change.created[1] = sample_group_schedule(group, b, 21);
    report.expect(report.take(groups.apply(change), "apply()"), "apply() of new schedules");
    StrategyGroup after = group_now(report, store, group);
    report.expect(after.webhook == change.group.webhook && after.version > group.version,
                  "apply() keeps the webhook on the group");
    report.expect(schedule_ids(report, store, group) == sample_ids({20, 21}),
                  "schedules() are those of the group, not those of its strategies");
    report.expect_error(groups.apply(change), ErrorCode::conflict, "apply() to an older version conflicts");

    GroupScheduleChange second;
    second.group = after;
    for (auto& schedule : report.take(groups.schedules("acme", group.group_id), "schedules()")) {
        schedule.interval_seconds = 7'200;
        second.updated.push_back({schedule, std::optional(std::optional(sample_due(90'000)))});
    }
    GroupScheduleChange stale = second;
    stale.updated[1].schedule.version += 7;
    report.expect_error(groups.apply(stale), ErrorCode::conflict, "apply() to a schedule that was changed conflicts");
    report.expect(
        report.take(store.schedules().find("acme", sample_id(20)), "find()").value_or(Schedule{}).interval_seconds !=
            7'200,
        "and none of them is written");
    report.expect(report.take(groups.apply(second), "apply()"), "apply() of changed schedules");
    const auto changed = report.take(store.schedules().find("acme", sample_id(21)), "find()").value_or(Schedule{});
    report.expect(changed.interval_seconds == 7'200 && changed.next_run_at == sample_due(90'000).next_run_at,
                  "apply() writes schedules and due times");

    second.group.account_id = "other";
    report.expect(!report.take(groups.apply(second), "apply()") &&
                      !report.take(groups.remove_schedules("other", group.group_id), "remove_schedules()"),
                  "another account's group is not there");
    report.expect(report.take(groups.remove_schedules("acme", group.group_id), "remove_schedules()") == 2 &&
                      report.take(groups.remove_schedules("acme", group.group_id), "remove_schedules()") == 0,
                  "remove_schedules() removes all, and says how many");
    report.expect(report.take(store.schedules().find("acme", single.schedule_id), "find()") == single,
                  "a schedule of the strategy's own is left alone");

    GroupScheduleChange third;
    third.group = group_now(report, store, group);
    third.created = {sample_group_schedule(group, a, 22)};
    report.take(groups.apply(third), "apply()");
    report.take(groups.remove("acme", group.group_id), "remove()");
    const auto freed = report.take(store.schedules().find("acme", sample_id(22)), "find()").value_or(Schedule{});
    report.expect(freed.schedule_id == sample_id(22) && !freed.strategy_group_id,
                  "schedules of a removed group live on by themselves");
    const auto member = report.take(store.strategies().find("acme", a.strategy_id), "find()");
    report.expect(member && !member->strategy_group_id, "its strategies are ungrouped");
}

void check_regenerations(ContractReport& report, Store& store) {
    auto& groups = store.strategy_groups();
    const StrategyGroup group = add_group(report, store, "acme", 1);
    report.expect(progress_of(report, store, group).status() == RegenerationStatus::idle,
                  "without a schema it is idle");
    report.expect(
        !report.take(groups.regeneration("other", group.group_id), "regeneration()") &&
            !report.take(groups.start_regeneration("other", group.group_id, "{}", moment(1)), "start_regeneration()"),
        "another account's group is not there");
    report.expect(
        report.take(groups.start_regeneration("acme", group.group_id, "{}", moment(5)), "start_regeneration()") == 0 &&
            progress_of(report, store, group).completed_at == moment(5),
        "a group without members is done at once");

    const Strategy a = add_strategy(report, store, "acme", 10);
    const Strategy b = add_strategy(report, store, "acme", 11);
    Strategy content = sample_strategy("acme", 12);
    content.scraper_type = ScraperType::content;
    report.take(store.strategies().insert(content, sample_event(content, "created", 12), std::nullopt, ""), "insert()");
    report.take(groups.add("acme", group.group_id, {a.strategy_id, b.strategy_id, content.strategy_id}, moment(6)),
                "add()");
    const std::string schema = R"({"price":"number"})";
    report.expect(
        report.take(groups.start_regeneration("acme", group.group_id, schema, moment(10)), "start_regeneration()") == 2,
        "content strategies are not queued");
    report.expect_error(groups.start_regeneration("acme", group.group_id, schema, moment(11)), ErrorCode::conflict,
                        "a second schema while the first is applied is a conflict");
    auto progress = progress_of(report, store, group);
    report.expect(progress.pending == 2 && progress.skipped == 1 && progress.started_at == moment(10) &&
                      progress.status() == RegenerationStatus::running,
                  "regeneration() tells what waits");
    report.expect(group_now(report, store, group).output_schema == schema, "the group keeps the schema");

    const auto first = claim_regeneration(report, store, 20);
    report.expect(first.ref.strategy_id == b.strategy_id && first.account_id == "acme" && first.output_schema == schema,
                  "claim_regeneration() takes them in the order of the members");
    RegenerationEnd end;
    end.update.emplace();
    end.update->output_schema = std::optional(schema);
    end.update->preview_data = R"([{"price":1}])";
    end.update->expected_strategy = "another plan";
    end.update->updated_at = end.ended_at = moment(30);
    report.expect_error(groups.finish(first.ref, end), ErrorCode::conflict,
                        "finish() with an older plan is a conflict");
    end.update->expected_strategy = b.strategy;
    report.expect(report.take(groups.finish(first.ref, end), "finish()"), "finish() of a held claim");
    const auto made = report.take(store.strategies().find("acme", b.strategy_id), "find()").value_or(Strategy{});
    report.expect(
        made.output_schema == schema && made.preview_data == R"([{"price":1}])" && made.updated_at == moment(30),
        "finish() changes the strategy with it");
    report.expect(!report.take(groups.finish(first.ref, end), "finish()"), "finish() again is false");

    const auto second = claim_regeneration(report, store, 40);
    report.expect(report.take(groups.finish(second.ref, sample_failure(50)), "finish()"), "finish() with an error");
    progress = progress_of(report, store, group);
    report.expect(progress.completed == 1 && progress.failed == 1 && progress.pending == 0 &&
                      progress.completed_at == moment(50) && progress.status() == RegenerationStatus::partial &&
                      progress.errors == std::vector<RegenerationError>{{a.strategy_id, "No items could be extracted"}},
                  "the last one ends the whole");
    report.expect(
        report.take(groups.start_regeneration("acme", group.group_id, schema, moment(60)), "start_regeneration()") == 2,
        "afterwards a new one starts");
    report.expect(
        report.take(groups.remove("acme", group.group_id), "remove()") &&
            !report.take(groups.claim_regeneration(moment(70), group_lease, group_attempts), "claim_regeneration()"),
        "a removed group takes what waits with it");
}

void check_regeneration_claims(ContractReport& report, Store& store) {
    auto& groups = store.strategy_groups();
    const StrategyGroup group = add_group(report, store, "acme", 1);
    const Strategy a = add_strategy(report, store, "acme", 10);
    const Strategy b = add_strategy(report, store, "acme", 11);
    report.take(groups.add("acme", group.group_id, {a.strategy_id, b.strategy_id}, moment(0)), "add()");
    report.take(groups.start_regeneration("acme", group.group_id, "{}", moment(0)), "start_regeneration()");
    report.take(groups.remove_strategy("acme", group.group_id, b.strategy_id, moment(1)), "remove_strategy()");
    const auto none = [&](std::int64_t now) {
        return !report.take(groups.claim_regeneration(moment(now), group_lease, group_attempts),
                            "claim_regeneration()");
    };

    const auto first = claim_regeneration(report, store, 10);
    report.expect(first.ref.strategy_id == a.strategy_id && progress_of(report, store, group).skipped == 1,
                  "what has left the group is skipped");
    report.expect(none(1'009), "claim_regeneration() leaves a held one alone");
    report.expect(
        report.take(groups.heartbeat({first.ref}, moment(900), group_lease), "heartbeat()").empty() && none(1'800),
        "heartbeat() extends the lease");
    const auto second = claim_regeneration(report, store, 1'900);
    report.expect(second.ref.token > first.ref.token, "an expired lease is claimed anew");
    report.expect(!report.take(groups.finish(first.ref, sample_failure(1'950)), "finish()") &&
                      !report.take(groups.release(first.ref), "release()") &&
                      report.take(groups.heartbeat({first.ref}, moment(1'950), group_lease), "heartbeat()").size() == 1,
                  "a late worker changes nothing");
    report.expect(report.take(groups.release(second.ref), "release()"), "release() of a held claim");
    std::int64_t now = 2'000;
    (void)claim_regeneration(report, store, now);
    (void)claim_regeneration(report, store, now += 1'000);
    report.expect(none(now += 1'000), "claim_regeneration() gives up on what keeps losing its worker");
    const auto progress = progress_of(report, store, group);
    report.expect(progress.failed == 1 && progress.errors.size() == 1 &&
                      progress.errors.front().error == "Interrupted by server restart" &&
                      progress.status() == RegenerationStatus::failed,
                  "and says why");
}

}  // namespace meter::testing
