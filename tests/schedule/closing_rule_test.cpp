#include "schedule/closing_rule.hpp"

#include <date/tz.h>
#include <doctest/doctest.h>

#include "meter/time.hpp"

using meter::schedule::ClosingRule;
using meter::schedule::Zone;

TEST_SUITE("schedule.closing_rule") {
    TEST_CASE("each form of rule gives the offset of its season") {
        struct Row {
            const char *rule, *when;
            int offset_minutes;
        };
        for (const Row& row : {
                 Row{"CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T00:59:59Z", 60},
                 Row{"CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00Z", 120},
                 Row{"CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T00:59:59Z", 120},
                 Row{"CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T01:00:00Z", 60},
                 Row{"JST-9", "2050-07-01T00:00:00Z", 540},
                 Row{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2050-01-01T00:00:00Z", 660},
                 Row{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2050-07-01T00:00:00Z", 630},
                 Row{"IST-1GMT0,M10.5.0,M3.5.0/1", "2050-07-01T00:00:00Z", 60},
                 Row{"IST-1GMT0,M10.5.0,M3.5.0/1", "2050-12-31T23:59:59Z", 0},
                 Row{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27T00:59:59Z", -120},
                 Row{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27T01:00:00Z", -60},
                 Row{"EET-2EEST,M3.4.4/50,M10.4.4/50", "2050-03-26T00:00:00Z", 180},
                 Row{"EST5EDT,J60/0,J300/0", "2048-03-01T05:00:00Z", -240},
                 Row{"EST5EDT,J60/0,J300/0", "2048-03-01T04:59:59Z", -300},
                 Row{"AAA-100BBB,J1/-160,J1/-100", "2049-12-20T00:00:00Z", 6000},  // both changes in the year before
                 Row{"AAA100BBB,J365/100,J365/160", "2050-01-01T00:00:00Z", -6000},
                 Row{"EST5EDT,59/0,300/0", "2048-02-29T05:00:00Z", -240},
             }) {
            CAPTURE(row.rule);
            CAPTURE(row.when);
            const auto rule = ClosingRule::parse(row.rule);
            REQUIRE(rule);
            const auto when = std::chrono::floor<std::chrono::seconds>(meter::parse_time(row.when).value());
            const auto span = rule->at(when);
            CHECK(span.offset == std::chrono::minutes{row.offset_minutes});
            CHECK(span.begin <= when);
            CHECK(when < span.end);
        }
    }

    TEST_CASE("what is no rule is refused") {
        for (const char* text : {"", "CET", "CE-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                                 "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
                                 "CET-1CEST,J0,J1", "<CET-1", "CET-168", "CET-1:60", "CET-1CEST,,"}) {
            CAPTURE(text);
            CHECK_FALSE(ClosingRule::parse(text));
        }
    }

    TEST_CASE("where data and rule meet, a zone has the offsets of both") {
        // Up to 2036 the data lists each change; the rule must tell the same for zones that keep their rules.
        for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin",
                                 "Asia/Tokyo", "America/St_Johns", "Pacific/Auckland"}) {
            const auto zone = Zone::find(name).value();
            const auto* data = date::locate_zone(name);
            const std::chrono::sys_seconds begin{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}};
            int wrong = 0;
            for (int hour = 0; hour < 6 * 366 * 24; ++hour) {
                const auto when = begin + std::chrono::hours{hour};
                // the same moment 28 years later, when every date falls on the same weekday
                const auto later = when + std::chrono::days{28 * 365 + 7};
                const auto offset = data->get_info(when).offset;
                wrong += zone.at(when).offset == offset && zone.at(later).offset == offset ? 0 : 1;
            }
            CAPTURE(name);
            CHECK(wrong == 0);
        }
    }
}
