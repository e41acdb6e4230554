// The tables of workflows and their runs, and schedules that may be of either kind.
#pragma once

#include <string_view>

namespace meter::sql {

// A node keeps its strategy: that one cannot be removed before it (no ON DELETE). At most one run of a workflow is
// open; the unique index says so. `due_at` is when a run wants attention, NULL once it has ended; while it is held
// `lease_until` keeps others away, and due_at is the same moment unless a node's last job ended meanwhile.
// Inputs name the job whose output they hand on, which may be one of an earlier run. A node that was skipped as
// unchanged has none and names the run whose inputs it hands on.
inline constexpr std::string_view workflow_schema = R"sql(
CREATE TABLE workflows (
    workflow_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX workflows_by_account ON workflows (account_id, created_at DESC, workflow_id DESC);

CREATE TABLE workflow_nodes (
    node_id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL REFERENCES workflows (workflow_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    node_key TEXT NOT NULL,
    strategy_id TEXT NOT NULL REFERENCES strategies (strategy_id),
    input_type TEXT NOT NULL,
    static_urls TEXT,
    url_field TEXT,
    static_parameters TEXT,
    parameter_config TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX workflow_nodes_by_workflow ON workflow_nodes (workflow_id, position);
CREATE INDEX workflow_nodes_by_strategy ON workflow_nodes (strategy_id);

CREATE TABLE workflow_edges (
    edge_id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL REFERENCES workflows (workflow_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    source_node_key TEXT NOT NULL,
    target_node_key TEXT NOT NULL,
    filter_config TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX workflow_edges_by_workflow ON workflow_edges (workflow_id, position);

CREATE TABLE workflow_runs (
    run_id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL REFERENCES workflows (workflow_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    schedule_id TEXT,
    status TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    force BIGINT NOT NULL,
    changed_since_previous BIGINT,
    output_hash TEXT NOT NULL DEFAULT '',
    error TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT,
    deadline_at BIGINT NOT NULL,
    due_at BIGINT,
    lease_until BIGINT,
    token BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX workflow_runs_open ON workflow_runs (workflow_id) WHERE status IN ('pending', 'running');
CREATE INDEX workflow_runs_by_workflow ON workflow_runs (workflow_id, created_at DESC, run_id DESC);
CREATE INDEX workflow_runs_finished ON workflow_runs (workflow_id, created_at DESC, run_id DESC)
    WHERE status IN ('completed', 'partial');
CREATE INDEX workflow_runs_due ON workflow_runs (due_at, run_id) WHERE due_at IS NOT NULL;

CREATE TABLE workflow_run_definitions (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES workflow_runs (run_id) ON DELETE CASCADE,
    definition TEXT NOT NULL
);

CREATE TABLE workflow_run_strategies (
    run_id TEXT NOT NULL REFERENCES workflow_runs (run_id) ON DELETE CASCADE,
    strategy_id TEXT NOT NULL,
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
    "ignore" TEXT,
    "key" TEXT,
    warnings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, strategy_id)
);

CREATE TABLE workflow_node_runs (
    run_id TEXT NOT NULL REFERENCES workflow_runs (run_id) ON DELETE CASCADE,
    node_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    node_key TEXT NOT NULL,
    status TEXT NOT NULL,
    skip_reason TEXT,
    job_id TEXT,
    batch_id TEXT,
    job_count BIGINT NOT NULL DEFAULT 0,
    failed_job_count BIGINT NOT NULL DEFAULT 0,
    open_jobs BIGINT NOT NULL DEFAULT 0,
    item_count BIGINT NOT NULL DEFAULT 0,
    reused_count BIGINT NOT NULL DEFAULT 0,
    input_count BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    job_error TEXT,
    started_at BIGINT,
    completed_at BIGINT,
    planned BIGINT NOT NULL DEFAULT 0,
    signature TEXT NOT NULL DEFAULT '',
    input_hash TEXT NOT NULL DEFAULT '',
    source_run_id TEXT,
    PRIMARY KEY (run_id, node_id)
);

CREATE TABLE workflow_inputs (
    run_id TEXT NOT NULL REFERENCES workflow_runs (run_id) ON DELETE CASCADE,
    node_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    url TEXT NOT NULL,
    feed_hash TEXT NOT NULL,
    job_id TEXT NOT NULL,
    reused BIGINT NOT NULL,
    PRIMARY KEY (run_id, node_id, sequence)
);
CREATE INDEX workflow_inputs_by_feed ON workflow_inputs (run_id, node_id, feed_hash);

ALTER TABLE jobs ADD COLUMN workflow_node_id TEXT;
CREATE INDEX jobs_of_open_runs ON jobs (workflow_run_id)
    WHERE workflow_run_id IS NOT NULL AND status IN ('pending', 'running');

ALTER TABLE baselines ADD COLUMN workflow_node_id TEXT;
CREATE INDEX baselines_by_workflow_node ON baselines (workflow_node_id) WHERE workflow_node_id IS NOT NULL;
)sql";

// A schedule is of a strategy or of a workflow, so its strategy may be absent. What refers to schedules is made anew
// with them: dropping the old table must not take its ticks and changes along.
inline constexpr std::string_view schedules_of_workflows = R"sql(
ALTER TABLE schedules RENAME TO old_schedules;
ALTER TABLE schedule_ticks RENAME TO old_schedule_ticks;
ALTER TABLE schedule_changes RENAME TO old_schedule_changes;
DROP INDEX schedules_by_account;
DROP INDEX schedules_by_strategy;
DROP INDEX schedules_due;
DROP INDEX schedules_by_last_run;
DROP INDEX schedules_by_discovery;
DROP INDEX schedules_by_group;
DROP INDEX schedule_ticks_by_age;
DROP INDEX schedule_changes_by_schedule;
DROP INDEX schedule_changes_unseen;

CREATE TABLE schedules (
    schedule_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    strategy_id TEXT REFERENCES strategies (strategy_id) ON DELETE CASCADE,
    workflow_id TEXT REFERENCES workflows (workflow_id) ON DELETE CASCADE,
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
INSERT INTO schedules SELECT schedule_id, account_id, strategy_id, NULL, url, urls, interval_seconds, cron_expression,
    timezone, jitter_seconds, enabled, webhook_url, webhook_metadata, webhook_secret, webhook_type, webhook_on,
    parameters, "ignore", "key", strategy_group_id, discovery_id, next_run_at, tick_at, last_run_at, health_state,
    health_count, health_since, created_at, updated_at, version FROM old_schedules;

CREATE TABLE schedule_ticks (
    schedule_id TEXT NOT NULL REFERENCES schedules (schedule_id) ON DELETE CASCADE,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (schedule_id, due_at)
);
INSERT INTO schedule_ticks SELECT schedule_id, due_at FROM old_schedule_ticks;

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
INSERT INTO schedule_changes SELECT job_id, schedule_id, account_id, seen, new_items_count, removed_items_count,
    new_items, removed_items, modified_items, order_changed, created_at FROM old_schedule_changes;

DROP TABLE old_schedule_ticks;
DROP TABLE old_schedule_changes;
DROP TABLE old_schedules;
CREATE INDEX schedules_by_account ON schedules (account_id, created_at DESC, schedule_id DESC);
CREATE INDEX schedules_by_strategy ON schedules (strategy_id, account_id, created_at DESC, schedule_id DESC);
CREATE INDEX schedules_by_workflow ON schedules (workflow_id, account_id, created_at DESC, schedule_id DESC)
    WHERE workflow_id IS NOT NULL;
CREATE INDEX schedules_due ON schedules (tick_at, schedule_id) WHERE tick_at IS NOT NULL;
CREATE INDEX schedules_by_last_run ON schedules (last_run_at) WHERE enabled = 1;
CREATE INDEX schedules_by_discovery ON schedules (discovery_id) WHERE discovery_id IS NOT NULL;
CREATE INDEX schedules_by_group ON schedules (strategy_group_id, created_at, schedule_id)
    WHERE strategy_group_id IS NOT NULL;
CREATE INDEX schedule_ticks_by_age ON schedule_ticks (due_at);
CREATE INDEX schedule_changes_by_schedule ON schedule_changes (schedule_id, account_id, created_at DESC, job_id DESC);
CREATE INDEX schedule_changes_unseen ON schedule_changes (schedule_id, account_id, created_at DESC, job_id DESC)
    WHERE seen = 0;
)sql";

}  // namespace meter::sql
