// An event as people read it: what Slack, Discord and mail bodies are made from. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::notify {

struct EventSummary {
    enum class Kind { unchanged, changed, failed };

    Kind kind = Kind::unchanged;
    std::string event;   ///< "job.completed"
    std::string status;  ///< "completed", "partial", "failed"
    std::string name;    ///< of the strategy or workflow, one line, at most 200 characters
    std::string url;     ///< of the job; empty for workflow runs
    std::string line;    ///< the summary sentence of the wire contract 15.4
    std::string error;   ///< failed: why
    std::int64_t item_count = 0;
    bool has_changes = false;
    std::string changed;             ///< "1 added, 2 modified (price, stock)"; empty when nothing changed
    std::vector<std::string> items;  ///< up to ten lines, added ones first, then modified, removed; or the first items
    std::string job_id, schedule_id, completed_at;
    Value metadata;
};

/// Reads a standard body. Errors: parse when it is none.
Result<EventSummary> summarize(std::string_view event, std::string_view name, std::string_view payload);

}  // namespace meter::notify
