#include "core/path.hpp"
#include "meter/json.hpp"
#include "nodes/builtin.hpp"
#include "nodes/distinct.hpp"

namespace meter::nodes {

NodeType merge_type(const NodeOptions& options) {
    NodeType type;
    type.node_id = "merge";
    type.label = "Merge";
    type.description = "Joins everything that arrives; with dedupeField only the first item of each value.";
    type.category = "transform";
    type.config_schema = literal(R"({"type": "object", "properties": {
        "dedupeField": {"type": "string", "maxLength": 500, "description": "Dotted path; items without it all pass"}}})");
    type.run = [most = options.max_distinct](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
        const std::string field = config_text(context.config, "dedupeField");
        DistinctTexts seen;
        return each_item(in, context, [&](Value item) -> Result<void> {
            const Value* value = field.empty() ? nullptr : core::find_path(item, field);
            if (value != nullptr && !value->is_null()) {
                if (!seen.insert(to_json(*value))) return {};
                if (seen.size() > most)
                    return Error{ErrorCode::too_large,
                                 "merge: more than " + std::to_string(most) + " distinct values of " + field};
            }
            return out.push(output_port, std::move(item));
        });
    };
    return type;
}

}  // namespace meter::nodes
