#include "router.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "routes/routes.hpp"

using namespace meter::server;

namespace {

Answer nothing(Services&, Call&) {
    return {};
}

Route route(std::string_view method, std::string_view path, std::string_view scope = "meter") {
    return {.method = method, .path = path, .scope = scope, .handler = nothing};
}

}  // namespace

TEST_SUITE("server.router") {
    TEST_CASE("literal parts win over parameters, and parameters are found where literals end") {
        const Router router({route("GET", "/a/{id}"), route("GET", "/a/list"), route("POST", "/a/make"),
                             route("GET", "/a/{id}/b"), route("GET", "/a/list/{x}/c"), route("DELETE", "/a/{id}")});
        struct Row {
            std::string_view method, path, found, allow;
        };
        for (const Row& row : {
                 Row{"GET", "/a/1", "/a/{id}", ""},
                 Row{"HEAD", "/a/1", "/a/{id}", ""},
                 Row{"GET", "/a/list", "/a/list", ""},
                 Row{"GET", "/a/%6cist", "/a/list", ""},
                 Row{"GET", "/a/list/b", "/a/{id}/b", ""},
                 Row{"GET", "/a/list/1/c", "/a/list/{x}/c", ""},
                 Row{"DELETE", "/a/list", "", "GET, HEAD"},
                 Row{"GET", "/a/make", "", "POST"},
                 Row{"HEAD", "/a/make", "", "POST"},
                 Row{"BREW", "/a/1", "", "GET, HEAD, DELETE"},
                 Row{"GET", "/a", "", ""},
                 Row{"GET", "/a/", "", ""},
                 Row{"GET", "/a/list/", "", ""},
                 Row{"GET", "/a//b", "", ""},
                 Row{"GET", "/a/1/b/c/d", "", ""},
                 Row{"GET", "/A/1", "", ""},
                 Row{"GET", "a/1", "", ""},
                 Row{"GET", "*", "", ""},
             }) {
            CAPTURE(row.method);
            CAPTURE(row.path);
            const auto match = router.match(row.method, row.path);
            CHECK((match.route ? match.route->path : std::string_view()) == row.found);
            CHECK(match.allow == row.allow);
        }
    }

    TEST_CASE("parameters are handed over decoded and by name") {
        const Router router({route("GET", "/a/{one}/b/{two}"), route("GET", "/a/x/y")});
        const auto match = router.match("GET", "/a/x/b/%2F2");
        REQUIRE(match.route);
        CHECK(match.parameters.get("one") == "x");
        CHECK(match.parameters.get("two") == "/2");
        CHECK(match.parameters.get("three").empty());
    }

    TEST_CASE("a table with a route that says not who may call it does not start") {
        CHECK_THROWS_AS(Router({route("GET", "/a", "")}), std::logic_error);
        CHECK_THROWS_AS(Router({Route{.method = "GET", .path = "/a", .scope = "meter"}}), std::logic_error);
        CHECK_THROWS_AS(Router({route("GET", "/a/{x}"), route("GET", "/a/{y}")}), std::logic_error);
        CHECK_THROWS_AS(Router({route("GET", "a")}), std::logic_error);
    }

    TEST_CASE("the server's own table starts, and only probes, the description and hooks need no key") {
        const Router router(all_routes());
        for (const auto& each : router.routes()) {
            CAPTURE(each.path);
            const bool open = each.path == "/healthz" || each.path == "/readyz" || each.path == "/openapi.json" ||
                              each.path == "/hooks/{workflowId}/{nodeId}";  // proves itself by its node's secret
            CHECK((each.scope == no_key_needed) == open);
        }
    }
}
