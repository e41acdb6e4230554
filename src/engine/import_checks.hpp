// What the API would have said to the objects of an import.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meter/store_record.hpp"
#include "meter/workflow.hpp"

namespace meter {

/// Checks records one after the other, by the validators of the API. Records that validate() has not passed are not for
/// it. Errors: those of the validators; the subject is the member.
class ImportChecks {
public:
    /// `line` is where the record stands.
    Result<void> check(const StoreRecord& record, std::int64_t line);
    /// After the last record.
    Result<void> finish();
    /// What the last error was about: the record itself, or the one that began its family.
    std::int64_t error_line() const noexcept { return error_line_; }

private:
    Result<void> end_family();
    Result<void> check_child(const StoreRecord& record, const Object& body);

    /// A workflow or automation whose parts have still to come.
    struct Family {
        std::string kind;
        std::string id;
        std::int64_t line = 0;
        std::vector<WorkflowNode> nodes = {};
        std::vector<WorkflowEdge> edges = {};
        bool has_graph = false;
    };
    std::optional<Family> family_;
    std::int64_t error_line_ = 0;
};

}  // namespace meter
