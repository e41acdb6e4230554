// Rows of the outbox to deliveries.
#pragma once

#include <string_view>

#include "meter/webhook.hpp"
#include "store/sql/columns.hpp"

namespace meter::sql {

/// Columns of read_delivery(), without the payload. Qualified, since webhook_payloads has a delivery_id too.
inline constexpr std::string_view delivery_columns =
    "webhook_deliveries.delivery_id, webhook_deliveries.account_id, webhook_deliveries.schedule_id, "
    "webhook_deliveries.job_id, webhook_deliveries.workflow_run_id, webhook_deliveries.event, webhook_deliveries.name, "
    "webhook_deliveries.endpoint, webhook_deliveries.status, webhook_deliveries.attempts, webhook_deliveries.failures, "
    "webhook_deliveries.next_attempt_at, webhook_deliveries.last_status_code, webhook_deliveries.last_error, "
    "webhook_deliveries.created_at, webhook_deliveries.completed_at";

Delivery read_delivery(Columns& columns);

}  // namespace meter::sql
