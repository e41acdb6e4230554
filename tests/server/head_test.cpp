#include "http/head.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace meter::server;

namespace {

constexpr HeadLimits limits{};

std::optional<Refusal> parsed(const std::string& bytes, RequestHead& head) {
    HeadReader reader(limits);
    switch (reader.advance(bytes)) {
        case HeadReader::State::more:
            return Refusal{0, "incomplete"};
        case HeadReader::State::refused:
            return reader.refusal();
        case HeadReader::State::complete:
            break;
    }
    return parse_head(std::string_view(bytes).substr(0, reader.size()), limits, head);
}

std::optional<Refusal> parsed(const std::string& bytes) {
    RequestHead head;
    return parsed(bytes, head);
}

std::string get(const std::string& lines = "", const std::string& request_line = "GET /x HTTP/1.1") {
    return request_line + "\r\nHost: a\r\n" + lines + "\r\n";
}

}  // namespace

TEST_SUITE("server.head") {
    TEST_CASE("a plain head is taken apart as it was sent") {
        RequestHead head;
        REQUIRE_FALSE(parsed(get("X-Name:  a%20b\t \r\n", "GET /a/b?c=d?e HTTP/1.1"), head));
        CHECK(head.method == "GET");
        CHECK(head.path() == "/a/b");
        CHECK(head.query() == "c=d?e");
        REQUIRE(head.header("x-name"));
        CHECK(*head.header("x-name") == "a%20b");
        CHECK(head.framing == Framing::none);
        CHECK(head.keep_alive);
    }

    TEST_CASE("heads that two readers could read differently are refused with 400") {
        for (const char* lines : {"Content-Length: 1\r\nContent-Length: 1\r\n",
                                  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                                  "Content-Length: abc\r\n",
                                  "Content-Length: -1\r\n",
                                  "Content-Length: +1\r\n",
                                  "Content-Length: 1, 1\r\n",
                                  "Content-Length:\r\n",
                                  "Content-Length: 9999999999999999999\r\n",
                                  "Transfer-Encoding: gzip\r\n",
                                  "Transfer-Encoding: chunked, gzip\r\n",
                                  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                  "Host: b\r\n",
                                  " folded: x\r\n",
                                  "\tfolded\r\n",
                                  "no colon\r\n",
                                  "Name : x\r\n",
                                  ": x\r\n",
                                  "N(me: x\r\n",
                                  "A: b\n",
                                  "A: b\rc\r\n"}) {
            CAPTURE(lines);
            const auto refusal = parsed(get(lines));
            REQUIRE(refusal);
            CHECK(refusal->status == 400);
        }
        CHECK(parsed(get(std::string("A: b\0c\r\n", 8)))->status == 400);
    }

    TEST_CASE("malformed request lines are refused with 400") {
        for (const char* line :
             {"nonsense", "GET /x", "GET  HTTP/1.1", "GET /x HTTP/1.1 ", "GET x HTTP/1.1", "GET /x HTTP/2.0",
              "GET /x HTTP/9.9", "GET /x http/1.1", "G\x01T /x HTTP/1.1", "GET /x\x80 HTTP/1.1", "GET /x#y HTTP/1.1",
              "GET /a b HTTP/1.1", "GET /x HTTP/1.10", " GET /x HTTP/1.1"}) {
            CAPTURE(line);
            const auto refusal = parsed(get("", line));
            REQUIRE(refusal);
            CHECK(refusal->status == 400);
        }
    }

    TEST_CASE("HTTP/1.1 needs exactly one Host and HTTP/1.0 none") {
        CHECK(parsed("GET / HTTP/1.1\r\n\r\n"));
        CHECK_FALSE(parsed("GET / HTTP/1.0\r\n\r\n"));
    }

    TEST_CASE("the absolute form leads to its path") {
        struct Row {
            const char *line, *target;
        };
        for (const Row& row : {Row{"GET http://a/b?c HTTP/1.1", "/b?c"}, Row{"GET HTTPS://a HTTP/1.1", "/"},
                               Row{"OPTIONS * HTTP/1.1", "*"}}) {
            CAPTURE(row.line);
            RequestHead head;
            REQUIRE_FALSE(parsed(get("", row.line), head));
            CHECK(head.target == row.target);
        }
    }

    TEST_CASE("limits answer 414 for the target and 431 for headers, also before the head is complete") {
        RequestHead head;
        CHECK_FALSE(parsed(get("", "GET /" + std::string(8191, 'x') + " HTTP/1.1"), head));
        CHECK(parsed(get("", "GET /" + std::string(8192, 'x') + " HTTP/1.1"))->status == 414);
        CHECK(parsed("GET /" + std::string(20'000, 'x'))->status == 414);
        CHECK(parsed(get("X: " + std::string(40'000, 'x') + "\r\n"))->status == 431);
        CHECK(parsed("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x'))->status == 431);
        std::string many;
        for (int i = 0; i < 99; ++i) many += "X: y\r\n";
        CHECK_FALSE(parsed(get(many), head));
        CHECK(parsed(get(many + "X: y\r\n"))->status == 431);
    }

    TEST_CASE("a head that arrives byte by byte is found at the same place") {
        const std::string bytes = "\r\n" + get("A: b\r\n");
        HeadReader reader(limits);
        for (std::size_t i = 1; i < bytes.size(); ++i)
            REQUIRE(reader.advance(std::string_view(bytes).substr(0, i)) == HeadReader::State::more);
        CHECK(reader.advance(bytes + "next") == HeadReader::State::complete);
        CHECK(reader.size() == bytes.size());
    }

    TEST_CASE("Connection and version decide whether the connection lives on") {
        struct Row {
            const char *line, *lines;
            bool keep_alive;
        };
        for (const Row& row :
             {Row{"GET / HTTP/1.1", "", true}, Row{"GET / HTTP/1.1", "Connection: x, CLOSE\r\n", false},
              Row{"GET / HTTP/1.0", "", false}, Row{"GET / HTTP/1.0", "Connection: Keep-Alive\r\n", true},
              Row{"GET / HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n", false}}) {
            CAPTURE(row.lines);
            RequestHead head;
            REQUIRE_FALSE(parsed(get(row.lines, row.line), head));
            CHECK(head.keep_alive == row.keep_alive);
        }
    }

    TEST_CASE("100-continue is awaited only where a body follows") {
        RequestHead head;
        REQUIRE_FALSE(parsed(get("Expect: 100-Continue\r\nContent-Length: 3\r\n"), head));
        CHECK(head.expects_continue);
        RequestHead without;
        REQUIRE_FALSE(parsed(get("Expect: 100-continue\r\nContent-Length: 0\r\n"), without));
        CHECK_FALSE(without.expects_continue);
    }

    TEST_CASE("target and origin of a broken head are guessed for its error answer") {
        struct Row {
            std::string_view bytes, target, origin;
        };
        for (const Row& row : {
                 Row{"GET /api/v1/x HTTP/1.1\r\nA", "/api/v1/x", ""},
                 Row{"GET /api/v1/xxx", "/api/v1/xxx", ""},
                 Row{"GET http://h/api/v1?x HTTP/1.1\r\n", "/api/v1?x", ""},
                 Row{"\r\nGET /a HTTP/1.1\r\nORIGIN:http://a \r\n", "/a", "http://a"},
                 Row{"GET /a HTTP/1.1\r\nBad line\r\nOrigin: http://a\r\n\r\n", "/a", "http://a"},
                 Row{"GET /a HTTP/1.1\r\nOrigin: http://a.exa", "/a", ""},
                 Row{"GET /a HTTP/1.1\r\nX: y\r\n\r\nOrigin: http://a\r\n", "/a", ""},
                 Row{"GET /a HTTP/1.1\r\nXOrigin: http://a\r\nOrigin:\r\n", "/a", ""},
                 Row{"\x16\x03\x01", "", ""},
                 Row{"\r", "", ""},
                 Row{"GET /a\r", "/a", ""},
                 Row{"", "", ""},
             }) {
            CAPTURE(row.bytes);
            const auto head = guess_head(row.bytes);
            CHECK(head.target == row.target);
            const auto* origin = head.header("origin");
            CHECK((origin ? *origin : std::string()) == row.origin);
        }
    }
}
