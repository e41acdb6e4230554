#include "http/codec.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meter::server;

namespace {

bool has_line(const std::string& answer, const std::string& line) {
    return answer.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("server.codec") {
    TEST_CASE("an answer is a status line, headers, an empty line and the body") {
        const Answer answer{.status = 404, .body = "{}", .headers = {{"X-Request-Id", "req_1"}}};
        const auto bytes = render_answer(answer, "GET", false);
        CHECK(bytes.starts_with("HTTP/1.1 404 Not Found\r\n"));
        CHECK(bytes.ends_with("\r\n\r\n{}"));
        CHECK(has_line(bytes, "Content-Type: application/json"));
        CHECK(has_line(bytes, "Content-Length: 2"));
        CHECK(has_line(bytes, "X-Request-Id: req_1"));
        CHECK(bytes.find("\r\nDate: ") != std::string::npos);
        CHECK(bytes.find("\r\n\r\n") == bytes.size() - 6);
    }

    TEST_CASE("answers of one status differ in length, body and connection") {
        for (const bool close : {false, true, false}) {
            CAPTURE(close);
            for (const std::string body : {"", "a", "abc"}) {
                const auto bytes = render_answer({.body = body}, "POST", close);
                CHECK(has_line(bytes, "Content-Length: " + std::to_string(body.size())));
                CHECK(bytes.ends_with("\r\n\r\n" + body));
                CHECK(has_line(bytes, "Connection: close") == close);
            }
        }
    }

    TEST_CASE("HEAD has the length but not the body") {
        const auto bytes = render_answer({.body = "abc"}, "HEAD", false);
        CHECK(has_line(bytes, "Content-Length: 3"));
        CHECK(bytes.ends_with("\r\n\r\n"));
    }

    TEST_CASE("204 says nothing of a content that it cannot have") {  // RFC 9110 8.6
        const auto bytes = render_answer({.status = 204}, "DELETE", false);
        CHECK(bytes.starts_with("HTTP/1.1 204 No Content\r\n"));
        CHECK(bytes.find("Content-") == std::string::npos);
        CHECK(bytes.ends_with("\r\n\r\n"));
    }

    TEST_CASE("a header with a line break is left out") {
        const Answer answer{
            .headers = {{"X-A", "a\r\nX-Evil: b"}, {"X-B\n", "b"}, {"X-C", std::string("c\0c", 3)}, {"X-D", "d"}}};
        const auto bytes = render_answer(answer, "GET", false);
        CHECK(bytes.find("Evil") == std::string::npos);
        CHECK(bytes.find("X-A") == std::string::npos);
        CHECK(bytes.find("X-B") == std::string::npos);
        CHECK(bytes.find("X-C") == std::string::npos);
        CHECK(has_line(bytes, "X-D: d"));
    }
}
