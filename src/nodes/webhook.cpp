// webhook: tells a receiver what passes, in messages of bounded size, and hands it on.
#include "meter/webhook.hpp"
#include "core/hash.hpp"
#include "json/object_writer.hpp"
#include "meter/json.hpp"
#include "nodes/builtin.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t webhook_items = 500;           // of one message
constexpr std::size_t webhook_bytes = 1024u * 1024;  // of the items of one message, the last one on top

WebhookTarget webhook_target(const Value& config) {
    WebhookTarget target;
    target.url = config_text(config, "url");
    const auto named = parse_webhook_type(config_text(config, "webhookType"));
    target.type = named ? *named : detect_webhook_type(target.url);
    target.secret = config_text(config, "secret");
    if (const Value* metadata = config.find("metadata"); metadata != nullptr && !metadata->is_null())
        target.metadata = to_json(*metadata);
    return target;
}

Result<void> check_webhook(const Value& config) {
    const WebhookTarget target = webhook_target(config);
    if (auto ok = validate_webhook_url(target.url, target.type); !ok)
        return config_error("url", "is no URL that webhooks of this type can go to");
    if (!target.secret.empty())
        if (auto ok = validate_webhook_secret(target.secret); !ok)
            return config_error("secret", "must have 1 to 256 printable ASCII characters, no space at either end");
    if (const Value* metadata = config.find("metadata"); metadata != nullptr && !metadata->is_null())
        if (auto ok = validate_webhook_metadata(*metadata); !ok)
            return config_error("metadata", "must be an object of at most 16 KiB");
    return {};
}

/// Gathers items into messages. An empty run sends one message without items.
class WebhookBatches {
public:
    explicit WebhookBatches(const NodeContext& context) : context_(context), target_(webhook_target(context.config)) {}

    Result<void> add(const Value& item) {
        items_ += (count_ > 0 ? "," : "") + to_json(item);
        if (++count_ < webhook_items && items_.size() < webhook_bytes) return {};
        return send();
    }

    Result<void> finish() {
        if (count_ == 0 && part_ > 0) return {};
        return send();
    }

private:
    Result<void> send() {
        ++part_;
        const TimePoint now = context_.clock.now();
        json::ObjectWriter body;
        body.text("execution_id", context_.execution_id).text("node_id", context_.node_id).text("status", "completed");
        body.integer("part", static_cast<std::int64_t>(part_)).json("results", "[" + items_ + "]");
        body.integer("item_count", static_cast<std::int64_t>(count_)).flag("has_changes", count_ > 0);
        body.time("completed_at", now).json_or_null("metadata", target_.metadata);
        items_.clear();
        count_ = 0;
        // The same for the same part of a repeated run, so that a receiver knows it again.
        const std::string id =
            core::sha256_hex(context_.execution_id + "\n" + context_.node_id + "\n" + std::to_string(part_))
                .substr(0, 32);
        const WebhookEvent event{.id = id,
                                 .event = "workflow.items",
                                 .name = context_.node_id,
                                 .payload = std::move(body).finish(),
                                 .created_at = now};
        if (context_.notifier == nullptr || !context_.notifier->supports(target_.type))
            return Error{ErrorCode::unsupported,
                         "Webhooks of type " + std::string(to_string(target_.type)) + " are not configured"};
        const auto message = make_webhook_message(event, target_, now);
        if (!message) return message.error();
        const auto answer = context_.notifier->send(*message, context_.stop);
        if (!answer)
            return Error{
                answer.error().code, "Webhook request failed: " + answer.error().message, {}, answer.error().retryable};
        if (answer->status >= 200 && answer->status < 300) return {};
        return Error{ErrorCode::network,
                     "Webhook returned status " + std::to_string(answer->status),
                     {},
                     answer->status == 408 || answer->status == 429 || answer->status >= 500};
    }

    const NodeContext& context_;
    const WebhookTarget target_;
    std::string items_;
    std::size_t count_ = 0;
    std::size_t part_ = 0;
};

}  // namespace

NodeType webhook_type() {
    NodeType type;
    type.node_id = "webhook";
    type.label = "Webhook";
    type.description = "Posts the items to a URL, signed, in messages of up to 500 items, and hands them on.";
    type.category = "network";
    type.kind = NodeKind::action;
    type.config_schema = literal(R"({"type": "object", "required": ["url"], "properties": {
        "url": {"type": "string", "minLength": 1, "maxLength": 4096},
        "secret": {"type": "string", "maxLength": 256, "format": "password"},
        "webhookType": {"type": "string", "enum": ["standard", "slack", "slack_workflow", "discord", "email"]},
        "metadata": {"type": "object"}}})");
    type.check = check_webhook;
    type.run = [](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
        WebhookBatches batches(context);
        auto told = each_item(in, context, [&](Value item) -> Result<void> {
            if (auto added = batches.add(item); !added) return added;
            return out.push(output_port, std::move(item));
        });
        if (!told) return told;
        return batches.finish();
    };
    return type;
}

}  // namespace meter::nodes
