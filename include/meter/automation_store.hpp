// Where automations, their versions and shares are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "meter/automation.hpp"
#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/time.hpp"

namespace meter {

// The rules for every store (meter/store.hpp) hold here too; what a call sees is what its caller may see.

class METER_EXPORT AutomationStore {
public:
    virtual ~AutomationStore();

    /// Together with its first version. Errors: conflict when the id exists.
    virtual Result<void> insert(const Automation& automation, const AutomationVersion& first) = 0;
    virtual Result<std::optional<Automation>> find(const AutomationCaller& caller, std::string_view automation_id) = 0;
    /// Ties in the order of creation. Without graphs.
    virtual Result<AutomationList> list(const AutomationCaller& caller, const AutomationQuery& query) = 0;
    virtual Result<std::vector<Automation>> templates(const AutomationCaller& caller) = 0;
    virtual Result<AutomationStats> stats(const AutomationCaller& caller) = 0;

    /// Writes the members a caller can change, and `revision` + 1; false when it is not the account's. Errors: conflict
    /// when its revision is no longer `automation.revision`.
    virtual Result<bool> update(const Automation& automation) = 0;
    /// With its versions and shares. False when it is not the account's.
    virtual Result<bool> remove(std::string_view account_id, std::string_view automation_id) = 0;

    /// Snapshots the stored graph as the next version: `version` and `graph` of the argument are ignored. nullopt when
    /// it is not the account's. Errors: conflict "Version tag already exists".
    virtual Result<std::optional<AutomationVersion>> add_version(std::string_view account_id,
                                                                 std::string_view automation_id,
                                                                 const AutomationVersion& version) = 0;
    /// Ascending, without graphs.
    virtual Result<std::vector<AutomationVersion>> versions(std::string_view automation_id) = 0;

    /// A share that is there stays as it is. False when the automation is not the account's.
    virtual Result<bool> share(std::string_view account_id, std::string_view automation_id, std::string_view user_id,
                               TimePoint shared_at) = 0;
    /// False when there is no such share.
    virtual Result<bool> unshare(std::string_view account_id, std::string_view automation_id,
                                 std::string_view user_id) = 0;
    /// In the order they were added.
    virtual Result<std::vector<AutomationShare>> shares(std::string_view automation_id) = 0;
};

}  // namespace meter
