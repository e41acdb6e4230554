// The rule by which a zone changes its clocks after the last change that its data lists.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "schedule/zone.hpp"

namespace meter::schedule {

/// The POSIX TZ text at the end of a zone file, "CET-1CEST,M3.5.0,M10.5.0/3" (RFC 8536 section 3.3.1). The date library
/// does not read it: without it clocks would stop changing in 2037, and with "slim" zone files long before.
class ClosingRule {
public:
    /// nullopt when the text is malformed.
    static std::optional<ClosingRule> parse(std::string_view text);

    /// The stretch that holds `when`, as if the rule had always held.
    ZoneSpan at(std::chrono::sys_seconds when) const;

private:
    /// A day of the year and a time on it, in local time.
    struct Change {
        char kind = 'M';                        ///< M: n-th weekday of a month; J: 1..365 without leap day; 0: 0..365
        unsigned month = 1, week = 1, day = 0;  ///< for J and 0 only `day`
        std::chrono::seconds time{7200};

        std::chrono::sys_seconds in(std::chrono::year year) const;
    };
    class Reader;

    std::chrono::seconds standard_{0}, daylight_{0};
    std::optional<Change> start_, end_;  ///< of daylight saving time; both or none
};

}  // namespace meter::schedule
