// The tables of the outbox.
#pragma once

#include <string_view>

namespace meter::sql {

// Payloads are apart, so that walks over deliveries touch small rows. A delivery outlives its schedule and its job:
// what has ended stays to be looked at, and a pending one whose schedule is gone is dropped by who claims it.
// While an attempt is under way, next_attempt_at is the end of its lease; `token` is the fence.
inline constexpr std::string_view delivery_schema = R"sql(
CREATE TABLE webhook_deliveries (
    delivery_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    job_id TEXT,
    workflow_run_id TEXT,
    event TEXT NOT NULL,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT,
    last_status_code BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    completed_at BIGINT
);
CREATE INDEX webhook_deliveries_by_account
    ON webhook_deliveries (account_id, created_at DESC, delivery_id DESC);
CREATE INDEX webhook_deliveries_by_schedule
    ON webhook_deliveries (schedule_id, account_id, created_at DESC, delivery_id DESC);
CREATE INDEX webhook_deliveries_failed
    ON webhook_deliveries (account_id, created_at DESC, delivery_id DESC) WHERE status = 'failed';
CREATE INDEX webhook_deliveries_pending
    ON webhook_deliveries (account_id, created_at DESC, delivery_id DESC) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_due
    ON webhook_deliveries (next_attempt_at, delivery_id) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_endpoint
    ON webhook_deliveries (endpoint, next_attempt_at, delivery_id) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_age
    ON webhook_deliveries (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE webhook_payloads (
    delivery_id TEXT NOT NULL PRIMARY KEY REFERENCES webhook_deliveries (delivery_id) ON DELETE CASCADE,
    payload TEXT NOT NULL
);
)sql";

}  // namespace meter::sql
