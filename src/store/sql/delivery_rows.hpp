// Rows of the outbox, as other stores write them inside their own transactions.
#pragma once

#include <string_view>
#include <vector>

#include "meter/webhook.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

/// Adds pending deliveries. Throws Exception (conflict) when an id exists.
void insert_deliveries(Connection& connection, const std::vector<Delivery>& deliveries);

/// Removes what a schedule that goes still had to deliver (wire contract 13.4); what has ended stays.
void drop_pending_deliveries(Connection& connection, std::string_view account_id, std::string_view schedule_id);

}  // namespace meter::sql
