// The whole scan: 500 expressions in 20 zones over 10 years. Labelled slow.
#include <doctest/doctest.h>

#include "scan.hpp"

TEST_SUITE("schedule.cron_scan_full") {
    TEST_CASE("next_after agrees with a scan of 10 years for 500 random expressions in 20 zones") {
        std::mt19937 random(20260101);
        cron_scan::RandomCron random_cron(random);
        std::vector<std::string> expressions;
        while (expressions.size() < 500) {
            std::string expression = random_cron();
            if (meter::Cron::parse(expression)) expressions.push_back(std::move(expression));
        }
        int pairs = 0, wrong = 0;
        for (const std::string& zone : cron_scan::zones()) {
            const cron_scan::Walls walls(zone, 2025, 10);
            for (const std::string& expression : expressions) {
                const cron_scan::Tables tables(expression, walls.origin, walls.days);
                const auto due = cron_scan::due_moments(walls, tables);
                wrong +=
                    cron_scan::wrong_answers(meter::Cron::parse(expression, zone).value(), walls, due, 300, random);
                ++pairs;
            }
        }
        MESSAGE("pairs of expression and zone: ", pairs);
        CHECK(wrong == 0);
    }
}
