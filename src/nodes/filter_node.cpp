#include "meter/filter.hpp"
#include "nodes/builtin.hpp"

namespace meter::nodes {
namespace {

Result<Filter> parse_node_filter(const Value& config) {
    Object definition;
    for (const std::string_view name : {"mode", "conditions"})
        if (const Value* member = config.find(name)) definition.append(std::string(name), *member);
    auto filter = Filter::parse(Value(std::move(definition)));
    if (filter) return filter;
    // The filter calls its configuration by the name that strategies have for it.
    Error error = filter.error();
    for (std::string* text : {&error.message, &error.subject})
        for (auto at = text->find("filter_config"); at != text->npos; at = text->find("filter_config", at + 6))
            text->replace(at, 13, "config");
    return error;
}

}  // namespace

NodeType filter_type() {
    NodeType type;
    type.node_id = "filter";
    type.label = "Filter";
    type.description = "Lets items through that meet the conditions; the others leave by the port \"rejected\".";
    type.category = "transform";
    type.outputs = {{"output", "Passed"}, {"rejected", "Rejected"}};
    type.config_schema = literal(R"({"type": "object", "required": ["conditions"], "properties": {
        "mode": {"type": "string", "enum": ["all", "any"], "default": "all"},
        "conditions": {"type": "array", "maxItems": 100, "items": {"type": "object", "required": ["field", "operator"],
            "properties": {"field": {"type": "string", "minLength": 1},
                "operator": {"type": "string", "enum": ["contains", "not_contains", "equals", "not_equals",
                    "regex_match", "exists", "not_exists", "gt", "lt"]},
                "value": {"type": ["string", "number", "boolean"]}, "case_sensitive": {"type": "boolean"}}}}}})");
    type.default_config = literal(R"({"mode": "all", "conditions": []})");
    type.check = [](const Value& config) -> Result<void> {
        if (auto filter = parse_node_filter(config); !filter) return filter.error();
        return {};
    };
    type.run = [](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
        const auto filter = parse_node_filter(context.config);
        if (!filter) return filter.error();
        return each_item(in, context, [&](Value item) {
            const std::string_view port = filter->matches(item) ? output_port : "rejected";
            return out.push(port, std::move(item));
        });
    };
    return type;
}

}  // namespace meter::nodes
