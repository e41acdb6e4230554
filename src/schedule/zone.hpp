// Time zones: which offset from UTC holds when.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "meter/result.hpp"

namespace meter::schedule {

/// A stretch of time [begin, end) with one offset from UTC.
struct ZoneSpan {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    std::chrono::seconds offset;  ///< local time minus UTC
};

/// A time zone of the system's data. Cheap to copy; const calls need no lock.
class Zone {
public:
    /// An IANA name ("Europe/Berlin"), matched exactly. "UTC" needs no data on the system.
    /// Errors: invalid_argument, `subject` "timezone".
    static Result<Zone> find(std::string_view name);

    /// The stretch that holds `when`.
    ZoneSpan at(std::chrono::sys_seconds when) const;

private:
    struct Impl;
    Zone() = default;
    std::shared_ptr<const Impl> impl_;  ///< null: UTC
};

}  // namespace meter::schedule
