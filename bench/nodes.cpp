// A million rows through a chain of nodes, and as an execution whose items lie in the store: rows per second, memory,
// and SQLite's own export of the same table beside it.
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "meter/engine.hpp"
#include "meter/json.hpp"
#include "meter/node.hpp"
#include "meter/testing/item_streams.hpp"

using namespace meter;

namespace {

double seconds_of(const std::function<void()>& work) {
    const auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

long peak_mebibytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

NodeType numbers(int count) {
    NodeType type;
    type.node_id = "numbers";
    type.run = [count](NodeContext&, ItemSource&, ItemSink& out) -> Result<void> {
        for (int i = 0; i < count; ++i)
            if (auto pushed =
                    out.push("output", Object{{"id", i},
                                              {"sku", "SKU-" + std::to_string(i % 5000)},
                                              {"price", 0.25 * (i % 400)},
                                              {"note", "an order like many others, number " + std::to_string(i)}});
                !pushed)
                return pushed;
        return {};
    };
    return type;
}

NodeType swallow() {
    NodeType type;
    type.node_id = "swallow";
    type.run = [](NodeContext&, ItemSource& in, ItemSink&) -> Result<void> {
        for (;;)
            if (auto item = in.next(); !item || !*item) return item ? Result<void>() : Result<void>(item.error());
    };
    return type;
}

/// The same nodes executed by an engine, in this process and nothing else: its peak is the execution's.
int execute(int rows, const std::string& folder, const NodeOptions& options, const Connections& connections,
            const std::vector<NodeStep>& steps) {
    Value::Array nodes, arcs;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        nodes.emplace_back(
            Object{{"id", std::to_string(i)}, {"nodeId", steps[i].node_id}, {"config", steps[i].config}});
        if (i > 0)
            arcs.emplace_back(Object{{"sourceNodeId", std::to_string(i - 1)}, {"targetNodeId", std::to_string(i)}});
    }
    auto engine =
        Engine::open({.store = open_store("sqlite:" + folder + "/meter.db").value(),
                      .nodes = std::make_shared<const NodeRegistry>(NodeRegistry::with_builtins(options).value()),
                      .connections = std::make_shared<const Connections>(connections)})
            .value();
    AutomationRequest request;
    request.name = "Bench";
    request.graph.nodes = to_json(Value(std::move(nodes)));
    request.graph.connections = to_json(Value(std::move(arcs)));
    const auto automation = engine->automations().create(request).value();
    const double time = seconds_of([&] {
        const auto started = engine->executions().start(automation.automation_id).value();
        const auto ended = engine->executions().wait(started.execution_id, std::chrono::hours(1)).value();
        if (ended.status != ExecutionStatus::completed) throw std::runtime_error(ended.error.value_or("?"));
    });
    std::cout << "executed: " << static_cast<long>(rows / time) << " rows/s, peak " << peak_mebibytes() << " MiB\n";
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const int rows = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
    std::string folder = argc > 2 ? argv[2] : (std::filesystem::temp_directory_path() / "meter-bench-XXXXXX").string();
    if (argc < 3 && ::mkdtemp(folder.data()) == nullptr) return 1;
    const std::string database = folder + "/a.db";
    const auto shell = [&](const std::string& command) { return std::system(command.c_str()) == 0; };
    if (argc < 3 &&
        !shell("sqlite3 " + database + " 'CREATE TABLE t (id INTEGER PRIMARY KEY, sku TEXT, price REAL, note TEXT)'")) {
        std::cout << "skipped: the program sqlite3 is not installed\n";
        return 0;
    }

    NodeOptions options;
    options.file_root = folder;
    auto registry = NodeRegistry::with_builtins(options).value();
    registry.add(numbers(rows)).value();
    registry.add(swallow()).value();
    const auto connections = Connections::parse(Object{{"db", Object{{"type", "sqlite"}, {"path", database}}}}).value();
    const auto fetcher = make_fetcher().value();
    const auto clock = system_clock();
    const auto logger = null_logger();
    const NodeContext context{.fetcher = *fetcher, .clock = *clock, .logger = *logger, .connections = connections};
    const auto run = [&](const std::string& name, const std::vector<NodeStep>& steps) {
        testing::CollectedItems out;
        const double time = seconds_of([&] { run_chain(registry, steps, context, out).value(); });
        std::cout << name << ": " << static_cast<long>(rows / time) << " rows/s, peak " << peak_mebibytes() << " MiB\n";
        return time;
    };
    const auto config = [](const char* json) { return parse_json(json).value(); };
    const NodeStep table{"sqlite-source", config(R"({"connection": "db", "query": "SELECT * FROM t"})")};
    const NodeStep cheap{"filter", config(R"({"conditions": [{"field": "price", "operator": "lt", "value": 90}]})")};
    const NodeStep program{"transform", config(R"({"program": "{id, sku, gross: (.price * 1.2), note}"})")};

    const NodeStep csv{"file-sink", config(R"({"path": "jq.csv"})")};
    if (argc > 2) return execute(rows, folder, options, connections, {table, cheap, program, csv});

    run("into sqlite", {{"numbers"}, {"sqlite-sink", config(R"({"connection": "db", "table": "t"})")}, {"swallow"}});
    const double ours = run("sqlite to csv", {table, {"file-sink", config(R"({"path": "out.csv"})")}});
    run("sqlite, filter, jq, csv", {table, cheap, program, csv});
    std::cout << std::flush;
    if (!shell(std::string(argv[0]) + " " + std::to_string(rows) + " " + folder)) return 1;
    const double theirs = seconds_of(
        [&] { shell("sqlite3 -header -csv " + database + " 'SELECT * FROM t' > " + folder + "/their.csv"); });
    std::cout << "sqlite3 -csv: " << static_cast<long>(rows / theirs) << " rows/s, " << ours / theirs
              << " times as fast\n";
    std::filesystem::remove_all(folder);
    return 0;
}
