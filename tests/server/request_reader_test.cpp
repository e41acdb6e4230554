#include "http/request_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace meter::server;

namespace {

using State = RequestReader::State;

RequestReader make_reader(std::size_t max_body = 100) {
    return RequestReader(HeadLimits{}, max_body);
}

std::string post(const std::string& lines, const std::string& body) {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" + body;
}

std::string chunked(const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n", body);
}

// What a reader makes of bytes that arrive in pieces of this size.
std::vector<std::string> bodies(const std::string& bytes, std::size_t piece) {
    auto reader = make_reader();
    std::vector<std::string> found;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.append(std::string_view(bytes).substr(at, piece));
        while (reader.advance() == State::ready) found.push_back(reader.take().body);
        if (reader.state() == State::refused) {
            found.push_back("refused " + std::to_string(reader.refusal().status));
            break;
        }
    }
    return found;
}

}  // namespace

TEST_SUITE("server.request_reader") {
    TEST_CASE("pipelined requests come out alike however they were cut") {
        const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + post("Content-Length: 3\r\n", "abc") +
                                  chunked("2\r\nde\r\n1;x=y\r\nf\r\n0\r\nTrailer: x\r\n\r\n") +
                                  "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" +
                                  "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const std::vector<std::string> expected{"", "abc", "def", "hi", ""};
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            CAPTURE(piece);
            REQUIRE(bodies(bytes, piece) == expected);
        }
    }

    TEST_CASE("malformed chunks are refused") {
        for (const char* body : {"zz\r\n{}\r\n", "-1\r\n", "\r\n", "2\r\n{}x\r\n", "2\n{}\r\n", "2\r{}",
                                 "0x2\r\n{}\r\n", "0\r\n\n", "1\r\na\r\r\n"}) {
            CAPTURE(body);
            CHECK(bodies(chunked(body), 1) == std::vector<std::string>{"refused 400"});
        }
        CHECK(bodies(chunked("1;" + std::string(300, 'x') + "\r\na\r\n"), 7) ==
              std::vector<std::string>{"refused 400"});
        CHECK(bodies(chunked("0\r\n" + std::string(5000, 'x')), 7) == std::vector<std::string>{"refused 400"});
    }

    TEST_CASE("a body over the limit is handed on unread and ends the connection") {
        for (const std::string& bytes :
             {post("Content-Length: 101\r\n", ""), chunked("65\r\n"),
              chunked("64\r\n" + std::string(100, 'x') + "\r\n1\r\n"), chunked("ffffffffffffffffffff\r\n")}) {
            CAPTURE(bytes);
            auto reader = make_reader();
            reader.append(bytes);
            REQUIRE(reader.advance() == State::ready);
            const auto request = reader.take();
            CHECK(request.body_too_large);
            CHECK(request.body.empty());
            reader.append("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            CHECK(reader.advance() == State::refused);
        }
        CHECK(bodies(chunked("64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n"), 9) ==
              std::vector<std::string>{std::string(100, 'x')});
    }

    TEST_CASE("of what is refused its target and origin are seen, in its head or after it") {
        const std::string asked = "Origin: http://a\r\n";
        const std::string long_line = "X: " + std::string(40'000, 'x') + "\r\n";
        for (const auto& bytes :
             {chunked("zz\r\n").insert(18, asked), post(asked + "Content-Length: 1\r\nContent-Length: 2\r\n", ""),
              post("Bad line\r\n" + asked, ""), post(asked + long_line, ""), post(long_line + asked, "")}) {
            auto reader = make_reader();
            reader.append(bytes);
            CHECK(reader.advance() == State::refused);
            const auto seen = reader.seen();
            CHECK(seen.target == "/p");
            REQUIRE(seen.header("origin"));
            CHECK(*seen.header("origin") == "http://a");
        }
    }

    TEST_CASE("a client that waits for 100 Continue is told once, and not when its body is there already") {
        const std::string lines = "Expect: 100-continue\r\nContent-Length: 2\r\n";
        auto reader = make_reader();
        reader.append(post(lines, ""));
        REQUIRE(reader.advance() == State::body);
        CHECK(reader.take_continue());
        CHECK_FALSE(reader.take_continue());
        auto eager = make_reader();
        eager.append(post(lines, "x"));
        REQUIRE(eager.advance() == State::body);
        CHECK_FALSE(eager.take_continue());
    }

    TEST_CASE("what is held is counted and given back") {
        auto reader = make_reader();
        CHECK(reader.held() == 0);
        reader.append(post("Content-Length: 50\r\n", std::string(40, 'x')));
        reader.advance();
        CHECK(reader.held() == 40);
        reader.append(std::string(10, 'x'));
        REQUIRE(reader.advance() == State::ready);
        reader.take();
        CHECK(reader.held() == 0);
        CHECK(reader.state() == State::idle);
    }
}
