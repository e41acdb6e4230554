// Promises about idempotency keys, API keys and the health of a store.
#include <atomic>

#include "store/contract/report.hpp"

namespace meter::testing {

void check_idempotency(ContractReport& report, Store& store) {
    auto& keys = store.idempotency();
    using Kind = IdempotencyState::Kind;
    const auto begin = [&](std::string_view account, std::string_view key, std::string_view hash, std::int64_t now) {
        return report.take(keys.begin(account, key, hash, moment(now), moment(now + 100)), "begin()");
    };
    const auto first = begin("acme", "k", "body", 0);
    report.expect(first.kind == Kind::started && !first.token.empty(), "the first use of a key starts");
    report.expect(begin("acme", "k", "body", 99).kind == Kind::in_progress, "a second use is in progress");
    report.expect(begin("acme", "k", "other body", 99).kind == Kind::mismatch, "another body is a mismatch");
    report.expect(begin("other", "k", "body", 50).kind == Kind::started, "accounts do not share keys");
    report.expect(begin("acme", "k2", "body", 50).kind == Kind::started, "keys do not share runs");
    const auto second = begin("acme", "k", "body", 100);
    report.expect(second.kind == Kind::started && second.token != first.token, "a run that was given up frees its key");
    report.take(keys.finish(first.token, 200, "late", moment(10'000)), "finish()");
    report.take(keys.abandon(first.token), "abandon()");
    report.expect(begin("acme", "k", "body", 150).kind == Kind::in_progress,
                  "a run that was given up can neither finish nor abandon");
    report.take(keys.finish(second.token, 201, "{\"a\":1}", moment(1'000)), "finish()");
    const auto replay = begin("acme", "k", "body", 999);
    report.expect(replay.kind == Kind::replay && replay.status == 201 && replay.body == "{\"a\":1}",
                  "a finished run is replayed");
    report.expect(begin("acme", "k", "other body", 999).kind == Kind::mismatch, "but not for another body");
    report.take(keys.abandon(second.token), "abandon()");
    report.take(keys.finish(second.token, 500, "again", moment(9'000)), "finish()");
    report.expect(begin("acme", "k", "body", 999).body == "{\"a\":1}", "a run finishes once");
    const auto renewed = begin("acme", "k", "other body", 1'000);
    report.expect(renewed.kind == Kind::started, "an expired answer frees its key");
    report.expect(begin("acme", "k", "other body", 1'050).kind == Kind::in_progress,
                  "a key that was freed forgets its old answer");
    report.take(keys.finish(renewed.token, 200, "new", moment(2'000)), "finish()");
    report.expect(begin("acme", "k", "other body", 1'050).body == "new", "and keeps its new one");

    const auto abandoned = begin("acme", "k3", "body", 0);
    report.take(keys.abandon(abandoned.token), "abandon()");
    report.expect(begin("acme", "k3", "other body", 1).kind == Kind::started, "abandon() frees the key at once");
    report.take(keys.abandon("unknown"), "abandon() of an unknown token");
    report.take(keys.finish("unknown", 200, "", moment(0)), "finish() of an unknown token");
    report.expect(report.take(keys.drop_expired(moment(5'000)), "drop_expired()") > 0, "drop_expired() drops");
    report.expect(report.take(keys.drop_expired(moment(5'000)), "drop_expired()") == 0, "what expired, once");
}

void check_idempotency_race(ContractReport& report, Store& store) {
    std::atomic<int> started{0};
    std::atomic<int> in_progress{0};
    in_parallel(8, [&](int) {
        const auto state = store.idempotency().begin("acme", "k", "body", moment(0), moment(100));
        if (state && state->kind == IdempotencyState::Kind::started) ++started;
        if (state && state->kind == IdempotencyState::Kind::in_progress) ++in_progress;
    });
    report.expect(started == 1 && in_progress == 7, "of eight callers with one key exactly one starts");
}

void check_api_keys(ContractReport& report, Store& store) {
    auto& keys = store.api_keys();
    ApiKey key;
    key.key_id = sample_id(1);
    key.account_id = "acme";
    key.user_id = "ann";
    key.organization_id = "default";
    key.name = "laptop";
    key.prefix = "sk_live_aaaa";
    key.scopes = {"meter", "workflows:read"};
    key.created_at = moment(100);
    key.expires_at = moment(200);
    ApiKey older = key;
    older.key_id = sample_id(2);
    older.prefix = "sk_live_bbbb";
    older.scopes = {};
    older.created_at = moment(50);
    older.expires_at.reset();
    report.take(keys.insert(key, "hash 1"), "insert()");
    report.take(keys.insert(older, "hash 2"), "insert()");
    ApiKey twice = key;
    twice.key_id = sample_id(3);
    report.expect_error(keys.insert(twice, "hash 1"), ErrorCode::conflict, "a hash that exists is a conflict");
    report.expect(report.take(keys.find("hash 1"), "find()") == key, "find() returns every member");
    report.expect(report.take(keys.find("hash 2"), "find()") == older, "absent members come back absent");
    report.expect(!report.take(keys.find("hash 3"), "find()"), "an unknown hash has no key");
    report.expect(report.take(keys.list(), "list()") == std::vector{older, key}, "list() is oldest first");
    report.expect(report.take(keys.revoke("sk_live_cccc"), "revoke()") == 0, "an unknown prefix revokes nothing");
    report.expect(report.take(keys.revoke("sk_live_aaaa"), "revoke()") == 1, "revoke() counts the keys");
    report.expect(!report.take(keys.find("hash 1"), "find()"), "a revoked key is unknown at once");
    report.expect(report.take(keys.list(), "list()") == std::vector{older}, "a revoked key is not listed");
}

void check_health(ContractReport& report, Store& store) {
    const Strategy strategy = add_strategy(report, store, "acme", 1);
    (void)add_job(report, store, strategy, 10);
    report.take(store.ping(), "ping()");
    const auto findings = report.take(store.check(), "check()");
    report.expect(findings.empty(), "check() finds no damage in a new store");
}

}  // namespace meter::testing
