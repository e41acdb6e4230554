#include "core/url_text.hpp"

#include <doctest/doctest.h>

#include <string>

using meter::core::to_ascii_host;
using meter::core::validate_url;

TEST_SUITE("core.url_text") {
    TEST_CASE("absolute web URLs pass as they are") {
        for (const std::string_view text :
             {"http://a", "https://example.com/products", "HTTPS://Example.COM:443/a?b#c", "http://127.0.0.1:8080/",
              "http://[::1]/", "http://[2001:db8::1]:8080/x", "http://user:pw@host/", "http://host:/",
              "https://b\u00FCcher.de/\u00E4?\u00F6=1", "http://exa_mple.com/", "http://a/|<>\"", "http://h?q",
              "http://h#f", "https://\u4E2D\u6587.tw/"})
            CHECK_MESSAGE(validate_url(text), std::string(text));
        CHECK(validate_url("http://a/" + std::string(4096 - 9, 'b')));
        std::string accents = "http://a/";
        for (int i = 0; i < 4096 - 9; ++i) accents += "\u00E9";  // characters count, not bytes
        CHECK(validate_url(accents));
    }

    TEST_CASE("everything else is refused as an invalid URL") {
        for (const std::string& text : {std::string(),
                                        std::string("not-a-url"),
                                        std::string("ftp://a/"),
                                        std::string("file:///etc/passwd"),
                                        std::string("//a/"),
                                        std::string("/a"),
                                        std::string("http:"),
                                        std::string("http:/a"),
                                        std::string("http://"),
                                        std::string("http:///a"),
                                        std::string("http://?q"),
                                        std::string("http://#f"),
                                        std::string("http://:80/"),
                                        std::string("http://user@/"),
                                        std::string("http://user@:80/"),
                                        std::string("http://a b/"),
                                        std::string("http://a/ b"),
                                        std::string(" http://a/"),
                                        std::string("http://a/\n"),
                                        std::string("http://a/\tb"),
                                        std::string("http://a/\x7F"),
                                        std::string("http://a/\0b", 11),
                                        std::string("http://a/\u00A0"),
                                        std::string("http://a/\u3000"),
                                        std::string("http://a/\u0085"),
                                        std::string("http://a/\xFF"),
                                        std::string("http://a:b/"),
                                        std::string("http://a:65536/"),
                                        std::string("http://a:000080/"),
                                        std::string("http://a:-1/"),
                                        std::string("http://[::1/"),
                                        std::string("http://[]/"),
                                        std::string("http://[1::2::3]/"),
                                        std::string("http://[::1%25eth0]/"),
                                        std::string("http://[::1]x/"),
                                        std::string("http://[v1.a]/"),
                                        std::string("http://a\\b/"),
                                        std::string("http://a\\@b/"),
                                        std::string("http://a@b@c/"),
                                        std::string("http://a%zz/"),
                                        std::string("http://a%2fb/"),
                                        std::string("http://a<b>/"),
                                        std::string("javascript:alert(1)"),
                                        std::string("http//a"),
                                        std::string("httpss://a"),
                                        "http://a/" + std::string(4096 - 8, 'b'),
                                        std::string(100'000, 'h')}) {
            CAPTURE(text.substr(0, 60));
            const auto valid = validate_url(text);
            REQUIRE_FALSE(valid);
            CHECK(valid.error().code == meter::ErrorCode::invalid_url);
            CHECK(valid.error().message == "Invalid URL format");
            CHECK(valid.error().subject == text);
        }
    }

    TEST_CASE("IPv6 literals are taken exactly where they are addresses") {
        for (const std::string_view text :
             {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "2001:DB8::1",
              "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "64:ff9b::255.255.255.255", "::0.0.0.0", "abcd::"})
            CHECK_MESSAGE(validate_url("http://[" + std::string(text) + "]/"), std::string(text));
        for (const std::string_view text : {"",
                                            ":",
                                            ":1",
                                            "1:",
                                            ":::",
                                            "1:::2",
                                            "1::2::3",
                                            "1:2:3:4:5:6:7",
                                            "1:2:3:4:5:6:7:8:9",
                                            "1:2:3:4:5:6:7:8::",
                                            "12345::",
                                            "g::",
                                            "::1.2.3",
                                            "::1.2.3.4.5",
                                            "::256.1.1.1",
                                            "::01.2.3.4",
                                            "1.2.3.4",
                                            "1:2:3:4:5:6:7:1.2.3.4",
                                            "::1.2.3.4:5",
                                            "::1%25eth0",
                                            "::1 ",
                                            "v1.a"})
            CHECK_MESSAGE(!validate_url("http://[" + std::string(text) + "]/"), std::string(text));
    }

    TEST_CASE("host names get their ASCII form") {
        struct Row {
            std::string_view host, ascii;
        };
        // RFC 3492 section 7.1 samples, UTS #46 examples; the last ones are spellings of an address.
        for (const Row& row :
             {Row{"Example.COM", "example.com"}, Row{"b\u00FCcher.de", "xn--bcher-kva.de"},
              Row{"B\u00DCCHER.de", "xn--bcher-kva.de"}, Row{"bu\u0308cher.de", "xn--bcher-kva.de"},
              Row{"fa\u00DF.de", "xn--fa-hia.de"}, Row{"\u4E2D\u6587.tw", "xn--fiq228c.tw"},
              Row{"\u4ED6\u4EEC\u4E3A\u4EC0\u4E48\u4E0D\u8BF4\u4E2D\u6587", "xn--ihqwcrb4cv8a8dqg056pqjye"},
              Row{"\u0440\u0444", "xn--p1ai"}, Row{"a.b.", "a.b."}, Row{"xn--bcher-kva.de", "xn--bcher-kva.de"},
              Row{"\u2603.net", "xn--n3h.net"}, Row{"\U0001F4A9.la", "xn--ls8h.la"},
              Row{"ex\u00ADample.com", "example.com"}, Row{"\u2460\u2461\u2466.\u24EA.\u24EA.\u2460", "127.0.0.1"},
              Row{"127\u30020\u30020\u30021", "127.0.0.1"}, Row{"\uFF11\uFF12\uFF17\uFF0E1", "127.1"}}) {
            CAPTURE(row.host);
            CHECK(to_ascii_host(row.host) == row.ascii);
        }
    }

    TEST_CASE("hosts that are no host names once mapped are refused") {
        for (const std::string& host :
             {std::string(), std::string("a/b"), std::string("a\uFF0Fb"), std::string("a\u2100b"), std::string("a@b"),
              std::string("a\uFF20b"), std::string("a\uFF1A80"), std::string("\xFF"), std::string(64, 'a'),
              std::string(1025, 'a'), std::string("\u00AD")})
            CHECK_MESSAGE(!to_ascii_host(host), host);
        std::string many;
        for (int i = 0; i < 130; ++i) many += "a.";
        CHECK_FALSE(to_ascii_host(many));
        std::string wide;
        for (int i = 0; i < 340; ++i) wide += "\u4E2D";
        CHECK_FALSE(to_ascii_host(wide));
    }
}
