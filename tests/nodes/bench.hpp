// A place to run one node at: seams, context and streams.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/json.hpp"
#include "meter/node.hpp"
#include "meter/testing/item_streams.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"

namespace meter {

inline Value json_value(std::string_view text) {
    return parse_json(text).value();
}

/// {"a": 1} each: the items of a JSON array.
inline std::vector<Value> json_items(std::string_view text) {
    return *json_value(text).if_array();
}

/// Keeps messages, answers what it is told to.
class RecordedNotifier final : public Notifier {
public:
    Result<WebhookAnswer> send(const WebhookMessage& message, std::stop_token) override {
        messages.push_back(message);
        if (failure) return *failure;
        return WebhookAnswer{status, {}};
    }
    bool supports(WebhookType type) const override { return type != WebhookType::email; }

    std::vector<WebhookMessage> messages;
    int status = 200;
    std::optional<Error> failure;
};

struct NodeBench {
    explicit NodeBench(NodeOptions options = {}) : registry(NodeRegistry::with_builtins(options).value()) {}

    /// Runs one node; what it emits is in `out`.
    Result<void> run(std::string_view node_id, std::string_view config, std::vector<Value> items = {}) {
        testing::ListedItems in(std::move(items));
        out = {};
        return run_on(node_id, config, in, out);
    }

    Result<void> run_on(std::string_view node_id, std::string_view config, ItemSource& in, ItemSink& sink) {
        NodeContext context{.config = json_value(config),
                            .fetcher = *fetcher,
                            .notifier = &notifier,
                            .clock = clock,
                            .logger = *logger,
                            .connections = connections,
                            .execution_id = "exec_1",
                            .started_at = clock.now(),
                            .trigger_inputs = trigger_inputs,
                            .has_inputs = has_inputs,
                            .node_id = "n1",
                            .stop = stop.get_token()};
        return registry.run(node_id, context, in, sink);
    }

    /// The items of a port as one JSON text.
    std::string json(std::string_view port = "output") const { return to_json(Value(out.at(port))); }

    NodeRegistry registry;
    std::shared_ptr<testing::ScriptedFetcher> scripted = std::make_shared<testing::ScriptedFetcher>();
    std::shared_ptr<Fetcher> fetcher = scripted;
    RecordedNotifier notifier;
    testing::ManualClock clock;
    std::shared_ptr<Logger> logger = null_logger();
    Connections connections;
    Value trigger_inputs = Object{};
    bool has_inputs = true;
    std::stop_source stop;
    testing::CollectedItems out;
};

}  // namespace meter
