#include "engine/automation_templates.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "meter/json.hpp"
#include "meter/webhook.hpp"

namespace meter {
namespace {

constexpr TimePoint templates_made_at{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
constexpr int template_node_distance = 240;  // in an editor

/// Nodes are connected in their order where `connections` is empty.
struct TemplateText {
    std::string_view id, name, description, tag, nodes, connections;
};

constexpr std::array<TemplateText, 6> template_texts{{
    {"wf_tmpl_listToDetails", "List to details",
     "Reads a list of a JSON API, fetches the details of each entry and keeps them as a JSONL file. Connection: site "
     "(http). The list is list.json with items[].id, the details are details/<id>.json.",
     "http",
     R"json([
        {"id": "start", "nodeId": "manual-trigger", "label": "Start"},
        {"id": "list", "nodeId": "http-request", "label": "List",
         "config": {"connection": "site", "url": "list.json", "itemsPath": "items"}},
        {"id": "once", "nodeId": "merge", "label": "Each once", "config": {"dedupeField": "id"}},
        {"id": "details", "nodeId": "http-request", "label": "Details",
         "config": {"connection": "site", "url": "details/{{item.id}}.json", "itemsPath": ""}},
        {"id": "save", "nodeId": "file-sink", "label": "Save", "config": {"path": "details-{{date}}.jsonl"}}])json",
     ""},
    {"wf_tmpl_priceWatch", "Price watch",
     "Looks at prices every hour, keeps them all and tells when one is below 20. Connections: site (http), database "
     "(sqlite, table prices(sku, name, price, seen)), alerts (http, receives POST). Prices are prices.json with "
     "items[].sku, name and price.",
     "monitoring",
     R"json([
        {"id": "hourly", "nodeId": "schedule-trigger", "label": "Every hour",
         "config": {"cronExpression": "0 * * * *", "timezone": "UTC"}},
        {"id": "prices", "nodeId": "http-request", "label": "Prices",
         "config": {"connection": "site", "url": "prices.json", "itemsPath": "items"}},
        {"id": "row", "nodeId": "transform", "label": "Row",
         "config": {"program": "{sku, name, price: (.price | tonumber), seen: (now | todate)}"}},
        {"id": "keep", "nodeId": "sqlite-sink", "label": "Keep",
         "config": {"connection": "database", "table": "prices", "mode": "append"}},
        {"id": "cheap", "nodeId": "filter", "label": "Cheap",
         "config": {"mode": "all", "conditions": [{"field": "price", "operator": "lt", "value": 20}]}},
        {"id": "tell", "nodeId": "http-request", "label": "Tell",
         "config": {"connection": "alerts", "method": "POST", "url": "?source=price-watch",
                    "body": {"text": "{{item.name}} costs {{item.price}}"}}}])json",
     R"json([
        {"sourceNodeId": "hourly", "targetNodeId": "prices"},
        {"sourceNodeId": "prices", "targetNodeId": "row"},
        {"sourceNodeId": "row", "targetNodeId": "keep"},
        {"sourceNodeId": "row", "targetNodeId": "cheap"},
        {"sourceNodeId": "cheap", "targetNodeId": "tell"}])json"},
    {"wf_tmpl_sitemapSync", "Sitemap sync",
     "Keeps a table of the pages in a sitemap, every night. Connections: site (http, with sitemap.xml), database "
     "(sqlite, table pages(url UNIQUE)).",
     "monitoring",
     R"json([
        {"id": "nightly", "nodeId": "schedule-trigger", "label": "Every night",
         "config": {"cronExpression": "0 3 * * *", "timezone": "UTC"}},
        {"id": "sitemap", "nodeId": "http-request", "label": "Sitemap",
         "config": {"connection": "site", "url": "sitemap.xml"}},
        {"id": "pages", "nodeId": "transform", "label": "Pages",
         "config": {"program": ".body | scan(\"<loc>\\\\s*([^<]*[^<\\\\s])\\\\s*</loc>\") | {url: (.[0] | gsub(\"&amp;\"; \"&\"))}"}},
        {"id": "keep", "nodeId": "sqlite-sink", "label": "Keep",
         "config": {"connection": "database", "table": "pages", "mode": "upsert", "key": "url"}}])json",
     ""},
    {"wf_tmpl_mysqlToS3", "MySQL to S3",
     "Daily ETL Pipeline: extracts data from MySQL, transforms, loads to S3. Connections: shop (mysql, table orders), "
     "lake (s3, bucket exports).",
     "etl",
     R"json([
        {"id": "nightly", "nodeId": "schedule-trigger", "label": "Every night",
         "config": {"cronExpression": "0 2 * * *", "timezone": "UTC"}},
        {"id": "extract", "nodeId": "mysql-source", "label": "Extract",
         "config": {"connection": "shop", "query": "SELECT * FROM orders ORDER BY id"}},
        {"id": "transform", "nodeId": "transform", "label": "Transform",
         "config": {"program": "with_entries(select(.value != null))"}},
        {"id": "load", "nodeId": "s3-sink", "label": "Load",
         "config": {"connection": "lake", "bucket": "exports", "key": "orders/{{date}}.jsonl", "format": "jsonl"}}])json",
     ""},
    {"wf_tmpl_webhookToDatabase", "Webhook to database",
     "Keeps every event that is posted to its hook. Connection: database (sqlite, table events(received, "
     "body)). The secret of a copy is made with it.",
     "webhook",
     R"json([
        {"id": "hook", "nodeId": "webhook-trigger", "label": "Webhook", "config": {}},
        {"id": "row", "nodeId": "transform", "label": "Row",
         "config": {"program": "{received: (now | todate), body: tojson}"}},
        {"id": "keep", "nodeId": "sqlite-sink", "label": "Keep",
         "config": {"connection": "database", "table": "events", "mode": "append"}}])json",
     ""},
    {"wf_tmpl_apiToCsv", "API to CSV",
     "Writes what an API lists into a CSV file, one for each day. Connection: api (http). The list is items with "
     "data[].",
     "http",
     R"json([
        {"id": "start", "nodeId": "manual-trigger", "label": "Start"},
        {"id": "items", "nodeId": "http-request", "label": "Items",
         "config": {"connection": "api", "url": "items", "itemsPath": "data"}},
        {"id": "save", "nodeId": "file-sink", "label": "Save", "config": {"path": "items-{{date}}.csv", "format": "csv"}}])json",
     ""},
}};

Automation make_template(const TemplateText& text) {
    Value nodes = parse_json(text.nodes).value();
    Value::Array chain;
    int place = 0;
    std::string before;
    for (Value& node : *nodes.if_array()) {
        node.if_object()->set("position", Object{{"x", place++ * template_node_distance}, {"y", 0}});
        if (node.find("config") == nullptr) node.if_object()->set("config", Object{});
        const std::string id = *node.find("id")->if_string();
        if (!before.empty()) chain.emplace_back(Object{{"sourceNodeId", before}, {"targetNodeId", id}});
        before = id;
    }
    Automation made;
    made.automation_id = text.id;
    made.owner_id = "system";
    made.organization_id = "system";
    made.name = text.name;
    made.description = text.description;
    made.tags = {"template", std::string(text.tag)};
    made.is_public = true;
    made.is_template = true;
    made.graph.nodes = to_json(nodes);
    made.graph.connections =
        text.connections.empty() ? to_json(Value(std::move(chain))) : to_json(parse_json(text.connections).value());
    made.created_at = made.updated_at = templates_made_at;
    return made;
}

}  // namespace

const std::vector<Automation>& builtin_templates() {
    static const std::vector<Automation> templates = [] {
        std::vector<Automation> made;
        for (const TemplateText& text : template_texts) made.push_back(make_template(text));
        return made;
    }();
    return templates;
}

const Automation* find_builtin_template(std::string_view automation_id) noexcept {
    if (!automation_id.starts_with("wf_tmpl_")) return nullptr;
    for (const Automation& one : builtin_templates())
        if (one.automation_id == automation_id) return &one;
    return nullptr;
}

AutomationGraph graph_for_copy(const AutomationGraph& graph) {
    AutomationGraph copy = graph;
    Value nodes = parse_json(graph.nodes).value();
    for (Value& node : *nodes.if_array())
        if (*node.find("nodeId")->if_string() == "webhook-trigger")
            node.if_object()->find("config")->if_object()->set("secret", new_webhook_secret());
    copy.nodes = to_json(nodes);
    return copy;
}

}  // namespace meter
