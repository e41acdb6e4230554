// Wire forms of the automation dialect (wire contract 20): camelCase at the edge, the same members inside.
#include <array>

#include "json/object_writer.hpp"
#include "meter/automation.hpp"

namespace meter {
namespace {

constexpr std::array<std::string_view, 4> automation_status_names{"draft", "active", "paused", "archived"};

void write_summary(json::ObjectWriter& out, const Automation& automation) {
    out.text("id", automation.automation_id)
        .text("name", automation.name)
        .text("description", automation.description)
        .text("status", to_string(automation.status))
        .integer("version", automation.version)
        .texts("tags", automation.tags)
        .text("organizationId", automation.organization_id)
        .text("ownerId", automation.owner_id)
        .flag("isPublic", automation.is_public)
        .flag("isTemplate", automation.is_template)
        .time("createdAt", automation.created_at)
        .time("updatedAt", automation.updated_at);
}

/// An array of what `write` makes of each member.
template <class T, class Write>
std::string array_of(const std::vector<T>& members, Write write) {
    std::string out = "[";
    for (const T& member : members) {
        if (out.size() > 1) out += ',';
        out += write(member);
    }
    return out += ']';
}

std::string version_json(const AutomationVersion& version) {
    json::ObjectWriter out;
    out.integer("version", version.version)
        .text("versionTag", version.version_tag)
        .text("description", version.description)
        .text("createdBy", version.created_by)
        .time("createdAt", version.created_at);
    return std::move(out).finish();
}

std::string share_json(const AutomationShare& share) {
    json::ObjectWriter out;
    out.text("userId", share.user_id).time("sharedAt", share.shared_at);
    return std::move(out).finish();
}

}  // namespace

std::string_view to_string(AutomationStatus status) noexcept {
    return automation_status_names[static_cast<std::size_t>(status)];
}

std::optional<AutomationStatus> parse_automation_status(std::string_view name) noexcept {
    for (std::size_t i = 0; i < automation_status_names.size(); ++i)
        if (automation_status_names[i] == name) return static_cast<AutomationStatus>(i);
    return std::nullopt;
}

std::string to_json(const Automation& automation) {
    json::ObjectWriter out;
    write_summary(out, automation);
    out.json("nodes", automation.graph.nodes)
        .json("connections", automation.graph.connections)
        .json("config", automation.graph.config)
        .json("settings", automation.graph.settings)
        .texts("sharedWith", automation.shared_with);
    return std::move(out).finish();
}

std::string to_summary_json(const Automation& automation) {
    json::ObjectWriter out;
    write_summary(out, automation);
    return std::move(out).finish();
}

std::string to_template_json(const Automation& automation) {
    json::ObjectWriter out;
    out.text("id", automation.automation_id)
        .text("name", automation.name)
        .text("description", automation.description)
        .texts("tags", automation.tags)
        .json("nodes", automation.graph.nodes)
        .json("connections", automation.graph.connections)
        .time("createdAt", automation.created_at);
    return std::move(out).finish();
}

std::string to_json(const AutomationList& list, ListRange range) {
    json::ObjectWriter out;
    out.integer("count", list.count)
        .integer("limit", range.limit)
        .integer("offset", range.offset)
        .json("workflows", array_of(list.automations, to_summary_json));
    return std::move(out).finish();
}

std::string to_json(const AutomationVersions& versions) {
    json::ObjectWriter out;
    out.text("workflowId", versions.automation_id)
        .integer("currentVersion", versions.current_version)
        .json("versions", array_of(versions.versions, version_json));
    return std::move(out).finish();
}

std::string shares_json(std::string_view automation_id, const std::vector<AutomationShare>& shares) {
    json::ObjectWriter out;
    out.text("workflowId", automation_id).json("sharedWith", array_of(shares, share_json));
    return std::move(out).finish();
}

std::string to_json(const AutomationStats& stats) {
    json::ObjectWriter out;
    out.integer("total", stats.draft + stats.active + stats.paused + stats.archived)
        .integer("active", stats.active)
        .integer("paused", stats.paused)
        .integer("draft", stats.draft)
        .integer("archived", stats.archived);
    return std::move(out).finish();
}

}  // namespace meter
