// A narrow view of an SQL database: what the stores need and every driver can give.
//
// Statements are written once, in what SQLite and PostgreSQL both understand: parameters are $1, $2, ...; a Dialect
// holds the few words that differ. A statement that fails throws (the driver's exception, or meter::Exception from the
// code around it); Database::read() and write() are where every exception ends and becomes an Error.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter::sql {

/// What the back ends spell differently.
struct Dialect {
    std::string_view blob_type;   ///< column type of raw bytes
    std::string_view claim_lock;  ///< after the SELECT of a row that is taken: skip what another claim has locked
};

/// Raw bytes as a parameter, where text would have to be valid UTF-8.
struct Blob {
    std::string_view bytes;
};

/// A typed parameter. Text and bytes are views: they must outlive the call.
class Param {
public:
    using Content = std::variant<std::nullptr_t, std::int64_t, std::string_view, Blob>;

    Param(std::nullptr_t) noexcept : content_(nullptr) {}
    Param(std::integral auto value) noexcept : content_(static_cast<std::int64_t>(value)) {}
    Param(TimePoint time) noexcept : content_(static_cast<std::int64_t>(time.time_since_epoch().count())) {}
    Param(std::string_view text) noexcept : content_(text) {}
    Param(const std::string& text) noexcept : content_(std::string_view(text)) {}
    Param(const char* text) noexcept : content_(std::string_view(text)) {}
    Param(Blob blob) noexcept : content_(blob) {}
    template <class T>
    Param(const std::optional<T>& value) noexcept : content_(nullptr) {
        if (value) *this = Param(*value);
    }

    const Content& content() const noexcept { return content_; }

private:
    Content content_;
};

/// One row of an answer; valid inside the callback only.
class Row {
public:
    virtual ~Row();
    virtual bool is_null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual std::string_view text(int column) const = 0;  ///< bytes too; empty for NULL
};

/// Receives the rows of an answer one by one. It must not use the connection.
using RowReader = std::function<void(const Row&)>;

/// One session with the database. Threads: one at a time.
class Connection {
public:
    virtual ~Connection();

    virtual const Dialect& dialect() const noexcept = 0;
    virtual bool has_table(std::string_view name) = 0;
    /// Runs several statements without parameters.
    virtual void script(const std::string& sql) = 0;
    /// Runs one statement, prepared on first use and kept; the number of rows it changed (of no meaning for a SELECT).
    virtual std::int64_t execute(std::string_view sql, std::span<const Param> params, const RowReader& on_row) = 0;

    std::int64_t run(std::string_view sql, std::initializer_list<Param> params = {}, const RowReader& on_row = {}) {
        return execute(sql, {params.begin(), params.size()}, on_row);
    }
};

/// A database as the stores use it. Threads: every call from any thread.
class Database {
public:
    /// One transaction. A failure rolls it back. Work may run a second time after it was rolled back, so it must only
    /// set what it sets anew each time.
    using Work = std::function<Result<void>(Connection&)>;

    virtual ~Database();

    virtual const Dialect& dialect() const noexcept = 0;
    /// Sees one state of the database, and may not write. `operation` becomes the subject of the errors.
    virtual Result<void> run_read(std::string_view operation, const Work& work) = 0;
    /// run_read() for work that is one SELECT: it sees one state without a transaction around it.
    virtual Result<void> run_select(std::string_view operation, const Work& work);
    /// Durable when it returns success. Operations named "x.remove", "x.revoke" and "x.drop..." make room: on a full
    /// disk they are given what was kept back for them.
    virtual Result<void> run_write(std::string_view operation, const Work& work) = 0;
    /// Damage that the driver can see; one sentence for each finding.
    virtual Result<std::vector<std::string>> check() = 0;
    /// Store::backup(). Errors: unsupported where there is no file to copy.
    virtual Result<void> back_up(const std::string& target);

    /// read(operation, [&](Connection&) -> Result<T> { ... })
    template <class Fn>
    auto read(std::string_view operation, Fn&& fn) -> std::invoke_result_t<Fn&, Connection&> {
        return with_outcome(fn, [&](const Work& work) { return run_read(operation, work); });
    }
    template <class Fn>
    auto write(std::string_view operation, Fn&& fn) -> std::invoke_result_t<Fn&, Connection&> {
        return with_outcome(fn, [&](const Work& work) { return run_write(operation, work); });
    }

private:
    template <class Fn, class Run>
    static auto with_outcome(Fn& fn, Run&& run) -> std::invoke_result_t<Fn&, Connection&> {
        using Outcome = std::invoke_result_t<Fn&, Connection&>;
        if constexpr (std::is_same_v<Outcome, Result<void>>) {
            return run(std::ref(fn));
        } else {
            std::optional<Outcome> outcome;
            Result<void> done = run([&](Connection& connection) -> Result<void> {
                outcome.emplace(fn(connection));
                if (!*outcome) return outcome->error();
                return {};
            });
            if (!done) return done.error();
            return *std::move(outcome);
        }
    }
};

}  // namespace meter::sql
