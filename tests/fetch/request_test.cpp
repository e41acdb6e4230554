#include "fetch/request.hpp"

#include <algorithm>

#include "fetch/fixture.hpp"

using namespace meter;
using namespace meter::fetch;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::vector<std::string>& lines, std::string_view line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

}  // namespace

TEST_SUITE("fetch.request") {
    TEST_CASE("the defaults are valid and both ends of every range are") {
        CHECK(validate(FetchOptions{}));
        FetchOptions least;
        least.connect_timeout = least.timeout = 1ms;
        least.max_wire_bytes = least.max_body_bytes = least.max_header_bytes = 1024;
        least.max_decode_ratio = 2;
        least.max_redirects = least.max_retries = 0;
        least.first_retry_delay = least.per_host_delay = 0ms;
        least.per_host = 1;
        CHECK(validate(least));
        FetchOptions most;
        most.connect_timeout = most.timeout = most.per_host_delay = 10min;
        most.max_wire_bytes = most.max_body_bytes = 1u << 30;
        most.max_header_bytes = 1u << 20;
        most.max_decode_ratio = 100'000;
        most.max_redirects = 50;
        most.max_retries = 10;
        most.first_retry_delay = 60s;
        most.per_host = 1000;
        CHECK(validate(most));
    }

    TEST_CASE("an option out of range is refused by name") {
        struct Row {
            std::string_view field;
            void (*break_it)(FetchOptions&);
        };
        const Row rows[] = {
            {"connect_timeout", [](FetchOptions& o) { o.connect_timeout = 0ms; }},
            {"connect_timeout", [](FetchOptions& o) { o.connect_timeout = 10min + 1ms; }},
            {"timeout", [](FetchOptions& o) { o.timeout = -1ms; }},
            {"timeout", [](FetchOptions& o) { o.timeout = std::chrono::milliseconds::max(); }},
            {"max_wire_bytes", [](FetchOptions& o) { o.max_wire_bytes = 1023; }},
            {"max_wire_bytes", [](FetchOptions& o) { o.max_wire_bytes = static_cast<std::size_t>(-1); }},
            {"max_body_bytes", [](FetchOptions& o) { o.max_body_bytes = (1u << 30) + 1; }},
            {"max_header_bytes", [](FetchOptions& o) { o.max_header_bytes = (1u << 20) + 1; }},
            {"max_decode_ratio", [](FetchOptions& o) { o.max_decode_ratio = 1; }},
            {"max_redirects", [](FetchOptions& o) { o.max_redirects = 51; }},
            {"max_redirects", [](FetchOptions& o) { o.max_redirects = -1; }},
            {"max_retries", [](FetchOptions& o) { o.max_retries = 11; }},
            {"first_retry_delay", [](FetchOptions& o) { o.first_retry_delay = 60s + 1ms; }},
            {"per_host", [](FetchOptions& o) { o.per_host = 0; }},
            {"per_host_delay", [](FetchOptions& o) { o.per_host_delay = -1ms; }},
            {"user_agent", [](FetchOptions& o) { o.user_agent = "a\r\nX: y"; }},
        };
        for (const Row& row : rows) {
            CAPTURE(row.field);
            FetchOptions options;
            row.break_it(options);
            const auto outcome = validate(options);
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().code == ErrorCode::invalid_argument);
            CHECK(outcome.error().subject == row.field);
            CHECK_FALSE(make_fetcher(options));
        }
    }

    TEST_CASE("a certificate file that cannot be read is refused at once") {
        FetchOptions options;
        options.ca_file = "/no/such/file.pem";
        const auto fetcher = make_fetcher(options);
        REQUIRE_FALSE(fetcher);
        CHECK(fetcher.error().subject == "ca_file");
    }

    TEST_CASE("a malformed request is refused by the member at fault") {
        struct Row {
            std::string_view subject;
            void (*break_it)(Request&);
        };
        const Row rows[] = {
            {"method", [](Request& r) { r.method = "TRACE"; }},
            {"method", [](Request& r) { r.method = "get"; }},
            {"method", [](Request& r) { r.method = ""; }},
            {"body", [](Request& r) { r.method = "HEAD", r.body = "x"; }},
            {"X-A",
             [](Request& r) {
                 r.headers = {{"X-A", "1\r\nX-B: 2"}};
             }},
            {"X-A",
             [](Request& r) {
                 r.headers = {{"X-A", "1\n2"}};
             }},
            {"X-A",
             [](Request& r) {
                 r.headers = {{"X-A", std::string("1\0", 2)}};
             }},
            {"",
             [](Request& r) {
                 r.headers = {{"", "1"}};
             }},
            {"X A",
             [](Request& r) {
                 r.headers = {{"X A", "1"}};
             }},
            {"X:",
             [](Request& r) {
                 r.headers = {{"X:", "1"}};
             }},
            {"Content-Length",
             [](Request& r) {
                 r.headers = {{"Content-Length", "5"}};
             }},
            {"transfer-encoding",
             [](Request& r) {
                 r.headers = {{"transfer-encoding", "chunked"}};
             }},
            {"timeout", [](Request& r) { r.timeout = -1ms; }},
            {"timeout", [](Request& r) { r.timeout = 11min; }},
            {"max_body_bytes", [](Request& r) { r.max_body_bytes = 5; }},
            {"max_redirects", [](Request& r) { r.max_redirects = -2; }},
            {"max_redirects", [](Request& r) { r.max_redirects = 51; }},
            {"max_retries", [](Request& r) { r.max_retries = 11; }},
        };
        for (const Row& row : rows) {
            CAPTURE(row.subject);
            Request request;
            request.url = "http://a.example/";
            CHECK(check_request(request));
            row.break_it(request);
            const auto outcome = check_request(request);
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().code == ErrorCode::invalid_argument);
            CHECK(outcome.error().subject == row.subject);
        }
    }

    TEST_CASE("a given header replaces the default of its name in any case") {
        const auto plain = header_lines({}, "agent/1", false);
        CHECK(has_line(plain, "User-Agent: agent/1"));
        CHECK(has_line(plain, "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        CHECK(plain.size() == 2);

        const auto own = header_lines({{"USER-AGENT", "me"}, {"accept", " a/b "}, {"X-Empty", ""}}, "agent/1", false);
        CHECK(own == std::vector<std::string>{"USER-AGENT: me", "accept: a/b", "X-Empty;"});
    }

    TEST_CASE("libcurl is kept from inventing headers for a body") {
        CHECK(has_line(header_lines({}, "a", true), "Content-Type:"));
        CHECK(has_line(header_lines({}, "a", true), "Expect:"));
        CHECK_FALSE(has_line(header_lines({{"content-type", "a/b"}}, "a", true), "Content-Type:"));
    }
}
