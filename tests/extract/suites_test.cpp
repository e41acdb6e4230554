// Public data: JSON-LD as pages have it (extruct's samples, BSD-3-Clause; read by path, never copied).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support.hpp"

namespace {

std::filesystem::path suites_folder() {
    const char* given = std::getenv("METER_SUITES");
    return given != nullptr ? given : "../shared/suites";
}

std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_SUITE("extract.suites") {
    TEST_CASE("JSON-LD samples of extruct come out as it reads them") {
        const auto samples = suites_folder() / "extruct" / "tests" / "samples";
        if (!std::filesystem::exists(samples)) {
            MESSAGE("skipped: no folder " << samples.string());
            return;
        }
        const meter::Plan plan =
            meter::test::plan_of(R"({"container":{"script":{"type":"application/ld+json"}},"fields":{}})");
        int compared = 0;
        for (const char* folder : {"custom.invalid", "schema.org.invalid", "schema.org"})
            for (const auto& entry : std::filesystem::directory_iterator(samples / folder)) {
                auto expected_path = entry.path();
                expected_path.replace_extension(".jsonld");
                if (entry.path().extension() != ".html" || !std::filesystem::exists(expected_path)) continue;
                CAPTURE(entry.path().string());
                const auto expected = meter::parse_json(file_text(expected_path));
                REQUIRE(expected);
                const auto found = meter::extract(file_text(entry.path()), plan);
                REQUIRE(found);
                INFO(meter::to_json(meter::Value(found->items)));
                CHECK(meter::Value(found->items) == *expected);
                ++compared;
            }
        CHECK(compared >= 6);
    }
}
