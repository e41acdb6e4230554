#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"

using namespace meter;
using namespace meter::testing;

namespace {

FaultServer::Handler redirect_to(int status, std::string location) {
    return [=](Peer& peer, const Received&) { peer.answer(status, "moved", "Location: " + location + "\r\n"); };
}

}  // namespace

TEST_SUITE("fetch.redirect") {
    TEST_CASE("redirects are followed on one connection, counted, and the last URL is reported") {
        FaultServer server;
        const auto response = get(*open_fetcher(), server.url("/chain3"));
        REQUIRE(response);
        CHECK(response->status == 200);
        CHECK(response->body == "fine");
        CHECK(response->redirects == 3);
        CHECK(response->url == server.url("/ok"));
        CHECK(response->header("location").empty());
        CHECK(server.connections() == 1);
        for (const Received& request : server.requests()) CHECK(request.count("referer") == 0);
    }

    TEST_CASE("loops end as too many redirects, after as many as allowed") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (const std::string_view path : {"/loop", "/ping"}) {
            CAPTURE(path);
            const Error error = failure_of(get(*fetcher, server.url(path)));
            CHECK(error.code == ErrorCode::network);
            CHECK(error.message == "Too many redirects");
        }
        CHECK(server.requests("/loop").size() == 11);
    }

    TEST_CASE("the limit of redirects can be set for one request") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        Request request;
        request.url = server.url("/chain3");
        request.max_redirects = 3;
        CHECK(fetcher->fetch(request, {}));
        request.max_redirects = 2;
        CHECK(failure_of(fetcher->fetch(request, {})).message == "Too many redirects");
        request.max_redirects = 0;
        const auto response = fetcher->fetch(request, {});
        REQUIRE(response);
        CHECK(response->status == 301);
        CHECK(response->body == "moved");
        CHECK(response->header("location") == "chain2");
        CHECK(response->redirects == 0);
    }

    TEST_CASE("a redirect without a Location is an answer") {
        FaultServer server;
        server.on("/lost", [](Peer& peer, const Received&) { peer.answer(302, "where?"); });
        server.on("/choices", redirect_to(300, "/ok"));
        const auto fetcher = open_fetcher();
        const auto lost = get(*fetcher, server.url("/lost"));
        REQUIRE(lost);
        CHECK(lost->status == 302);
        CHECK(lost->body == "where?");
        CHECK(get(*fetcher, server.url("/choices"))->status == 300);
    }

    TEST_CASE("methods and bodies follow RFC 9110 15.4 on one origin") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        struct Row {
            int status;
            std::string method, answer;
        };
        for (const Row& row : {Row{301, "POST", "GET "}, Row{302, "POST", "GET "}, Row{303, "PUT", "GET "},
                               Row{307, "POST", "POST body"}, Row{308, "PATCH", "PATCH body"},
                               Row{302, "PUT", "PUT body"}, Row{303, "DELETE", "GET "}}) {
            CAPTURE(row.status);
            CAPTURE(row.method);
            server.on("/hop", redirect_to(row.status, "/echo"));
            Request request;
            request.method = row.method;
            request.url = server.url("/hop");
            request.body = "body";
            request.headers = {{"Content-Type", "text/x"}, {"X-Mine", "1"}};
            const auto response = fetcher->fetch(request, {});
            REQUIRE(response);
            CHECK(response->body == row.answer);
            const Received seen = server.requests().back();
            CHECK(seen.count("content-type") == (seen.body.empty() ? 0 : 1));
            CHECK(seen.header("x-mine") == "1");
        }
    }

    TEST_CASE("headers and credentials stay at their origin, also when the way leads back") {
        FaultServer home;
        FaultServer away;
        home.on("/start", redirect_to(302, "/second"));
        home.on("/second", redirect_to(302, away.url("/elsewhere")));
        away.on("/elsewhere", redirect_to(302, home.url("/ok")));
        Request request;
        request.url = "http://user:pass@127.0.0.1:" + std::to_string(home.port()) + "/start";
        request.headers = {{"Cookie", "a=b"}, {"X-Api-Key", "k"}, {"User-Agent", "me"}};
        const auto response = open_fetcher()->fetch(request, {});
        REQUIRE(response);
        CHECK(response->redirects == 3);

        const Received second = home.requests("/second").at(0);
        CHECK(second.header("cookie") == "a=b");
        CHECK(second.header("x-api-key") == "k");
        CHECK(second.header("authorization") == "Basic dXNlcjpwYXNz");
        for (const Received& seen : {away.requests("/elsewhere").at(0), home.requests("/ok").at(0)}) {
            for (const std::string_view name : {"cookie", "x-api-key", "authorization"}) {
                CAPTURE(name);
                CHECK(seen.count(name) == 0);
            }
            CHECK(seen.header("user-agent").starts_with("libmeter/"));
        }
    }

    TEST_CASE("a change of host alone is another origin") {
        FaultServer server;
        server.on("/hop", redirect_to(302, "http://127.0.0.2:" + std::to_string(server.port()) + "/gone"));
        FaultServer other("127.0.0.2", {}, server.port());
        Request request;
        request.url = server.url("/hop");
        request.headers = {{"Authorization", "Bearer t"}};
        REQUIRE(open_fetcher()->fetch(request, {}));
        CHECK(server.requests("/hop").at(0).count("authorization") == 1);
        CHECK(other.requests("/gone").at(0).count("authorization") == 0);
    }

    TEST_CASE("credentials in a Location are not used") {
        FaultServer server;
        server.on("/hop", redirect_to(302, "http://root:toor@127.0.0.1:" + std::to_string(server.port()) + "/ok"));
        REQUIRE(get(*open_fetcher(), server.url("/hop")));
        CHECK(server.requests("/ok").at(0).count("authorization") == 0);
    }

    TEST_CASE("a body is never sent to another origin: the redirect is the answer") {
        FaultServer home;
        FaultServer away;
        home.on("/hop", redirect_to(307, away.url("/echo")));
        Request request;
        request.method = "POST";
        request.url = home.url("/hop");
        request.body = "secret";
        const auto fetcher = open_fetcher();
        const auto kept = fetcher->fetch(request, {});
        REQUIRE(kept);
        CHECK(kept->status == 307);
        CHECK(kept->body == "moved");
        CHECK(kept->url == home.url("/hop"));
        CHECK(away.requests().empty());

        home.on("/hop", redirect_to(303, away.url("/echo")));
        const auto changed = fetcher->fetch(request, {});
        REQUIRE(changed);
        CHECK(changed->body == "GET ");
    }

    TEST_CASE("other schemes are blocked and malformed targets fail, with nothing opened") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (const std::string_view path : {"/to_file", "/to_ftp"}) {
            CAPTURE(path);
            const Error error = failure_of(get(*fetcher, server.url(path)));
            CHECK(error.code == ErrorCode::blocked);
            CHECK(error.message == "URL not allowed by server policy");
        }
        const Error error = failure_of(get(*fetcher, server.url("/to_nowhere")));
        CHECK(error.code == ErrorCode::network);
        CHECK(error.message == "Connection failed: invalid redirect");
    }

    TEST_CASE("the body of a redirect is not waited for and not kept") {
        FaultServer server;
        server.on("/long", [&](Peer& peer, const Received&) {
            peer.close();
            peer.send("HTTP/1.1 302 X\r\nLocation: /ok\r\n\r\n");
            const std::string block(65536, 'x');
            while (peer.send(block)) {
            }
        });
        server.on("/announced", [&](Peer& peer, const Received&) {
            peer.send("HTTP/1.1 302 X\r\nLocation: /ok\r\nContent-Length: 9000000000\r\n\r\n");
            peer.hang();
        });
        const auto fetcher = open_fetcher();
        CHECK(get(*fetcher, server.url("/long"))->body == "fine");
        CHECK(get(*fetcher, server.url("/announced"))->body == "fine");
    }
}
