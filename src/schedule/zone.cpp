#include "schedule/zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "schedule/closing_rule.hpp"

namespace meter::schedule {
namespace {

using std::chrono::sys_seconds;

constexpr std::size_t zone_max_name = 64;

// Far enough for every date that has a text form, and far from overflow.
constexpr sys_seconds zone_earliest{std::chrono::sys_days{std::chrono::year{-9999} / 1 / 1}};
constexpr sys_seconds zone_latest{std::chrono::sys_days{std::chrono::year{20000} / 1 / 1}};

Error zone_unknown(std::string_view name) {
    const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7F; });
    std::string message = "Unknown time zone";
    if (printable && !name.empty() && name.size() <= zone_max_name)
        message.append(" '").append(name).append("': expected an IANA name like Europe/Berlin");
    return Error{ErrorCode::invalid_argument, std::move(message), "timezone"};
}

/// Zone data of the system also holds copies that count leap seconds ("right/"), other copies, and files that are no
/// zones: none of them is an IANA name.
bool is_zone_name(std::string_view name) {
    if (name.empty() || name.size() > zone_max_name) return false;
    for (const char c : name) {
        const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter_or_digit && c != '/' && c != '_' && c != '+' && c != '-') return false;
    }
    return !name.starts_with("right/") && !name.starts_with("posix/") && name != "posixrules" && name != "localtime" &&
           name != "Factory";
}

/// The last line of a zone file, where the date library looks for it. nullopt where there is none, or it cannot be
/// read: the last offset of the data then stays.
std::optional<ClosingRule> zone_closing_rule(const std::string& name) {
    for (const char* folder : {"/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/", "/etc/zoneinfo/"}) {
        std::ifstream file(folder + name, std::ios::binary | std::ios::ate);
        if (!file) continue;
        std::array<char, 256> buffer{};
        file.seekg(std::max<std::streamoff>(0, file.tellg() - static_cast<std::streamoff>(buffer.size())));
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        std::string_view tail(buffer.data(), static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
        if (tail.empty() || tail.back() != '\n') return std::nullopt;
        tail.remove_suffix(1);
        const auto line = tail.rfind('\n');
        if (line == std::string_view::npos) return std::nullopt;
        return ClosingRule::parse(tail.substr(line + 1));
    }
    return std::nullopt;
}

ZoneSpan zone_span(const date::sys_info& info) {
    return {std::max(zone_earliest, sys_seconds{info.begin}), std::min(zone_latest, sys_seconds{info.end}),
            info.offset};
}

}  // namespace

struct Zone::Impl {
    const date::time_zone* zone;
    std::optional<ClosingRule> closing_rule;
};

Result<Zone> Zone::find(std::string_view name) {
    Zone zone;
    if (name == "UTC") return zone;
    if (!is_zone_name(name)) return zone_unknown(name);
    try {
        const date::time_zone* const found = date::locate_zone(name);
        // The file is read at the first question: here, where a failure can be reported.
        (void)found->get_info(date::sys_seconds{});
        zone.impl_ = std::make_shared<const Impl>(Impl{found, zone_closing_rule(std::string(name))});
        return zone;
    } catch (const std::exception&) {  // unknown name, or no zone data on this system
        return zone_unknown(name);
    }
}

ZoneSpan Zone::at(sys_seconds when) const {
    if (impl_ == nullptr) return {zone_earliest, zone_latest, std::chrono::seconds{0}};
    when = std::clamp(when, zone_earliest, zone_latest - std::chrono::seconds{1});
    const ZoneSpan span = zone_span(impl_->zone->get_info(when));
    if (span.end != zone_latest || !impl_->closing_rule) return span;
    const ZoneSpan closing = impl_->closing_rule->at(when);
    return {std::max(span.begin, closing.begin), closing.end, closing.offset};
}

}  // namespace meter::schedule
