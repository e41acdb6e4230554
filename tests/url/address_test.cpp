#include "url/address.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <string>

#include "core/suites.hpp"
#include "meter/json.hpp"

namespace {

/// is_global_address() of the text of an IPv4 or IPv6 address.
bool is_global(const std::string& text) {
    sockaddr_storage storage{};
    auto* ipv4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, text.c_str(), &ipv4->sin_addr) == 1) {
        storage.ss_family = AF_INET;
    } else {
        REQUIRE_MESSAGE(inet_pton(AF_INET6, text.c_str(), &ipv6->sin6_addr) == 1, text);
        storage.ss_family = AF_INET6;
    }
    return meter::url::is_global_address(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace

TEST_SUITE("url.address") {
    TEST_CASE("both ends of every special IPv4 block are refused and their neighbours are not") {
        struct Row {
            const char *before, *first, *last, *after;  // null: the neighbour belongs to another special block
        };
        // IANA IPv4 Special-Purpose Address Registry
        for (const Row& row : {Row{nullptr, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
                               Row{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
                               Row{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
                               Row{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
                               Row{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
                               Row{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
                               Row{"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
                               Row{"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
                               Row{"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
                               Row{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
                               Row{"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
                               Row{"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
                               Row{"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
                               Row{"223.255.255.255", "224.0.0.0", "239.255.255.255", nullptr},
                               Row{nullptr, "240.0.0.0", "255.255.255.255", nullptr}}) {
            CAPTURE(row.first);
            CHECK_FALSE(is_global(row.first));
            CHECK_FALSE(is_global(row.last));
            if (row.before != nullptr) CHECK(is_global(row.before));
            if (row.after != nullptr) CHECK(is_global(row.after));
            for (const std::string prefix : {"::ffff:", "64:ff9b::"}) {  // the same addresses in IPv6 clothes
                CHECK_FALSE(is_global(prefix + row.first));
                CHECK_FALSE(is_global(prefix + row.last));
                if (row.after != nullptr) CHECK(is_global(prefix + row.after));
            }
        }
    }

    TEST_CASE("only global unicast IPv6 is global") {
        for (const char* text : {"2001:4860:4860::8888", "2606:4700:4700::1111", "2a00::1", "2400:cb00::1",
                                 "2001:200::1", "2003::1", "2620:4f:8000::1", "3ffe::1", "2001:db7:ffff::1",
                                 "2001:db9::1", "2002:808:808::1", "64:ff9b::808:808", "::ffff:8.8.8.8"})
            CHECK_MESSAGE(is_global(text), text);
        for (const char* text : {"::",
                                 "::1",
                                 "::7f00:1",
                                 "::808:808",
                                 "::ffff:0:808:808",
                                 "::ffff:127.0.0.1",
                                 "64:ff9b::127.0.0.1",
                                 "64:ff9b:1::1",
                                 "64:ff9b:1:ffff:ffff:ffff:808:808",
                                 "64:ff9b:0:1::808:808",
                                 "64:ff9c::1",
                                 "100::1",
                                 "2001::1",
                                 "2001:2::1",
                                 "2001:10::1",
                                 "2001:20::1",
                                 "2001:1ff:ffff::1",
                                 "2001:db8::1",
                                 "2002:7f00:1::1",
                                 "2002:a00:1::1",
                                 "2002:c0a8:101::",
                                 "3fff::1",
                                 "3fff:fff:ffff::1",
                                 "4000::1",
                                 "5f00::1",
                                 "fc00::1",
                                 "fdff::1",
                                 "fe80::1",
                                 "febf::1",
                                 "fec0::1",
                                 "ff02::1",
                                 "ffff::1",
                                 "1fff::1"})
            CHECK_MESSAGE(!is_global(text), text);
        CHECK(is_global("3fff:1000::1"));
    }

    TEST_CASE("every address that the ssrf suite denies is refused, but for embedded global ones") {
        const auto folder = meter::testing::suite_folder("ssrf");
        if (!folder) return;
        const auto suite = meter::parse_json(meter::testing::read_file(*folder / "ssrf.json"));
        REQUIRE(suite);
        // Wire contract 11.5 unwraps NAT64 and 6to4 and judges the address inside; the suite's source refuses all.
        const std::string_view unwrapped[] = {"64:ff9b::808:808", "2002:808:808::1"};
        for (const meter::Value& row : *suite->find("ips")->if_array()) {
            const std::string& text = *row.find("ip")->if_string();
            CAPTURE(text);
            const bool deny = *row.find("deny")->if_bool();
            if (std::find(std::begin(unwrapped), std::end(unwrapped), text) != std::end(unwrapped))
                CHECK(is_global(text));
            else if (deny)
                CHECK_FALSE(is_global(text));
            else if (text != "64:ff9c::1")  // outside 2000::/3, all that IANA has given out for unicast
                CHECK(is_global(text));
        }
    }

    TEST_CASE("other families and no address at all are not global") {
        CHECK_FALSE(meter::url::is_global_address(nullptr));
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        CHECK_FALSE(meter::url::is_global_address(reinterpret_cast<const sockaddr*>(&local)));
        sockaddr_storage none{};
        none.ss_family = AF_UNSPEC;
        CHECK_FALSE(meter::url::is_global_address(reinterpret_cast<const sockaddr*>(&none)));
    }
}
