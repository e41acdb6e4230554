#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "meter/automation.hpp"
#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/node.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

using namespace meter;

namespace {

/// What the operator of an installation writes so that every template works.
Connections every_connection() {
    return Connections::parse(parse_json(R"({
        "site": {"type": "http", "base_url": "https://site.test/"},
        "api": {"type": "http", "base_url": "https://api.test/"},
        "alerts": {"type": "http", "base_url": "https://alerts.test/hook"},
        "database": {"type": "sqlite", "path": "/nowhere/meter.db"},
        "shop": {"type": "mysql", "host": "db.test", "database": "shop"},
        "lake": {"type": "s3", "access_key_id": "AKID", "secret_access_key": "not-really"}})")
                                  .value())
        .value();
}

struct Gallery {
    std::unique_ptr<Engine> engine = [] {
        auto registry = NodeRegistry::with_builtins({.file_root = "/srv/files"}).value();
        return Engine::open({.fetcher = std::make_shared<testing::ScriptedFetcher>(),
                             .clock = std::make_shared<testing::ManualClock>(),
                             .nodes = std::make_shared<const NodeRegistry>(std::move(registry)),
                             .jobs = {.workers = 0}})
            .value();
    }();
    AutomationCaller caller{.account_id = "mine", .user_id = "me", .organization_id = "ours"};

    std::vector<Automation> templates() { return engine->automations().templates(caller).value(); }
    bool in_this_build(const AutomationGraph& graph) {
        const auto nodes = parse_json(graph.nodes).value();
        return std::all_of(nodes.if_array()->begin(), nodes.if_array()->end(), [&](const Value& node) {
            const NodeType* type = engine->nodes().find(*node.find("nodeId")->if_string());
            return type != nullptr && type->missing.empty();
        });
    }
};

}  // namespace

TEST_SUITE("engine.automation_templates") {
    TEST_CASE("a version is read with its graph as it was, secrets for the owner only") {
        Gallery gallery;
        auto& automations = gallery.engine->automations();
        const AutomationGraph first{
            .nodes = R"([{"id":"in","nodeId":"webhook-trigger","config":{"secret":"very secret"}}])"};
        const auto id = automations.create({.name = "Versioned", .graph = first}, gallery.caller).value().automation_id;
        automations.share(id, "bob", gallery.caller).value();
        automations.update(id, {.nodes = "[]"}, gallery.caller).value();
        automations.create_version(id, {.version_tag = "v2"}, gallery.caller).value();
        CHECK(automations.version(id, 1, gallery.caller).value().graph == first);
        CHECK(automations.version(id, 2, gallery.caller).value().graph.nodes == "[]");
        CHECK(automations.version(id, 2, gallery.caller).value().version_tag == "v2");
        CHECK(automations.version(id, 3, gallery.caller).error().message == "Version not found");
        const AutomationCaller bob{.account_id = "his", .user_id = "bob"}, stranger{.account_id = "x", .user_id = "x"};
        CHECK(automations.version(id, 1, bob).value().graph.nodes ==
              R"([{"id":"in","nodeId":"webhook-trigger","config":{}}])");
        CHECK(automations.version(id, 1, stranger).error().message == "Workflow not found");
        const Automation built_in = gallery.templates().back();
        CHECK(automations.version(built_in.automation_id, 1).value().graph == built_in.graph);
    }

    TEST_CASE("a copy of each can be deployed once its connections are there, and not before") {
        Gallery gallery;
        const auto connections = every_connection();
        const auto templates = gallery.templates();
        REQUIRE(templates.size() >= 6);
        std::vector<Automation> copies;
        for (const Automation& one : templates) {
            CAPTURE(one.name);
            CHECK(one.automation_id.starts_with("wf_tmpl_"));
            CHECK(one.is_template);
            if (!gallery.in_this_build(one.graph)) {
                MESSAGE("not in this build: " << one.name);
                continue;
            }
            const auto copy = gallery.engine->automations().duplicate(one.automation_id, gallery.caller).value();
            CHECK(copy.account_id == "mine");
            CHECK(copy.name == one.name + " (Copy)");
            CHECK_FALSE(copy.is_template);
            CHECK(copy.status == AutomationStatus::draft);
            copies.push_back(copy);
        }
        // Checking a transform forks; AddressSanitizer's allocator bears that while no other thread is in it.
        gallery.engine->stop();
        for (const Automation& copy : copies) {
            CAPTURE(copy.name);
            const auto checked = check_graph(gallery.engine->nodes(), copy.graph, &connections);
            CHECK_MESSAGE(checked, (checked ? "" : checked.error().message));
            const Connections none;
            const auto unchecked = check_graph(gallery.engine->nodes(), copy.graph, &none);
            REQUIRE_FALSE(unchecked);
            CHECK(unchecked.error().message.find("names no configured connection") != std::string::npos);
        }
    }

    TEST_CASE("their ids are distinct, and each is read by its id, by everybody") {
        Gallery gallery;
        std::set<std::string> ids;
        for (const Automation& one : gallery.templates()) {
            CHECK(ids.insert(one.automation_id).second);
            CHECK(gallery.engine->automations().get(one.automation_id, gallery.caller).value() == one);
            CHECK(gallery.engine->automations().get(one.automation_id).value() == one);
            CHECK(gallery.engine->automations().versions(one.automation_id).value().versions.size() == 1);
            CHECK(one.graph.nodes.find("secret") == std::string::npos);
        }
        CHECK_FALSE(gallery.engine->automations().get("wf_tmpl_none", gallery.caller));
    }

    TEST_CASE("nobody changes them, and they are neither listed nor counted") {
        Gallery gallery;
        auto& automations = gallery.engine->automations();
        const std::string id = gallery.templates().front().automation_id;
        for (const auto& outcome : {automations.update(id, {.name = "Mine now"}, gallery.caller),
                                    automations.set_status(id, AutomationStatus::active, gallery.caller)}) {
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().code == ErrorCode::forbidden);
        }
        CHECK(automations.remove(id, gallery.caller).error().code == ErrorCode::forbidden);
        CHECK(automations.share(id, "you", gallery.caller).error().code == ErrorCode::forbidden);
        CHECK(automations.create_version(id, {.version_tag = "v2"}, gallery.caller).error().code ==
              ErrorCode::forbidden);
        CHECK(automations.list({}, gallery.caller).value().count == 0);
        CHECK(automations.stats(gallery.caller).value() == AutomationStats{});
    }

    TEST_CASE("the secrets of two copies differ") {
        Gallery gallery;
        const auto secret_of = [&] {
            const auto copy =
                gallery.engine->automations().duplicate("wf_tmpl_webhookToDatabase", gallery.caller).value();
            const auto nodes = parse_json(copy.graph.nodes).value();
            return *nodes.if_array()->front().find("config")->find("secret")->if_string();
        };
        const auto first = secret_of();
        CHECK(first.starts_with("whsec_"));
        CHECK(first != secret_of());
    }
}
