#include "json/object_writer.hpp"
#include "meter/json.hpp"
#include "notify/bodies.hpp"
#include "notify/text.hpp"

namespace meter::notify {
namespace {

constexpr std::size_t slack_text_length = 3'000;
constexpr std::size_t slack_header_length = 150;
constexpr std::size_t slack_field_length = 2'000;

Object plain_text(std::string_view text, std::size_t limit) {
    return Object{{"type", "plain_text"}, {"text", slack_text(text, limit)}, {"emoji", false}};
}

/// Bold is our own markup, the rest is shown as it is.
Object labelled(std::string_view label, std::string_view text) {
    const std::string head = "*" + std::string(label) + "*\n";
    return Object{
        {"type", "mrkdwn"}, {"text", head + slack_text(text, slack_field_length - head.size())}, {"verbatim", true}};
}

std::string slack_headline(const EventSummary& summary) {
    switch (summary.kind) {
        case EventSummary::Kind::changed:
            return "Changed: " + summary.name;
        case EventSummary::Kind::failed:
            return "Failed: " + summary.name;
        case EventSummary::Kind::unchanged:
            break;
    }
    return "No changes: " + summary.name;
}

}  // namespace

std::string slack_body(const EventSummary& summary) {
    Value::Array fields;
    fields.emplace_back(labelled("Status", summary.status));
    if (!summary.url.empty()) fields.emplace_back(labelled("URL", summary.url));
    if (summary.kind == EventSummary::Kind::failed) {
        fields.emplace_back(labelled("Error", summary.error.empty() ? "unknown" : summary.error));
    } else {
        fields.emplace_back(labelled("Items", std::to_string(summary.item_count)));
        fields.emplace_back(labelled("Changed", summary.changed.empty() ? "nothing" : summary.changed));
    }

    Value::Array blocks;
    blocks.emplace_back(Object{{"type", "header"}, {"text", plain_text(slack_headline(summary), slack_header_length)}});
    blocks.emplace_back(Object{{"type", "section"}, {"fields", std::move(fields)}});
    for (const auto& line : summary.items)
        if (!line.empty())
            blocks.emplace_back(Object{{"type", "section"}, {"text", plain_text(line, slack_text_length)}});
    blocks.emplace_back(
        Object{{"type", "context"},
               {"elements", Value::Array{plain_text("meter \xC2\xB7 " + summary.completed_at, slack_text_length)}}});
    return to_json(Object{{"text", slack_text(summary.line, slack_text_length)}, {"blocks", std::move(blocks)}});
}

std::string slack_workflow_body(const EventSummary& summary) {
    const bool failed = summary.kind == EventSummary::Kind::failed;
    Object body{{"event", summary.event},
                {"status", summary.status},
                {"url", summary.url},
                {"summary", slack_text(summary.line, slack_text_length)},
                {"item_count", failed ? std::string() : std::to_string(summary.item_count)},
                {"has_changes", failed ? "" : (summary.has_changes ? "true" : "false")},
                {"job_id", summary.job_id},
                {"schedule_id", summary.schedule_id},
                {"error", summary.error},
                {"completed_at", summary.completed_at}};
    if (const Object* metadata = summary.metadata.if_object())
        for (const auto& [key, value] : *metadata) {
            if (!value.is_scalar()) continue;
            const std::string* text = value.if_string();
            body.set("metadata_" + key, value.is_null() ? std::string() : (text != nullptr ? *text : to_json(value)));
        }
    return to_json(std::move(body));
}

}  // namespace meter::notify
