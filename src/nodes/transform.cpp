#include "nodes/builtin.hpp"
#if METER_WITH_JQ
#include "nodes/jq_process.hpp"
#endif

namespace meter::nodes {
namespace {

#if METER_WITH_JQ
class NoItems final : public ItemSource {
public:
    Result<std::optional<Value>> next() override { return std::optional<Value>(); }
};

Result<void> check_transform(const JqLimits& limits, const Value& config) {
    const std::string program = config_text(config, "program");
    if (program.find('\0') != program.npos) return config_error("program", "must not have a NUL character");
    NoItems none;
    return run_jq(program, false, limits, none, [](const Value&) { return Result<void>(); }, {});
}

Result<void> run_transform(JqLimits limits, NodeContext& context, ItemSource& in, ItemSink& out) {
    const Value* slurp = context.config.find("slurp");
    const bool whole = slurp != nullptr && slurp->if_bool() != nullptr && *slurp->if_bool();
    if (whole) limits.max_outputs *= 100;
    const auto emit = [&](Value item) { return out.push(output_port, std::move(item)); };
    return run_jq(config_text(context.config, "program"), whole, limits, in, emit, context.stop);
}
#endif

}  // namespace

NodeType transform_type([[maybe_unused]] const NodeOptions& options) {
    NodeType type;
    type.node_id = "transform";
    type.label = "Transform (jq)";
    type.description =
        "Runs a jq program on each item, or with slurp once on the list of all, and emits what it emits. Numbers "
        "beyond "
        "2^53 lose digits in jq.";
    type.category = "transform";
    type.config_schema = literal(R"({"type": "object", "required": ["program"], "properties": {
        "program": {"type": "string", "minLength": 1, "maxLength": 65536},
        "slurp": {"type": "boolean", "default": false}}})");
    type.default_config = literal(R"({"program": "."})");
#if METER_WITH_JQ
    const JqLimits limits{options.transform_time, options.transform_memory, options.max_outputs,
                          options.max_record_bytes};
    type.check = [limits](const Value& config) { return check_transform(limits, config); };
    type.run = [limits](NodeContext& context, ItemSource& in, ItemSink& out) {
        return run_transform(limits, context, in, out);
    };
#else
    type.missing = "built without libjq (METER_WITH_JQ)";
#endif
    return type;
}

}  // namespace meter::nodes
