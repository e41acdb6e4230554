#include "meter/cron.hpp"

#include <algorithm>
#include <utility>

#include "schedule/cron_fields.hpp"
#include "schedule/zone.hpp"

namespace meter {
namespace {

using schedule::ClockMinute;
using schedule::CronFields;
using schedule::Zone;
using schedule::ZoneSpan;
using std::chrono::sys_seconds;

// format_time() ends with the year 9999, and no due time is before that of any clock we run on.
constexpr sys_seconds cron_last{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::seconds{60}};
constexpr sys_seconds cron_first{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};

/// Offsets of the zone data stay within 16 hours; a wall clock that shows a time may show it again this much later.
constexpr std::chrono::hours cron_widest{26};

ClockMinute cron_wall_minute(sys_seconds when, const ZoneSpan& span) {
    return std::chrono::floor<std::chrono::minutes>(when + span.offset).time_since_epoch().count();
}

sys_seconds cron_instant(ClockMinute wall, const ZoneSpan& span) {
    return sys_seconds{std::chrono::minutes{wall}} - span.offset;
}

/// Latest wall minute to look at.
ClockMinute cron_last_wall() {
    return std::chrono::floor<std::chrono::minutes>(cron_last + cron_widest).time_since_epoch().count();
}

/// cron(8): a wildcard in minute or hour means real time. Due at every moment whose wall clock matches.
std::optional<sys_seconds> cron_next_in_real_time(const CronFields& fields, const Zone& zone, sys_seconds after) {
    ZoneSpan span = zone.at(after);
    ClockMinute wall = cron_wall_minute(after, span) + 1;
    while (true) {
        const ClockMinute end = cron_wall_minute(std::min(span.end, cron_last + cron_widest), span);
        if (const auto found = fields.first_at_or_after(wall, end)) {
            const sys_seconds when = cron_instant(*found, span);
            if (when > cron_last) return std::nullopt;
            if (when < span.end) return when;
        }
        if (span.end > cron_last) return std::nullopt;
        const sys_seconds begin = span.end;
        span = zone.at(begin);
        wall = cron_wall_minute(begin, span);
        if (cron_instant(wall, span) < begin) ++wall;
    }
}

/// The moment at which a wall-clock minute is due: the first time it comes, or, when clocks jump over it, the first
/// minute after the jump. `span` is where to begin; it moves on with growing minutes.
sys_seconds cron_due_moment(ClockMinute wall, const Zone& zone, ZoneSpan& span) {
    while (true) {
        const sys_seconds when = cron_instant(wall, span);
        if (when < span.begin) return std::chrono::ceil<std::chrono::minutes>(span.begin);
        if (when < span.end) return when;
        span = zone.at(span.end);
    }
}

std::optional<sys_seconds> cron_next_on_the_wall(const CronFields& fields, const Zone& zone, sys_seconds after) {
    ZoneSpan span = zone.at(after - cron_widest);
    ClockMinute wall = cron_wall_minute(after, zone.at(after)) + 1;
    // Moments grow with wall minutes. Those at or before `after` are of a repeated hour or of one jumped over, so
    // there are at most a day of them.
    while (const auto found = fields.first_at_or_after(wall, cron_last_wall())) {
        const sys_seconds when = cron_due_moment(*found, zone, span);
        if (when > cron_last) return std::nullopt;
        if (when > after) return when;
        wall = *found + 1;
    }
    return std::nullopt;
}

}  // namespace

struct Cron::Impl {
    std::string text;
    std::string timezone;
    CronFields fields;
    Zone zone;
};

Result<Cron> Cron::parse(std::string_view text, std::string_view timezone) {
    auto fields = schedule::parse_cron(text);
    if (!fields) return fields.error();
    auto zone = Zone::find(timezone);
    if (!zone) return zone.error();
    return Cron(std::make_shared<const Impl>(Impl{std::string(text), std::string(timezone), *fields, *zone}));
}

std::optional<TimePoint> Cron::next_after(TimePoint after) const {
    if (after >= cron_last) return std::nullopt;
    const sys_seconds from = std::max(cron_first, std::chrono::floor<std::chrono::seconds>(after));
    return impl_->fields.follows_real_time() ? cron_next_in_real_time(impl_->fields, impl_->zone, from)
                                             : cron_next_on_the_wall(impl_->fields, impl_->zone, from);
}

const std::string& Cron::text() const noexcept {
    return impl_->text;
}

const std::string& Cron::timezone() const noexcept {
    return impl_->timezone;
}

bool operator==(const Cron& a, const Cron& b) noexcept {
    return a.text() == b.text() && a.timezone() == b.timezone();
}

Cron::Cron(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Cron::Cron(const Cron&) = default;
Cron& Cron::operator=(const Cron&) = default;
Cron::Cron(Cron&&) noexcept = default;
Cron& Cron::operator=(Cron&&) noexcept = default;
Cron::~Cron() = default;

}  // namespace meter
