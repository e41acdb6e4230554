// Request bodies of the automation dialect (wire contract 20.1 to 20.4).
#include <unordered_set>
#include <utility>

#include "json/members.hpp"
#include "json/sort_text.hpp"
#include "json/wire_automation.hpp"
#include "json/wire_parts.hpp"
#include "meter/automation.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr json::TextLength automation_name_length{1, 200};
constexpr json::TextLength automation_description_length{0, 10'000};
constexpr json::TextLength automation_node_id_length{1, 100};
constexpr json::TextLength version_tag_length{1, 64};
constexpr json::TextLength version_description_length{0, 2'000};
constexpr json::TextLength tag_length{0, 64};
constexpr json::TextLength user_id_length{1, 200};
constexpr std::size_t most_automation_nodes = 500;
constexpr std::size_t most_connections = 2'000;
constexpr std::size_t most_tags = 50;

std::string element_path(std::string_view array, std::size_t index) {
    return std::string(array) + "." + std::to_string(index);
}

std::optional<std::vector<std::string>> read_tags(json::Members& in) {
    auto tags = in.texts("tags", 0, most_tags);
    if (!tags) return std::nullopt;
    for (std::size_t i = 0; i < tags->size(); ++i)
        if (json::count_characters((*tags)[i]) > tag_length.max) {
            in.fail(element_path("tags", i), "must be at most 64 characters long");
            return std::nullopt;
        }
    return tags;
}

std::optional<Object> read_settings(json::Members& in, json::Nulls nulls) {
    const Object* settings = in.object("settings");
    if (settings == nullptr) return std::nullopt;
    json::Members members(*in.find("settings"), nulls, "settings");
    (void)members.integer("timeout", 1, 86'400);
    (void)members.flag("retryOnFailure");
    (void)members.integer("maxRetries", 0, 10);
    if (members.error()) {
        in.fail(*members.error());
        return std::nullopt;
    }
    Object kept = *settings;
    json::drop_nulls(kept, {"timeout", "retryOnFailure", "maxRetries"});
    return kept;
}

std::optional<std::string> read_automation_config(json::Members& in) {
    if (in.object("config") == nullptr) return std::nullopt;
    return to_json(*in.find("config"));
}

std::optional<AutomationStatus> read_status(json::Members& in) {
    const auto status = in.word("status", {"draft", "active", "paused", "archived"});
    return status ? std::optional(static_cast<AutomationStatus>(*status)) : std::nullopt;
}

/// The settings of `defaults` with the members of `changes` over them.
std::string merged(std::string_view defaults, const Object& changes) {
    Value settings = parse_json(defaults).value();
    for (const auto& [name, value] : changes) settings.if_object()->set(name, value);
    return to_json(settings);
}

}  // namespace

namespace json {

/// Types of the members only: a stored graph may be unfinished (wire contract 20.1).
std::optional<std::string> read_automation_nodes(Members& in) {
    const Value::Array* nodes = in.array("nodes", 0, most_automation_nodes);
    if (nodes == nullptr) return std::nullopt;
    std::unordered_set<std::string> ids;
    for (std::size_t i = 0; i < nodes->size(); ++i) {
        Members node((*nodes)[i], Nulls::dropped, element_path(in.path_of("nodes"), i));
        node.require({"id", "nodeId"});
        const auto id = node.text("id", automation_node_id_length);
        (void)node.text("nodeId", {1, 200});
        (void)node.text("label");
        (void)node.object("config");
        if (node.object("position") != nullptr) {
            Members place(*node.find("position"), Nulls::dropped, node.path_of("position"));
            for (const std::string_view axis : {"x", "y"})
                if (const Value* at = place.find(axis); at != nullptr && !at->is_number())
                    place.fail(axis, "must be a number");
            if (place.error()) node.fail(*place.error());
        }
        if (id && !ids.insert(*id).second) node.fail("id", "is the id of another node");
        if (node.error()) {
            in.fail(*node.error());
            return std::nullopt;
        }
    }
    Value kept = *in.find("nodes");
    for (Value& node : *kept.if_array()) {
        Object& members = *node.if_object();
        drop_nulls(members, {"config", "position"});
        if (Value* position = members.find("position")) drop_nulls(*position->if_object(), {"x", "y"});
    }
    return to_json(kept);
}

std::optional<std::string> read_automation_connections(Members& in) {
    const Value::Array* connections = in.array("connections", 0, most_connections);
    if (connections == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < connections->size(); ++i) {
        Members connection((*connections)[i], Nulls::dropped, element_path(in.path_of("connections"), i));
        connection.require({"sourceNodeId", "targetNodeId"});
        for (const std::string_view member : {"sourceNodeId", "sourcePort", "targetNodeId", "targetPort"})
            (void)connection.text(member);
        if (connection.error()) {
            in.fail(*connection.error());
            return std::nullopt;
        }
    }
    Value kept = *in.find("connections");
    for (Value& connection : *kept.if_array()) drop_nulls(*connection.if_object(), {"sourcePort", "targetPort"});
    return to_json(kept);
}

}  // namespace json

Result<AutomationRequest> parse_automation_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"name"});
    AutomationRequest request;
    request.name = in.text("name", automation_name_length).value_or("");
    request.description = in.text("description", automation_description_length).value_or("");
    request.status = read_status(in).value_or(AutomationStatus::draft);
    if (auto nodes = json::read_automation_nodes(in)) request.graph.nodes = *std::move(nodes);
    if (auto connections = json::read_automation_connections(in)) request.graph.connections = *std::move(connections);
    request.tags = read_tags(in).value_or(std::vector<std::string>{});
    if (const auto settings = read_settings(in, json::Nulls::dropped))
        request.graph.settings = merged(request.graph.settings, *settings);
    if (auto config = read_automation_config(in)) request.graph.config = *std::move(config);
    request.is_public = in.flag("isPublic").value_or(false);
    request.is_template = in.flag("isTemplate").value_or(false);
    if (in.error()) return *in.error();
    return request;
}

Result<AutomationPatch> parse_automation_patch(const Value& body) {
    json::Members in(body, json::Nulls::kept);
    AutomationPatch patch;
    patch.name = in.text("name", automation_name_length);
    // Of all members only the description can be cleared.
    if (in.is_null("description"))
        patch.description = "";
    else
        patch.description = in.text("description", automation_description_length);
    patch.nodes = json::read_automation_nodes(in);
    patch.connections = json::read_automation_connections(in);
    patch.tags = read_tags(in);
    patch.settings = read_settings(in, json::Nulls::kept);
    patch.config = read_automation_config(in);
    patch.is_public = in.flag("isPublic");
    patch.is_template = in.flag("isTemplate");
    if (in.error()) return *in.error();
    return patch;
}

Result<AutomationStatus> parse_automation_status_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"status"});
    const auto status = read_status(in);
    if (in.error()) return *in.error();
    return *status;
}

Result<std::string> parse_automation_share_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"userId"});
    auto user = in.text("userId", user_id_length);
    if (in.error()) return *in.error();
    return *std::move(user);
}

Result<AutomationVersionRequest> parse_automation_version_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"versionTag"});
    AutomationVersionRequest request;
    request.version_tag = in.text("versionTag", version_tag_length).value_or("");
    request.description = in.text("description", version_description_length).value_or("");
    if (in.error()) return *in.error();
    return request;
}

Result<void> read_automation_sort(std::string_view text, AutomationQuery& query) {
    static constexpr json::SortFields<AutomationQuery::Sort, 4> fields{{
        {"createdAt", AutomationQuery::Sort::created_at},
        {"updatedAt", AutomationQuery::Sort::updated_at},
        {"name", AutomationQuery::Sort::name},
        {"status", AutomationQuery::Sort::status},
    }};
    return json::read_sort(fields, text, query);
}

}  // namespace meter
