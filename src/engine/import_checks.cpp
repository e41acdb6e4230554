#include "engine/import_checks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/url_text.hpp"
#include "engine/impl.hpp"
#include "engine/schedules.hpp"
#include "json/record_values.hpp"
#include "meter/api_key.hpp"
#include "meter/automation.hpp"
#include "meter/change.hpp"
#include "meter/discovery.hpp"
#include "meter/filter.hpp"
#include "workflow/graph.hpp"

namespace meter {
namespace {

std::string member_text(const Object& body, std::string_view name) {
    const Value* value = body.find(name);
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : *text;
}

template <class T>
Result<void> without_value(const Result<T>& result) {
    if (!result) return result.error();
    return {};
}

Result<void> check_key_record(const Object& body) {
    ApiKey key;
    key.account_id = member_text(body, "account_id");
    key.user_id = member_text(body, "user_id");
    key.organization_id = member_text(body, "organization_id");
    key.name = member_text(body, "name");
    const Value::Array* scopes = body.find("scopes")->if_array();
    if (scopes == nullptr) return bad_request("scopes must be an array", "scopes");
    for (const Value& scope : *scopes) {
        if (scope.if_string() == nullptr) return bad_request("scopes must be an array of strings", "scopes");
        key.scopes.push_back(*scope.if_string());
    }
    const std::string hash = member_text(body, "key_hash");
    if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
        return bad_request("key_hash must be 64 hex digits", "key_hash");
    return validate(key);
}

Result<void> check_schema_member(const Object& body) {
    const Value* schema = body.find("output_schema");
    return schema == nullptr ? Result<void>() : without_value(OutputSchema::parse(*schema));
}

Result<void> check_group_record(const Object& body) {
    if (auto valid = parse_strategy_group_request(Value(body)); !valid) return valid.error();
    if (auto valid = check_schema_member(body); !valid) return valid;
    if (const Value* metadata = body.find("webhook_metadata"))
        if (auto valid = validate_webhook_metadata(*metadata); !valid) return valid;
    const std::string url = member_text(body, "webhook_url");
    if (url.empty()) return {};
    if (auto valid = validate_webhook_secret(member_text(body, "webhook_secret")); !valid) return valid;
    return validate_webhook_url(url, *parse_webhook_type(member_text(body, "webhook_type")));
}

Result<void> check_strategy_record(const Object& body) {
    const auto request = parse_strategy_request(Value(body));
    if (!request) return request.error();
    const auto plan = Plan::parse(*request->strategy);
    if (!plan) return plan.error();
    if (plan->scraper_type() != request->scraper_type)
        return bad_request("scraper_type is not that of the plan", "scraper_type");
    if (auto valid = check_schema_member(body); !valid) return valid;
    if (request->filter_config)
        if (auto valid = Filter::parse(*request->filter_config); !valid) return valid.error();
    return without_value(ChangeRules::parse(request->ignore.value_or(Value()), request->key.value_or(Value())));
}

/// URL and secret are judged here: an engine would also ask whether it can send mail, which is another matter.
Result<void> check_webhook_members(const Object& body) {
    const std::string url = member_text(body, "webhook_url");
    if (url.empty()) return {};
    const auto type = parse_webhook_type(member_text(body, "webhook_type"));
    if (!type) return bad_request("Missing required field: webhook_type", "webhook_type");
    if (auto valid = validate_webhook_secret(member_text(body, "webhook_secret")); !valid) return valid;
    return validate_webhook_url(url, *type);
}

Result<void> check_schedule_record(Object body) {
    if (auto valid = check_webhook_members(body); !valid) return valid;
    body.erase("webhook_url");
    const bool of_workflow = body.contains("workflow_id") || body.contains("automation_id");
    if (of_workflow && (body.contains("strategy_id") || body.contains("url") || body.contains("urls")))
        return bad_request("A schedule of a workflow or automation has neither strategy nor URLs", "workflow_id");
    const Value* urls = body.find("urls");
    const bool none_yet = urls != nullptr && urls->is_array() && urls->if_array()->empty();
    if (none_yet && *body.find("rediscover")->if_bool()) {  // they come with the first tick
        body.erase("urls");
        body.set("url", "http://localhost/");
    }
    const auto request =
        of_workflow ? parse_workflow_schedule_request(Value(body)) : parse_schedule_request(Value(body));
    if (!request) return request.error();
    EngineOptions options;
    options.schedules.min_interval = std::chrono::seconds{1};  // as short as any server allows
    return without_value(draft_schedule(options, *request, of_workflow ? ScheduleOf::workflow : ScheduleOf::strategy));
}

Result<void> check_discovery_record(const Object& body) {
    const auto request = parse_discovery_request(Object{{"discovery", *body.find("config")}});
    if (!request) {
        Error error = request.error();
        constexpr std::string_view prefix = "discovery";
        if (error.subject.starts_with(prefix)) error.subject.replace(0, prefix.size(), "config");
        return error;
    }
    return {};
}

/// The members of the graph as a request has them.
Result<void> check_graph_members(const Object& body) {
    Object request{{"name", "graph"}};
    for (const std::string_view name : {"nodes", "connections", "config", "settings"})
        request.append(std::string(name), *body.find(name));
    return without_value(parse_automation_request(Value(std::move(request))));
}

Result<void> check_automation_record(const Object& body) {
    return without_value(parse_automation_request(Object{{"name", *body.find("name")},
                                                         {"description", *body.find("description")},
                                                         {"status", *body.find("status")},
                                                         {"tags", *body.find("tags")}}));
}

Result<void> check_version_record(const Object& body) {
    if (auto valid = parse_automation_version_request(
            Object{{"versionTag", *body.find("version_tag")}, {"description", *body.find("description")}});
        !valid)
        return valid.error();
    return check_graph_members(body);
}

Result<void> check_share_record(const Object& body) {
    return without_value(parse_automation_share_request(Object{{"userId", *body.find("user_id")}}));
}

Result<void> check_job_record(const Object& body) {
    if (const Value* parameters = body.find("parameters"))
        if (auto valid = check_parameters(*parameters); !valid) return valid;
    const std::string status = member_text(body, "status");
    if (status == "completed" || status == "failed") return {};
    return core::validate_url(member_text(body, "url"));
}

Result<void> check_result_record(const Object& body) {
    if (!body.find("results")->is_array()) return bad_request("results must be an array", "results");
    return {};
}

struct RecordCheck {
    std::string_view kind;
    Result<void> (*check)(const Object& body);
};

constexpr RecordCheck record_checks[] = {
    {"api_key", check_key_record},
    {"strategy_group", check_group_record},
    {"strategy", check_strategy_record},
    {"schedule", [](const Object& body) { return check_schedule_record(body); }},
    {"discovery", check_discovery_record},
    {"automation", check_automation_record},
    {"automation_version", check_version_record},
    {"automation_share", check_share_record},
    {"job", check_job_record},
    {"job_result", check_result_record},
    {"workflow", [](const Object& body) { return without_value(parse_workflow_patch(Value(body))); }},
};

}  // namespace

Result<void> ImportChecks::check(const StoreRecord& record, std::int64_t line) {
    const RecordKind* kind = find_record_kind(record.kind);
    if (kind->parent.empty())
        if (auto ended = end_family(); !ended) return ended;
    error_line_ = line;
    const Object body = json::body_of(record);
    if (!kind->parent.empty()) return check_child(record, body);
    const auto check = std::find_if(std::begin(record_checks), std::end(record_checks),
                                    [&](const RecordCheck& one) { return one.kind == record.kind; });
    if (check != std::end(record_checks))
        if (auto valid = check->check(body); !valid) return valid;
    if (record.kind == "workflow")
        family_ = Family{record.kind, member_text(body, "workflow_id"), line};
    else if (record.kind == "automation")
        family_ = Family{record.kind, member_text(body, "automation_id"), line};
    return {};
}

Result<void> ImportChecks::check_child(const StoreRecord& record, const Object& body) {
    const RecordKind* kind = find_record_kind(record.kind);
    const std::string& reference = kind->members.front().name;
    if (!family_ || family_->kind != kind->parent || member_text(body, reference) != family_->id)
        return bad_request("A " + record.kind + " stands behind its " + kind->parent, reference);
    if (record.kind == "automation_graph") {
        family_->has_graph = true;
        return check_graph_members(body);
    }
    if (record.kind == "workflow_node") {
        auto node = parse_workflow_node(Value(body));
        if (!node) return node.error();
        if (family_->nodes.size() == workflow::most_nodes) return bad_request("The workflow has too many nodes", {});
        if (auto valid = workflow::check_node(*node, ""); !valid) return valid;
        family_->nodes.push_back(*std::move(node));
    } else {
        auto edge = parse_workflow_edge(Value(body));
        if (!edge) return edge.error();
        if (family_->edges.size() == workflow::most_edges) return bad_request("The workflow has too many edges", {});
        family_->edges.push_back(*std::move(edge));
    }
    return {};
}

Result<void> ImportChecks::end_family() {
    const auto family = std::exchange(family_, std::nullopt);
    if (!family) return {};
    error_line_ = family->line;
    if (family->kind == "automation")
        return family->has_graph ? Result<void>()
                                 : bad_request("No automation_graph stands behind it", "automation_id");
    return without_value(workflow::check_workflow(family->nodes, family->edges, workflow::Completeness::later));
}

Result<void> ImportChecks::finish() {
    return end_family();
}

}  // namespace meter
