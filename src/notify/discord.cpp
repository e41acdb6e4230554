#include "meter/json.hpp"
#include "notify/bodies.hpp"
#include "notify/text.hpp"

namespace meter::notify {
namespace {

constexpr std::size_t discord_content_length = 2'000;
constexpr std::size_t discord_title_length = 256;
constexpr std::size_t discord_description_length = 4'096;
constexpr std::size_t discord_field_length = 512;  // allowed are 1,024; the embed as a whole must stay below 6,000
constexpr std::size_t discord_url_length = 2'048;
constexpr int discord_green = 0x2ECC71, discord_amber = 0xF1C40F, discord_red = 0xE74C3C;

Object discord_field(std::string_view name, std::string_view value) {
    return Object{{"name", name}, {"value", discord_text(value, discord_field_length)}, {"inline", true}};
}

int discord_colour(EventSummary::Kind kind) noexcept {
    switch (kind) {
        case EventSummary::Kind::changed:
            return discord_amber;
        case EventSummary::Kind::failed:
            return discord_red;
        case EventSummary::Kind::unchanged:
            break;
    }
    return discord_green;
}

}  // namespace

std::string discord_body(const EventSummary& summary) {
    const bool failed = summary.kind == EventSummary::Kind::failed;
    std::string description;
    if (failed) {
        description = discord_text(summary.error, discord_description_length);
    } else {
        // Ten lines of at most 300 characters, each of which may need an escape: more than fits, so whole lines only.
        std::size_t length = 0;
        for (const auto& line : summary.items) {
            const std::string escaped = discord_text(line, discord_description_length);
            length += utf16_length(escaped) + 1;
            if (length > discord_description_length) break;
            description += (description.empty() ? "" : "\n") + escaped;
        }
    }
    Object embed{{"title", discord_text(summary.name, discord_title_length)}};
    if (!summary.url.empty() && summary.url.size() <= discord_url_length) embed.append("url", summary.url);
    if (!description.empty()) embed.append("description", std::move(description));
    embed.append("color", discord_colour(summary.kind));
    if (!summary.completed_at.empty()) embed.append("timestamp", summary.completed_at);
    Value::Array fields;
    fields.emplace_back(discord_field("Status", summary.status.empty() ? "unknown" : summary.status));
    fields.emplace_back(discord_field("Items", failed ? "-" : std::to_string(summary.item_count)));
    fields.emplace_back(discord_field("Changed", summary.changed.empty() ? "nothing" : summary.changed));
    embed.append("fields", std::move(fields));
    return to_json(Object{{"content", discord_text(summary.line, discord_content_length)},
                          {"embeds", Value::Array{std::move(embed)}},
                          {"allowed_mentions", Object{{"parse", Value::Array{}}}}});
}

}  // namespace meter::notify
