#include "reference.hpp"

#include <doctest/doctest.h>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "config.hpp"
#include "routes/routes.hpp"

using namespace meter::server;

namespace {

/// What `meter-server reference --form ...` prints.
std::string printed_reference(const char* form) {
    std::ostringstream out;
    auto* const before = std::cout.rdbuf(out.rdbuf());
    const char* const argv[] = {"meter-server", "reference", "--form", form};
    const auto done = read_invocation(4, argv);
    std::cout.rdbuf(before);
    const int* code = std::get_if<int>(&done);
    CHECK((code && *code == 0));
    return out.str();
}

std::string escaped_for_troff(std::string_view flag) {
    std::string text;
    for (const char c : flag) text += c == '-' ? std::string("\\-") : std::string(1, c);
    return text;
}

}  // namespace

TEST_SUITE("server.reference") {
    TEST_CASE("every setting is in the table, the manual page and the completion") {
        const auto table = printed_reference("markdown"), page = printed_reference("man"),
                   completion = printed_reference("bash");
        for (const auto& each : option_specs()) {
            CAPTURE(each.name);
            const auto flag = option_flag(each.name);
            CHECK(table.find("`" + flag + "`") != std::string::npos);
            CHECK(table.find("`" + option_variable(each.name) + "`") != std::string::npos);
            CHECK(page.find(escaped_for_troff(flag)) != std::string::npos);
            CHECK((completion.find(flag + ' ') != std::string::npos ||
                   completion.find(flag + '\'') != std::string::npos));
        }
    }

    TEST_CASE("a row of the table has seven cells, whatever its texts hold") {
        std::istringstream lines(printed_reference("markdown"));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("| `")) continue;
            CAPTURE(line);
            std::size_t bars = 0;
            for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
            CHECK(bars == 8);
        }
    }

    TEST_CASE("no line of the manual page is taken for a request by accident") {
        std::istringstream lines(printed_reference("man"));
        for (std::string line; std::getline(lines, line);) {
            if (line.empty() || (line.front() != '.' && line.front() != '\'')) continue;
            CAPTURE(line);
            bool known = false;
            for (const std::string request : {".TH ", ".SH ", ".SS ", ".TP", ".B ", ".I ", ".RI ", ".IR "})
                known = known || line.starts_with(request);
            CHECK(known);
        }
    }

    TEST_CASE("every route is told with its scope") {
        const auto routes = printed_reference("routes");
        for (const auto& route : all_routes()) {
            const auto line =
                std::string(route.method) + ' ' + std::string(route.path) + ' ' + std::string(route.scope) + '\n';
            CAPTURE(line);
            CHECK(routes.find(line) != std::string::npos);
        }
    }
}
