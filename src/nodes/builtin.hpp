// The built-in node types, one function each; what they share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/node.hpp"

namespace meter::nodes {

/// All of them, for NodeRegistry::with_builtins().
std::vector<NodeType> builtin_types(const NodeOptions& options);

NodeType manual_trigger_type();
NodeType schedule_trigger_type();
NodeType webhook_trigger_type();
NodeType http_request_type(const NodeOptions& options);
NodeType webhook_type();
NodeType filter_type();
NodeType merge_type(const NodeOptions& options);
NodeType transform_type(const NodeOptions& options);
NodeType file_source_type(const NodeOptions& options);
NodeType file_sink_type(const NodeOptions& options);
NodeType s3_source_type(const NodeOptions& options);
NodeType s3_sink_type(const NodeOptions& options);

/// The port every type but filter has only.
inline constexpr std::string_view output_port = "output";

/// A schema or config written as JSON in the source; throws on malformed text, so only for literals.
Value literal(std::string_view json);

/// Error of a config member: "config.<member> <expected>".
Error config_error(std::string_view member, std::string_view expected);
Error cancelled_error();

/// A text member of a config; empty when absent.
std::string config_text(const Value& config, std::string_view member);

/// Replaces {{name}} by what `value_of` gives for each name (white space around it does not count).
/// Errors: invalid_argument for a name that has no value and for "{{" without end.
Result<std::string> fill_placeholders(std::string_view text,
                                      const std::function<std::optional<std::string>(std::string_view)>& value_of);

/// {{executionId}} and {{date}} of this execution ("2025-01-15", UTC). Errors: invalid_argument about `member`.
Result<std::string> fill_execution(std::string_view text, const NodeContext& context, std::string_view member);

/// The same names, before there is an execution. Errors: invalid_argument about `member`.
Result<void> check_placeholders(std::string_view text, std::string_view member);

/// Pushes every item on as it is; for sinks whose work is done by then. Errors: those of both ends, cancelled.
Result<void> each_item(ItemSource& in, const NodeContext& context, const std::function<Result<void>(Value)>& take);

}  // namespace meter::nodes
