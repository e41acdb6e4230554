// Small node types, and an engine that knows them, for the tests of executions.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/node.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace executing {

/// What the nodes did and what they are told to do. Threads: any.
class Journal {
public:
    void ran(const std::string& node) {
        const std::lock_guard lock(mutex_);
        ++runs_[node];
        changed_.notify_all();
    }
    int runs(const std::string& node) const {
        const std::lock_guard lock(mutex_);
        const auto found = runs_.find(node);
        return found == runs_.end() ? 0 : found->second;
    }
    void wait_for(const std::string& node, int runs = 1) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return runs_[node] >= runs; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, int> runs_;
};

inline meter::NodeType type(
    std::string name, std::shared_ptr<Journal> journal,
    std::function<meter::Result<void>(meter::NodeContext&, meter::ItemSource&, meter::ItemSink&)> run) {
    meter::NodeType type;
    type.node_id = std::move(name);
    type.outputs = {{"output", "Output"}, {"odd", "Odd"}};
    type.run = [journal = std::move(journal), run = std::move(run)](meter::NodeContext& context, meter::ItemSource& in,
                                                                    meter::ItemSink& out) {
        journal->ran(context.node_id);
        return run(context, in, out);
    };
    return type;
}

/// emit: `count` numbers from 0; pass: what comes in, odd numbers through "odd" too; fail: fails `times` times, then
/// passes; block: waits until it is stopped; talk: logs and emits `text`.
inline std::shared_ptr<const meter::NodeRegistry> registry(const std::shared_ptr<Journal>& journal) {
    using namespace meter;
    NodeRegistry types = NodeRegistry::with_builtins().value();
    const auto pass = [](NodeContext&, ItemSource& in, ItemSink& out) -> Result<void> {
        for (;;) {
            auto item = in.next();
            if (!item) return item.error();
            if (!*item) return {};
            const auto* number = (*item)->if_integer();
            if (number != nullptr && *number % 2 != 0)
                if (auto pushed = out.push("odd", **item); !pushed) return pushed;
            if (auto pushed = out.push("output", **std::move(item)); !pushed) return pushed;
        }
    };
    types
        .add(type("emit", journal,
                  [](NodeContext& context, ItemSource&, ItemSink& out) -> Result<void> {
                      const Value* count = context.config.find("count");
                      for (std::int64_t i = 0; i < (count != nullptr ? *count->if_integer() : 3); ++i)
                          if (auto pushed = out.push("output", i); !pushed) return pushed;
                      return {};
                  }))
        .value();
    types.add(type("pass", journal, pass)).value();
    types
        .add(type("fail", journal,
                  [journal, pass](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
                      const Value* times = context.config.find("times");
                      if (times == nullptr || journal->runs(context.node_id) <= *times->if_integer())
                          return Error{ErrorCode::network, "It broke"};
                      return pass(context, in, out);
                  }))
        .value();
    types
        .add(type("block", journal,
                  [](NodeContext& context, ItemSource&, ItemSink&) -> Result<void> {
                      std::mutex mutex;
                      std::condition_variable_any stopped;
                      std::unique_lock lock(mutex);
                      stopped.wait(lock, context.stop, [] { return false; });
                      return Error{ErrorCode::cancelled, "Stopped"};
                  }))
        .value();
    types
        .add(type("talk", journal,
                  [](NodeContext& context, ItemSource&, ItemSink& out) -> Result<void> {
                      const std::string text = *context.config.find("text")->if_string();
                      context.logger.log(LogLevel::warning, "saying", {{"text", text}});
                      if (context.config.find("fails") != nullptr)
                          return Error{ErrorCode::internal, "Cannot say " + text};
                      return out.push("output", Value(text));
                  }))
        .value();
    return std::make_shared<const NodeRegistry>(std::move(types));
}

/// An engine whose clock the test drives. Without threads of its own unless told otherwise.
struct Fixture {
    std::shared_ptr<meter::testing::ManualClock> clock = std::make_shared<meter::testing::ManualClock>();
    std::shared_ptr<meter::testing::ScriptedFetcher> site = std::make_shared<meter::testing::ScriptedFetcher>();
    std::shared_ptr<meter::Store> store = meter::open_store("memory:").value();
    std::shared_ptr<Journal> journal = std::make_shared<Journal>();
    std::shared_ptr<const meter::NodeRegistry> nodes = registry(journal);
    std::shared_ptr<const meter::Connections> connections = std::make_shared<const meter::Connections>(
        meter::Connections::parse(
            meter::parse_json(R"({"vault": {"type": "custom", "password": "open \"sesame\""}})").value())
            .value());
    std::unique_ptr<meter::Engine> engine = open();

    std::unique_ptr<meter::Engine> open(int workers = 0) {
        return meter::Engine::open({.store = store,
                                    .fetcher = site,
                                    .clock = clock,
                                    .nodes = nodes,
                                    .connections = connections,
                                    .jobs = {.workers = workers}})
            .value();
    }

    /// "a:emit b:pass" and "a>b a.odd>b".
    static meter::AutomationGraph graph(std::string_view nodes, std::string_view connections,
                                        std::string_view settings = "{}") {
        meter::AutomationGraph made;
        meter::Value::Array list;
        for (std::string_view word : words(nodes)) {
            const auto colon = word.find(':');
            const auto config = word.find('{');
            list.emplace_back(meter::Object{
                {"id", word.substr(0, colon)},
                {"nodeId", word.substr(colon + 1, (config == word.npos ? word.size() : config) - colon - 1)},
                {"config", config == word.npos ? meter::Value(meter::Object{})
                                               : meter::parse_json(word.substr(config)).value()}});
        }
        made.nodes = meter::to_json(meter::Value(std::move(list)));
        meter::Value::Array arcs;
        for (std::string_view word : words(connections)) {
            const auto arrow = word.find('>');
            const auto dot = word.substr(0, arrow).find('.');
            arcs.emplace_back(meter::Object{
                {"sourceNodeId", word.substr(0, dot == word.npos ? arrow : dot)},
                {"sourcePort", dot == word.npos ? std::string_view("output") : word.substr(dot + 1, arrow - dot - 1)},
                {"targetNodeId", word.substr(arrow + 1)}});
        }
        made.connections = meter::to_json(meter::Value(std::move(arcs)));
        made.settings = settings;
        return made;
    }

    static std::vector<std::string_view> words(std::string_view text) {
        std::vector<std::string_view> found;
        while (!text.empty()) {
            const auto end = std::min(text.find(' '), text.size());
            if (end > 0) found.push_back(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return found;
    }

    meter::Automation make(const meter::AutomationGraph& graph) {
        return engine->automations().create({.name = "Pipeline", .graph = graph}).value();
    }
    meter::Execution start(const meter::AutomationGraph& graph, meter::Value inputs = meter::Object{}) {
        return engine->executions().start(make(graph).automation_id, {.trigger_inputs = std::move(inputs)}).value();
    }
    meter::Execution now(const meter::Execution& execution) {
        return engine->executions().get(execution.execution_id).value();
    }
    meter::Execution run(const meter::AutomationGraph& graph, meter::Value inputs = meter::Object{}) {
        const auto started = start(graph, std::move(inputs));
        engine->run_pending().value();
        return now(started);
    }
    std::map<std::string, meter::ExecutionSpan> spans(const meter::Execution& execution) {
        std::map<std::string, meter::ExecutionSpan> by_node;
        for (auto& span : engine->executions().spans(execution.execution_id).value()) by_node[span.node_id] = span;
        return by_node;
    }
};

}  // namespace executing
