#include "nodes/postgres_link.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "json/number_text.hpp"

namespace meter::nodes {
namespace {

constexpr int postgres_poll_ms = 50;

/// The first line, which has the message; the rest may repeat the statement.
std::string postgres_words(const char* message) {
    const std::string text = core::sanitize_utf8(message != nullptr ? message : "");
    return std::string(core::trim(std::string_view(text).substr(0, text.find('\n'))));
}

std::string postgres_text(const SqlValue& value) {
    struct Text {
        std::string operator()(std::nullptr_t) const { return {}; }
        std::string operator()(bool truth) const { return truth ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const {
            std::string text;
            json::append_number(text, number);
            return text;
        }
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(const SqlBytes& data) const { return "\\x" + core::to_hex(data.bytes); }
    };
    return std::visit(Text{}, value);
}

}  // namespace

PostgresParameters::PostgresParameters(const std::vector<SqlValue>& values) {
    texts_.reserve(values.size());
    for (const SqlValue& value : values) {
        texts_.push_back(postgres_text(value));
        pointers_.push_back(std::holds_alternative<std::nullptr_t>(value) ? nullptr : texts_.back().c_str());
        bytes_ += texts_.back().size();
        has_nul_ = has_nul_ || texts_.back().find('\0') != std::string::npos;
    }
}

Result<PostgresLink> PostgresLink::open(const Connection& connection, std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) {
    const std::string host(connection.text("host")), database(connection.text("database"));
    const std::string user(connection.text("user")), password(connection.text("password"));
    const std::string sslmode(connection.text("sslmode")), ca_file(connection.text("ca_file"));
    const std::string port = std::to_string(connection.integer("port", 5432));
    std::vector<const char*> names, values;
    const auto add = [&](const char* name, const char* value) {
        if (*value == '\0') return;
        names.push_back(name);
        values.push_back(value);
    };
    add("host", host.c_str());
    add("port", port.c_str());
    add("dbname", database.c_str());
    add("user", user.c_str());
    add("password", password.c_str());
    add("passfile", "/nonexistent/pgpass");  // credentials come from the connection alone
    add("sslmode", sslmode.c_str());
    add("sslrootcert", ca_file.c_str());
    add("client_encoding", "UTF8");
    add("application_name", "libmeter");
    names.push_back(nullptr);
    values.push_back(nullptr);

    PostgresLink link(PQconnectStartParams(names.data(), values.data(), 0), stop);
    if (!link.connection_) return Error{ErrorCode::internal, "PostgreSQL: out of memory"};
    PQsetNoticeProcessor(
        link.get(), [](void*, const char*) {}, nullptr);  // they would go to the host's stderr
    if (auto connected = link.connect(timeout); !connected) return connected.error();
    // Texts of one form, whatever the server's settings are.
    for (const char* const setting : {"SET datestyle = 'ISO'", "SET timezone = 'UTC'", "SET bytea_output = 'hex'",
                                      "SET extra_float_digits = 3", "SET standard_conforming_strings = on"})
        if (auto ok = link.execute(setting, ErrorCode::network, {}); !ok) return ok.error();
    // From version 14 on a server can notice that its client has gone while a query runs.
    if (PQserverVersion(link.get()) >= 140'000)
        if (auto ok = link.execute("SET client_connection_check_interval = '1s'", ErrorCode::network, {}); !ok)
            return ok.error();
    return link;
}

Result<void> PostgresLink::wait(bool to_write, std::chrono::milliseconds& left) {
    for (;;) {
        if (stop_.stop_requested()) return cancelled_error();
        if (PQsocket(get()) < 0) return lost();
        pollfd entry{PQsocket(get()), static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
        const int ready = ::poll(&entry, 1, postgres_poll_ms);
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return lost();
        if (left.count() == 0) continue;  // no limit
        left -= std::min(left, std::chrono::milliseconds(postgres_poll_ms));
        if (left.count() == 0)
            return Error{ErrorCode::timeout, "PostgreSQL: the server did not answer in time", {}, true};
    }
}

Result<void> PostgresLink::connect(std::chrono::milliseconds timeout) {
    auto left = timeout;
    for (auto state = PGRES_POLLING_WRITING;;) {
        if (PQstatus(get()) == CONNECTION_BAD || state == PGRES_POLLING_FAILED)
            return Error{ErrorCode::network, "PostgreSQL: " + postgres_words(PQerrorMessage(get())), {}, true};
        if (state == PGRES_POLLING_OK) break;
        if (auto ready = wait(state == PGRES_POLLING_WRITING, left); !ready) return ready;
        state = PQconnectPoll(get());
    }
    if (PQsetnonblocking(get(), 1) != 0) return lost();
    return {};
}

Result<PostgresResult> PostgresLink::next_result() {
    std::chrono::milliseconds no_limit{0};
    for (;;) {
        const int unsent = PQflush(get());
        if (unsent < 0) return lost();
        if (PQisBusy(get()) == 0) return PostgresResult(PQgetResult(get()));
        if (auto ready = wait(unsent > 0, no_limit); !ready) return ready.error();
        if (PQconsumeInput(get()) == 0) return lost();
    }
}

Result<void> PostgresLink::execute(const std::string& sql, ErrorCode code, const std::string& subject) {
    if (PQsendQuery(get(), sql.c_str()) == 0) return lost();
    Result<void> outcome;
    for (;;) {
        auto result = next_result();
        if (!result) return result.error();
        if (!*result) return outcome;
        if (PQresultStatus(result->get()) != PGRES_COMMAND_OK && outcome)
            outcome = refused(result->get(), code, subject);
    }
}

Error PostgresLink::refused(const PGresult* result, ErrorCode code, const std::string& subject) {
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    // Class 40: transaction rollback (a deadlock, a serialization failure); 53: insufficient resources; 57P: shutdown.
    const std::string_view kind = state != nullptr ? state : "";
    const bool retryable = kind.starts_with("40") || kind.starts_with("53") || kind.starts_with("57P");
    return {code, "PostgreSQL: " + postgres_words(words != nullptr ? words : PQresultErrorMessage(result)), subject,
            retryable};
}

Error PostgresLink::lost() const {
    std::string words = postgres_words(PQerrorMessage(get()));
    return {
        ErrorCode::network, "PostgreSQL: " + (words.empty() ? "the connection was lost" : std::move(words)), {}, true};
}

}  // namespace meter::nodes
