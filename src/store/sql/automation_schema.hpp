// The tables of the automation dialect.
#pragma once

#include <string_view>

namespace meter::sql {

// Graphs are apart from automations, so that lists touch small rows. Tags are twice there: in order as they were given,
// and as rows to be found by. Names are folded for the search, which ignores case.
inline constexpr std::string_view automation_schema = R"sql(
CREATE TABLE automations (
    automation_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    folded_description TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    tags TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    is_template BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX automations_by_account ON automations (account_id, created_at DESC, automation_id DESC);
CREATE INDEX automations_public ON automations (organization_id) WHERE is_public = 1;

CREATE TABLE automation_graphs (
    automation_id TEXT NOT NULL PRIMARY KEY REFERENCES automations (automation_id) ON DELETE CASCADE,
    nodes TEXT NOT NULL,
    connections TEXT NOT NULL,
    config TEXT NOT NULL,
    settings TEXT NOT NULL
);

CREATE TABLE automation_tags (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (automation_id, tag)
);

CREATE TABLE automation_shares (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    shared_at BIGINT NOT NULL,
    PRIMARY KEY (automation_id, user_id)
);
CREATE INDEX automation_shares_by_user ON automation_shares (user_id, automation_id);
CREATE INDEX automation_shares_in_order ON automation_shares (automation_id, position);

CREATE TABLE automation_versions (
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    version_tag TEXT NOT NULL,
    description TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    nodes TEXT NOT NULL,
    connections TEXT NOT NULL,
    config TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (automation_id, version),
    UNIQUE (automation_id, version_tag)
);
)sql";

// `due_at` is when an execution wants a worker, NULL once it has ended; while it is held `lease_until` is the same
// moment. `losses` counts workers lost since a node was completed. Graphs are apart, as those of automations. Items go
// with the end of the execution. Schedules of triggers are of a node of an automation and belong to no caller's list.
inline constexpr std::string_view automation_execution_schema = R"sql(
CREATE TABLE automation_executions (
    execution_id TEXT NOT NULL PRIMARY KEY,
    automation_id TEXT NOT NULL REFERENCES automations (automation_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    status TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    schedule_id TEXT,
    error TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    updated_at BIGINT NOT NULL,
    timeout_ms BIGINT NOT NULL,
    deadline_at BIGINT,
    due_at BIGINT,
    lease_until BIGINT,
    token BIGINT NOT NULL DEFAULT 0,
    losses BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX automation_executions_by_automation
    ON automation_executions (automation_id, created_at DESC, execution_id DESC);
CREATE INDEX automation_executions_due ON automation_executions (due_at, execution_id) WHERE due_at IS NOT NULL;
CREATE INDEX automation_executions_open ON automation_executions (automation_id, "trigger") WHERE due_at IS NOT NULL;

CREATE TABLE automation_execution_graphs (
    execution_id TEXT NOT NULL PRIMARY KEY REFERENCES automation_executions (execution_id) ON DELETE CASCADE,
    trigger_inputs TEXT NOT NULL,
    nodes TEXT NOT NULL,
    connections TEXT NOT NULL,
    config TEXT NOT NULL,
    settings TEXT NOT NULL
);

CREATE TABLE automation_spans (
    execution_id TEXT NOT NULL REFERENCES automation_executions (execution_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    span_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    node_label TEXT,
    node_type TEXT NOT NULL,
    status TEXT NOT NULL,
    ordinal BIGINT,
    failed_tries BIGINT NOT NULL DEFAULT 0,
    retry_at BIGINT,
    started_at BIGINT,
    ended_at BIGINT,
    input_items BIGINT NOT NULL DEFAULT 0,
    output_items BIGINT NOT NULL DEFAULT 0,
    input_data TEXT,
    output_data TEXT,
    error TEXT,
    PRIMARY KEY (execution_id, position)
);

CREATE TABLE automation_logs (
    execution_id TEXT NOT NULL REFERENCES automation_executions (execution_id) ON DELETE CASCADE,
    sequence BIGINT NOT NULL,
    log_id TEXT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    node_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (execution_id, sequence)
);
CREATE INDEX automation_logs_in_order ON automation_logs (execution_id, created_at, sequence);

CREATE TABLE automation_items (
    execution_id TEXT NOT NULL REFERENCES automation_executions (execution_id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    port TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    items TEXT NOT NULL,
    PRIMARY KEY (execution_id, position, port, sequence)
);

ALTER TABLE schedules ADD COLUMN automation_id TEXT REFERENCES automations (automation_id) ON DELETE CASCADE;
ALTER TABLE schedules ADD COLUMN automation_node_id TEXT;
CREATE INDEX schedules_by_automation ON schedules (automation_id) WHERE automation_id IS NOT NULL;
)sql";

}  // namespace meter::sql
