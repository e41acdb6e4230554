#include <atomic>

#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"

using namespace meter;
using namespace meter::testing;
using namespace std::chrono_literals;

namespace {

FetchOptions retrying() {
    FetchOptions options = loopback_options();
    options.max_retries = 2;
    return options;
}

/// `status` for the first `count` requests of all methods, then 200 "fine".
FaultServer::Handler failing(int count, int status, std::string header_lines = {}) {
    auto left = std::make_shared<std::atomic<int>>(count);
    return [=](Peer& peer, const Received&) {
        if ((*left)-- > 0)
            peer.answer(status, "busy", header_lines);
        else
            peer.answer(200, "fine");
    };
}

/// Drops the connection for the first `count` requests.
FaultServer::Handler dropping(int count) {
    auto left = std::make_shared<std::atomic<int>>(count);
    return [=](Peer& peer, const Received&) {
        if ((*left)-- > 0)
            peer.close();
        else
            peer.answer(200, "fine");
    };
}

}  // namespace

TEST_SUITE("fetch.retry") {
    TEST_CASE("an answer that asks for patience is tried twice more") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        for (const int status : {429, 502, 503, 504}) {
            CAPTURE(status);
            server.on("/busy", failing(2, status));
            const auto response = get(*fetcher, server.url("/busy"));
            REQUIRE(response);
            CHECK(response->status == 200);
            CHECK(response->attempts == 3);
        }
    }

    TEST_CASE("after the last try the answer itself is returned") {
        FaultServer server;
        server.on("/busy", failing(100, 503));
        const auto response = get(*open_fetcher(retrying()), server.url("/busy"));
        REQUIRE(response);
        CHECK(response->status == 503);
        CHECK(response->body == "busy");
        CHECK(response->attempts == 3);
        CHECK(server.requests("/busy").size() == 3);
    }

    TEST_CASE("other statuses are not tried again") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        for (const int status : {400, 403, 404, 500, 501}) {
            CAPTURE(status);
            server.on("/no", failing(100, status));
            const auto response = get(*fetcher, server.url("/no"));
            REQUIRE(response);
            CHECK(response->status == status);
            CHECK(response->attempts == 1);
        }
    }

    TEST_CASE("retries can be set for one request") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        Request request;
        request.url = server.url("/busy");
        request.max_retries = 0;
        server.on("/busy", failing(1, 503));
        CHECK(fetcher->fetch(request, {})->status == 503);
        request.max_retries = 5;
        server.on("/busy", failing(5, 503));
        CHECK(fetcher->fetch(request, {})->attempts == 6);
    }

    TEST_CASE("a broken connection is tried again for idempotent methods only") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        struct Row {
            std::string method;
            bool again;
        };
        for (const Row& row :
             {Row{"GET", true}, Row{"PUT", true}, Row{"DELETE", true}, Row{"POST", false}, Row{"PATCH", false}}) {
            CAPTURE(row.method);
            server.on("/drop", dropping(2));
            Request request;
            request.method = row.method;
            request.url = server.url("/drop");
            const auto before = server.requests("/drop").size();
            const auto response = fetcher->fetch(request, {});
            CHECK(response.has_value() == row.again);
            CHECK(server.requests("/drop").size() - before == (row.again ? 3 : 1));
        }
    }

    // RFC 9110 9.2.2: libcurl would send the request again by itself when a kept connection turns out to be dead.
    TEST_CASE("a POST on a kept connection that breaks is sent once") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        server.on("/drop", [](Peer& peer, const Received&) { peer.close(); });
        for (int i = 0; i < 5; ++i) {
            REQUIRE(get(*fetcher, server.url("/ok")));
            Request request;
            request.method = "POST";
            request.body = "once";
            request.url = server.url("/drop");
            CHECK(failure_of(fetcher->fetch(request, {})).code == ErrorCode::network);
        }
        CHECK(server.requests("/drop").size() == 5);
        CHECK(server.connections() == 5);
    }

    TEST_CASE("a POST is tried again after 429 and 503, not after 502 and 504") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        for (const int status : {429, 502, 503, 504}) {
            CAPTURE(status);
            server.on("/busy", failing(1, status));
            Request request;
            request.method = "POST";
            request.url = server.url("/busy");
            const auto response = fetcher->fetch(request, {});
            REQUIRE(response);
            CHECK(response->attempts == (status == 429 || status == 503 ? 2 : 1));
        }
    }

    TEST_CASE("a refused connection is tried again, for POST too") {
        const int port = unused_port();
        std::unique_ptr<FaultServer> server;
        FetchOptions options = retrying();
        options.max_retries = 10;
        options.first_retry_delay = 5ms;  // 5, 20, 80 ms ...: the server below is there by the third try or so
        const auto fetcher = open_fetcher(options);
        Request request;
        request.method = "POST";
        request.body = "late";
        request.url = "http://127.0.0.1:" + std::to_string(port) + "/echo";
        Result<Response> response = Error{};
        std::thread caller([&] { response = fetcher->fetch(request, {}); });
        server = std::make_unique<FaultServer>("127.0.0.1", Wrap{}, port);
        caller.join();
        REQUIRE(response);
        CHECK(response->body == "POST late");
        CHECK(server->requests().size() == 1);
    }

    TEST_CASE("the error of the last try is returned with all tries made") {
        FaultServer server;
        const Error error = failure_of(get(*open_fetcher(retrying()), server.url("/drop_before_answer")));
        CHECK(error.message == "Connection failed: empty reply");
        CHECK(server.requests("/drop_before_answer").size() == 3);
    }

    TEST_CASE("what would fail the same way again is not tried again") {
        FaultServer server;
        const auto fetcher = open_fetcher(retrying());
        for (const std::string_view path : {"/garbage", "/bad_gzip", "/header_flood", "/loop"}) {
            CAPTURE(path);
            const auto before = server.requests(path).size();
            CHECK_FALSE(get(*fetcher, server.url(path)));
            CHECK(server.requests(path).size() - before == (path == "/loop" ? 11 : 1));
        }
        CHECK_FALSE(get(*fetcher, server.url("/ok", "https")));
    }

    TEST_CASE("Retry-After is waited for when it fits") {
        FaultServer server;
        server.on("/busy", failing(1, 429, "Retry-After: 1\r\n"));
        const auto begin = std::chrono::steady_clock::now();
        const auto response = get(*open_fetcher(retrying()), server.url("/busy"));
        REQUIRE(response);
        CHECK(response->status == 200);
        CHECK(response->attempts == 2);
        CHECK(std::chrono::steady_clock::now() - begin >= 1s);
    }

    TEST_CASE("a Retry-After that does not fit gives the answer at once, as seconds or as a date") {
        FaultServer server;
        fetch::Seams seams;
        seams.now = [] { return TimePoint{784'111'777s}; };  // Sun, 06 Nov 1994 08:49:37 GMT
        const auto fetcher = open_fetcher(retrying(), seams);
        for (const std::string value : {"31", "3600", "Sun, 06 Nov 1994 08:59:37 GMT"}) {
            CAPTURE(value);
            server.on("/busy", failing(1, 503, "Retry-After: " + value + "\r\n"));
            const auto response = get(*fetcher, server.url("/busy"));
            REQUIRE(response);
            CHECK(response->status == 503);
            CHECK(response->attempts == 1);
        }
        server.on("/busy", failing(1, 503, "Retry-After: Sun, 06 Nov 1994 08:49:30 GMT\r\n"));
        CHECK(get(*fetcher, server.url("/busy"))->attempts == 2);
        server.on("/busy", failing(1, 503, "Retry-After: when it is done\r\n"));
        CHECK(get(*fetcher, server.url("/busy"))->attempts == 2);
    }

    TEST_CASE("a pause that does not fit into the time left is not begun") {
        FaultServer server;
        server.on("/busy", failing(1, 503));
        FetchOptions options = retrying();
        options.first_retry_delay = 60s;
        const auto fetcher = open_fetcher(options);
        CHECK(get(*fetcher, server.url("/busy"))->status == 503);
        CHECK(failure_of(get(*fetcher, server.url("/drop_before_answer"))).message == "Connection failed: empty reply");
    }

    TEST_CASE("a retry behind a redirect goes on from there") {
        FaultServer server;
        server.on("/chain1", failing(1, 503));
        const auto response = get(*open_fetcher(retrying()), server.url("/chain3"));
        REQUIRE(response);
        CHECK(response->redirects == 2);
        CHECK(response->attempts == 2);
        CHECK(server.requests("/chain3").size() == 1);
        CHECK(server.requests("/chain1").size() == 2);
    }
}
