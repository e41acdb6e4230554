// Automations with their versions and shares, in SQL.
#pragma once

#include "meter/automation_store.hpp"
#include "store/sql/connection.hpp"

namespace meter::sql {

class SqlAutomationStore final : public AutomationStore {
public:
    explicit SqlAutomationStore(Database& database) : database_(database) {}

    // automation_store.cpp
    Result<void> insert(const Automation& automation, const AutomationVersion& first,
                        const std::vector<AutomationTimer>& timers) override;
    Result<bool> update(const Automation& automation, const std::vector<AutomationTimer>& timers) override;
    Result<bool> remove(std::string_view account_id, std::string_view automation_id) override;
    Result<std::optional<AutomationVersion>> add_version(std::string_view account_id, std::string_view automation_id,
                                                         const AutomationVersion& version) override;
    Result<std::vector<AutomationVersion>> versions(std::string_view automation_id) override;
    Result<std::optional<AutomationVersion>> find_version(std::string_view automation_id,
                                                          std::int64_t version) override;
    Result<bool> share(std::string_view account_id, std::string_view automation_id, std::string_view user_id,
                       TimePoint shared_at) override;
    Result<bool> unshare(std::string_view account_id, std::string_view automation_id,
                         std::string_view user_id) override;
    Result<std::vector<AutomationShare>> shares(std::string_view automation_id) override;

    // automation_queries.cpp
    Result<std::optional<Automation>> find(const AutomationCaller& caller, std::string_view automation_id) override;
    Result<std::optional<Automation>> find_any(std::string_view automation_id) override;
    Result<AutomationList> list(const AutomationCaller& caller, const AutomationQuery& query) override;
    Result<std::vector<Automation>> templates(const AutomationCaller& caller) override;
    Result<AutomationStats> stats(const AutomationCaller& caller) override;

private:
    Database& database_;
};

}  // namespace meter::sql
