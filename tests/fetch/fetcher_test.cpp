#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"
#include "meter/version.hpp"

using namespace meter;
using namespace meter::testing;
using namespace std::chrono_literals;

TEST_SUITE("fetch.fetcher") {
    TEST_CASE("an answer comes back whole, with its status, headers and figures") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        const auto response = get(*fetcher, server.url("/ok"));
        REQUIRE(response);
        CHECK(response->status == 200);
        CHECK(response->body == "fine");
        CHECK(response->url == server.url("/ok"));
        CHECK(response->header("content-type") == "text/plain");
        CHECK(response->wire_bytes == 4);
        CHECK(response->redirects == 0);
        CHECK(response->attempts == 1);
    }

    TEST_CASE("an error status is an answer, not an error") {
        FaultServer server;
        const auto response = get(*open_fetcher(), server.url("/nothing_here"));
        REQUIRE(response);
        CHECK(response->status == 404);
        CHECK(response->body == "no such fault");
    }

    TEST_CASE("connections are kept and used again") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (int i = 0; i < 20; ++i) REQUIRE(get(*fetcher, server.url("/ok")));
        CHECK(server.connections() == 1);
        CHECK(server.requests().size() == 20);
    }

    TEST_CASE("default headers are sent, and no Referer, Cookie or Accept-Language of our own") {
        FaultServer server;
        REQUIRE(get(*open_fetcher(), server.url("/ok")));
        const Received seen = server.requests().at(0);
        CHECK(seen.header("user-agent") == "libmeter/" + std::string(version()));
        CHECK(seen.header("accept") == "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        CHECK(seen.header("accept-encoding") == "gzip, deflate, br");
        for (const std::string_view name : {"referer", "cookie", "accept-language", "authorization", "content-type"}) {
            CAPTURE(name);
            CHECK(seen.count(name) == 0);
        }
    }

    TEST_CASE("request headers are sent once and replace the defaults") {
        FaultServer server;
        FetchOptions options = loopback_options();
        options.user_agent = "robot/7";
        const auto fetcher = open_fetcher(options);
        Request request;
        request.url = server.url("/ok");
        request.headers = {
            {"accept", "application/json"}, {"Accept-Language", "de"}, {"X-Empty", ""}, {"Cookie", "a=b"}};
        REQUIRE(fetcher->fetch(request, {}));
        request.headers.emplace_back("User-Agent", "me");
        REQUIRE(fetcher->fetch(request, {}));
        const auto seen = server.requests();
        CHECK(seen.at(0).header("user-agent") == "robot/7");
        CHECK(seen.at(1).header("user-agent") == "me");
        CHECK(seen.at(1).count("user-agent") == 1);
        CHECK(seen.at(0).header("accept") == "application/json");
        CHECK(seen.at(0).count("accept") == 1);
        CHECK(seen.at(0).header("accept-language") == "de");
        CHECK(seen.at(0).count("x-empty") == 1);
        CHECK(seen.at(0).header("cookie") == "a=b");
    }

    TEST_CASE("every method goes out as it is, with its body") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        struct Row {
            std::string method, body, answer, length;
        };
        for (const Row& row :
             {Row{"GET", "", "GET ", ""}, Row{"HEAD", "", "", ""}, Row{"POST", "a=1", "POST a=1", "3"},
              Row{"POST", "", "POST ", "0"}, Row{"PUT", "new", "PUT new", "3"}, Row{"PUT", "", "PUT ", "0"},
              Row{"PATCH", "part", "PATCH part", "4"}, Row{"DELETE", "", "DELETE ", ""},
              Row{"DELETE", "ids", "DELETE ids", "3"}, Row{"GET", "query", "GET query", "5"}}) {
            CAPTURE(row.method);
            Request request;
            request.method = row.method;
            request.body = row.body;
            request.url = server.url("/echo");
            server.on("/echo", [](Peer& peer, const Received& seen) {
                if (seen.method == "HEAD")
                    peer.send("HTTP/1.1 200 X\r\nContent-Length: 9000000000\r\n\r\n");
                else
                    peer.answer(200, seen.method + " " + seen.body);
            });
            const auto response = fetcher->fetch(request, {});
            REQUIRE(response);
            CHECK(response->status == 200);
            CHECK(response->body == row.answer);
            CHECK(server.requests().back().header("content-length") == row.length);
            CHECK(server.requests().back().count("content-type") == 0);
            CHECK(server.requests().back().count("expect") == 0);
        }
        CHECK(server.connections() == 1);
    }

    TEST_CASE("nothing of a request shows in the next one on its connection") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        const auto plain = [&] {
            const auto response = get(*fetcher, server.url("/echo"));
            REQUIRE(response);
            CHECK(response->body == "GET ");
            const Received seen = server.requests().back();
            for (const std::string_view name : {"authorization", "x-secret", "content-length", "content-type"}) {
                CAPTURE(name);
                CHECK(seen.count(name) == 0);
            }
        };
        for (int i = 0; i < 3; ++i) {
            plain();
            Request request;
            request.url = server.url("/echo");
            request.headers = {{"X-Secret", "1"}};
            REQUIRE(fetcher->fetch(request, {}));
            plain();
            request.method = "POST";
            request.body = "a=1";
            REQUIRE(fetcher->fetch(request, {}));
            plain();
            request = {};
            request.url = "http://user:word@" + server.url("/echo").substr(7);
            REQUIRE(fetcher->fetch(request, {}));
            CHECK(server.requests().back().count("authorization") == 1);
            plain();
            request = {};
            request.url = server.url("/echo");
            request.method = "DELETE";
            REQUIRE(fetcher->fetch(request, {}));
            plain();
            request.method = "HEAD";
            (void)fetcher->fetch(request, {});
            plain();
            CHECK(failure_of(get(*fetcher, server.url("/drop_mid_body"))).code == ErrorCode::network);
            plain();
        }
    }

    TEST_CASE("a short answer does not keep the room that a long one before it had") {
        FaultServer server;
        server.on("/long", [](Peer& peer, const Received&) { peer.answer(200, std::string(200'000, 'x')); });
        const auto fetcher = open_fetcher();
        for (int i = 0; i < 3; ++i) {
            const auto longer = get(*fetcher, server.url("/long"));
            REQUIRE(longer);
            CHECK(longer->body == std::string(200'000, 'x'));
            const auto shorter = get(*fetcher, server.url("/ok"));
            REQUIRE(shorter);
            CHECK(shorter->body == "fine");
            CHECK(shorter->body.capacity() < 8192);
        }
    }

    TEST_CASE("a body with NUL bytes and of a megabyte arrives unchanged") {
        FaultServer server;
        Request request;
        request.method = "POST";
        request.url = server.url("/echo");
        request.body = std::string(1'500'000, '\0') + "end";
        const auto response = open_fetcher()->fetch(request, {});
        REQUIRE(response);
        CHECK(response->body == "POST " + request.body);
    }

    TEST_CASE("non-ASCII in a URL is encoded on the way out") {
        FaultServer server;
        server.on("/caf%C3%A9", [](Peer& peer, const Received& seen) { peer.answer(200, seen.target); });
        const auto response = get(*open_fetcher(), server.url("/café?größe=1#teil"));
        REQUIRE(response);
        CHECK(response->body == "/caf%C3%A9?gr%C3%B6%C3%9Fe=1");
        CHECK(response->url == server.url("/caf%C3%A9?gr%C3%B6%C3%9Fe=1"));
    }

    TEST_CASE("credentials of a URL are sent as basic authentication and not shown afterwards") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        const std::string port = std::to_string(server.port());
        const auto response = get(*fetcher, "http://us%65r:p%40ss@127.0.0.1:" + port + "/ok");
        REQUIRE(response);
        CHECK(server.requests().at(0).header("authorization") == "Basic dXNlcjpwQHNz");
        CHECK(response->url == server.url("/ok"));

        Request request;
        request.url = "http://user:pass@127.0.0.1:" + port + "/ok";
        request.headers = {{"authorization", "Bearer t"}};
        REQUIRE(fetcher->fetch(request, {}));
        CHECK(server.requests().at(1).header("authorization") == "Bearer t");
        CHECK(server.requests().at(1).count("authorization") == 1);

        REQUIRE(get(*fetcher, server.url("/ok")));
        CHECK(server.requests().at(2).count("authorization") == 0);
    }

    TEST_CASE("repeated, folded and oddly spaced headers arrive, interim answers and trailers do not") {
        FaultServer server;
        server.on("/odd", [](Peer& peer, const Received&) {
            peer.send(
                "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                "HTTP/1.1 200 X\r\nSet-Cookie: a=1\r\nSET-COOKIE: b=2\r\nX-Space:   both ends  \r\n"
                "X-Fold: one\r\n  two\r\nTransfer-Encoding: chunked\r\n\r\n"
                "4\r\nfine\r\n0\r\nX-Trailer: late\r\n\r\n");
        });
        const auto response = get(*open_fetcher(), server.url("/odd"));
        REQUIRE(response);
        CHECK(response->body == "fine");
        std::string cookies;
        for (const auto& [name, value] : response->headers)
            if (name == "set-cookie") cookies += value + ";";
        CHECK(cookies == "a=1;b=2;");
        CHECK(response->header("x-space") == "both ends");
        CHECK(response->header("x-fold") == "one two");
        CHECK(response->header("x-early").empty());
        CHECK(response->header("x-trailer").empty());
    }

    TEST_CASE("validators are passed on and 304 comes back as it is") {
        FaultServer server;
        server.on("/same", [](Peer& peer, const Received& seen) {
            CHECK(seen.header("if-none-match") == "\"v1\"");
            peer.send("HTTP/1.1 304 X\r\nETag: \"v1\"\r\nContent-Length: 9000000000\r\n\r\n");
        });
        Request request;
        request.url = server.url("/same");
        request.headers = {{"If-None-Match", "\"v1\""}};
        const auto response = open_fetcher()->fetch(request, {});
        REQUIRE(response);
        CHECK(response->status == 304);
        CHECK(response->header("etag") == "\"v1\"");
        CHECK(response->body.empty());
    }

    TEST_CASE("what is no absolute http URL is refused before anything is sent") {
        const auto fetcher = open_fetcher();
        for (const std::string_view url : {"", "ok", "/ok", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
                                           "http:///x", "javascript:alert(1)", "http://a b/"}) {
            CAPTURE(url);
            CHECK(failure_of(get(*fetcher, std::string(url))).code == ErrorCode::invalid_url);
        }
    }

    TEST_CASE("each way to fail has its text") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        struct Row {
            std::string url;
            ErrorCode code;
            std::string message;
        };
        for (const Row& row :
             {Row{"http://127.0.0.1:" + std::to_string(unused_port()) + "/", ErrorCode::network,
                  "Connection failed: connection refused"},
              Row{"http://no-such-host.invalid/", ErrorCode::network, "Connection failed: could not resolve host"},
              Row{server.url("/ok", "https"), ErrorCode::network, "Connection failed: TLS error"},
              Row{server.url("/drop_before_answer"), ErrorCode::network, "Connection failed: empty reply"},
              Row{server.url("/reset"), ErrorCode::network, "Connection failed: connection reset"},
              Row{server.url("/drop_mid_body"), ErrorCode::network, "Connection failed: connection closed early"},
              Row{server.url("/drop_mid_chunk"), ErrorCode::network, "Connection failed: connection closed early"},
              Row{server.url("/garbage"), ErrorCode::network, "Connection failed: malformed answer"},
              Row{server.url("/bad_gzip"), ErrorCode::network, "Connection failed: malformed content encoding"},
              Row{server.url("/two_codings"), ErrorCode::network, "Connection failed: unsupported content encoding"}}) {
            CAPTURE(row.url);
            const Error error = failure_of(get(*fetcher, row.url));
            CHECK(error.code == row.code);
            CHECK(error.message == row.message);
            CHECK(error.subject == row.url);
        }
    }

    TEST_CASE("bytes after the announced length are not part of the body") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        const auto response = get(*fetcher, server.url("/too_short"));
        REQUIRE(response);
        CHECK(response->body == "mo");
        CHECK(get(*fetcher, server.url("/ok"))->body == "fine");  // nor of the next answer
    }

    TEST_CASE("the time limit covers a head that never comes, a body that stops and one that drips") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (const std::string_view path : {"/slow_head", "/slow_body", "/drip"}) {
            CAPTURE(path);
            Request request;
            request.url = server.url(path);
            request.timeout = 50ms;
            const Error error = failure_of(fetcher->fetch(request, {}));
            CHECK(error.code == ErrorCode::timeout);
            CHECK(error.message == "Connection timeout: target site did not respond");
            CHECK(error.retryable);
        }
    }

    TEST_CASE("an answer slower than a hundred bytes a second is given up") {
        FaultServer server;
        fetch::Seams seams;
        seams.slow_window = 1s;
        const auto fetcher = open_fetcher(loopback_options(), seams);
        const Error error = failure_of(get(*fetcher, server.url("/drip")));
        CHECK(error.code == ErrorCode::timeout);
        CHECK(error.message == "Connection timeout: target site did not respond");
    }

    TEST_CASE("two fetchers share no connections") {
        FaultServer server;
        const auto one = open_fetcher();
        const auto two = open_fetcher();
        for (int i = 0; i < 3; ++i) {
            REQUIRE(get(*one, server.url("/ok")));
            REQUIRE(get(*two, server.url("/ok")));
        }
        CHECK(server.connections() == 2);
    }
}
