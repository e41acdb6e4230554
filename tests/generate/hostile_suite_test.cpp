// Plans for the pages that parsers are tested with: a plan or a refusal, whatever the bytes.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "core/suites.hpp"
#include "meter/generator.hpp"

namespace {

std::size_t plans_tried = 0;

void try_plans(std::string_view html) {
    for (const std::string_view wish : {"title, price and date", "the product's name, price, sku and description"}) {
        const auto plan = meter::generate_strategy(html, "https://x.test/", wish);
        ++plans_tried;
        if (!plan)
            CHECK_MESSAGE(plan.error().code != meter::ErrorCode::internal, plan.error().message);
        else
            CHECK(meter::Plan::parse(plan->definition));
    }
}

}  // namespace

TEST_SUITE("generate.hostile") {
    TEST_CASE("Every page of the parsers' suites ends in a plan or a refusal") {
        for (const std::string_view suite : {"libxml2-hostile", "html5lib-tests"}) {
            const auto folder = meter::testing::suite_folder(suite);
            if (!folder) continue;
            for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
                if (!entry.is_regular_file()) continue;
                const std::string text = meter::testing::read_file(entry.path());
                CAPTURE(entry.path().string());
                try_plans(text);
                // The documents inside a file of tests, each by itself.
                constexpr std::string_view begin = "#data\n", end = "\n#errors";
                for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
                    at += begin.size();
                    const std::size_t stop = text.find(end, at);
                    if (stop == std::string::npos) break;
                    try_plans(std::string_view(text).substr(at, stop - at));
                    at = stop;
                }
            }
        }
        MESSAGE("plans tried: " << plans_tried);
    }
}
