#include "nodes/builtin.hpp"

#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "nodes/sql.hpp"

namespace meter::nodes {

namespace {

[[maybe_unused]] NodeType without(NodeType type, std::string why) {
    type.missing = std::move(why);
    return type;
}

NodeType sqlite_source_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_SQLITE
    return sql_source_type("sqlite", "SQLite", sqlite_reader(options));
#else
    return without(sql_source_type("sqlite", "SQLite", {}), "built without SQLite (METER_WITH_SQLITE)");
#endif
}

NodeType sqlite_sink_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_SQLITE
    return sql_sink_type("sqlite", "SQLite", sqlite_writer(options));
#else
    return without(sql_sink_type("sqlite", "SQLite", {}), "built without SQLite (METER_WITH_SQLITE)");
#endif
}

NodeType postgres_source_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_POSTGRES
    return sql_source_type("postgres", "PostgreSQL", postgres_reader(options));
#else
    return without(sql_source_type("postgres", "PostgreSQL", {}), "built without libpq (METER_WITH_POSTGRES)");
#endif
}

NodeType postgres_sink_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_POSTGRES
    return sql_sink_type("postgres", "PostgreSQL", postgres_writer(options));
#else
    return without(sql_sink_type("postgres", "PostgreSQL", {}), "built without libpq (METER_WITH_POSTGRES)");
#endif
}

NodeType mysql_source_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_MYSQL
    return sql_source_type("mysql", "MySQL", mysql_reader(options));
#else
    return without(sql_source_type("mysql", "MySQL", {}), "built without libmariadb (METER_WITH_MYSQL)");
#endif
}

NodeType mysql_sink_type([[maybe_unused]] const NodeOptions& options) {
#if METER_WITH_MYSQL
    return sql_sink_type("mysql", "MySQL", mysql_writer(options));
#else
    return without(sql_sink_type("mysql", "MySQL", {}), "built without libmariadb (METER_WITH_MYSQL)");
#endif
}

}  // namespace

std::vector<NodeType> builtin_types(const NodeOptions& options) {
    return {
        manual_trigger_type(),
        schedule_trigger_type(),
        webhook_trigger_type(),
        http_request_type(options),
        webhook_type(),
        filter_type(),
        merge_type(options),
        transform_type(options),
        file_source_type(options),
        file_sink_type(options),
        s3_source_type(options),
        s3_sink_type(options),
        sqlite_source_type(options),
        sqlite_sink_type(options),
        postgres_source_type(options),
        postgres_sink_type(options),
        mysql_source_type(options),
        mysql_sink_type(options),
    };
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
