#include "fetch/policy.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace meter;
using namespace meter::fetch;
using namespace std::chrono_literals;

TEST_SUITE("fetch.policy") {
    TEST_CASE("a redirect changes the method as RFC 9110 15.4 says") {
        struct Row {
            int status;
            std::string_view method, next;
        };
        for (const Row& row : {Row{301, "GET", "GET"}, Row{301, "POST", "GET"}, Row{301, "PUT", "PUT"},
                               Row{302, "POST", "GET"}, Row{302, "HEAD", "HEAD"}, Row{302, "DELETE", "DELETE"},
                               Row{303, "POST", "GET"}, Row{303, "PUT", "GET"}, Row{303, "HEAD", "HEAD"},
                               Row{307, "POST", "POST"}, Row{308, "PATCH", "PATCH"}, Row{307, "HEAD", "HEAD"}}) {
            CAPTURE(row.status);
            CAPTURE(row.method);
            CHECK(redirected_method(row.status, row.method) == row.next);
        }
    }

    TEST_CASE("only five status codes are redirects") {
        for (int status = 300; status < 400; ++status) {
            CAPTURE(status);
            const bool expected = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
            CHECK(is_redirect(status) == expected);
        }
        CHECK_FALSE(is_redirect(200));
    }

    TEST_CASE("a Location is resolved against the URL it was sent for") {
        struct Row {
            std::string_view location, target;
        };
        const auto from = url::parse_url("https://user:secret@shop.example/a/b?x=1").value();
        for (const Row& row :
             {Row{"c", "https://shop.example/a/c"}, Row{"/c?y=2", "https://shop.example/c?y=2"},
              Row{"//other.example/c", "https://other.example/c"}, Row{"http://other.example", "http://other.example/"},
              Row{"?y", "https://shop.example/a/b?y"}, Row{"  /space  ", "https://shop.example/space"},
              Row{"/caf\xc3\xa9", "https://shop.example/caf%C3%A9"}, Row{"/caf\xe9", "https://shop.example/caf%E9"},
              Row{"http://a:b@other.example/", "http://other.example/"}}) {
            CAPTURE(row.location);
            const auto target = redirect_target(from, row.location);
            REQUIRE(target);
            CHECK(url::to_string(*target, false) == row.target);
        }
    }

    TEST_CASE("a Location of another scheme is blocked, one that is no URL fails") {
        const auto from = url::parse_url("https://shop.example/a").value();
        for (const std::string_view location :
             {"file:///etc/passwd", "FTP://host/x", "gopher://127.0.0.1:70/_x", "javascript:alert(1)", "data:,x"}) {
            CAPTURE(location);
            const auto target = redirect_target(from, location);
            REQUIRE_FALSE(target);
            CHECK(target.error().code == ErrorCode::blocked);
            CHECK(target.error().message == "URL not allowed by server policy");
        }
        for (const std::string_view location : {"http://[bad", "http://host:99999/", "https://"}) {
            CAPTURE(location);
            const auto target = redirect_target(from, location);
            REQUIRE_FALSE(target);
            CHECK(target.error().code == ErrorCode::network);
        }
    }

    TEST_CASE("headers that describe a body go when the body goes") {
        std::vector<Header> headers{{"Content-Type", "a/b"}, {"X-Kept", "1"}, {"CONTENT-LANGUAGE", "en"}};
        drop_body_headers(headers);
        CHECK(headers == std::vector<Header>{{"X-Kept", "1"}});
    }

    TEST_CASE("what may be sent twice depends on the method and on how far the first got") {
        struct Row {
            Blame blame;
            std::string_view method;
            bool again;
        };
        for (const Row& row :
             {Row{Blame::connect, "GET", true}, Row{Blame::connect, "POST", true}, Row{Blame::exchange, "GET", true},
              Row{Blame::exchange, "DELETE", true}, Row{Blame::exchange, "POST", false},
              Row{Blame::exchange, "PATCH", false}, Row{Blame::fatal, "GET", false}}) {
            CAPTURE(row.method);
            CHECK(may_retry_failure(row.blame, row.method) == row.again);
        }
        for (const int status : {429, 503}) {
            CHECK(may_retry_status(status, "GET"));
            CHECK(may_retry_status(status, "POST"));
        }
        for (const int status : {502, 504}) {
            CHECK(may_retry_status(status, "PUT"));
            CHECK_FALSE(may_retry_status(status, "POST"));
        }
        for (const int status : {200, 304, 400, 403, 404, 408, 500, 501}) CHECK_FALSE(may_retry_status(status, "GET"));
    }

    TEST_CASE("each retry waits four times as long, up to an hour") {
        CHECK(backoff(500ms, 0) == 500ms);
        CHECK(backoff(500ms, 1) == 2s);
        CHECK(backoff(500ms, 2) == 8s);
        CHECK(backoff(0ms, 5) == 0ms);
        CHECK(backoff(60s, 10) == 1h);
        CHECK(backoff(std::chrono::milliseconds::max(), 3) == 1h);
    }

    TEST_CASE("Retry-After is read as seconds or as any of the three HTTP dates") {
        const TimePoint now{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 5.6.7
        struct Row {
            std::string_view text;
            std::optional<std::chrono::milliseconds> delay;
        };
        for (const Row& row : {Row{"0", 0ms}, Row{"120", 120s}, Row{" 7 ", 7s},
                               Row{"99999999999999999999999", std::chrono::hours(24 * 365)},
                               Row{"Sun, 06 Nov 1994 08:50:37 GMT", 60s}, Row{"Sunday, 06-Nov-94 08:49:47 GMT", 10s},
                               Row{"Sun Nov  6 08:49:38 1994", 1s}, Row{"Sun, 06 Nov 1994 08:00:00 GMT", 0ms},
                               Row{"Sun, 06 Nov 2094 08:00:00 GMT", std::chrono::hours(24 * 365)},
                               Row{"", std::nullopt}, Row{"-5", std::nullopt}, Row{"1.5", std::nullopt},
                               Row{"soon", std::nullopt}, Row{"19941106", std::chrono::seconds(19941106)}}) {
            CAPTURE(row.text);
            CHECK((parse_retry_after(row.text, now) == row.delay));
        }
    }
}
