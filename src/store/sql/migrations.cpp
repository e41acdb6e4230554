#include "store/sql/migrations.hpp"

#include <array>

#include "store/sql/automation_schema.hpp"
#include "store/sql/columns.hpp"
#include "store/sql/delivery_schema.hpp"
#include "store/sql/workflow_schema.hpp"

namespace meter::sql {
namespace {

struct Migration {
    int version;
    std::string_view name;
    std::string_view script;  // {blob} stands for Dialect::blob_type
};

// Times are milliseconds since 1970, ids and JSON are text, flags are 0 and 1. Results are apart from jobs so that
// walks over jobs touch small rows. What belongs to a strategy goes with it (ON DELETE CASCADE), and each foreign key
// has an index that starts with it, without which a cascade would read the whole table.
constexpr std::string_view first_schema = R"sql(
CREATE TABLE strategies (
    strategy_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    url TEXT NOT NULL,
    scraper_type TEXT NOT NULL,
    strategy TEXT NOT NULL,
    api_parameters TEXT,
    preview_data TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    output_schema TEXT,
    filter_config TEXT,
    strategy_group_id TEXT,
    "fetch" TEXT,
    warnings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX strategies_by_account ON strategies (account_id, created_at DESC, strategy_id DESC);

CREATE TABLE page_snapshots (
    strategy_id TEXT NOT NULL PRIMARY KEY REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    url TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body {blob} NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX page_snapshots_by_age ON page_snapshots (fetched_at);

CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    event TEXT NOT NULL,
    strategy_id TEXT NOT NULL,
    strategy_name TEXT NOT NULL,
    url TEXT NOT NULL,
    api_key_prefix TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_events_by_account ON audit_events (account_id, created_at DESC, id DESC);
CREATE INDEX audit_events_by_strategy ON audit_events (account_id, strategy_id, created_at DESC, id DESC);
CREATE INDEX audit_events_by_event ON audit_events (account_id, event, created_at DESC, id DESC);

CREATE TABLE quota_reservations (
    reservation TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX quota_reservations_by_account ON quota_reservations (account_id, expires_at);

CREATE TABLE batches (
    batch_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    job_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    pending BIGINT NOT NULL DEFAULT 0,
    running BIGINT NOT NULL DEFAULT 0,
    completed BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX batches_by_strategy ON batches (strategy_id);

CREATE TABLE jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    schedule_id TEXT,
    batch_id TEXT REFERENCES batches (batch_id) ON DELETE CASCADE,
    workflow_run_id TEXT,
    url TEXT NOT NULL,
    parameters TEXT,
    status TEXT NOT NULL,
    item_count BIGINT,
    content_hash TEXT,
    has_changes BIGINT,
    error TEXT,
    outcome TEXT,
    warnings TEXT NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT
);
CREATE INDEX jobs_by_account ON jobs (account_id, created_at DESC, job_id DESC);
CREATE INDEX jobs_by_strategy ON jobs (strategy_id, account_id, created_at DESC, job_id DESC);
CREATE INDEX jobs_by_schedule ON jobs (schedule_id, account_id, created_at DESC, job_id DESC)
    WHERE schedule_id IS NOT NULL;
CREATE INDEX jobs_by_batch ON jobs (batch_id, account_id, created_at DESC, job_id DESC) WHERE batch_id IS NOT NULL;
CREATE INDEX jobs_pending ON jobs (account_id, created_at, job_id) WHERE status = 'pending';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE status = 'running';
CREATE INDEX jobs_failed ON jobs (account_id, created_at DESC, job_id DESC) WHERE status = 'failed';

CREATE TABLE job_results (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (job_id) ON DELETE CASCADE,
    results TEXT NOT NULL,
    structural_signature TEXT NOT NULL
);

CREATE TABLE job_totals (
    pending BIGINT NOT NULL,
    running BIGINT NOT NULL
);
INSERT INTO job_totals (pending, running) VALUES (0, 0);

CREATE TABLE baselines (
    baseline_key TEXT NOT NULL PRIMARY KEY,
    strategy_id TEXT NOT NULL REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    item_count BIGINT NOT NULL,
    field_counts TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL
);
CREATE INDEX baselines_by_strategy ON baselines (strategy_id);

CREATE TABLE idempotency_keys (
    account_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    status BIGINT,
    body TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, "key")
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (expires_at);

CREATE TABLE api_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    key_hash TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX api_keys_by_prefix ON api_keys (prefix);
)sql";

// Claims pass over hosts that have enough jobs running: jobs_pending shows the hosts in the order of the queue,
// jobs_pending_by_host the next host behind a long run of one.
constexpr std::string_view hosts_of_jobs = R"sql(
ALTER TABLE jobs ADD COLUMN host TEXT NOT NULL DEFAULT '';
DROP INDEX jobs_pending;
CREATE INDEX jobs_pending ON jobs (account_id, created_at, job_id, host) WHERE status = 'pending';
CREATE INDEX jobs_pending_by_host ON jobs (account_id, host, created_at, job_id) WHERE status = 'pending';
)sql";

// Schedules go with their strategy; their jobs stay when only the schedule goes. `tick_at` is NULL exactly while
// nothing is due. A job's change belongs to both: it is the row that the changelog and the seen marks are made of.
constexpr std::string_view schedules_and_changes = R"sql(
CREATE TABLE schedules (
    schedule_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    url TEXT,
    urls TEXT,
    interval_seconds BIGINT,
    cron_expression TEXT,
    timezone TEXT,
    jitter_seconds BIGINT NOT NULL,
    enabled BIGINT NOT NULL,
    webhook_url TEXT,
    webhook_metadata TEXT,
    webhook_secret TEXT,
    webhook_type TEXT,
    webhook_on TEXT NOT NULL,
    parameters TEXT,
    "ignore" TEXT,
    "key" TEXT,
    strategy_group_id TEXT,
    discovery_id TEXT,
    next_run_at BIGINT,
    tick_at BIGINT,
    last_run_at BIGINT,
    health_state TEXT NOT NULL DEFAULT 'ok',
    health_count BIGINT NOT NULL DEFAULT 0,
    health_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX schedules_by_account ON schedules (account_id, created_at DESC, schedule_id DESC);
CREATE INDEX schedules_by_strategy ON schedules (strategy_id, account_id, created_at DESC, schedule_id DESC);
CREATE INDEX schedules_due ON schedules (tick_at, schedule_id) WHERE tick_at IS NOT NULL;
CREATE INDEX schedules_by_last_run ON schedules (last_run_at) WHERE enabled = 1;

CREATE TABLE schedule_ticks (
    schedule_id TEXT NOT NULL REFERENCES schedules (schedule_id) ON DELETE CASCADE,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (schedule_id, due_at)
);
CREATE INDEX schedule_ticks_by_age ON schedule_ticks (due_at);

CREATE TABLE schedule_changes (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES jobs (job_id) ON DELETE CASCADE,
    schedule_id TEXT NOT NULL REFERENCES schedules (schedule_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    seen BIGINT NOT NULL DEFAULT 0,
    new_items_count BIGINT NOT NULL,
    removed_items_count BIGINT NOT NULL,
    new_items TEXT NOT NULL,
    removed_items TEXT NOT NULL,
    modified_items TEXT NOT NULL,
    order_changed BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX schedule_changes_by_schedule ON schedule_changes (schedule_id, account_id, created_at DESC, job_id DESC);
CREATE INDEX schedule_changes_unseen ON schedule_changes (schedule_id, account_id, created_at DESC, job_id DESC)
    WHERE seen = 0;

CREATE INDEX jobs_of_running_ticks ON jobs (schedule_id)
    WHERE schedule_id IS NOT NULL AND status IN ('pending', 'running');

ALTER TABLE baselines ADD COLUMN schedule_id TEXT;
CREATE INDEX baselines_by_schedule ON baselines (schedule_id) WHERE schedule_id IS NOT NULL;

ALTER TABLE strategies ADD COLUMN "ignore" TEXT;
ALTER TABLE strategies ADD COLUMN "key" TEXT;
)sql";

// Pages are kept while a discovery runs: what it has read, and what it has still to read. URLs stay.
constexpr std::string_view discoveries = R"sql(
CREATE TABLE discoveries (
    discovery_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    total_urls BIGINT NOT NULL,
    sample_urls TEXT NOT NULL,
    truncated BIGINT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT,
    token BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    lease_expires_at BIGINT
);
CREATE INDEX discoveries_by_account ON discoveries (account_id, created_at DESC, discovery_id DESC);
CREATE INDEX discoveries_by_status ON discoveries (status, created_at, discovery_id);

CREATE TABLE discovery_urls (
    discovery_id TEXT NOT NULL REFERENCES discoveries (discovery_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (discovery_id, position)
);
CREATE TABLE discovery_pages (
    discovery_id TEXT NOT NULL REFERENCES discoveries (discovery_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    url TEXT NOT NULL,
    depth BIGINT NOT NULL,
    done BIGINT NOT NULL,
    PRIMARY KEY (discovery_id, position)
);
CREATE UNIQUE INDEX discovery_pages_by_url ON discovery_pages (discovery_id, url);
CREATE INDEX schedules_by_discovery ON schedules (discovery_id) WHERE discovery_id IS NOT NULL;
)sql";

// The webhook is what later schedules of the group get. A row of group_regenerations is a strategy that is made again
// for the group's schema; rows stay until the next schema, and tell how it went.
constexpr std::string_view strategy_groups = R"sql(
CREATE TABLE strategy_groups (
    group_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    output_schema TEXT,
    webhook_url TEXT NOT NULL DEFAULT '',
    webhook_type TEXT NOT NULL DEFAULT 'standard',
    webhook_secret TEXT NOT NULL DEFAULT '',
    webhook_metadata TEXT,
    webhook_on TEXT NOT NULL DEFAULT 'all',
    schema_started_at BIGINT,
    schema_completed_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX strategy_groups_by_account ON strategy_groups (account_id, created_at DESC, group_id DESC);
CREATE INDEX strategies_by_group ON strategies (strategy_group_id, created_at DESC, strategy_id DESC)
    WHERE strategy_group_id IS NOT NULL;
CREATE INDEX schedules_by_group ON schedules (strategy_group_id, created_at, schedule_id)
    WHERE strategy_group_id IS NOT NULL;

CREATE TABLE group_regenerations (
    group_id TEXT NOT NULL REFERENCES strategy_groups (group_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    strategy_id TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    queued_at BIGINT NOT NULL,
    token BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    lease_expires_at BIGINT,
    PRIMARY KEY (group_id, position)
);
CREATE UNIQUE INDEX group_regenerations_by_strategy ON group_regenerations (group_id, strategy_id);
CREATE INDEX group_regenerations_by_status ON group_regenerations (status, queued_at, group_id, position);
)sql";

// A discovery with a schedule is run for one tick of it, and goes when it has become jobs. One whose schedule went with
// its strategy ends as no jobs.
constexpr std::string_view rediscovery = R"sql(
ALTER TABLE schedules ADD COLUMN rediscover BIGINT NOT NULL DEFAULT 0;
ALTER TABLE discoveries ADD COLUMN schedule_id TEXT;
CREATE INDEX discoveries_by_schedule ON discoveries (schedule_id) WHERE schedule_id IS NOT NULL;
ALTER TABLE discovery_pages ADD COLUMN redirects BIGINT NOT NULL DEFAULT 0;
)sql";

// Hashes come in no order, so each chunk of inputs wrote most pages of that index anew.
constexpr std::string_view feeds_without_index = "DROP INDEX workflow_inputs_by_feed;";

// For claims that go round over the accounts, and the removal of what ended long ago. Spans say how much of the items
// between the nodes is of them.
constexpr std::string_view bounds_of_executions = R"sql(
CREATE INDEX automation_executions_due_by_account ON automation_executions (account_id, due_at, execution_id)
    WHERE due_at IS NOT NULL;
CREATE INDEX automation_executions_by_end ON automation_executions (ended_at) WHERE ended_at IS NOT NULL;
ALTER TABLE automation_spans ADD COLUMN spilled_bytes BIGINT;
)sql";

// A page that comes back byte for byte is not read again.
constexpr std::string_view hashes_of_pages = "ALTER TABLE baselines ADD COLUMN page_hash TEXT NOT NULL DEFAULT '';";

// For the removal of jobs that ended long ago, and to see what needs them. Inputs that are not reused have a job of
// their own run.
constexpr std::string_view ends_of_jobs = R"sql(
CREATE INDEX jobs_by_end ON jobs (completed_at, job_id) WHERE completed_at IS NOT NULL;
CREATE INDEX baselines_by_job ON baselines (job_id);
CREATE INDEX workflow_inputs_reused ON workflow_inputs (job_id, run_id) WHERE reused = 1;
CREATE INDEX automation_executions_at_work ON automation_executions (account_id, started_at) WHERE due_at IS NOT NULL;
)sql";

// Applied in order; published steps are never edited.
constexpr std::array migrations{Migration{1, "strategies, jobs, idempotency, API keys", first_schema},
                                Migration{2, "schedules and changes", schedules_and_changes},
                                Migration{3, "webhook deliveries", delivery_schema},
                                Migration{4, "hosts of jobs", hosts_of_jobs},
                                Migration{5, "discoveries", discoveries},
                                Migration{6, "strategy groups", strategy_groups},
                                Migration{7, "workflows", workflow_schema},
                                Migration{8, "schedules of workflows", schedules_of_workflows},
                                Migration{9, "automations", automation_schema},
                                Migration{10, "schedules that discover again", rediscovery},
                                Migration{11, "executions of automations", automation_execution_schema},
                                Migration{12, "feeds without an index", feeds_without_index},
                                Migration{13, "bounds of executions", bounds_of_executions},
                                Migration{14, "hashes of pages", hashes_of_pages},
                                Migration{15, "ends of jobs", ends_of_jobs}};

std::string in_dialect(std::string_view script, const Dialect& dialect) {
    constexpr std::string_view mark = "{blob}";
    std::string text(script);
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += dialect.blob_type.size())
        text.replace(at, mark.size(), dialect.blob_type);
    return text;
}

}  // namespace

int known_schema_version() noexcept {
    return migrations.back().version;
}

int schema_version(Connection& connection) {
    if (!connection.has_table("schema_migrations")) return 0;
    const auto version = find_row<std::int64_t>(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations",
                                                {}, [](Columns& columns) { return columns.integer(); });
    return static_cast<int>(version.value_or(0));
}

Result<void> check_schema_version(int version) {
    if (version <= known_schema_version()) return {};
    return Error{ErrorCode::unsupported, "The database has schema version " + std::to_string(version) +
                                             ", this program knows versions up to " +
                                             std::to_string(known_schema_version()) + "; use a newer program"};
}

Result<void> migrate(Connection& connection, int up_to) {
    const int version = schema_version(connection);
    if (auto known = check_schema_version(version); !known) return known;
    if (version == 0)
        connection.script(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)");
    for (const auto& migration : migrations) {
        if (migration.version <= version || migration.version > up_to) continue;
        connection.script(in_dialect(migration.script, connection.dialect()));
        connection.run("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
                       {migration.version, migration.name});
    }
    return {};
}

}  // namespace meter::sql
