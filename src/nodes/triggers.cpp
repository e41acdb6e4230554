// Triggers: what an execution was started with becomes the first item.
#include "meter/cron.hpp"
#include "nodes/builtin.hpp"

namespace meter::nodes {
namespace {

NodeType trigger(std::string_view node_id, std::string_view label, std::string_view description) {
    NodeType type;
    type.node_id = node_id;
    type.label = label;
    type.description = description;
    type.category = "triggers";
    type.kind = NodeKind::trigger;
    type.inputs = {};
    type.run = [](NodeContext& context, ItemSource&, ItemSink& out) {
        return out.push(output_port, context.trigger_inputs);
    };
    return type;
}

Result<void> check_timing(const Value& config) {
    const Value* interval = config.find("intervalSeconds");
    const Value* cron = config.find("cronExpression");
    const bool has_interval = interval != nullptr && !interval->is_null();
    const bool has_cron = cron != nullptr && !cron->is_null();
    if (has_interval == has_cron)
        return config_error(has_cron ? "cronExpression" : "intervalSeconds",
                            std::string("or config.") + (has_cron ? "intervalSeconds" : "cronExpression") +
                                " must be given, and not both");
    if (!has_cron) return {};
    const std::string zone = config_text(config, "timezone");
    if (auto parsed = Cron::parse(*cron->if_string(), zone.empty() ? "UTC" : zone); !parsed)
        return config_error(parsed.error().subject == "timezone" ? "timezone" : "cronExpression",
                            "is not valid: " + parsed.error().message);
    return {};
}

}  // namespace

NodeType manual_trigger_type() {
    return trigger("manual-trigger", "Manual trigger",
                   "Starts by hand or through the API and emits the trigger inputs.");
}

NodeType schedule_trigger_type() {
    NodeType type = trigger("schedule-trigger", "Schedule", "Starts at an interval or by a cron expression.");
    type.config_schema = literal(R"({"type": "object", "properties": {
        "intervalSeconds": {"type": "integer", "minimum": 1, "maximum": 31536000},
        "cronExpression": {"type": "string", "minLength": 1, "maxLength": 200},
        "timezone": {"type": "string", "maxLength": 100}}})");
    type.default_config = literal(R"({"cronExpression": "0 9 * * *", "timezone": "UTC"})");
    type.check = check_timing;
    type.run = [](NodeContext& context, ItemSource&, ItemSink& out) {
        const Object* inputs = context.trigger_inputs.if_object();
        Object item = inputs != nullptr ? *inputs : Object{};
        if (!item.contains("scheduledAt")) item.set("scheduledAt", format_time(context.started_at));
        return out.push(output_port, std::move(item));
    };
    return type;
}

NodeType webhook_trigger_type() {
    NodeType type = trigger("webhook-trigger", "Webhook trigger",
                            "Starts with a POST to /hooks/{workflowId}/{nodeId} and emits its body.");
    type.config_schema = literal(R"({"type": "object", "required": ["secret"], "properties": {
        "secret": {"type": "string", "minLength": 1, "maxLength": 256, "format": "password"}}})");
    type.check = [](const Value& config) -> Result<void> {
        if (auto ok = validate_webhook_secret(config_text(config, "secret")); !ok)
            return config_error("secret", "must have 1 to 256 printable ASCII characters, no space at either end");
        return {};
    };
    return type;
}

}  // namespace meter::nodes
