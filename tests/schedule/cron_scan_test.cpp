#include <doctest/doctest.h>

#include "scan.hpp"

TEST_SUITE("schedule.cron_scan") {
    TEST_CASE("next_after finds the same minutes as a scan of every minute of a year, in zones with odd clocks") {
        std::mt19937 random(20250115);
        cron_scan::RandomCron random_cron(random);
        std::vector<std::string> expressions{"30 2 * * *",  "15,45 1-3 * * *", "0 0 * * *",      "59 23 * * *",
                                             "* 2 * * *",   "*/20 1,2 * * *",  "5/10 0-3 * * *", "0 2 29 3,10 *",
                                             "0 */2 * * *", "1 0 1 * 0"};
        while (expressions.size() < 40) expressions.push_back(random_cron());
        int asked = 0;
        for (const char* zone :
             {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"}) {
            const cron_scan::Walls walls(zone, 2025, 1);
            for (const std::string& expression : expressions) {
                const auto cron = meter::Cron::parse(expression, zone);
                if (!cron) {
                    CHECK(cron.error().subject == "cron_expression");
                    continue;
                }
                const cron_scan::Tables tables(expression, walls.origin, walls.days);
                CAPTURE(expression);
                CAPTURE(zone);
                CHECK(cron_scan::wrong_answers(*cron, walls, cron_scan::due_moments(walls, tables), 500, random) == 0);
                ++asked;
            }
        }
        CHECK(asked > 150);
    }

    TEST_CASE("an expression is rejected exactly when no day of 400 years matches it") {
        std::mt19937 random(7);
        cron_scan::RandomCron random_cron(random);
        int rejected = 0;
        for (int i = 0; i < 300; ++i) {
            std::string expression = random_cron();
            if (i % 2 == 0) expression = "0 0 " + std::to_string(29 + i % 3) + (i % 4 == 0 ? " 2" : " 2,4,6") + " *";
            const cron_scan::Tables tables(expression, std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}, 146'097);
            const bool comes = std::any_of(tables.days.begin(), tables.days.end(), [](char c) { return c != 0; });
            CAPTURE(expression);
            CHECK(meter::Cron::parse(expression).has_value() == comes);
            rejected += comes ? 0 : 1;
        }
        CHECK(rejected > 10);
    }
}
