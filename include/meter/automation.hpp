// The automation dialect's workflows: graphs of typed nodes with versions, shares and templates.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

struct AutomationParts;

enum class AutomationStatus { draft, active, paused, archived };

METER_EXPORT std::string_view to_string(AutomationStatus status) noexcept;
METER_EXPORT std::optional<AutomationStatus> parse_automation_status(std::string_view name) noexcept;

/// The graph of an automation and what it runs with, as JSON texts. It may be unfinished: what a node's type asks for
/// is checked where it is used.
struct AutomationGraph {
    std::string nodes = "[]";        ///< of {"id","nodeId","label","position","config"}; other members are kept
    std::string connections = "[]";  ///< of {"sourceNodeId","sourcePort","targetNodeId","targetPort"}
    std::string config = "{}";
    std::string settings = R"({"timeout":3600,"retryOnFailure":false,"maxRetries":3})";

    bool operator==(const AutomationGraph&) const = default;
};

/// A stored automation: a workflow of the second dialect (wire contract 20.1).
struct Automation {
    std::string automation_id;  ///< "wf_" and 32 hexadecimal digits
    std::string account_id;     ///< its owner
    std::string owner_id;       ///< the user of the key that made it
    std::string organization_id;
    std::string name;
    std::string description;
    AutomationStatus status = AutomationStatus::draft;
    std::int64_t version = 1;  ///< the newest snapshot's number
    std::vector<std::string> tags;
    bool is_public = false;  ///< everybody in the organization may read and execute it
    bool is_template = false;
    AutomationGraph graph;
    std::vector<std::string> shared_with = {};  ///< user ids, in the order they were added
    TimePoint created_at{};
    TimePoint updated_at{};
    std::int64_t revision = 1;  ///< raised by every change

    bool operator==(const Automation&) const = default;
};

/// The wire forms (JSON object texts).
METER_EXPORT std::string to_json(const Automation& automation);
METER_EXPORT std::string to_summary_json(const Automation& automation);
METER_EXPORT std::string to_template_json(const Automation& automation);

/// Who asks. An automation is visible to its account, to the users it is shared with, and when it is public to its
/// organization; only its account may change it.
struct AutomationCaller {
    std::string account_id = "default";
    std::string user_id = "default";
    std::string organization_id = "default";
};

/// What proves that a call of a webhook trigger is from who knows its secret: the secret itself, or the texts of the
/// Standard Webhooks headers. Empty: not given. Valid for the call.
struct HookProof {
    std::string_view secret = {};
    std::string_view id = {}, timestamp = {}, signatures = {};
    std::string_view body = {};  ///< of the request, byte for byte
};

struct AutomationRequest {
    std::string name = {};
    std::string description = {};
    AutomationStatus status = AutomationStatus::draft;
    std::vector<std::string> tags = {};
    bool is_public = false;
    bool is_template = false;
    AutomationGraph graph = {};
};

/// Members that are absent stay. `settings` is merged one level deep, the others are replaced whole.
struct AutomationPatch {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<std::vector<std::string>> tags = {};
    std::optional<bool> is_public = {};
    std::optional<bool> is_template = {};
    std::optional<std::string> nodes = {};        ///< JSON array text
    std::optional<std::string> connections = {};  ///< JSON array text
    std::optional<std::string> config = {};       ///< JSON object text
    std::optional<Object> settings = {};
};

/// Read request bodies. Errors: invalid_argument (`subject` is the dotted member: "nodes.2.nodeId").
METER_EXPORT Result<AutomationRequest> parse_automation_request(const Value& body);
METER_EXPORT Result<AutomationPatch> parse_automation_patch(const Value& body);
METER_EXPORT Result<AutomationStatus> parse_automation_status_request(const Value& body);
/// The user of a body {"userId"}.
METER_EXPORT Result<std::string> parse_automation_share_request(const Value& body);

/// Which automations a list shows; all given conditions must hold.
struct AutomationQuery {
    std::optional<AutomationStatus> status = {};
    std::optional<std::string> tag = {};     ///< exact
    std::optional<std::string> search = {};  ///< part of name or description, in any case
    enum class Sort { created_at, updated_at, name, status } sort = Sort::created_at;
    bool ascending = false;
    ListRange range = {};  ///< limit [1, 100]
};

/// Reads "field" or "field:asc|desc" into a query, ascending where no direction is given. Errors: invalid_argument.
METER_EXPORT Result<void> read_automation_sort(std::string_view text, AutomationQuery& query);

struct AutomationList {
    std::int64_t count = 0;               ///< matches over all pages
    std::vector<Automation> automations;  ///< of this page, without their graphs
};
METER_EXPORT std::string to_json(const AutomationList& list, ListRange range);

/// A snapshot of an automation's graph.
struct AutomationVersion {
    std::int64_t version = 1;
    std::string version_tag = {};  ///< unique in the automation; 1 to 64 characters
    std::string description = {};
    std::string created_by = {};  ///< user id
    TimePoint created_at{};
    AutomationGraph graph = {};

    bool operator==(const AutomationVersion&) const = default;
};

/// What a snapshot is made from: {"versionTag","description"}.
struct AutomationVersionRequest {
    std::string version_tag = {};
    std::string description = {};
};
METER_EXPORT Result<AutomationVersionRequest> parse_automation_version_request(const Value& body);

struct AutomationVersions {
    std::string automation_id;
    std::int64_t current_version = 1;
    std::vector<AutomationVersion> versions;  ///< ascending, without their graphs
};
METER_EXPORT std::string to_json(const AutomationVersions& versions);

struct AutomationShare {
    std::string user_id;
    TimePoint shared_at{};

    bool operator==(const AutomationShare&) const = default;
};
METER_EXPORT std::string shares_json(std::string_view automation_id, const std::vector<AutomationShare>& shares);

struct AutomationStats {
    std::int64_t draft = 0, active = 0, paused = 0, archived = 0;

    bool operator==(const AutomationStats&) const = default;
};
METER_EXPORT std::string to_json(const AutomationStats& stats);

/// Automations made, kept, versioned, shared and deployed (wire contract 20.1 to 20.4). The schedule triggers of active
/// ones tick: whatever changes status or nodes arms and disarms them in the same step; those that deploy() would refuse
/// stay unarmed. Members named `secret` in the config of a node are told to the owner only. Threads: every member from
/// any thread. Errors of every call: store; not_found "Workflow not found" for ids that are unknown or not visible;
/// forbidden "Only the owner can modify this workflow" for changes of those that are visible but another account's.
class METER_EXPORT Automations {
public:
    explicit Automations(std::shared_ptr<const AutomationParts> parts);  ///< Engine::automations()

    /// With version 1, "v1.0.0". Errors: invalid_argument for settings of more than 64 KiB.
    Result<Automation> create(const AutomationRequest& request, const AutomationCaller& caller = {});
    Result<Automation> get(std::string_view automation_id, const AutomationCaller& caller = {});
    /// Errors: invalid_argument (range).
    Result<AutomationList> list(const AutomationQuery& query = {}, const AutomationCaller& caller = {});
    /// Changes at once are applied one after the other. Errors: invalid_argument for settings that are more than 64 KiB
    /// once they are merged.
    Result<Automation> update(std::string_view automation_id, const AutomationPatch& patch,
                              const AutomationCaller& caller = {});
    Result<Automation> set_status(std::string_view automation_id, AutomationStatus status,
                                  const AutomationCaller& caller = {});
    /// Checks the graph, then makes it active. Errors: invalid_argument naming the node that keeps it from running, or
    /// the schedule trigger whose interval is shorter than EngineOptions::schedules.min_interval.
    Result<Automation> deploy(std::string_view automation_id, const AutomationCaller& caller = {});
    /// Back to draft. Executions that run go on.
    Result<Automation> undeploy(std::string_view automation_id, const AutomationCaller& caller = {});
    /// With its versions, shares and executions; those that run stop.
    Result<void> remove(std::string_view automation_id, const AutomationCaller& caller = {});
    /// A draft of the caller's own: graph, tags, settings and config; name "<name> (Copy)".
    Result<Automation> duplicate(std::string_view automation_id, const AutomationCaller& caller = {});

    /// Snapshots the graph as it is; its number is the highest and one. Errors: conflict when the tag is taken.
    Result<AutomationVersion> create_version(std::string_view automation_id, const AutomationVersionRequest& request,
                                             const AutomationCaller& caller = {});
    Result<AutomationVersions> versions(std::string_view automation_id, const AutomationCaller& caller = {});
    /// One of them with its graph, to be looked at or put back by update(). Errors: not_found "Version not found".
    Result<AutomationVersion> version(std::string_view automation_id, std::int64_t version,
                                      const AutomationCaller& caller = {});

    /// Sharing again changes nothing. Errors: invalid_argument for the owner itself.
    Result<void> share(std::string_view automation_id, std::string_view user_id, const AutomationCaller& caller = {});
    /// Errors: not_found "Share not found".
    Result<void> unshare(std::string_view automation_id, std::string_view user_id, const AutomationCaller& caller = {});
    Result<std::vector<AutomationShare>> shares(std::string_view automation_id, const AutomationCaller& caller = {});

    /// Visible automations that are templates, newest first, then the built-in ones ("wf_tmpl_..."), which nobody owns.
    /// Of the visible ones 100 at most, fewer where their graphs would have more than 16 MiB together, but one. The
    /// copy of a built-in one can be deployed once the connections it names are configured.
    Result<std::vector<Automation>> templates(const AutomationCaller& caller = {});
    Result<AutomationStats> stats(const AutomationCaller& caller = {});

    /// The owner of an active automation, for whom its webhook-trigger node may start an execution; nullopt when the
    /// proof is none. Signatures hold for 5 minutes. Errors: not_found "Webhook not found" unless the automation is
    /// active and has this node, with a config that could be deployed.
    Result<std::optional<AutomationCaller>> open_hook(std::string_view automation_id, std::string_view node_id,
                                                      const HookProof& proof);

private:
    std::shared_ptr<const AutomationParts> parts_;
};

}  // namespace meter
