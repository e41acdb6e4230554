// A connection to PostgreSQL that waits with an eye on the stop token.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "nodes/sql.hpp"

namespace meter::nodes {

struct PostgresFree {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, PostgresFree>;

/// One value as libpq wants it: text, or null.
class PostgresParameters {
public:
    explicit PostgresParameters(const std::vector<SqlValue>& values);

    int count() const noexcept { return static_cast<int>(pointers_.size()); }
    const char* const* data() const noexcept { return pointers_.data(); }
    std::size_t bytes() const noexcept { return bytes_; }
    /// A NUL character, which text in PostgreSQL cannot have.
    bool has_nul() const noexcept { return has_nul_; }

private:
    std::vector<std::string> texts_;
    std::vector<const char*> pointers_;
    std::size_t bytes_ = 0;
    bool has_nul_ = false;
};

class PostgresLink {
public:
    /// Errors: network (also for a refused login), cancelled.
    static Result<PostgresLink> open(const Connection& connection, std::chrono::milliseconds timeout,
                                     const std::stop_token& stop);

    PGconn* get() const noexcept { return connection_.get(); }

    /// Sends what waits and receives until a result is there; null after the last of a statement.
    /// Errors: network, cancelled.
    Result<PostgresResult> next_result();
    /// One statement without rows that are looked at. Errors: `code`, the server's words, about `subject`.
    Result<void> execute(const std::string& sql, ErrorCode code, const std::string& subject);

    /// What the server says against a statement.
    static Error refused(const PGresult* result, ErrorCode code, const std::string& subject);
    Error lost() const;

private:
    PostgresLink(PGconn* connection, std::stop_token stop) : connection_(connection), stop_(std::move(stop)) {}

    Result<void> connect(std::chrono::milliseconds timeout);
    Result<void> wait(bool to_write, std::chrono::milliseconds& left);

    std::unique_ptr<PGconn, PostgresFree> connection_;
    std::stop_token stop_;
};

}  // namespace meter::nodes
