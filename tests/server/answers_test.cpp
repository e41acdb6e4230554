#include "answers.hpp"

#include <doctest/doctest.h>

using namespace meter::server;
using meter::ErrorCode;

TEST_SUITE("server.answers") {
    TEST_CASE("each error of the library has its status and code, and inner texts stay inside") {
        struct Row {
            ErrorCode code;
            int status;
            std::string_view name, detail;
        };
        for (const Row& row : {
                 Row{ErrorCode::invalid_argument, 400, "invalid_request", "why"},
                 Row{ErrorCode::invalid_url, 422, "invalid_url", "why"},
                 Row{ErrorCode::not_found, 404, "not_found", "why"},
                 Row{ErrorCode::conflict, 409, "conflict", "why"},
                 Row{ErrorCode::quota_exceeded, 403, "quota_exceeded", "why"},
                 Row{ErrorCode::unsupported, 422, "unprocessable", "why"},
                 Row{ErrorCode::unprocessable, 422, "unprocessable", "why"},
                 Row{ErrorCode::network, 422, "unprocessable", "why"},
                 Row{ErrorCode::timeout, 422, "unprocessable", "why"},
                 Row{ErrorCode::blocked, 422, "unprocessable", "why"},
                 Row{ErrorCode::too_large, 422, "unprocessable", "why"},
                 Row{ErrorCode::parse, 422, "unprocessable", "why"},
                 Row{ErrorCode::store, 503, "unavailable", "Service temporarily unavailable"},
                 Row{ErrorCode::unavailable, 503, "unavailable", "why"},
                 Row{ErrorCode::cancelled, 503, "unavailable", "Service temporarily unavailable"},
                 Row{ErrorCode::internal, 500, "internal_error", "Internal server error"},
             }) {
            CAPTURE(meter::to_string(row.code));
            const auto problem = to_problem({row.code, "why", "place"});
            CHECK(problem.status == row.status);
            CHECK(problem.code == row.name);
            CHECK(problem.detail == row.detail);
            CHECK(problem.location == (row.status == 400 || row.code == ErrorCode::invalid_url ? "body.place" : ""));
            CHECK(problem.headers.size() == (row.status == 503 ? 1 : 0));
        }
        CHECK(to_problem({ErrorCode::invalid_argument, "why", "limit"}, Source::query).location == "query.limit");
        CHECK(to_problem({ErrorCode::invalid_url, "why", "http://x y/"}).location.empty());
    }

    TEST_CASE("that nothing was found has a fixed detail, and beside it what was looked for") {
        const auto problem =
            to_problem({ErrorCode::unprocessable, "No items could be extracted", "looked for name; found 2 lists"});
        CHECK(to_answer(problem, "/api/watch", "req_1").body ==
              R"({"detail":"No items could be extracted","code":"unprocessable",)"
              R"("errors":[{"loc":"body","msg":"looked for name; found 2 lists"}]})");
    }

    TEST_CASE("the path decides the form of an error") {
        const auto problem = invalid_request("a \"b\"", "body.x");
        CHECK(to_answer(problem, "/api/jobs", "req_1").body ==
              R"({"detail":"a \"b\"","code":"invalid_request","errors":[{"loc":"body.x","msg":"a \"b\""}]})");
        CHECK(
            to_answer(problem, "/api/v1/workflows", "req_1").body ==
            R"({"detail":"a \"b\"","error":{"code":"validation_error","message":"a \"b\""},"meta":{"requestId":"req_1"}})");
        meter::server::Problem conflict = to_problem({ErrorCode::conflict, "busy", "run"});
        conflict.members.emplace_back("run_id", "a\"b");
        CHECK(to_answer(conflict, "/api/workflows/x/run", "req_1").body ==
              R"({"detail":"busy","code":"conflict","run_id":"a\"b"})");
        for (const char* path : {"/api/v1", "/api/v1/x", "/hooks", "/hooks/a/b"}) CHECK(is_automation_path(path));
        for (const char* path : {"/api/v10", "/hooksy", "/api/v", "/v1", "", "*"})
            CHECK_FALSE(is_automation_path(path));
    }
}
