// Every route of the server, one list per subject.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app.hpp"
#include "router.hpp"

namespace meter::server {

std::vector<Route> strategy_routes();
std::vector<Route> job_routes();
std::vector<Route> schedule_routes();
std::vector<Route> discovery_routes();
std::vector<Route> strategy_group_routes();
std::vector<Route> workflow_routes();
std::vector<Route> workflow_run_routes();
std::vector<Route> workflow_schedule_routes();
std::vector<Route> webhook_routes();
std::vector<Route> account_routes();
std::vector<Route> automation_routes();
std::vector<Route> automation_execution_routes();
std::vector<Route> node_type_routes();
std::vector<Route> hook_routes();
std::vector<Route> operation_routes();

std::vector<Route> all_routes();

/// The JSON texts of `items`, as to_json() makes them, in one array.
template <class T>
std::string json_array(const std::vector<T>& items) {
    std::string out = "[";
    for (const T& item : items) {
        if (out.size() > 1) out += ',';
        out += to_json(item);
    }
    return out += ']';
}

}  // namespace meter::server
