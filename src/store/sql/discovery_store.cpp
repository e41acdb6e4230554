#include "store/sql/discovery_store.hpp"

#include <algorithm>

#include "meter/json.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/job_rows.hpp"
#include "store/sql/schedule_rows.hpp"

namespace meter::sql {
namespace {

constexpr std::string_view discovery_columns =
    "discovery_id, account_id, status, config, total_urls, sample_urls, truncated, error, created_at, started_at, "
    "completed_at, schedule_id";
constexpr std::size_t sampled_urls = 10;
constexpr std::int64_t most_listed_urls = 10'000;
constexpr std::string_view interrupted_text = "Interrupted by server restart";

Exception unreadable_discovery(std::string_view what) {
    return Exception(Error{ErrorCode::store, "A stored discovery cannot be read: " + std::string(what), "discoveries"});
}

Discovery read_discovery(Columns& columns) {
    Discovery discovery;
    discovery.discovery_id = columns.text();
    discovery.account_id = columns.text();
    const auto status = parse_discovery_status(columns.text());
    if (!status) throw unreadable_discovery("status");
    discovery.status = *status;
    auto request = parse_discovery_request(Object{{"discovery", columns.json()}});
    if (!request) throw unreadable_discovery(request.error().message);
    discovery.request = *std::move(request);
    discovery.total_urls = columns.integer();
    discovery.sample_urls = columns.list();
    discovery.truncated = columns.boolean();
    discovery.error = columns.optional_text();
    discovery.created_at = columns.time();
    discovery.started_at = columns.optional_time();
    discovery.completed_at = columns.optional_time();
    discovery.schedule_id = columns.optional_text();
    return discovery;
}

DiscoveryState read_state(Connection& connection, const Discovery& discovery) {
    DiscoveryState state;
    state.truncated = discovery.truncated;
    connection.run("SELECT url, depth, redirects, done FROM discovery_pages WHERE discovery_id = $1 ORDER BY position",
                   {discovery.discovery_id}, [&](const Row& row) {
                       Columns columns(row);
                       auto url = columns.text();
                       const auto depth = columns.integer();
                       const auto redirects = columns.integer();
                       if (columns.boolean())
                           state.read.push_back(std::move(url));
                       else
                           state.waiting.push_back({std::move(url), depth, redirects});
                   });
    // What a redirect led to was stored behind deeper pages.
    std::stable_sort(state.waiting.begin(), state.waiting.end(),
                     [](const DiscoveryPage& a, const DiscoveryPage& b) { return a.depth < b.depth; });
    connection.run("SELECT url FROM discovery_urls WHERE discovery_id = $1 ORDER BY position", {discovery.discovery_id},
                   [&](const Row& row) { state.urls.emplace_back(row.text(0)); });
    return state;
}

/// Does this claim still hold? Then its discovery as it is.
std::optional<Discovery> held_discovery(Connection& connection, const DiscoveryRef& claim) {
    static const std::string sql = "SELECT " + std::string(discovery_columns) +
                                   " FROM discoveries WHERE discovery_id = $1 AND token = $2 AND status = 'running'";
    return find_row<Discovery>(connection, sql, {claim.discovery_id, claim.token}, read_discovery);
}

std::int64_t next_page_position(Connection& connection, std::string_view discovery_id) {
    return find_row<std::int64_t>(connection,
                                  "SELECT COALESCE(MAX(position) + 1, 0) FROM discovery_pages WHERE discovery_id = $1",
                                  {discovery_id}, [](Columns& columns) { return columns.integer(); })
        .value_or(0);
}

/// A discovery that a worker may take.
struct ToRun {
    std::string discovery_id;
    std::int64_t token = 0, attempts = 0;
    bool for_tick = false;
};

std::optional<ToRun> find_to_run(Connection& connection, std::string_view condition,
                                 std::initializer_list<Param> params = {}) {
    std::string sql = "SELECT discovery_id, token, attempts, schedule_id IS NOT NULL FROM discoveries WHERE ";
    sql.append(condition).append(" ORDER BY created_at, discovery_id LIMIT 1").append(connection.dialect().claim_lock);
    return find_row<ToRun>(connection, sql, params, [](Columns& columns) {
        ToRun row;
        row.discovery_id = columns.text();
        row.token = columns.integer();
        row.attempts = columns.integer();
        row.for_tick = columns.boolean();
        return row;
    });
}

void add_page(Connection& connection, std::string_view discovery_id, std::int64_t position, const DiscoveryPage& page,
              bool done) {
    connection.run(
        "INSERT INTO discovery_pages (discovery_id, position, url, depth, redirects, done) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        {discovery_id, position, page.url, page.depth, page.redirects, done});
}

}  // namespace

Result<void> SqlDiscoveryStore::insert(const Discovery& discovery) {
    return database_.write("discoveries.insert", [&](Connection& connection) -> Result<void> {
        const auto inserted = connection.run(
            "INSERT INTO discoveries (discovery_id, account_id, status, config, total_urls, sample_urls, truncated, "
            "created_at) VALUES ($1, $2, 'pending', $3, 0, '[]', 0, $4) ON CONFLICT DO NOTHING",
            {discovery.discovery_id, discovery.account_id, to_json(to_value(discovery.request)), discovery.created_at});
        if (inserted == 0)
            return Error{ErrorCode::conflict, "A discovery with this id exists already", discovery.discovery_id};
        return {};
    });
}

Result<std::optional<Discovery>> SqlDiscoveryStore::find(std::string_view account_id, std::string_view discovery_id) {
    static const std::string sql = "SELECT " + std::string(discovery_columns) +
                                   " FROM discoveries WHERE discovery_id = $1 AND account_id = $2 "
                                   "AND schedule_id IS NULL";
    return look_up<Discovery>(database_, "discoveries.find", sql, {discovery_id, account_id}, read_discovery);
}

Result<std::vector<Discovery>> SqlDiscoveryStore::list(std::string_view account_id, const DiscoveryQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    static const std::string sql =
        "SELECT " + std::string(discovery_columns) +
        " FROM discoveries WHERE account_id = $1 AND schedule_id IS NULL AND ($2 = '' OR status = $2) "
        "ORDER BY created_at DESC, discovery_id DESC LIMIT $3 OFFSET $4";
    return database_.read("discoveries.list", [&](Connection& connection) -> Result<std::vector<Discovery>> {
        std::vector<Discovery> discoveries;
        connection.run(sql,
                       {account_id, query.status ? to_string(*query.status) : std::string_view{}, query.range.limit,
                        query.range.offset},
                       [&](const Row& row) {
                           Columns columns(row);
                           discoveries.push_back(read_discovery(columns));
                       });
        return discoveries;
    });
}

Result<std::optional<DiscoveredUrls>> SqlDiscoveryStore::urls(std::string_view account_id,
                                                              std::string_view discovery_id, ListRange range) {
    if (range.limit < 1 || range.limit > most_listed_urls || range.offset < 0)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 10000 and offset at least 0", "limit"};
    return database_.read("discoveries.urls", [&](Connection& connection) -> Result<std::optional<DiscoveredUrls>> {
        const auto total = find_row<std::int64_t>(
            connection,
            "SELECT total_urls FROM discoveries WHERE discovery_id = $1 AND account_id = $2 AND schedule_id IS NULL",
            {discovery_id, account_id}, [](Columns& columns) { return columns.integer(); });
        if (!total) return std::optional<DiscoveredUrls>{};
        DiscoveredUrls found;
        found.total = *total;
        connection.run(
            "SELECT url FROM discovery_urls WHERE discovery_id = $1 AND position >= $2 ORDER BY position LIMIT $3",
            {discovery_id, range.offset, range.limit}, [&](const Row& row) { found.urls.emplace_back(row.text(0)); });
        return std::optional(std::move(found));
    });
}

Result<bool> SqlDiscoveryStore::remove(std::string_view account_id, std::string_view discovery_id) {
    return database_.write("discoveries.remove", [&](Connection& connection) -> Result<bool> {
        const auto removed = connection.run(
            "DELETE FROM discoveries WHERE discovery_id = $1 AND account_id = $2 AND schedule_id IS NULL",
            {discovery_id, account_id});
        if (removed == 0) return false;
        std::vector<std::string> schedules;
        connection.run("SELECT schedule_id FROM schedules WHERE discovery_id = $1 AND account_id = $2",
                       {discovery_id, account_id}, [&](const Row& row) { schedules.emplace_back(row.text(0)); });
        for (const auto& schedule_id : schedules) remove_schedule(connection, account_id, schedule_id);
        return true;
    });
}

Result<std::optional<ClaimedDiscovery>> SqlDiscoveryStore::claim_next(TimePoint now, std::chrono::milliseconds lease,
                                                                      std::int64_t max_attempts) {
    return database_.write(
        "discoveries.claim_next", [&](Connection& connection) -> Result<std::optional<ClaimedDiscovery>> {
            // Those that fail here are few; each turn takes one discovery out of the list.
            for (;;) {
                auto next = find_to_run(connection, "status = 'running' AND lease_expires_at <= $1", {now});
                if (!next) next = find_to_run(connection, "status = 'pending'");
                if (!next) return std::optional<ClaimedDiscovery>{};
                const bool given_up = next->attempts >= max_attempts;
                if (given_up && !next->for_tick) {
                    connection.run(
                        "UPDATE discoveries SET status = 'failed', error = $2, completed_at = $3, token = token + 1, "
                        "lease_expires_at = NULL WHERE discovery_id = $1",
                        {next->discovery_id, interrupted_text, now});
                    connection.run("DELETE FROM discovery_pages WHERE discovery_id = $1", {next->discovery_id});
                    continue;
                }
                const DiscoveryRef claim{next->discovery_id, next->token + 1};
                connection.run(
                    "UPDATE discoveries SET status = 'running', token = $2, attempts = attempts + 1, "
                    "lease_expires_at = $3, started_at = COALESCE(started_at, $4) WHERE discovery_id = $1",
                    {claim.discovery_id, claim.token, now + lease, now});
                ClaimedDiscovery claimed;
                claimed.discovery = held_discovery(connection, claim).value();
                claimed.state = read_state(connection, claimed.discovery);
                claimed.token = claim.token;
                claimed.given_up = given_up;
                return std::optional(std::move(claimed));
            }
        });
}

Result<std::vector<std::string>> SqlDiscoveryStore::heartbeat(const std::vector<DiscoveryRef>& claims, TimePoint now,
                                                              std::chrono::milliseconds lease) {
    return database_.write("discoveries.heartbeat", [&](Connection& connection) -> Result<std::vector<std::string>> {
        std::vector<std::string> lost;
        for (const auto& claim : claims)
            if (connection.run("UPDATE discoveries SET lease_expires_at = $3 WHERE discovery_id = $1 AND token = $2 "
                               "AND status = 'running'",
                               {claim.discovery_id, claim.token, now + lease}) == 0)
                lost.push_back(claim.discovery_id);
        return lost;
    });
}

Result<bool> SqlDiscoveryStore::advance(const DiscoveryRef& claim, const DiscoveryStep& step) {
    return database_.write("discoveries.advance", [&](Connection& connection) -> Result<bool> {
        auto discovery = held_discovery(connection, claim);
        if (!discovery) return false;
        std::int64_t position = next_page_position(connection, claim.discovery_id);
        if (step.read && connection.run("UPDATE discovery_pages SET done = 1 WHERE discovery_id = $1 AND url = $2",
                                        {claim.discovery_id, *step.read}) == 0)
            add_page(connection, claim.discovery_id, position++, {*step.read, 0}, true);  // where it started
        for (const auto& page : step.pages) add_page(connection, claim.discovery_id, position++, page, false);
        for (const auto& url : step.urls) {
            connection.run("INSERT INTO discovery_urls (discovery_id, position, url) VALUES ($1, $2, $3)",
                           {claim.discovery_id, discovery->total_urls++, url});
            if (discovery->sample_urls.size() < sampled_urls) discovery->sample_urls.push_back(url);
        }
        connection.run(
            "UPDATE discoveries SET total_urls = $2, sample_urls = $3, truncated = $4, attempts = 1 "
            "WHERE discovery_id = $1",
            {claim.discovery_id, discovery->total_urls, stored_list(discovery->sample_urls),
             discovery->truncated || step.truncated});
        return true;
    });
}

Result<bool> SqlDiscoveryStore::finish(const DiscoveryRef& claim, TimePoint completed_at,
                                       const std::optional<std::string>& error) {
    return database_.write("discoveries.finish", [&](Connection& connection) -> Result<bool> {
        const auto ended = connection.run(
            "UPDATE discoveries SET status = $3, error = $4, completed_at = $5, lease_expires_at = NULL "
            "WHERE discovery_id = $1 AND token = $2 AND status = 'running'",
            {claim.discovery_id, claim.token, to_string(error ? DiscoveryStatus::failed : DiscoveryStatus::completed),
             error, completed_at});
        if (ended == 0) return false;
        connection.run("DELETE FROM discovery_pages WHERE discovery_id = $1", {claim.discovery_id});
        return true;
    });
}

Result<bool> SqlDiscoveryStore::finish_tick(const DiscoveryRef& claim, const std::optional<DiscoveryTick>& tick) {
    return database_.write("discoveries.finish_tick", [&](Connection& connection) -> Result<bool> {
        const auto discovery = held_discovery(connection, claim);
        if (!discovery || !discovery->schedule_id) return false;
        if (tick) {
            std::optional<std::string> urls;
            if (tick->urls) urls = stored_list(*tick->urls);
            const auto changed = connection.run(
                "UPDATE schedules SET urls = COALESCE($3, urls), version = version + 1 WHERE schedule_id = $1 AND "
                "version = $2",
                {*discovery->schedule_id, tick->version, urls});
            if (changed == 0)
                return Error{ErrorCode::conflict, "The schedule was changed meanwhile", *discovery->schedule_id, true};
            insert_tick_jobs(connection, tick->jobs, tick->batch);
        }
        connection.run("DELETE FROM discoveries WHERE discovery_id = $1", {claim.discovery_id});
        return true;
    });
}

Result<bool> SqlDiscoveryStore::release(const DiscoveryRef& claim) {
    return database_.write("discoveries.release", [&](Connection& connection) -> Result<bool> {
        return connection.run(
                   "UPDATE discoveries SET status = 'pending', attempts = 0, token = token + 1, lease_expires_at = "
                   "NULL "
                   "WHERE discovery_id = $1 AND token = $2 AND status = 'running'",
                   {claim.discovery_id, claim.token}) != 0;
    });
}

}  // namespace meter::sql
