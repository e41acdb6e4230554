#include <doctest/doctest.h>

#include "engine/flow.hpp"
#include "meter/node.hpp"
#include "meter/testing/item_streams.hpp"

using namespace meter;
using flow::at;

namespace {

/// A node of an engine's registry, run by itself.
struct OneNode {
    flow::Fixture f;
    Connections connections;
    std::stop_source stop;
    std::string account = "default";
    std::string try_id;
    bool runs_again = false;
    testing::CollectedItems out;

    explicit OneNode(WorkflowOptions options = {}) : f(options) {}

    Result<void> run(std::string_view type, Object config, std::optional<std::string_view> items = {}) {
        const auto listed = parse_json(items.value_or("[]")).value();
        testing::ListedItems in(*listed.if_array());
        const auto logger = null_logger();
        NodeContext context{.config = std::move(config),
                            .fetcher = *f.site,
                            .clock = *f.clock,
                            .logger = *logger,
                            .connections = connections,
                            .has_inputs = items.has_value(),
                            .node_id = "n1",
                            .account_id = account,
                            .stop = stop.get_token(),
                            .try_id = try_id,
                            .runs_again = [this] { return runs_again; }};
        out = {};
        return f.engine->nodes().run(type, context, in, out);
    }
    Result<void> scrape(Object config, std::optional<std::string_view> items = {}) {
        if (!config.contains("strategyId")) config.set("strategyId", f.strategy_id);
        return run("meter-scrape", std::move(config), items);
    }

    std::string names() const {
        std::string text;
        for (const Value& item : out.at()) text += *item.find("name")->if_string() + " ";
        return text;
    }
    std::size_t jobs(JobStatus status) const { return f.engine->list_jobs({.status = status}).value().size(); }
};

std::string subject(const Result<void>& outcome) {
    return outcome ? "" : outcome.error().subject;
}

Value urls(std::initializer_list<const char*> paths) {
    Value::Array list;
    for (const char* path : paths) list.emplace_back(at(path));
    return Value(std::move(list));
}

}  // namespace

TEST_SUITE("engine.engine_nodes") {
    TEST_CASE("meter-scrape runs a strategy on its URLs, in their order, once for all that arrives") {
        OneNode node;
        node.f.detail("a", "A");
        node.f.detail("b", "B");
        REQUIRE(node.scrape({{"url", at("a")}}));
        CHECK(node.names() == "A ");
        REQUIRE(node.scrape({{"urls", urls({"b", "a"})}}));
        CHECK(node.names() == "B A ");
        REQUIRE(node.scrape({{"urls", urls({"b", "a"})}}, R"([{"x": 1}, {"x": 2}])"));
        CHECK(node.names() == "B A ");
        const auto fetches = node.f.fetches();
        REQUIRE(node.scrape({{"url", at("a")}}, "[]"));
        CHECK(node.names().empty());
        CHECK(node.f.fetches() == fetches);
        CHECK(node.jobs(JobStatus::completed) == 5);
    }

    TEST_CASE("meter-scrape takes URLs from the items that arrive, each once, relative ones of the strategy's site") {
        OneNode node;
        for (const char* path : {"a", "b", "c"}) node.f.detail(path, path);
        REQUIRE(node.scrape(
            {{"urlField", "page.link"}},
            R"([{"page": {"link": "https://site.test/a"}}, {"page": {"link": ["/b", "https://site.test/a"]}},
                                {"page": {"link": "mailto:x@y.z"}}, {"page": {}}, 7, {"page": {"link": "c"}}])"));
        CHECK(node.names() == "a b c ");
        CHECK(node.f.site->count(at("a")) == 1);
    }

    TEST_CASE("meter-scrape works with any number of pages, and stops at the most there may be") {
        OneNode node({.max_node_jobs = 200});
        std::string fed = "[";
        for (int i = 0; i < 200; ++i) {
            const std::string path = "p" + std::to_string(i);
            node.f.detail(path, path);
            fed += (i > 0 ? R"(,{"u":")" : R"({"u":")") + at(path) + R"("})";
        }
        REQUIRE(node.scrape({{"urlField", "u"}}, fed + "]"));
        CHECK(node.out.at().size() == 200);
        CHECK(*node.out.at().back().find("name")->if_string() == "p199");
        const auto more = node.scrape({{"urlField", "u"}}, fed + R"(,{"u":"https://site.test/more"}])");
        REQUIRE_FALSE(more);
        CHECK(more.error().code == ErrorCode::too_large);
        CHECK(node.jobs(JobStatus::pending) == 0);
    }

    TEST_CASE("meter-scrape fails when all of its jobs do, and goes on when one does not") {
        OneNode node;
        node.f.detail("a", "A");
        REQUIRE(node.scrape({{"urls", urls({"gone", "a"})}}));
        CHECK(node.names() == "A ");
        const auto all = node.scrape({{"urls", urls({"gone", "lost"})}});
        REQUIRE_FALSE(all);
        CHECK(all.error().message.starts_with("All 2 jobs failed: https://site.test/gone: "));
        CHECK(all.error().message.find("404") != std::string::npos);
        const auto one = node.scrape({{"url", at("gone")}});
        REQUIRE_FALSE(one);
        CHECK(one.error().message.starts_with("https://site.test/gone: "));
    }

    TEST_CASE("meter-scrape gives parameters to api strategies: its own, and those of the items") {
        OneNode node;
        const std::string endpoint = "https://api.test/items";
        node.f.site->page(endpoint + "?page=1", R"({"items":[{"name":"one"}]})", "application/json");
        node.f.site->page(endpoint + "?page=2", R"({"items":[{"name":"two"}]})", "application/json");
        const auto api =
            node.f.engine
                ->create_strategy(
                    {.url = endpoint,
                     .description = {},
                     .name = "Api",
                     .strategy =
                         parse_json(
                             R"({"type":"api","request":{"url":"https://api.test/items","query":{"page":1}},"items_path":"items"})")
                             .value()})
                .value();
        const auto scrape = [&](Object config, std::optional<std::string_view> items) {
            config.set("strategyId", api.strategy_id);
            config.set("url", endpoint);
            return node.scrape(std::move(config), items);
        };
        REQUIRE(scrape({{"parameters", Object{{"page", 2}}}}, std::nullopt));
        CHECK(node.names() == "two ");
        REQUIRE(scrape({{"parameterConfig", Object{{"page", "n"}}}}, R"([{"n": 2}, {"n": 1}, {"n": 2}])"));
        CHECK(node.names() == "two one ");
    }

    TEST_CASE("meter-scrape's config says what is wrong with it") {
        OneNode node;
        struct Row {
            const char *config, *subject;
        };
        for (const Row& row : {
                 Row{R"({})", "config.url"},
                 Row{R"({"strategyId": "x", "url": "https://a.test/"})", "config.strategyId"},
                 Row{R"({"url": "https://a.test/", "urlField": "u"})", "config.url"},
                 Row{R"({"url": "ftp://a.test/"})", "config.url"},
                 Row{R"({"urls": []})", "config.urls"},
                 Row{R"({"urls": ["https://a.test/", "a"]})", "config.urls.1"},
                 Row{R"({"urls": [1]})", "config.urls.0"},
                 Row{R"({"url": "https://a.test/", "parameters": {"a": {"b": 1}}})", "config.parameters.a"},
                 Row{R"({"url": "https://a.test/", "parameterConfig": {"a": 1}})", "config.parameterConfig.a"},
                 Row{R"({"urls": ["https://a.test/"], "parameterConfig": {"a": "b"}})", "config.parameterConfig"},
             }) {
            CAPTURE(row.config);
            CHECK(subject(node.scrape(*parse_json(row.config).value().if_object())) == row.subject);
        }
    }

    TEST_CASE("neither type reaches what is another account's") {
        OneNode node;
        node.f.detail("a", "A");
        const auto workflow = node.f.two_steps();
        node.account = "someone else";
        const auto scraped = node.scrape({{"url", at("a")}});
        REQUIRE_FALSE(scraped);
        CHECK(scraped.error().message == "Strategy not found");
        const auto ran = node.run("meter-workflow", {{"workflowId", workflow.workflow_id}});
        REQUIRE_FALSE(ran);
        CHECK(ran.error().message == "Workflow not found");
        CHECK(node.f.engine->list_jobs().value().empty());
    }

    TEST_CASE("a stopped node leaves no job behind") {
        OneNode node;
        node.stop.request_stop();
        const auto stopped = node.scrape({{"urls", urls({"a", "b"})}});
        REQUIRE_FALSE(stopped);
        CHECK(stopped.error().code == ErrorCode::cancelled);
        CHECK(node.jobs(JobStatus::pending) == 0);
        const auto workflow = node.f.two_steps();
        CHECK(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}).error().code == ErrorCode::cancelled);
        node.f.link_index({});
        CHECK(node.f.run(workflow).status == RunStatus::completed);  // no run is left open
    }

    TEST_CASE("meter-scrape that is run anew takes up its jobs; another try makes others") {
        OneNode node;
        for (const char* path : {"a", "b", "c"}) node.f.detail(path, path);
        node.try_id = "exec_1.0.0";
        node.runs_again = true;
        node.stop.request_stop();  // as late as this: the jobs are queued
        CHECK(node.scrape({{"urls", urls({"b", "a"})}}).error().code == ErrorCode::cancelled);
        CHECK(node.jobs(JobStatus::pending) == 2);
        node.stop = {};
        REQUIRE(node.scrape({{"urls", urls({"b", "a", "c"})}}));
        CHECK(node.names() == "b a c ");
        CHECK(node.jobs(JobStatus::completed) == 3);
        REQUIRE(node.scrape({{"urls", urls({"b", "a", "c"})}}));
        CHECK(node.names() == "b a c ");
        CHECK(node.jobs(JobStatus::completed) == 3);
        for (const char* path : {"a", "b", "c"}) CHECK(node.f.site->count(at(path)) == 1);
        node.try_id = "exec_1.0.1";
        REQUIRE(node.scrape({{"urls", urls({"b", "a", "b"})}}));
        CHECK(node.jobs(JobStatus::completed) > 4);
    }

    TEST_CASE("meter-workflow that is run anew takes up its run; another try makes one more") {
        OneNode node;
        node.f.link_index({"a"});
        node.f.detail("a", "A");
        const auto workflow = node.f.two_steps();
        const auto runs = [&] { return node.f.engine->list_workflow_runs(workflow.workflow_id).value().size(); };
        const auto go = [&] { return node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}); };
        node.try_id = "exec_1.0.0";
        node.runs_again = true;
        // Stopped while the run goes on.
        node.f.site->handle(at("a"), [&node](const Request&, std::stop_token) -> Result<Response> {
            node.stop.request_stop();
            return Error{ErrorCode::network, "Gone"};
        });
        CHECK_FALSE(go());
        CHECK(runs() == 1);
        node.stop = {};
        node.f.detail("a", "A");
        (void)go();
        CHECK(runs() == 1);
        node.try_id = "exec_1.0.1";
        REQUIRE(go());
        CHECK(node.names() == "A ");
        CHECK(runs() == 2);
    }

    TEST_CASE("meter-workflow emits the items of the last nodes, and shares a run that is under way") {
        OneNode node;
        node.f.link_index({"a", "b"});
        node.f.detail("a", "A");
        node.f.detail("b", "B");
        const auto workflow = node.f.two_steps();
        REQUIRE(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}));
        CHECK(node.names() == "A B ");
        const auto open = node.f.engine->run_workflow(workflow.workflow_id).value();
        REQUIRE(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}));
        CHECK(node.names() == "A B ");
        CHECK(node.f.engine->list_workflow_runs(workflow.workflow_id).value().size() == 2);
        CHECK(node.f.now(open).status == RunStatus::completed);
    }

    TEST_CASE("meter-workflow with force waits for the run that is under way and makes one of its own") {
        OneNode node;
        node.f.link_index({"a"});
        node.f.detail("a", "A");
        const auto workflow = node.f.two_steps();
        (void)node.f.run(workflow);
        (void)node.f.engine->run_workflow(workflow.workflow_id).value();
        const auto before = node.f.site->count(at("a"));
        REQUIRE(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}, {"force", true}}));
        CHECK(node.names() == "A ");
        CHECK(node.f.engine->list_workflow_runs(workflow.workflow_id).value().size() == 3);
        CHECK(node.f.site->count(at("a")) == before + 1);
    }

    TEST_CASE("meter-workflow fails with its run and is content with a part of it") {
        OneNode node;
        const auto workflow = node.f.two_steps();
        const auto failed = node.run("meter-workflow", {{"workflowId", workflow.workflow_id}});
        REQUIRE_FALSE(failed);
        CHECK(failed.error().message.find("Node 'index' failed") != std::string::npos);
        node.f.link_index({"a", "gone"});
        node.f.detail("a", "A");
        REQUIRE(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}));
        CHECK(node.names() == "A ");
        CHECK(subject(node.run("meter-workflow", {{"workflowId", "x"}})) == "config.workflowId");
    }

    TEST_CASE("an engine with workers of its own does the work while the node waits") {
        OneNode node;
        node.f.link_index({"a", "b"});
        node.f.detail("a", "A");
        node.f.detail("b", "B");
        const auto workflow = node.f.two_steps();
        node.f.engine.reset();
        node.f.engine = Engine::open({.store = node.f.store, .fetcher = node.f.site, .jobs = {.workers = 2}}).value();
        REQUIRE(node.scrape({{"urls", urls({"b", "a"})}}));
        CHECK(node.names() == "B A ");
        REQUIRE(node.run("meter-workflow", {{"workflowId", workflow.workflow_id}}));
        CHECK(node.names() == "A B ");
    }

    TEST_CASE("a registry that has these names already is refused") {
        auto registry = std::make_shared<NodeRegistry>();
        NodeType type;
        type.node_id = "meter-scrape";
        type.run = [](NodeContext&, ItemSource&, ItemSink&) -> Result<void> { return {}; };
        REQUIRE(registry->add(type));
        const auto engine = Engine::open({.nodes = registry, .jobs = {.workers = 0}});
        REQUIRE_FALSE(engine);
        CHECK(engine.error().code == ErrorCode::conflict);
    }
}
