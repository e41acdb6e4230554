#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

const AutomationCaller automation_owner{.account_id = "acme", .user_id = "ann", .organization_id = "org"};
const AutomationCaller shared_user{.account_id = "guest", .user_id = "gus", .organization_id = "elsewhere"};
const AutomationCaller colleague{.account_id = "other", .user_id = "olga", .organization_id = "org"};

Automation sample_automation(std::int64_t number) {
    Automation automation;
    automation.automation_id = "wf_" + std::to_string(100'000'000'000 + number);
    automation.account_id = "acme";
    automation.owner_id = "ann";
    automation.organization_id = "org";
    automation.name = "Pipeline " + std::to_string(number);
    automation.description = "Moves 100 % of it";
    automation.tags = {"etl", "daily"};
    automation.graph.nodes = R"([{"id":"a","nodeId":"filter"}])";
    automation.created_at = automation.updated_at = moment(number);
    return automation;
}

AutomationVersion sample_version(std::string tag, std::int64_t at) {
    return {.version_tag = std::move(tag), .description = "d", .created_by = "ann", .created_at = moment(at)};
}

std::vector<std::string> listed_ids(ContractReport& report, Store& store, const AutomationCaller& caller,
                                    const AutomationQuery& query) {
    const auto list = report.take(store.automations().list(caller, query), "list()");
    std::vector<std::string> ids;
    for (const Automation& automation : list.automations) ids.push_back(automation.automation_id);
    return ids;
}

}  // namespace

void check_automations(ContractReport& report, Store& store) {
    auto& automations = store.automations();
    Automation first = sample_automation(10), second = sample_automation(11);
    second.name = "\u00c4rger_im Haus";
    second.description = "";
    second.tags = {"ETL"};
    second.status = AutomationStatus::active;
    second.is_public = second.is_template = true;
    for (const auto& automation : {first, second})
        report.take(automations.insert(automation, sample_version("v1.0.0", 10), {}), "insert()");
    report.expect_error(automations.insert(first, sample_version("v1.0.0", 10), {}), ErrorCode::conflict,
                        "insert() of an id that exists is a conflict");
    report.expect(report.take(automations.find(automation_owner, first.automation_id), "find()") == first,
                  "find() returns every member as it was inserted");

    report.expect(report.take(automations.find_any(first.automation_id), "find_any()") == first &&
                      !report.take(automations.find_any("wf_nowhere"), "find_any()"),
                  "find_any() asks for no caller");

    report.expect(!report.take(automations.find(shared_user, first.automation_id), "find()") &&
                      !report.take(automations.find(colleague, first.automation_id), "find()"),
                  "others see no automation that is neither shared nor public");
    report.expect(!report.take(automations.find(shared_user, second.automation_id), "find()") &&
                      report.take(automations.find(colleague, second.automation_id), "find()") == second,
                  "what is public is seen in the organization only");
    report.expect(report.take(automations.share("acme", first.automation_id, "gus", moment(20)), "share()") &&
                      report.take(automations.share("acme", first.automation_id, "gus", moment(30)), "share()"),
                  "share() may be repeated");
    report.expect(!report.take(automations.share("other", first.automation_id, "gus", moment(20)), "share()"),
                  "share() of another account's automation is refused");
    report.expect(report.take(automations.shares(first.automation_id), "shares()") ==
                      std::vector<AutomationShare>{{"gus", moment(20)}},
                  "the first share's time is kept");
    first.shared_with = {"gus"};
    report.expect(report.take(automations.find(shared_user, first.automation_id), "find()") == first,
                  "a user sees what is shared with it");

    using Ids = std::vector<std::string>;
    const Ids both{second.automation_id, first.automation_id};
    report.expect(listed_ids(report, store, automation_owner, {}) == both, "list() is newest first by default");
    report.expect(listed_ids(report, store, automation_owner, {.tag = "etl"}) == Ids{first.automation_id},
                  "tags are compared exactly");
    report.expect(listed_ids(report, store, automation_owner, {.search = "\u00e4RGER_"}) == Ids{second.automation_id} &&
                      listed_ids(report, store, automation_owner, {.search = "100 %"}) == Ids{first.automation_id} &&
                      listed_ids(report, store, automation_owner, {.search = "1_0"}).empty(),
                  "the search ignores case and takes every character for itself");
    report.expect(
        listed_ids(report, store, automation_owner, {.status = AutomationStatus::draft}) == Ids{first.automation_id},
        "list() keeps to the status");
    AutomationQuery by_name{.sort = AutomationQuery::Sort::name, .ascending = true};
    report.expect(
        listed_ids(report, store, automation_owner, by_name) == Ids{first.automation_id, second.automation_id},
        "list() sorts by name");
    by_name.range = {.limit = 1, .offset = 1};
    const auto page = report.take(automations.list(automation_owner, by_name), "list()");
    report.expect(page.count == 2 && page.automations.size() == 1, "list() counts all pages");
    report.expect(listed_ids(report, store, shared_user, {}) == Ids{first.automation_id},
                  "list() shows what is visible");
    report.expect(report.take(automations.templates(colleague), "templates()") == std::vector<Automation>{second},
                  "templates() shows visible templates with their graphs");
    report.expect(
        report.take(automations.stats(automation_owner), "stats()") == AutomationStats{.draft = 1, .active = 1},
        "stats() counts by status");

    report.expect(report.take(automations.unshare("acme", first.automation_id, "gus"), "unshare()") &&
                      !report.take(automations.unshare("acme", first.automation_id, "gus"), "unshare()") &&
                      !report.take(automations.find(shared_user, first.automation_id), "find()"),
                  "unshare() ends a share, once");
}

void check_automation_changes(ContractReport& report, Store& store) {
    auto& automations = store.automations();
    Automation automation = sample_automation(10);
    report.take(automations.insert(automation, sample_version("v1.0.0", 10), {}), "insert()");
    automation.name = "Renamed";
    automation.status = AutomationStatus::paused;
    automation.tags = {"new"};
    automation.is_public = true;
    automation.graph.settings = R"({"timeout":5})";
    automation.updated_at = moment(50);
    report.expect(report.take(automations.update(automation, {}), "update()"), "update() finds the automation");
    report.expect_error(automations.update(automation, {}), ErrorCode::conflict,
                        "update() of a revision that is gone is a conflict");
    ++automation.revision;
    report.expect(report.take(automations.find(automation_owner, automation.automation_id), "find()") == automation,
                  "update() writes what a caller can change");
    Automation foreign = automation;
    foreign.account_id = "other";
    report.expect(!report.take(automations.update(foreign, {}), "update()"), "update() needs the account");

    const auto added = report.take(automations.add_version("acme", automation.automation_id, sample_version("v2", 60)),
                                   "add_version()");
    report.expect(added && added->version == 2 && added->graph == automation.graph,
                  "add_version() snapshots the graph under the next number");
    report.expect_error(automations.add_version("acme", automation.automation_id, sample_version("v2", 61)),
                        ErrorCode::conflict, "a tag is taken once");
    report.expect(!report.take(automations.add_version("other", automation.automation_id, sample_version("v3", 61)),
                               "add_version()"),
                  "add_version() needs the account");
    const auto versions = report.take(automations.versions(automation.automation_id), "versions()");
    report.expect(versions.size() == 2 && versions[0].version_tag == "v1.0.0" && versions[1].version_tag == "v2",
                  "versions() are ascending");
    report.expect(report.take(automations.find_version(automation.automation_id, 2), "find_version()") == added &&
                      !report.take(automations.find_version(automation.automation_id, 3), "find_version()") &&
                      !report.take(automations.find_version("wf_none", 1), "find_version()"),
                  "find_version() has the graph too");
    const auto now = report.take(automations.find(automation_owner, automation.automation_id), "find()");
    report.expect(now && now->version == 2 && now->revision == automation.revision + 1,
                  "the automation moves to its new version");

    report.expect(!report.take(automations.remove("other", automation.automation_id), "remove()") &&
                      report.take(automations.remove("acme", automation.automation_id), "remove()") &&
                      !report.take(automations.find(automation_owner, automation.automation_id), "find()") &&
                      report.take(automations.versions(automation.automation_id), "versions()").empty(),
                  "remove() takes the versions with it");
}

void check_automation_templates(ContractReport& report, Store& store) {
    auto& automations = store.automations();
    std::vector<std::string> shown;
    const auto add = [&](std::int64_t number, std::size_t graph_bytes) {
        Automation automation = sample_automation(number);
        automation.is_template = true;
        if (graph_bytes > 0) automation.graph.config = "{\"a\":\"" + std::string(graph_bytes, 'x') + "\"}";
        report.take(automations.insert(automation, sample_version("v1.0.0", number), {}), "insert()");
        shown.insert(shown.begin(), automation.automation_id);
    };
    const auto listed = [&] {
        return ids_of(report.take(automations.templates(automation_owner), "templates()"), &Automation::automation_id);
    };
    for (std::int64_t number = 0; number < 102; ++number) add(number, 0);
    shown.resize(100);
    report.expect(listed() == shown, "templates() shows the newest 100");

    constexpr std::size_t mebibyte = 1u << 20;
    for (const std::int64_t number : {200, 201, 202}) add(number, 6 * mebibyte);
    shown.resize(2);
    report.expect(listed() == shown, "templates() ends with the graph that would make them more than 16 MiB");
    add(203, 17 * mebibyte);
    shown.resize(1);
    report.expect(listed() == shown, "templates() shows one, however large it is");
    // What is left is moved to another store, several times in memory.
    for (const std::int64_t number : {200, 201, 202, 203})
        report.take(automations.remove("acme", sample_automation(number).automation_id), "remove()");
}

}  // namespace meter::testing
