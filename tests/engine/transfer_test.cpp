#include "meter/transfer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "engine/shop.hpp"
#include "meter/api_key.hpp"

using meter::ErrorCode;
using meter::Value;
using shop::Fixture;

namespace {

/// A store with an object of every kind that checks look into.
void fill_store(Fixture& f) {
    REQUIRE(meter::create_api_key(*f.store, {.name = "watcher"}, f.clock->now()));
    const auto strategy = f.strategy();
    REQUIRE(f.run(strategy).status == meter::JobStatus::completed);
    f.site->page(shop::url, shop::page({{"Product A", "$9"}}));
    const auto group = f.engine->create_strategy_group({.name = "Shops", .description = "All"}).value();
    REQUIRE(f.engine->add_to_strategy_group(group.group_id, {strategy.strategy_id}));
    meter::ScheduleRequest schedule{.strategy_id = strategy.strategy_id, .url = shop::url, .interval_seconds = 600};
    schedule.webhook.url = "https://hooks.test/x";
    schedule.webhook.metadata = meter::parse_json(R"({"price":1.50,"at":1e300})").value();
    REQUIRE(f.engine->create_schedule(schedule));
    const std::string nodes = R"({"name":"Flow","nodes":[
        {"node_key":"a","strategy_id":")" +
                              strategy.strategy_id + R"(","input_type":"static_urls",
         "static_urls":[")" + shop::url +
                              R"("]},
        {"node_key":"b","strategy_id":")" +
                              strategy.strategy_id + R"(","input_type":"upstream_data"}],
        "edges":[{"source_node_key":"a","target_node_key":"b"}]})";
    const auto flow = meter::parse_workflow_request(meter::parse_json(nodes).value()).value();
    const auto workflow = f.engine->create_workflow(flow).value();
    REQUIRE(f.engine->create_workflow_schedule(workflow.workflow_id, {.cron_expression = "0 9 * * 1-5"}));
    REQUIRE(f.engine->run_workflow(workflow.workflow_id));
    REQUIRE(f.engine->run_pending());
    REQUIRE(f.engine->start_discovery(
        {.method = meter::DiscoveryMethod::pagination, .root_url = "https://shop.test/?page={n}", .max_pages = 3}));
    auto& automations = f.engine->automations();
    const auto automation = automations
                                .create({.name = "Pipeline",
                                         .tags = {"etl"},
                                         .graph = {.nodes = R"([{"id":"a","nodeId":"filter"}])", .connections = "[]"}})
                                .value();
    REQUIRE(automations.create_version(automation.automation_id, {.version_tag = "v2"}));
    REQUIRE(automations.share(automation.automation_id, "colleague"));
}

std::string exported(meter::Store& store) {
    std::ostringstream out;
    const auto records = meter::export_store(store, out);
    REQUIRE(records);
    const std::string text = out.str();
    CHECK(*records + 2 == std::count(text.begin(), text.end(), '\n'));
    return text;
}

meter::Result<std::int64_t> imported(meter::Store& store, const std::string& text,
                                     const meter::ImportOptions& options = {}) {
    std::istringstream in(text);
    return meter::import_store(store, in, options);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

/// The line of the first record of a kind; they count from 1.
std::size_t line_of(const std::vector<std::string>& lines, const std::string& kind) {
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i].starts_with("{\"kind\":\"" + kind + "\"")) return i + 1;
    FAIL("no record of kind " << kind);
    return 0;
}

}  // namespace

TEST_SUITE("engine.transfer") {
    TEST_CASE("a store moves whole, to the byte") {
        Fixture f;
        fill_store(f);
        const std::string text = exported(*f.store);
        const auto other = meter::open_store("memory:").value();
        const auto records = imported(*other, text);
        if (!records) FAIL(records.error().message << " / " << records.error().subject);
        CHECK(exported(*other) == text);
        CHECK(other->check().value().empty());

        // Without the end of its last line, and with other ends of lines, it says the same.
        const auto third = meter::open_store("memory:").value();
        CHECK(imported(*third, text.substr(0, text.size() - 1)));
        CHECK(exported(*third) == text);
        const auto fourth = meter::open_store("memory:").value();
        std::string crlf;
        for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
        CHECK(imported(*fourth, crlf));
        CHECK(exported(*fourth) == text);
    }

    TEST_CASE("change detection goes on where it was") {
        Fixture f;
        const auto strategy = f.strategy();
        REQUIRE(f.run(strategy).has_changes == false);
        Fixture moved;
        REQUIRE(imported(*moved.store, exported(*f.store)));
        CHECK(moved.engine->get_strategy(strategy.strategy_id).value() == strategy);
        CHECK(moved.run(strategy).has_changes == false);
        moved.site->page(shop::url, shop::page({{"Product A", "$1"}}));
        CHECK(moved.run(strategy).has_changes == true);
    }

    TEST_CASE("only an empty store is filled") {
        Fixture f;
        fill_store(f);
        const std::string text = exported(*f.store);
        const auto refused = imported(*f.store, text);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::conflict);
        CHECK(refused.error().message.starts_with("The store is not empty"));
        CHECK(exported(*f.store) == text);
        const auto with_key = meter::open_store("memory:").value();
        REQUIRE(meter::create_api_key(*with_key, {}, f.clock->now()));
        CHECK(imported(*with_key, text).error().code == ErrorCode::conflict);
    }

    TEST_CASE("what is wrong is named by line and member, and nothing is written") {
        Fixture f;
        fill_store(f);
        const auto lines = lines_of(exported(*f.store));
        struct Row {
            const char* kind;
            const char* member;
            const char* value;    ///< JSON; null: the member goes
            const char* subject;  ///< of the error
        };
        const Row rows[] = {
            {"api_key", "scopes", R"(["everything"])", "scopes"},
            {"api_key", "key_hash", R"("abc")", "key_hash"},
            {"api_key", "created_at", R"("yesterday")", "created_at"},
            {"strategy_group", "name", R"("")", "name"},
            {"strategy_group", "version", R"("one")", "version"},
            {"strategy", "strategy_id", R"("5")", "strategy_id"},
            {"strategy", "strategy_id", R"("00000000-0000-7000-8000-00000000000A")", "strategy_id"},
            {"strategy", "name", "null", "name"},
            {"strategy", "strategy", R"({"container":{"selector":"a::b"},"fields":{"n":{"selector":"b"}}})",
             "strategy.container.selector"},
            {"strategy", "strategy", R"("[")", "strategy"},
            {"strategy", "scraper_type", R"("magic")", "scraper_type"},
            {"strategy", "scraper_type", R"("api")", "scraper_type"},
            {"strategy", "output_schema", R"({"a":"colour"})", "output_schema.a"},
            {"strategy", "filter_config", R"({"conditions":[{"field":"a","operator":"like"}]})",
             "filter_config.conditions.0.operator"},
            {"strategy", "ignore", R"({"values":[{"regex":"("}]})", "ignore.values.0.regex"},
            {"strategy", "fetch", R"({"timeout_seconds":0})", "fetch.timeout_seconds"},
            {"strategy", "colour", R"("red")", "colour"},
            {"page_snapshot", "body", R"("%")", "body"},
            {"schedule", "interval_seconds", "0", "interval_seconds"},
            {"schedule", "enabled", "1", "enabled"},
            {"schedule", "webhook_secret", R"("")", "webhook_secret"},
            {"schedule", "timezone", R"("Mars/Olympus")", "timezone"},
            {"schedule", "url", R"("ftp://x")", nullptr},
            {"discovery", "config", R"({"method":"guess"})", "config.method"},
            {"workflow", "name", R"("")", "name"},
            {"workflow_node", "input_type", R"("static_urls_too")", "input_type"},
            {"workflow_node", "static_urls", R"(["nowhere"])", nullptr},
            {"workflow_node", "workflow_id", R"("00000000-0000-7000-8000-000000000000")", "workflow_id"},
            {"workflow_edge", "source_node_key", R"("b")", nullptr},
            {"job", "status", R"("lost")", "status"},
            {"job_result", "results", R"({})", "results"},
            {"automation", "tags", R"([1])", nullptr},
            {"automation_graph", "nodes", R"([{"id":"a"}])", "nodes.0.nodeId"},
            {"automation_version", "version_tag", R"("")", "versionTag"},
            {"automation_share", "user_id", R"("")", "userId"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.kind);
            CAPTURE(row.member);
            CAPTURE(row.value);
            auto changed = lines;
            const std::size_t line = line_of(lines, row.kind);
            Value record = meter::parse_json(lines[line - 1]).value();
            if (std::string_view(row.value) == "null")
                record.if_object()->erase(row.member);
            else
                record.if_object()->set(row.member, meter::parse_json(row.value).value());
            changed[line - 1] = meter::to_json(record);
            const auto store = meter::open_store("memory:").value();
            const auto refused = imported(*store, joined(changed));
            REQUIRE_FALSE(refused);
            CAPTURE(refused.error().message);
            const bool of_family = std::string_view(row.kind) == "workflow_edge";  // the graph as a whole is wrong
            const std::size_t named = of_family ? line_of(lines, "workflow") : line;
            CHECK(refused.error().message.starts_with("line " + std::to_string(named) + ": "));
            if (row.subject != nullptr) CHECK(refused.error().subject == row.subject);
            CHECK(lines_of(exported(*store)).size() == 2);
        }
    }

    TEST_CASE("files that are not whole, or no exports, are refused") {
        Fixture f;
        fill_store(f);
        const std::string text = exported(*f.store);
        const auto lines = lines_of(text);
        const std::string head = lines.front() + "\n", end = "{\"kind\":\"end\",\"records\":0}\n";
        auto missing = lines;
        missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(line_of(lines, "audit_event")) - 1);
        auto orphan = lines;
        orphan.erase(orphan.begin() + static_cast<std::ptrdiff_t>(line_of(lines, "automation_graph")) - 1);
        auto stray = lines;
        std::swap(stray[line_of(lines, "workflow") - 1], stray[line_of(lines, "workflow_node") - 1]);
        auto doubled = lines;
        doubled.insert(doubled.begin() + 2, lines[1]);
        struct Row {
            std::string text;
            ErrorCode code;
            std::string message;
        };
        const Row rows[] = {
            {"", ErrorCode::invalid_argument, "line 1: this is no export of meter"},
            {"{}\n", ErrorCode::invalid_argument, "line 1: this is no export"},
            {"{\"kind\":\"meter_export\",\"format\":2}\n" + end, ErrorCode::unsupported,
             "line 1: the export has format 2"},
            {"[[[", ErrorCode::parse, "line 1: "},
            {head, ErrorCode::invalid_argument, "line 2: the file ends here"},
            {head + "\n" + end, ErrorCode::parse, "line 2: "},
            {head + "7\n" + end, ErrorCode::invalid_argument, "line 2: is no object"},
            {head + "{\"kind\":\"cow\"}\n" + end, ErrorCode::invalid_argument, "line 2: kind is unknown: cow"},
            {head + "{\"kind\":\"strategy\"}\n" + end, ErrorCode::invalid_argument, "line 2: Missing required field"},
            {head + end + "{}\n", ErrorCode::invalid_argument, "line 3: there is something behind"},
            {head + "{\"kind\":\"end\",\"records\":1}\n", ErrorCode::invalid_argument,
             "line 2: the file should have 1"},
            {joined(missing), ErrorCode::invalid_argument,
             "line " + std::to_string(missing.size()) + ": the file should"},
            {joined(orphan), ErrorCode::invalid_argument,
             "line " + std::to_string(line_of(orphan, "automation")) + ": No automation_graph"},
            {joined(stray), ErrorCode::invalid_argument, "line "},
            {joined(doubled), ErrorCode::conflict, "line 3: is there twice"},
            {text.substr(0, text.size() / 2), ErrorCode::parse, "line "},
        };
        for (const Row& row : rows) {
            CAPTURE(row.text.substr(0, 100));
            const auto store = meter::open_store("memory:").value();
            const auto refused = imported(*store, row.text);
            REQUIRE_FALSE(refused);
            CAPTURE(refused.error().message);
            CHECK(refused.error().code == row.code);
            CHECK(refused.error().message.starts_with(row.message));
            CHECK(lines_of(exported(*store)).size() == 2);
        }
    }

    TEST_CASE("a line is as long as it may be") {
        const std::string head = "{\"kind\":\"meter_export\",\"format\":1}\n";
        const auto store = meter::open_store("memory:").value();
        const auto refused = imported(*store, head + std::string(2'000'000, 'x'), {.max_line_bytes = 1'000'000});
        CHECK(refused.error().code == ErrorCode::too_large);
        CHECK(refused.error().message == "line 2: is longer than 1000000 bytes");
        CHECK(imported(*store, head, {.max_line_bytes = 5}).error().subject == "max_line_bytes");
        const auto deep = imported(*store, head + std::string(100'000, '['));
        CHECK_FALSE(deep);
    }

    TEST_CASE("an export that cannot be written says so") {
        Fixture f;
        fill_store(f);
        std::ostringstream out;
        out.setstate(std::ios::badbit);
        CHECK(meter::export_store(*f.store, out).error().code == ErrorCode::store);
    }

    TEST_CASE("a watch is added without its page being looked at") {
        Fixture f;
        meter::WatchRequest request;
        request.strategy = {.url = shop::url, .description = {}, .name = "Shop", .strategy = shop::plan()};
        request.interval_seconds = 600;
        const auto watch = f.engine->add_watch(request, false).value();
        CHECK(f.site->requests().empty());
        CHECK(watch.strategy.preview_data == "[]");
        CHECK_FALSE(watch.schedule.next_run_at);
        CHECK(f.engine->get_schedule(watch.schedule.schedule_id).value() == watch.schedule);
        CHECK_FALSE(f.engine->get_schedule(watch.schedule.schedule_id)->enabled);
        CHECK(f.engine->add_watch(request)->schedule.next_run_at == f.clock->now() + std::chrono::seconds(600));
        CHECK(f.run(watch.strategy).item_count == 2);
        request.strategy.strategy.reset();
        request.strategy.description = "names";
        CHECK(f.engine->add_watch(request).error().subject == "strategy");
    }
}
