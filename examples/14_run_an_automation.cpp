// An automation: typed nodes that hand items on, run by the engine. One type is the application's own.
#include <chrono>
#include <iostream>

#include "meter/meter.hpp"

namespace {

/// A source: the orders of the day that the execution was started with.
meter::NodeType orders() {
    meter::NodeType type;
    type.node_id = "orders";
    type.label = "Orders";
    type.run = [](meter::NodeContext& context, meter::ItemSource& in, meter::ItemSink& out) -> meter::Result<void> {
        auto trigger = in.next();  // what manual-trigger emits
        if (!trigger) return trigger.error();
        context.logger.log(meter::LogLevel::info, "reading orders", {});
        for (const int amount : {120, 80, 310}) {
            meter::Object order{{"amount", amount}};
            if (*trigger)
                if (const meter::Value* day = (*trigger)->find("day")) order.set("day", *day);
            if (auto pushed = out.push("output", std::move(order)); !pushed) return pushed;
        }
        return {};
    };
    return type;
}

constexpr const char* nodes = R"([
    {"id": "start", "nodeId": "manual-trigger"},
    {"id": "read", "nodeId": "orders", "label": "Orders of the day"},
    {"id": "large", "nodeId": "filter",
     "config": {"conditions": [{"field": "amount", "operator": "gt", "value": 100}]}},
    {"id": "report", "nodeId": "merge"}])";
constexpr const char* connections = R"([
    {"sourceNodeId": "start", "targetNodeId": "read"},
    {"sourceNodeId": "read", "targetNodeId": "large"},
    {"sourceNodeId": "large", "targetNodeId": "report"}])";

}  // namespace

int main() {
    using namespace std::chrono_literals;
    auto registry = meter::NodeRegistry::with_builtins().value();
    registry.add(orders()).value();
    meter::EngineOptions options;
    options.nodes = std::make_shared<const meter::NodeRegistry>(std::move(registry));
    const auto engine = meter::Engine::open(std::move(options)).value();

    meter::AutomationRequest request{.name = "Large orders"};
    request.graph.nodes = nodes;
    request.graph.connections = connections;
    const auto automation = engine->automations().create(request).value();
    // Deploying checks the graph, and arms schedule triggers where there are some.
    engine->automations().deploy(automation.automation_id).value();

    auto& executions = engine->executions();
    const auto started =
        executions.start(automation.automation_id, {.trigger_inputs = meter::Object{{"day", "monday"}}}).value();
    const auto ended = executions.wait(started.execution_id, 30s).value();
    std::cout << meter::to_string(ended.status) << ", " << meter::progress_of(ended) << " %\n";
    std::string report;
    for (const auto& span : executions.spans(ended.execution_id).value()) {
        std::cout << span.node_id << ": " << span.input_items << " in, " << span.output_items << " out\n";
        if (span.node_id == "report") report = span.output_data.value_or("");
    }
    for (const auto& line : executions.logs(ended.execution_id).value().logs) std::cout << line.message << "\n";
    std::cout << report << "\n";
    return report == R"([{"amount":120,"day":"monday"},{"amount":310,"day":"monday"}])" ? 0 : 1;
}
