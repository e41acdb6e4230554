#include "nodes/builtin.hpp"

#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::nodes {

std::vector<NodeType> builtin_types(const NodeOptions& options) {
    return {manual_trigger_type(),      schedule_trigger_type(), webhook_trigger_type(),
            http_request_type(options), webhook_type(),          filter_type(),
            merge_type(options),        transform_type(options), file_source_type(options),
            file_sink_type(options)};
}

Value literal(std::string_view json) {
    return parse_json(json).value();
}

Error config_error(std::string_view member, std::string_view expected) {
    std::string path = "config." + std::string(member);
    std::string message = path + " " + std::string(expected);
    return {ErrorCode::invalid_argument, std::move(message), std::move(path)};
}

Error cancelled_error() {
    return {ErrorCode::cancelled, "Cancelled"};
}

std::string config_text(const Value& config, std::string_view member) {
    const Value* value = config.find(member);
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

Result<std::string> fill_placeholders(std::string_view text,
                                      const std::function<std::optional<std::string>(std::string_view)>& value_of) {
    std::string out;
    for (;;) {
        const auto begin = text.find("{{");
        out.append(text.substr(0, begin));
        if (begin == text.npos) return out;
        const auto end = text.find("}}", begin);
        if (end == text.npos) return Error{ErrorCode::invalid_argument, "has \"{{\" without \"}}\""};
        const std::string_view name = core::trim(text.substr(begin + 2, end - begin - 2));
        const auto value = value_of(name);
        if (!value)
            return Error{ErrorCode::invalid_argument, "has the unknown placeholder {{" + std::string(name) + "}}"};
        out.append(*value);
        text.remove_prefix(end + 2);
    }
}

Result<std::string> fill_execution(std::string_view text, const NodeContext& context, std::string_view member) {
    auto filled = fill_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
        if (name == "executionId") return context.execution_id;
        if (name == "date") return format_time(context.started_at).substr(0, 10);
        return std::nullopt;
    });
    if (!filled) return config_error(member, filled.error().message);
    return filled;
}

Result<void> check_placeholders(std::string_view text, std::string_view member) {
    auto filled = fill_placeholders(text, [&](std::string_view name) {
        return name == "executionId" || name == "date" ? std::optional<std::string>("") : std::nullopt;
    });
    if (!filled) return config_error(member, filled.error().message);
    return {};
}

Result<void> each_item(ItemSource& in, const NodeContext& context, const std::function<Result<void>(Value)>& take) {
    for (;;) {
        if (context.stop.stop_requested()) return cancelled_error();
        auto item = in.next();
        if (!item) return item.error();
        if (!*item) return {};
        if (auto taken = take(**std::move(item)); !taken) return taken;
    }
}

}  // namespace meter::nodes
