// postgres-source and postgres-sink, on libpq.
#include <charconv>
#include <map>

#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "nodes/postgres_link.hpp"
#include "nodes/sql.hpp"

namespace meter::nodes {
namespace {

// Numbers of types in every PostgreSQL (pg_type.dat); the server's headers are not needed for a client.
constexpr Oid postgres_bool = 16, postgres_bytea = 17, postgres_int8 = 20, postgres_int2 = 21, postgres_int4 = 23,
              postgres_json = 114, postgres_float4 = 700, postgres_float8 = 701, postgres_timestamp = 1114,
              postgres_timestamptz = 1184, postgres_jsonb = 3802;

constexpr std::size_t postgres_pipeline_rows = 200;
constexpr std::size_t postgres_pipeline_bytes = 1u << 20;
constexpr std::size_t postgres_most_statements = 64;

int postgres_hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

std::string postgres_bytes(std::string_view hex) {
    std::string bytes;
    if (hex.starts_with("\\x")) hex.remove_prefix(2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<char>(postgres_hex_digit(hex[i]) * 16 + postgres_hex_digit(hex[i + 1])));
    return bytes;
}

/// Decimals stay texts, digit for digit; so do not-a-number and infinity, which JSON has no form for.
Value postgres_number(std::string_view text) {
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size() || text.find_first_of("nN") != text.npos)
        return std::string(text);
    return number;
}

Value postgres_integer(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Value postgres_value(std::string_view text, Oid type) {
    switch (type) {
        case postgres_bool:
            return text == "t";
        case postgres_int2:
        case postgres_int4:
        case postgres_int8:
            return postgres_integer(text);
        case postgres_float4:
        case postgres_float8:
            return postgres_number(text);
        case postgres_bytea:
            return bytes_value(postgres_bytes(text));
        case postgres_timestamp:
        case postgres_timestamptz:
            return time_from_sql(std::string(text), type == postgres_timestamptz);
        case postgres_json:
        case postgres_jsonb:
            if (auto parsed = parse_json(text)) return *std::move(parsed);
            return core::sanitize_utf8(text);
        default:
            return core::sanitize_utf8(text);
    }
}

Result<Value> postgres_item(const PGresult* result, int row, std::size_t longest) {
    Object item;
    std::size_t bytes = 0;
    for (int i = 0; i < PQnfields(result); ++i) {
        const std::string name = core::sanitize_utf8(PQfname(result, i));
        if (item.contains(name)) return config_error("query", "gives two columns the name " + name);
        if (PQgetisnull(result, row, i) != 0) {
            item.append(name, nullptr);
            continue;
        }
        const std::string_view text(PQgetvalue(result, row, i), static_cast<std::size_t>(PQgetlength(result, row, i)));
        bytes += text.size();
        if (bytes > longest)
            return Error{ErrorCode::too_large,
                         "PostgreSQL: a row is longer than " + std::to_string(longest) + " bytes"};
        item.append(name, postgres_value(text, PQftype(result, i)));
    }
    return Value(std::move(item));
}

Result<void> postgres_read(const NodeOptions& options, const NodeContext& context, const Connection& connection,
                           const SqlSource& source, const std::function<Result<void>(Value)>& emit) {
    auto link = PostgresLink::open(connection, options.connect_timeout, context.stop);
    if (!link) return link.error();
    if (auto ok = link->execute("BEGIN READ ONLY", ErrorCode::network, {}); !ok) return ok;
    const PostgresParameters parameters(source.parameters);
    if (parameters.has_nul()) return config_error("parameters", "must not have a NUL character");
    // The extended protocol: one statement, and values that are never part of its text.
    if (PQsendQueryParams(link->get(), source.query.c_str(), parameters.count(), nullptr, parameters.data(), nullptr,
                          nullptr, 0) == 0 ||
        PQsetSingleRowMode(link->get()) == 0)
        return link->lost();
    for (;;) {
        auto result = link->next_result();
        if (!result) return result.error();
        if (!*result) return {};
        const auto status = PQresultStatus(result->get());
        if (status == PGRES_COMMAND_OK) return config_error("query", "must only read");
        if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
            return PostgresLink::refused(result->get(), ErrorCode::invalid_argument, "config.query");
        for (int row = 0; row < PQntuples(result->get()); ++row) {
            auto item = postgres_item(result->get(), row, options.max_record_bytes);
            if (!item) return item.error();
            if (auto taken = emit(*std::move(item)); !taken) return taken;
        }
    }
}

/// Rows go out without waiting for the answer to each (pipeline mode), which is looked at every some hundred rows.
class PostgresTable final : public SqlTable {
public:
    PostgresTable(PostgresLink link, SqlSink sink) : link_(std::move(link)), sink_(std::move(sink)) {}

    Result<void> begin() {
        if (auto begun = link_.execute("BEGIN", ErrorCode::network, {}); !begun) return begun;
        if (sink_.mode == SqlMode::replace)
            if (auto emptied = link_.execute("DELETE FROM " + sql_table(SqlDialect::postgres, sink_),
                                             ErrorCode::invalid_argument, "config.table");
                !emptied)
                return emptied;
        if (PQenterPipelineMode(link_.get()) == 0) return link_.lost();
        return {};
    }

    Result<void> write(SqlRow row) override {
        ++number_;
        const PostgresParameters parameters(row.values);
        if (parameters.has_nul())
            return Error{ErrorCode::unprocessable, "Item " + std::to_string(number_) +
                                                       " has a NUL character, which PostgreSQL's texts cannot have"};
        if (auto sent = send(row, parameters); !sent) return sent;
        waiting_.push_back(number_);
        waiting_bytes_ += parameters.bytes();
        if (waiting_.size() < postgres_pipeline_rows && waiting_bytes_ < postgres_pipeline_bytes) return {};
        return drain();
    }

    Result<void> commit() override {
        if (auto drained = drain(); !drained) return drained;
        if (PQexitPipelineMode(link_.get()) == 0) return link_.lost();
        return link_.execute("COMMIT", ErrorCode::unprocessable, {});
    }

private:
    /// A statement for each list of columns, prepared at its first row.
    Result<void> send(const SqlRow& row, const PostgresParameters& parameters) {
        const auto known = statements_.find(row.columns);
        std::string name;
        if (known != statements_.end()) {
            name = known->second;
        } else {
            if (statements_.size() < postgres_most_statements) {
                name = "meter_" + std::to_string(statements_.size());
                statements_.emplace(row.columns, name);
            }
            const std::string sql = insert_sql(SqlDialect::postgres, sink_, row.columns, 1);
            if (name.empty()) {
                const int sent = PQsendQueryParams(link_.get(), sql.c_str(), parameters.count(), nullptr,
                                                   parameters.data(), nullptr, nullptr, 0);
                return sent != 0 ? Result<void>() : link_.lost();
            }
            if (PQsendPrepare(link_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 0) return link_.lost();
            waiting_.push_back(number_);
        }
        const int sent =
            PQsendQueryPrepared(link_.get(), name.c_str(), parameters.count(), parameters.data(), nullptr, nullptr, 0);
        return sent != 0 ? Result<void>() : link_.lost();
    }

    /// Looks at the answers of everything sent. The first that is a refusal is the error.
    Result<void> drain() {
        if (PQpipelineSync(link_.get()) == 0) return link_.lost();
        Result<void> outcome;
        for (const std::int64_t number : waiting_)
            for (;;) {
                auto result = link_.next_result();
                if (!result) return result.error();
                if (!*result) break;
                if (PQresultStatus(result->get()) != PGRES_FATAL_ERROR || !outcome) continue;
                Error error = PostgresLink::refused(result->get(), ErrorCode::unprocessable, {});
                error.message = "Item " + std::to_string(number) + ": " + error.message;
                outcome = error;
            }
        waiting_.clear();
        waiting_bytes_ = 0;
        auto end = link_.next_result();  // PGRES_PIPELINE_SYNC
        if (!end) return end.error();
        return outcome;
    }

    PostgresLink link_;
    const SqlSink sink_;
    std::map<std::vector<std::string>, std::string> statements_;
    std::vector<std::int64_t> waiting_;  // items whose answers have not been looked at
    std::size_t waiting_bytes_ = 0;
    std::int64_t number_ = 0;
};

Result<std::unique_ptr<SqlTable>> postgres_open(const NodeOptions& options, const NodeContext& context,
                                                const Connection& connection, const SqlSink& sink) {
    auto link = PostgresLink::open(connection, options.connect_timeout, context.stop);
    if (!link) return link.error();
    auto table = std::make_unique<PostgresTable>(*std::move(link), sink);
    if (auto begun = table->begin(); !begun) return begun.error();
    return std::unique_ptr<SqlTable>(std::move(table));
}

}  // namespace

SqlRead postgres_reader(const NodeOptions& options) {
    return [options](const auto&... arguments) { return postgres_read(options, arguments...); };
}

SqlOpen postgres_writer(const NodeOptions& options) {
    return [options](const auto&... arguments) { return postgres_open(options, arguments...); };
}

}  // namespace meter::nodes
