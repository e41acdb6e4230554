#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

#include "nodes/bench.hpp"

using namespace meter;

namespace {

NodeType doubling_type() {
    NodeType type;
    type.node_id = "double";
    type.label = "Double";
    type.aliases = {"twice"};
    type.config_schema = json_value(
        R"({"type": "object", "required": ["field"], "properties": {"field": {"type": "string", "minLength": 1}}})");
    type.run = [](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
        const std::string field = *context.config.find("field")->if_string();
        for (;;) {
            auto item = in.next();
            if (!item) return item.error();
            if (!*item) return {};
            Object object = *(**item).if_object();
            object.set(field, *object.find(field)->if_integer() * 2);
            if (auto pushed = out.push("output", std::move(object)); !pushed) return pushed;
        }
    };
    return type;
}

std::string first_subject(const std::vector<Error>& errors) {
    return errors.empty() ? "" : errors.front().subject;
}

}  // namespace

TEST_SUITE("nodes.registry") {
    TEST_CASE("an application's own type runs by its name and its alias") {
        NodeBench bench;
        REQUIRE(bench.registry.add(doubling_type()));
        for (const std::string_view name : {"double", "twice"}) {
            REQUIRE(bench.run(name, R"({"field": "n"})", json_items(R"([{"n": 2}, {"n": 21}])")));
            CHECK(bench.json() == R"([{"n":4},{"n":42}])");
        }
        CHECK(bench.registry.find("twice") == bench.registry.find("double"));
        CHECK(bench.registry.find("thrice") == nullptr);
    }

    TEST_CASE("a type that cannot work is refused, and a taken name too") {
        NodeRegistry registry;
        REQUIRE(registry.add(doubling_type()));
        CHECK(registry.add(doubling_type()).error().code == ErrorCode::conflict);
        auto type = doubling_type();
        type.node_id = "twice";
        type.aliases = {};
        CHECK(registry.add(type).error().code == ErrorCode::conflict);
        struct Row {
            std::string_view what;
            std::function<void(NodeType&)> spoil;
        };
        for (const Row& row : {
                 Row{"name", [](NodeType& t) { t.node_id = "Not OK"; }},
                 Row{"no name", [](NodeType& t) { t.node_id = ""; }},
                 Row{"alias", [](NodeType& t) { t.aliases = {"a/b"}; }},
                 Row{"run", [](NodeType& t) { t.run = nullptr; }},
                 Row{"ports",
                     [](NodeType& t) {
                         t.outputs = {{"a", ""}, {"a", ""}};
                     }},
                 Row{"default", [](NodeType& t) { t.default_config = 3; }},
                 Row{"schema", [](NodeType& t) { t.config_schema = json_value(R"({"pattern": "a+"})"); }},
                 Row{"schema type", [](NodeType& t) { t.config_schema = json_value(R"({"type": "date"})"); }},
             }) {
            CAPTURE(row.what);
            auto one = doubling_type();
            one.node_id = "other";
            one.aliases = {};
            row.spoil(one);
            CHECK(registry.add(one).error().code == ErrorCode::invalid_argument);
        }
    }

    TEST_CASE("every part of the schema is checked and names the member") {
        NodeRegistry registry;
        auto type = doubling_type();
        type.config_schema = json_value(R"({"type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": "string", "minLength": 2, "maxLength": 3},
                "n": {"type": "integer", "minimum": 1, "maximum": 5}, "e": {"enum": ["x", 1, null]},
                "l": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": ["string", "boolean"]}},
                "o": {"type": "object", "required": ["x"], "properties": {"x": {"type": "number"}}}}})");
        REQUIRE(registry.add(type));
        struct Row {
            std::string_view config, subject;
        };
        for (const Row& row : {
                 Row{R"({"a": "ab", "n": 5.0, "e": 1, "l": ["x", true], "o": {"x": 1.5, "more": 1}})", ""},
                 Row{R"({"a": "äöü", "e": "x", "n": null})", ""},
                 Row{R"([])", "config"},
                 Row{R"({})", "config.a"},
                 Row{R"({"a": null})", "config.a"},
                 Row{R"({"a": 1})", "config.a"},
                 Row{R"({"a": "x"})", "config.a"},
                 Row{R"({"a": "xxxx"})", "config.a"},
                 Row{R"({"a": "ab", "n": 0})", "config.n"},
                 Row{R"({"a": "ab", "n": 6})", "config.n"},
                 Row{R"({"a": "ab", "n": 1.5})", "config.n"},
                 Row{R"({"a": "ab", "e": "y"})", "config.e"},
                 Row{R"({"a": "ab", "l": []})", "config.l"},
                 Row{R"({"a": "ab", "l": ["x", "y", "z"]})", "config.l"},
                 Row{R"({"a": "ab", "l": ["x", 3]})", "config.l.1"},
                 Row{R"({"a": "ab", "o": {}})", "config.o.x"},
                 Row{R"({"a": "ab", "o": {"x": "1"}})", "config.o.x"},
                 Row{R"({"a": "ab", "z": 1})", "config.z"},
             }) {
            CAPTURE(row.config);
            CHECK(first_subject(registry.check_config("double", json_value(row.config), nullptr)) == row.subject);
        }
        CHECK(first_subject(registry.check_config("nope", Object{}, nullptr)) == "nodeId");
    }

    TEST_CASE("what a run function throws, and a port it does not have, are errors of the library's kind") {
        NodeBench bench;
        auto type = doubling_type();
        type.node_id = "bad";
        type.aliases = {};
        type.config_schema = Object{};
        type.run = [](NodeContext&, ItemSource&, ItemSink&) -> Result<void> { throw std::runtime_error("oops"); };
        REQUIRE(bench.registry.add(type));
        const auto thrown = bench.run("bad", "{}");
        REQUIRE_FALSE(thrown);
        CHECK(thrown.error().code == ErrorCode::internal);
        CHECK(thrown.error().message == "Node type bad threw: oops");
        type.node_id = "lost";
        type.run = [](NodeContext&, ItemSource&, ItemSink& out) { return out.push("nowhere", 1); };
        REQUIRE(bench.registry.add(type));
        CHECK(bench.run("lost", "{}").error().code == ErrorCode::internal);
    }

    TEST_CASE("errors leave without the secrets of connections") {
        NodeBench bench;
        bench.connections =
            Connections::parse(json_value(R"({"c": {"type": "mine", "token": "hunter2hunter2"}})")).value();
        auto type = doubling_type();
        type.node_id = "leaky";
        type.aliases = {};
        type.connection_type = "mine";
        type.config_schema = Object{};
        type.run = [](NodeContext& context, ItemSource&, ItemSink&) -> Result<void> {
            const std::string token(context.connections.find("c")->text("token"));
            return Error{ErrorCode::network, "Login with " + token + " failed", "https://x/?key=" + token};
        };
        REQUIRE(bench.registry.add(type));
        const auto outcome = bench.run("leaky", R"({"connection": "c"})");
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().message == "Login with *** failed");
        CHECK(outcome.error().subject == "https://x/?key=***");
        CHECK(bench.run("leaky", R"({"connection": "d"})").error().subject == "config.connection");
        bench.connections = Connections::parse(json_value(R"({"c": {"type": "other"}})")).value();
        CHECK(bench.run("leaky", R"({"connection": "c"})").error().subject == "config.connection");
    }

    TEST_CASE("the wire form has every required member") {
        const auto registry = NodeRegistry::with_builtins().value();
        CHECK(registry.list().size() >= 10);
        for (const NodeType* type : registry.list()) {
            CAPTURE(type->node_id);
            const auto wire = parse_json(to_json(*type));
            REQUIRE(wire);
            for (const std::string_view name :
                 {"id", "nodeId", "label", "name", "description", "category", "type", "nodeType", "version", "isSystem",
                  "isActive", "configSchema", "defaultConfig", "icon", "inputs", "outputs", "tags"}) {
                CAPTURE(name);
                CHECK(wire->find(name) != nullptr);
            }
            CHECK(*wire->find("isSystem")->if_bool());
            CHECK_FALSE(wire->find("description")->if_string()->empty());
        }
    }

    TEST_CASE("a list shows the types that are asked for, in order, page by page") {
        auto registry = NodeRegistry::with_builtins().value();
        auto absent = doubling_type();
        absent.label = "Ärger";
        absent.missing = "built without it";
        REQUIRE(registry.add(absent));
        const auto names = [&](const NodeTypeQuery& query) {
            const auto page = parse_json(node_types_json(registry, query)).value();
            std::string text = to_json(*page.find("count")) + ":";
            for (const Value& one : *page.find("nodes")->if_array()) text += " " + *one.find("nodeId")->if_string();
            return text;
        };
        CHECK(names({.category = "triggers"}) == "3: manual-trigger schedule-trigger webhook-trigger");
        CHECK(names({.category = "triggers", .ascending = false}) ==
              "3: webhook-trigger schedule-trigger manual-trigger");
        CHECK(names({.kind = "trigger", .range = {.limit = 1, .offset = 1}}) == "3: schedule-trigger");
        CHECK(names({.kind = "trigger", .range = {.limit = 5, .offset = 3}}) == "3:");
        CHECK(names({.kind = "no such kind"}) == "0:");
        CHECK(names({.search = "ÄRG"}) == "0:");
        CHECK(names({.only_active = false, .search = "ÄRG"}) == "1: double");
        CHECK(names({.only_active = false, .is_system = false}) == "1: double");
        CHECK(names({.search = "of a FILE below"}) == "1: file-source");

        NodeTypeQuery query;
        for (const std::string_view sort : {"label", "label:asc", "name:desc", "category", "type:asc"}) {
            CAPTURE(sort);
            CHECK(read_node_type_sort(sort, query));
        }
        for (const std::string_view sort : {"", "label:", "label:up", "secret", ":asc", "label:asc:desc"}) {
            CAPTURE(sort);
            CHECK(read_node_type_sort(sort, query).error().subject == "sort");
        }
    }

    TEST_CASE("options out of range are refused by name") {
        NodeOptions options;
        options.transform_time = std::chrono::milliseconds(1);
        CHECK(NodeRegistry::with_builtins(options).error().subject == "transform_time");
        options = {};
        options.part_bytes = 1;
        CHECK(NodeRegistry::with_builtins(options).error().subject == "part_bytes");
    }

    TEST_CASE("a pipe hands items on in order, then the writer's end, and holds no more than it may") {
        std::stop_source stop;
        ItemPipe pipe(stop.get_token(), 4);
        std::thread writer([&] {
            for (int i = 0; i < 1000; ++i) (void)pipe.push("output", i);
            (void)pipe.push("rejected", -1);
            pipe.finish(Error{ErrorCode::network, "gone"});
        });
        std::vector<Value> seen;
        Result<std::optional<Value>> last = std::optional<Value>();
        while ((last = pipe.next()) && *last) seen.push_back(**last);
        writer.join();
        CHECK(seen.size() == 1000);
        CHECK(seen.back() == Value(999));
        REQUIRE_FALSE(last);
        CHECK(last.error().message == "gone");
    }

    TEST_CASE("a pipe lets both ends go when the reader closes or a stop is requested") {
        std::stop_source stop;
        ItemPipe closed(stop.get_token(), 1);
        CHECK(closed.push("output", 1));
        std::thread reader([&] { closed.close(); });
        CHECK(closed.push("output", 2));
        reader.join();
        ItemPipe stopped(stop.get_token(), 1);
        CHECK(stopped.push("output", 1));
        stop.request_stop();
        CHECK(stopped.push("output", 2).error().code == ErrorCode::cancelled);
    }
}
