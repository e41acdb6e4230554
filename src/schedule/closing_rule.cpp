#include "schedule/closing_rule.hpp"

#include <algorithm>
#include <array>

namespace meter::schedule {

namespace chrono = std::chrono;

/// Reads the text from left to right; every step says whether it found what it wanted.
class ClosingRule::Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool done() const { return rest_.empty(); }
    bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c) {
        if (!next_is(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool name() {
        if (take('<')) {
            const auto end = rest_.find('>');
            if (end == std::string_view::npos) return false;
            rest_.remove_prefix(end + 1);
            return true;
        }
        std::size_t length = 0;
        while (length < rest_.size() && is_letter(rest_[length])) ++length;
        rest_.remove_prefix(length);
        return length >= 3;
    }

    bool number(unsigned& value, unsigned low, unsigned high) {
        std::size_t length = 0;
        value = 0;
        while (length < rest_.size() && length < 4 && rest_[length] >= '0' && rest_[length] <= '9')
            value = value * 10 + static_cast<unsigned>(rest_[length++] - '0');
        rest_.remove_prefix(length);
        return length > 0 && value >= low && value <= high;
    }

    /// [+-]hh[:mm[:ss]]; RFC 8536 lets hours reach 167.
    bool time(chrono::seconds& value) {
        const bool negative = take('-');
        if (!negative) (void)take('+');
        unsigned hours = 0, minutes = 0, seconds = 0;
        if (!number(hours, 0, 167)) return false;
        if (take(':') && !number(minutes, 0, 59)) return false;
        if (take(':') && !number(seconds, 0, 59)) return false;
        value = chrono::hours{hours} + chrono::minutes{minutes} + chrono::seconds{seconds};
        if (negative) value = -value;
        return true;
    }

    bool change(Change& change) {
        if (take('M')) {
            if (!number(change.month, 1, 12) || !take('.') || !number(change.week, 1, 5) || !take('.') ||
                !number(change.day, 0, 6))
                return false;
        } else if (take('J')) {
            change.kind = 'J';
            if (!number(change.day, 1, 365)) return false;
        } else {
            change.kind = '0';
            if (!number(change.day, 0, 365)) return false;
        }
        return !take('/') || time(change.time);
    }

private:
    static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

    std::string_view rest_;
};

std::optional<ClosingRule> ClosingRule::parse(std::string_view text) {
    Reader reader(text);
    ClosingRule rule;
    if (!reader.name() || !reader.time(rule.standard_)) return std::nullopt;
    rule.standard_ = -rule.standard_;  // the text counts west of Greenwich
    if (reader.done()) return rule;

    if (!reader.name()) return std::nullopt;
    rule.daylight_ = rule.standard_ + chrono::hours{1};
    if (!reader.next_is(',')) {
        if (!reader.time(rule.daylight_)) return std::nullopt;
        rule.daylight_ = -rule.daylight_;
    }
    Change start, end;
    if (!reader.take(',') || !reader.change(start) || !reader.take(',') || !reader.change(end) || !reader.done())
        return std::nullopt;
    rule.start_ = start;
    rule.end_ = end;
    return rule;
}

chrono::sys_seconds ClosingRule::Change::in(chrono::year year) const {
    if (kind == 'M') {
        const chrono::month of{month};
        const chrono::weekday on{day};
        if (week == 5) return chrono::sys_days{year / of / on[chrono::last]} + time;
        return chrono::sys_days{year / of / on[week]} + time;
    }
    unsigned days = day;
    if (kind == 'J' && !(year.is_leap() && day >= 60)) --days;  // J60 is 1 March in every year
    return chrono::sys_days{year / 1 / 1} + chrono::days{days} + time;
}

ZoneSpan ClosingRule::at(chrono::sys_seconds when) const {
    const chrono::sys_seconds ever{chrono::sys_days{chrono::year{20000} / 1 / 1}};
    const chrono::sys_seconds never{chrono::sys_days{chrono::year{-9999} / 1 / 1}};
    if (!start_) return {never, ever, standard_};
    struct Turn {
        chrono::sys_seconds moment;
        chrono::seconds offset;  ///< from then on
    };
    // Two years around: times and offsets of up to a week each can move a change across a turn of the year.
    std::array<Turn, 10> turns;
    const chrono::year year = chrono::year_month_day{chrono::floor<chrono::days>(when)}.year();
    for (int i = 0; i < 5; ++i) {
        const chrono::year of = year + chrono::years{i - 2};
        turns[static_cast<std::size_t>(2 * i)] = {start_->in(of)-standard_, daylight_};
        turns[static_cast<std::size_t>(2 * i + 1)] = {end_->in(of)-daylight_, standard_};
    }
    std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.moment < b.moment; });
    for (std::size_t i = turns.size() - 1; i-- > 0;)
        if (turns[i].moment <= when) return {turns[i].moment, turns[i + 1].moment, turns[i].offset};
    return {never, turns[0].moment, standard_};
}

}  // namespace meter::schedule
