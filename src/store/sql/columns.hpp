// Stored forms: how columns become C++ values. Enumerators are stored by
// their wire names, lists and objects as JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/change.hpp"
#include "meter/extract.hpp"
#include "meter/job.hpp"
#include "meter/value.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// JSON array text of a list of texts.
std::string stored_list(const std::vector<std::string>& texts);

/// Reads the columns of a row from left to right. A stored form that nobody wrote throws Exception (store).
class Columns {
public:
    explicit Columns(const Row& row) noexcept : row_(row) {}

    std::string text() { return std::string(row_.text(next_++)); }
    std::int64_t integer() { return row_.integer(next_++); }
    bool boolean() { return integer() != 0; }
    TimePoint time() { return TimePoint{std::chrono::milliseconds{integer()}}; }
    std::optional<std::string> optional_text() { return skip_null() ? std::nullopt : std::optional(text()); }
    std::optional<std::int64_t> optional_integer() { return skip_null() ? std::nullopt : std::optional(integer()); }
    std::optional<bool> optional_boolean() { return skip_null() ? std::nullopt : std::optional(boolean()); }
    std::optional<TimePoint> optional_time() { return skip_null() ? std::nullopt : std::optional(time()); }
    std::vector<std::string> list();  ///< stored_list()
    std::optional<std::vector<std::string>> optional_list() {
        return skip_null() ? std::nullopt : std::optional(list());
    }
    Value json();
    JobStatus job_status();
    std::optional<Outcome> optional_outcome();
    ScraperType scraper_type();

private:
    bool skip_null() {
        if (!row_.is_null(next_)) return false;
        ++next_;
        return true;
    }

    const Row& row_;
    int next_ = 0;
};

/// Checks a part of a list. Errors: invalid_argument.
Result<void> validate(const ListRange& range);

/// The only row of an answer, if there is one.
template <class T, class Read>
std::optional<T> find_row(Connection& connection, std::string_view sql, std::initializer_list<Param> params,
                          Read&& read) {
    std::optional<T> found;
    connection.run(sql, params, [&](const Row& row) {
        Columns columns(row);
        found.emplace(read(columns));
    });
    return found;
}

/// find_row() as an operation of its own.
template <class T, class Read>
Result<std::optional<T>> look_up(Database& database, std::string_view operation, std::string_view sql,
                                 std::initializer_list<Param> params, Read&& read) {
    std::optional<T> found;
    const auto done = database.run_select(operation, [&](Connection& connection) -> Result<void> {
        found = find_row<T>(connection, sql, params, read);
        return {};
    });
    if (!done) return done.error();
    return found;
}

}  // namespace meter::sql
