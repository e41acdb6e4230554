#include "cors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace meter::server;

namespace {

using CorsHeaders = std::vector<std::pair<std::string, std::string>>;

RequestHead request_of(std::string method, CorsHeaders headers) {
    RequestHead head;
    head.method = std::move(method);
    head.target = "/api/jobs";
    head.headers = std::move(headers);
    return head;
}

Answer shared(std::string_view setting, CorsHeaders headers, Answer answer = {}) {
    Cors::parse(setting).value().share(request_of("GET", std::move(headers)), answer);
    return answer;
}

std::string value_of(const Answer& answer, std::string_view name) {
    for (const auto& [each, value] : answer.headers)
        if (each == name) return value;
    return {};
}

}  // namespace

TEST_SUITE("server.cors") {
    TEST_CASE("an origin has one form: lower case, without the port of its scheme") {
        struct Row {
            std::string_view text, origin;
        };
        for (const Row& row : {
                 Row{"https://app.example", "https://app.example"},
                 Row{"HTTPS://App.Example:443", "https://app.example"},
                 Row{"http://app.example:80", "http://app.example"},
                 Row{"http://app.example:443", "http://app.example:443"},
                 Row{"https://app.example:080", "https://app.example:80"},
                 Row{"http://localhost:3000", "http://localhost:3000"},
                 Row{"http://127.0.0.1:65535", "http://127.0.0.1:65535"},
                 Row{"http://[::1]:8080", "http://[::1]:8080"},
                 Row{"http://[0:0:0::1]", "http://[::1]"},
                 Row{"http://[2001:DB8::A]:80", "http://[2001:db8::a]"},
                 Row{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
                 Row{"https://a_b.4chan", "https://a_b.4chan"},
                 Row{"chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"},
                 Row{"tauri://localhost", "tauri://localhost"},
             }) {
            CAPTURE(row.text);
            CHECK(serialized_origin(row.text).value_or("") == row.origin);
        }
    }

    TEST_CASE("what is no origin is refused, whatever it resembles") {
        const std::vector<std::string> texts{
            "",
            "null",
            "*",
            "app.example",
            "app.example:443",
            "//app.example",
            "https:app.example",
            "https:/app.example",
            "https://",
            "https://:443",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?x",
            "https://app.example#x",
            "https://user@app.example",
            "https://*.example",
            "https://app.example:",
            "https://app.example:0",
            "https://app.example:65536",
            "https://app.example:+1",
            "https://app.example:1:2",
            "https://app..example",
            "https://.example",
            "https://app.example.",
            "https://app example",
            "https://app.example\thttps://b.example",
            "https://b\xc3\xbc"
            "cher.example",
            "http://127.1",
            "http://7",
            "http://127.0.0.256",
            "http://0x7f.1",
            "http://1.2.3.0x4",
            "http://[::1",
            "http://[::1]x",
            "http://[::1]x:80",
            "http://[]",
            "http://[::g]",
            "http://[127.0.0.1]",
            "http://::1",
            "1http://app.example",
            "ht tp://app.example",
            "://app.example",
            "file:///etc",
            "https://" + std::string(254, 'a'),
            std::string(100'000, 'a') + "://app.example",
            "https://app.example\r\nSet-Cookie: a=b",
        };
        for (const auto& text : texts) {
            CAPTURE(text);
            CHECK_FALSE(serialized_origin(text));
        }
    }

    TEST_CASE("the setting is a list of origins or the star alone, and an error tells the entry") {
        for (const std::string_view good :
             {"", " ", "*", " * ", "https://app.example", "https://a.example , http://localhost:3000",
              "https://a.example,https://a.example"}) {
            CAPTURE(good);
            CHECK(Cors::parse(good));
        }
        struct Row {
            std::string_view text, entry;
        };
        for (const Row& row : {Row{"https://a.example,app.example", "\"app.example\""},
                               Row{"https://a.example,", "\"\""}, Row{",https://a.example", "\"\""},
                               Row{"https://a.example,*", "\"*\""}, Row{"*,*", "\"*\""}, Row{"null", "\"null\""},
                               Row{"https://a.example https://b.example", "\"https://a.example https://b.example\""},
                               Row{"https://a.example/", "\"https://a.example/\""}}) {
            CAPTURE(row.text);
            const auto cors = Cors::parse(row.text);
            REQUIRE_FALSE(cors);
            CHECK(cors.error().code == meter::ErrorCode::invalid_argument);
            CHECK(cors.error().message.find(row.entry) != std::string::npos);
        }
    }

    TEST_CASE("without the setting no answer changes") {
        CHECK(shared("", {{"origin", "https://app.example"}}).headers.empty());
        CHECK(shared("", {}).headers.empty());
        CHECK_FALSE(Cors().preflight(
            request_of("OPTIONS", {{"origin", "https://a.example"}, {"access-control-request-method", "GET"}})));
    }

    TEST_CASE("a listed origin is told so, in its own words") {
        constexpr std::string_view setting = "https://b.example, HTTPS://App.Example:443 ,http://localhost:3000";
        for (const std::string sent : {"https://app.example", "https://app.example:443", "https://b.example",
                                       "http://localhost:3000", "HTTP://LOCALHOST:3000"}) {
            CAPTURE(sent);
            const auto answer = shared(setting, {{"origin", sent}});
            CHECK(value_of(answer, "Access-Control-Allow-Origin") == sent);
            CHECK(value_of(answer, "Vary") == "Origin");
            CHECK(value_of(answer, "Access-Control-Expose-Headers").find("Retry-After") != std::string::npos);
            CHECK(value_of(answer, "Access-Control-Allow-Credentials").empty());
        }
    }

    // Fetch, "CORS protocol and HTTP caches": an answer without the header must not be kept for those who need it.
    TEST_CASE("other origins and none are told nothing but that answers differ") {
        const std::vector<CorsHeaders> rows{
            {},
            {{"origin", ""}},
            {{"origin", "null"}},
            {{"origin", "*"}},
            {{"origin", "http://app.example"}},
            {{"origin", "https://app.example:8443"}},
            {{"origin", "https://app.example.evil.example"}},
            {{"origin", "https://evil.example/https://app.example"}},
            {{"origin", "https://xapp.example"}},
            {{"origin", "https://app.example, https://evil.example"}},
            {{"origin", "https://app.example https://evil.example"}},
            {{"origin", "https://app.example"}, {"origin", "https://evil.example"}},
        };
        for (const auto& headers : rows) {
            CAPTURE(headers.size());
            const auto answer = shared("https://app.example", headers);
            CHECK(answer.headers == CorsHeaders{{"Vary", "Origin"}});
        }
    }

    TEST_CASE("the star is the same for everybody, so nothing varies") {
        for (const CorsHeaders& headers :
             {CorsHeaders{}, CorsHeaders{{"origin", "null"}}, CorsHeaders{{"origin", "https://app.example"}},
              CorsHeaders{{"origin", "?"}}}) {
            const auto answer = shared("*", headers);
            CHECK(value_of(answer, "Access-Control-Allow-Origin") == "*");
            CHECK(value_of(answer, "Access-Control-Allow-Credentials").empty());
            CHECK(value_of(answer, "Vary").empty());
        }
    }

    TEST_CASE("what an answer varies by already stays") {
        struct Row {
            std::string_view before, after;
        };
        for (const Row& row : {Row{"Accept", "Accept, Origin"}, Row{"*", "*"}}) {
            const auto answer = shared("https://app.example", {}, {.headers = {{"vary", std::string(row.before)}}});
            CHECK(answer.headers == CorsHeaders{{"vary", std::string(row.after)}});
        }
    }

    TEST_CASE("a preflight of an allowed page is answered, nothing else is one") {
        const auto cors = Cors::parse("https://app.example").value();
        const CorsHeaders asked{{"origin", "https://app.example"}, {"access-control-request-method", "DELETE"}};
        const auto answer = cors.preflight(request_of("OPTIONS", asked));
        REQUIRE(answer);
        CHECK(answer->status == 204);
        CHECK(value_of(*answer, "Access-Control-Allow-Origin") == "https://app.example");
        CHECK(value_of(*answer, "Access-Control-Allow-Methods") == "GET, HEAD, POST, PUT, PATCH, DELETE");
        CHECK(
            value_of(*answer, "Access-Control-Allow-Headers").starts_with("Authorization, Content-Type, Idempotency-"));
        CHECK(value_of(*answer, "Access-Control-Max-Age") == "600");
        CHECK(value_of(*answer, "Vary") == "Origin");

        CHECK_FALSE(cors.preflight(request_of("GET", asked)));
        CHECK_FALSE(cors.preflight(request_of("options", asked)));  // methods have one case (RFC 9110 9.1)
        CHECK_FALSE(cors.preflight(request_of("OPTIONS", {asked[0]})));
        CHECK_FALSE(cors.preflight(request_of("OPTIONS", {asked[1]})));
        CHECK_FALSE(cors.preflight(request_of("OPTIONS", {{"origin", "https://evil.example"}, asked[1]})));
        const auto everybody = Cors::parse("*").value();
        CHECK(everybody.preflight(request_of("OPTIONS", {{"origin", "null"}, asked[1]})));
        CHECK_FALSE(everybody.preflight(request_of("OPTIONS", {asked[1]})));
    }
}
