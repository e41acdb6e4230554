#include "notify/signature.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "core/base64.hpp"
#include "core/hash.hpp"
#include "meter/json.hpp"
#include "meter/webhook.hpp"

namespace meter::notify {
namespace {

std::string suites_folder() {
    const char* folder = std::getenv("METER_SUITES");
    return folder != nullptr ? folder : "../shared/suites";
}

/// The published vectors, or nothing where they are not at hand.
Value standard_webhooks_vectors() {
    std::ifstream file(suites_folder() + "/standard-webhooks/vectors.json", std::ios::binary);
    if (!file) {
        MESSAGE("no standard-webhooks vectors in " << suites_folder() << ": skipped");
        return {};
    }
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return parse_json(text).value();
}

std::string text_of(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    return member != nullptr && member->if_string() != nullptr ? *member->if_string() : std::string();
}

}  // namespace

TEST_SUITE("notify.signature") {
    TEST_CASE("the body signature is the one of the wire contract") {
        // Wire contract, appendix C.
        CHECK(body_signature("whsec_test", R"({"a":1})") ==
              "sha256=51426af50a41dd7ff2cd3f116594734766d4018d15d6fb07169aee5d2959adf5");
        CHECK(body_signature("other", R"({"a":1})") != body_signature("whsec_test", R"({"a":1})"));
    }

    TEST_CASE("standard signatures are those of the published vectors") {
        const Value vectors = standard_webhooks_vectors();
        if (vectors.is_null()) return;
        std::size_t count = 0;
        for (const Value& row : *vectors.find("sign")->if_array()) {
            CAPTURE(text_of(row, "src"));
            CHECK(standard_signature(text_of(row, "secret"), text_of(row, "id"),
                                     std::to_string(*row.find("ts")->if_integer()),
                                     text_of(row, "payload")) == text_of(row, "signature"));
            ++count;
        }
        CHECK(count == 8);
        for (const Value& secret : *vectors.find("empty_secret_must_fail")->if_array())
            CHECK(standard_signature(*secret.if_string(), "id", "1", "{}").empty());
    }

    TEST_CASE("requests are accepted and refused as the published vectors say") {
        const Value vectors = standard_webhooks_vectors();
        if (vectors.is_null()) return;
        std::size_t count = 0;
        for (const Value& row : *vectors.find("verify")->if_array()) {
            CAPTURE(text_of(row, "name"));
            const Value& headers = *row.find("headers");
            CHECK(verify_webhook(
                      text_of(row, "secret"), text_of(headers, "webhook-id"), text_of(headers, "webhook-timestamp"),
                      text_of(headers, "webhook-signature"), text_of(row, "payload"),
                      TimePoint{std::chrono::seconds{*row.find("now")->if_integer()}}) == *row.find("ok")->if_bool());
            ++count;
        }
        CHECK(count == 16);
    }

    TEST_CASE("a changed byte, another secret or another time is refused") {
        const TimePoint now{std::chrono::seconds{1'700'000'000}};
        const std::string signature = standard_signature("whsec_AAEC", "id", "1700000000", "{}");
        CHECK(verify_webhook("whsec_AAEC", "id", "1700000000", signature, "{}", now));
        CHECK(verify_webhook("whsec_AAEC", "id", "1700000000", "v1,x  " + signature + " v2,y", "{}", now));
        CHECK_FALSE(verify_webhook("whsec_AAED", "id", "1700000000", signature, "{}", now));
        CHECK_FALSE(verify_webhook("whsec_AAEC", "iD", "1700000000", signature, "{}", now));
        CHECK_FALSE(verify_webhook("whsec_AAEC", "id", "1700000001", signature, "{}", now));
        CHECK_FALSE(verify_webhook("whsec_AAEC", "id", "1700000000", signature, "{} ", now));
        CHECK_FALSE(verify_webhook("whsec_AAEC", "id", "99999999999999999999", signature, "{}", now));
        CHECK_FALSE(verify_webhook("whsec_AAEC", "id", "1700000000 ", signature, "{}", now));
        CHECK_FALSE(verify_webhook("", "id", "1700000000", "v1,", "{}", now));
    }

    TEST_CASE("the key is what base64 says, or the bytes themselves") {
        struct Row {
            std::string_view secret, key;
        };
        for (const Row& row : {
                 Row{"whsec_AAEC", std::string_view("\0\1\2", 3)},
                 Row{"AAEC", std::string_view("\0\1\2", 3)},
                 Row{"whsec_AAE=", std::string_view("\0\1", 2)},
                 Row{"whsec_AAE", std::string_view("\0\1", 2)},
                 Row{"whsec_AA", std::string_view("\0", 1)},
                 Row{"whsec_A", "A"},
                 Row{"whsec_AAE==", "AAE=="},
                 Row{"whsec_AAEC=", "AAEC="},
                 Row{"whsec_AA-_", "AA-_"},
                 Row{"my secret", "my secret"},
                 Row{"WHSEC_!", "WHSEC_!"},
             }) {
            CAPTURE(row.secret);
            CHECK(signing_key(row.secret) == row.key);
        }
    }

    TEST_CASE("base64 reads back what it wrote") {
        std::string bytes;
        for (int i = 0; i < 300; ++i) {
            CHECK(core::from_base64(core::to_base64(bytes)) == bytes);
            bytes += static_cast<char>(i * 7);
        }
        CHECK(core::to_base64("f") == "Zg==");  // RFC 4648 section 10
        CHECK(core::to_base64("fo") == "Zm8=");
        CHECK(core::to_base64("foobar") == "Zm9vYmFy");
    }

    TEST_CASE("timestamps are whole Unix seconds, rounded down") {
        CHECK(unix_seconds(TimePoint{std::chrono::milliseconds{1'614'265'330'999}}) == "1614265330");
        CHECK(unix_seconds(TimePoint{}) == "0");
    }
}

}  // namespace meter::notify
