// The egress gate: which addresses may be connected to, whatever the way there.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"
#include "meter/json.hpp"

using namespace meter;
using namespace meter::testing;

namespace {

FetchOptions gated() {
    FetchOptions options = loopback_options();
    options.allow_private_networks = false;
    return options;
}

/// The real gate, with one loopback address let through: a public host, as far as the fetcher can tell.
bool is_public_or_127_0_0_2(const sockaddr* address) {
    if (address->sa_family == AF_INET &&
        reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr == htonl(0x7f000002))
        return true;
    return url::is_global_address(address);
}

fetch::Seams one_public_host() {
    fetch::Seams seams;
    seams.is_allowed = is_public_or_127_0_0_2;
    return seams;
}

void check_blocked(const Result<Response>& result) {
    const Error error = failure_of(result);
    CHECK(error.code == ErrorCode::blocked);
    CHECK(error.message == "URL not allowed by server policy");
    CHECK_FALSE(error.retryable);
}

/// The suite of public test data; nullopt when its folder is not there.
std::optional<Value> read_suite() {
    const char* const folder = std::getenv("METER_SUITES");
    std::ifstream file(std::string(folder ? folder : "../shared/suites") + "/ssrf/ssrf.json");
    if (!file) {
        MESSAGE("skipped: no ssrf suite (METER_SUITES)");
        return std::nullopt;
    }
    std::stringstream text;
    text << file.rdbuf();
    return parse_json(text.str()).value();
}

std::string with_port(std::string text, int port) {
    const auto at = text.find("{P}");
    return at == std::string::npos ? text : text.replace(at, 3, std::to_string(port));
}

}  // namespace

TEST_SUITE("fetch.egress") {
    TEST_CASE("the gate is shut by default: loopback in every spelling is refused and not connected to") {
        FaultServer canary;
        const auto fetcher = make_fetcher().value();
        const std::string port = std::to_string(canary.port());
        for (const std::string host :
             {"127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "0",
              "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
              "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "user:pass@127.0.0.1", "127.255.255.254"}) {
            for (const std::string scheme : {"http://", "https://"}) {
                CAPTURE(host);
                check_blocked(get(*fetcher, scheme + host + ":" + port + "/ok"));
            }
        }
        CHECK(canary.connections() == 0);
    }

    TEST_CASE("every URL form and scheme of the ssrf suite opens no connection") {
        const auto suite = read_suite();
        if (!suite) return;
        FaultServer canary;
        FaultServer other_canary("127.0.0.3");
        const auto fetcher = make_fetcher().value();
        for (const Value& row : *suite->find("urls")->if_array()) {
            const std::string url = with_port(*row.find("url")->if_string(), canary.port());
            CAPTURE(url);
            const Error error = failure_of(get(*fetcher, url));
            CHECK((error.code == ErrorCode::blocked || error.code == ErrorCode::invalid_url));
        }
        for (const Value& row : *suite->find("schemes")->if_array()) {
            CAPTURE(*row.if_string());
            CHECK(failure_of(get(*fetcher, *row.if_string())).code == ErrorCode::invalid_url);
        }
        CHECK(canary.connections() == 0);
        CHECK(other_canary.connections() == 0);
    }

    TEST_CASE("every denied address of the ssrf suite is refused as a URL and as a redirect target") {
        const auto suite = read_suite();
        if (!suite) return;
        FaultServer server("127.0.0.2");
        const auto fetcher = open_fetcher(gated(), one_public_host());
        for (const Value& row : *suite->find("ips")->if_array()) {
            const std::string& ip = *row.find("ip")->if_string();
            // Smokescreen denies every embedded form; the wire contract (11.5) judges the IPv4 address inside, 8.8.8.8.
            const bool public_inside = ip == "64:ff9b::808:808" || ip == "2002:808:808::1";
            if (!*row.find("deny")->if_bool() || public_inside) continue;
            CAPTURE(ip);
            const std::string url = "http://" + (ip.find(':') == ip.npos ? ip : "[" + ip + "]") + "/";
            check_blocked(get(*fetcher, url));
            server.on("/hop",
                      [url](Peer& peer, const Received&) { peer.answer(302, "", "Location: " + url + "\r\n"); });
            check_blocked(get(*fetcher, server.url("/hop")));
        }
    }

    TEST_CASE("every redirect chain of the ssrf suite stops before the canary") {
        const auto suite = read_suite();
        if (!suite) return;
        FaultServer server("127.0.0.2");
        FaultServer canary("127.0.0.3");
        const auto fetcher = open_fetcher(gated(), one_public_host());
        int number = 0;
        for (const Value& chain : *suite->find("redirect_chains")->if_array()) {
            const Value::Array& hops = *chain.if_array();
            const std::string base = "/chain" + std::to_string(++number) + "_";
            for (std::size_t i = 0; i + 1 < hops.size(); ++i) {
                const int status = std::stoi(hops[i].if_string()->substr(hops[i].if_string()->find(':') + 1));
                const std::string next = i + 2 < hops.size() ? base + std::to_string(i + 1)
                                                             : with_port(*hops[i + 1].if_string(), canary.port());
                server.on(base + std::to_string(i),
                          [=](Peer& peer, const Received&) { peer.answer(status, "", "Location: " + next + "\r\n"); });
            }
            CAPTURE(base);
            check_blocked(get(*fetcher, server.url(base + "0")));
        }
        CHECK(server.connections() > 0);
        CHECK(canary.connections() == 0);
    }

    TEST_CASE("a redirect to the metadata service of a cloud is refused") {
        FaultServer server("127.0.0.2");
        check_blocked(get(*open_fetcher(gated(), one_public_host()), server.url("/to_metadata")));
        CHECK(server.requests("/to_metadata").size() == 1);
    }

    TEST_CASE("a name is judged by the addresses it resolves to") {
        FaultServer server("127.0.0.2");
        FaultServer canary("127.0.0.3", {}, server.port());
        const std::string port = std::to_string(server.port());
        fetch::Seams seams = one_public_host();
        seams.resolve = {"inner.test:" + port + ":127.0.0.3", "outer.test:" + port + ":127.0.0.2",
                         "multi.test:" + port + ":127.0.0.3,127.0.0.2"};
        const auto fetcher = open_fetcher(gated(), seams);
        check_blocked(get(*fetcher, "http://inner.test:" + port + "/ok"));
        CHECK(get(*fetcher, "http://outer.test:" + port + "/ok")->body == "fine");
        for (int i = 0; i < 20; ++i) {
            const auto either = get(*fetcher, "http://multi.test:" + port + "/ok");
            if (!either) check_blocked(either);
        }
        CHECK(canary.connections() == 0);
    }

    TEST_CASE("a kept connection is judged again before a request goes over it") {
        FaultServer server;
        const auto open = std::make_shared<std::atomic<bool>>(true);
        fetch::Seams seams;
        seams.is_allowed = [open](const sockaddr*) { return open->load(); };
        const auto fetcher = open_fetcher(gated(), seams);
        REQUIRE(get(*fetcher, server.url("/ok")));
        *open = false;
        check_blocked(get(*fetcher, server.url("/ok")));
        CHECK(server.requests().size() == 1);
        CHECK(server.connections() == 1);
    }

    TEST_CASE("proxy and netrc variables change nothing") {
        FaultServer server;
        FaultServer proxy;
        for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"})
            ::setenv(name, proxy.url("").c_str(), 1);
        ::setenv("NETRC", "/dev/null", 1);
        CHECK(get(*open_fetcher(), server.url("/ok")));
        check_blocked(get(*open_fetcher(gated()), server.url("/ok")));
        for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "NETRC"})
            ::unsetenv(name);
        CHECK(proxy.connections() == 0);
        CHECK(server.connections() == 1);
    }

    TEST_CASE("a blocked address is not tried again") {
        std::atomic<int> asked{0};
        fetch::Seams seams;
        seams.is_allowed = [&](const sockaddr*) {
            ++asked;
            return false;
        };
        FetchOptions options = gated();
        options.max_retries = 5;
        check_blocked(get(*open_fetcher(options, seams), "http://127.0.0.1:9/"));
        CHECK(asked == 1);
    }
}
