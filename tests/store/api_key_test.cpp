#include "meter/api_key.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "meter/store.hpp"
#include "store/contract/report.hpp"
#include "temporary_folder.hpp"

namespace meter {
namespace {

const TimePoint now = testing::moment(0);

}  // namespace

TEST_SUITE("store.api_key") {
    TEST_CASE("a new key authenticates, and only with its secret") {
        const auto store = open_store("memory:").value();
        const auto created = create_api_key(*store, {.account_id = "acme", .name = "laptop"}, now).value();
        CHECK(created.secret.size() == 8 + 32);
        CHECK(created.secret.substr(0, 8) == "sk_live_");
        CHECK(created.key.prefix == created.secret.substr(0, 12));
        CHECK(created.key.user_id == "acme");
        CHECK(created.key.organization_id == "default");
        CHECK(created.key.scopes == std::vector<std::string>{"*"});
        CHECK(created.key.created_at == now);
        CHECK(authenticate(*store, created.secret, now).value() == created.key);
        CHECK_FALSE(authenticate(*store, created.secret + "x", now).value());
        CHECK_FALSE(authenticate(*store, created.key.prefix, now).value());
        CHECK_FALSE(authenticate(*store, "", now).value());
        CHECK(create_api_key(*store, {}, now)->secret != created.secret);
    }

    TEST_CASE("a key ends at its expiry, and at once when it is revoked") {
        const auto store = open_store("memory:").value();
        const auto created = create_api_key(*store, {.expires_at = testing::moment(100)}, now).value();
        CHECK(authenticate(*store, created.secret, testing::moment(99)).value());
        CHECK_FALSE(authenticate(*store, created.secret, testing::moment(100)).value());
        CHECK(store->api_keys().revoke(created.key.prefix).value() == 1);
        CHECK_FALSE(authenticate(*store, created.secret, now).value());
    }

    TEST_CASE("scopes do not imply each other, except that * is all") {
        ApiKey key;
        CHECK_FALSE(key.allows("meter"));
        key.scopes = {"workflows:write"};
        CHECK(key.allows("workflows:write"));
        CHECK_FALSE(key.allows("workflows:read"));
        CHECK_FALSE(key.allows("workflows"));
        CHECK_FALSE(key.allows("*"));
        key.scopes = {"meter", "*"};
        CHECK(key.allows("workflows:execute"));
        CHECK(key.allows("*"));
    }

    TEST_CASE("an imported secret works, and is refused twice") {
        const auto store = open_store("memory:").value();
        const std::string secret = "sk-prod-0123456789abcdef!~";
        const auto created = create_api_key(*store, {.secret = secret}, now).value();
        CHECK(created.secret == secret);
        CHECK(created.key.prefix == "sk-prod-0123");
        CHECK(authenticate(*store, secret, now).value());
        CHECK(create_api_key(*store, {.account_id = "other", .secret = secret}, now).error().code ==
              ErrorCode::conflict);
    }

    TEST_CASE("a request out of bounds is refused by member") {
        const auto store = open_store("memory:").value();
        const std::string longest(100, 'a');
        std::string longest_unicode;
        for (int i = 0; i < 100; ++i) longest_unicode += "\xF0\x9F\x98\x80";
        CHECK(create_api_key(*store, {.account_id = longest, .name = longest_unicode}, now));
        struct Row {
            std::string subject;
            ApiKeyRequest request;
        };
        for (const Row& row : {
                 Row{"account_id", {.account_id = ""}},
                 Row{"account_id", {.account_id = longest + "a"}},
                 Row{"account_id", {.account_id = " acme"}},
                 Row{"account_id", {.account_id = "acme\xC2\xA0"}},
                 Row{"account_id", {.account_id = "ac\nme"}},
                 Row{"account_id", {.account_id = std::string("ac\0me", 5)}},
                 Row{"account_id", {.account_id = "ac\x7Fme"}},
                 Row{"account_id", {.account_id = "ac\xC2\x85me"}},
                 Row{"account_id", {.account_id = "ac\xFFme"}},
                 Row{"user_id", {.user_id = "\tann"}},
                 Row{"organization_id", {.organization_id = "x "}},
                 Row{"name", {.name = longest_unicode + "a"}},
                 Row{"name", {.name = " "}},
                 Row{"scopes", {.scopes = {}}},
                 Row{"scopes", {.scopes = {"meter", "admin"}}},
                 Row{"scopes", {.scopes = {""}}},
                 Row{"scopes", {.scopes = {"workflows:*"}}},
                 Row{"secret", {.secret = "sk_live_12345678901"}},
                 Row{"secret", {.secret = "sk_live_ 1234567890123456"}},
                 Row{"secret", {.secret = "sk_live_1234567890123456\n"}},
                 Row{"secret", {.secret = "sk_live_123456789012345\xC3\xA4"}},
             }) {
            CAPTURE(row.subject);
            CAPTURE(row.request.account_id);
            const auto created = create_api_key(*store, row.request, now);
            REQUIRE_FALSE(created);
            CHECK(created.error().code == ErrorCode::invalid_argument);
            CHECK(created.error().subject == row.subject);
        }
        CHECK(store->api_keys().list()->size() == 1);
        CHECK(create_api_key(*store, {.scopes = {"meter", "workflows:read", "meter"}}, now)->key.scopes ==
              std::vector<std::string>{"meter", "workflows:read"});
    }

    TEST_CASE("the secret is in no file") {
        const tests::TemporaryFolder folder;
        std::string secret;
        {
            const auto store = open_store(folder.url("meter.db")).value();
            secret = create_api_key(*store, {}, now)->secret;
            CHECK(authenticate(*store, secret, now).value());
        }
        std::ifstream file(folder.file("meter.db"), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        CHECK(bytes.find(secret.substr(0, 12)) != std::string::npos);
        CHECK(bytes.find(secret.substr(8)) == std::string::npos);
    }
}

}  // namespace meter
