#include "store/sql/delivery_store.hpp"

#include <utility>

#include "store/sql/delivery_columns.hpp"
#include "store/sql/delivery_rows.hpp"

namespace meter::sql {

Delivery read_delivery(Columns& columns) {
    Delivery delivery;
    delivery.delivery_id = columns.text();
    delivery.account_id = columns.text();
    delivery.schedule_id = columns.text();
    delivery.job_id = columns.optional_text();
    delivery.workflow_run_id = columns.optional_text();
    delivery.event = columns.text();
    delivery.name = columns.text();
    delivery.endpoint = columns.text();
    const std::string status = columns.text();
    const auto known = parse_delivery_status(status);
    if (!known)
        throw Exception(
            Error{ErrorCode::store, "The database holds an unknown delivery status; check it for damage", status});
    delivery.status = *known;
    delivery.attempts = columns.integer();
    delivery.failures = columns.integer();
    delivery.next_attempt_at = columns.optional_time();
    delivery.last_status_code = columns.optional_integer();
    delivery.last_error = columns.optional_text();
    delivery.created_at = columns.time();
    delivery.completed_at = columns.optional_time();
    return delivery;
}

void insert_deliveries(Connection& connection, const std::vector<Delivery>& deliveries) {
    for (const Delivery& delivery : deliveries) {
        const auto inserted = connection.run(
            "INSERT INTO webhook_deliveries (delivery_id, account_id, schedule_id, job_id, workflow_run_id, event, "
            "name, endpoint, status, next_attempt_at, created_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10) ON CONFLICT (delivery_id) DO NOTHING",
            {delivery.delivery_id, delivery.account_id, delivery.schedule_id, delivery.job_id, delivery.workflow_run_id,
             delivery.event, delivery.name, delivery.endpoint, delivery.next_attempt_at.value_or(delivery.created_at),
             delivery.created_at});
        if (inserted == 0)
            throw Exception(Error{ErrorCode::conflict, "This delivery exists already", delivery.delivery_id});
        connection.run("INSERT INTO webhook_payloads (delivery_id, payload) VALUES ($1, $2)",
                       {delivery.delivery_id, delivery.payload});
    }
}

void drop_pending_deliveries(Connection& connection, std::string_view account_id, std::string_view schedule_id) {
    connection.run("DELETE FROM webhook_deliveries WHERE schedule_id = $1 AND account_id = $2 AND status = 'pending'",
                   {schedule_id, account_id});
}

Result<void> SqlDeliveryStore::insert(const std::vector<Delivery>& deliveries) {
    return database_.write("deliveries.insert", [&](Connection& connection) -> Result<void> {
        insert_deliveries(connection, deliveries);
        return {};
    });
}

Result<std::optional<Delivery>> SqlDeliveryStore::find(std::string_view account_id, std::string_view delivery_id) {
    static const std::string sql =
        "SELECT " + std::string(delivery_columns) +
        ", webhook_payloads.payload FROM webhook_deliveries "
        "JOIN webhook_payloads ON webhook_payloads.delivery_id = webhook_deliveries.delivery_id "
        "WHERE webhook_deliveries.delivery_id = $1 AND webhook_deliveries.account_id = $2";
    return look_up<Delivery>(database_, "deliveries.find", sql, {delivery_id, account_id}, [](Columns& columns) {
        Delivery delivery = read_delivery(columns);
        delivery.payload = columns.text();
        return delivery;
    });
}

Result<std::vector<Delivery>> SqlDeliveryStore::list(std::string_view account_id, const DeliveryQuery& query) {
    if (auto valid = validate(query.range); !valid) return valid.error();
    std::string sql = "SELECT " + std::string(delivery_columns) + " FROM webhook_deliveries WHERE account_id = $1";
    std::vector<Param> params{account_id};
    if (query.schedule_id) {
        params.emplace_back(*query.schedule_id);
        sql += " AND schedule_id = $2";
    }
    // In words, not as a parameter: that is what makes the partial indexes usable.
    if (query.status) sql.append(" AND status = '").append(to_string(*query.status)).append("'");
    params.emplace_back(query.range.limit);
    params.emplace_back(query.range.offset);
    sql += " ORDER BY created_at DESC, delivery_id DESC LIMIT $" + std::to_string(params.size() - 1) + " OFFSET $" +
           std::to_string(params.size());
    return database_.read("deliveries.list", [&](Connection& connection) -> Result<std::vector<Delivery>> {
        std::vector<Delivery> deliveries;
        connection.execute(sql, params, [&](const Row& row) {
            Columns columns(row);
            deliveries.push_back(read_delivery(columns));
        });
        return deliveries;
    });
}

Result<std::optional<Delivery>> SqlDeliveryStore::replay(std::string_view account_id, std::string_view delivery_id,
                                                         TimePoint now) {
    using Replayed = std::optional<Delivery>;
    static const std::string select_sql = "SELECT " + std::string(delivery_columns) +
                                          " FROM webhook_deliveries WHERE delivery_id = $1 AND account_id = $2";
    return database_.write("deliveries.replay", [&](Connection& connection) -> Result<Replayed> {
        const auto changed = connection.run(
            "UPDATE webhook_deliveries SET status = 'pending', attempts = 0, failures = 0, token = token + 1, "
            "next_attempt_at = $3, last_status_code = NULL, last_error = NULL, completed_at = NULL "
            "WHERE delivery_id = $1 AND account_id = $2 AND status <> 'pending'",
            {delivery_id, account_id, now});
        auto delivery = find_row<Delivery>(connection, select_sql, {delivery_id, account_id}, read_delivery);
        if (delivery && changed == 0)
            return Error{ErrorCode::conflict, "The delivery is still pending", std::string(delivery_id)};
        return delivery;
    });
}

Result<std::int64_t> SqlDeliveryStore::drop_ended_before(TimePoint moment, std::int64_t limit) {
    return database_.write("deliveries.drop_ended_before", [&](Connection& connection) -> Result<std::int64_t> {
        return connection.run(
            "DELETE FROM webhook_deliveries WHERE delivery_id IN (SELECT delivery_id FROM webhook_deliveries "
            "WHERE completed_at < $1 ORDER BY completed_at LIMIT $2)",
            {moment, limit});
    });
}

}  // namespace meter::sql
