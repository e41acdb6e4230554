#include "idempotency.hpp"

#include <algorithm>
#include <utility>

#include "meter/change.hpp"
#include "meter/json.hpp"

namespace meter::server {
namespace {

constexpr std::chrono::hours answer_lifetime{24};
constexpr std::chrono::seconds deadline_margin{5};

// content_hash() is SHA-256 over text with its white space normalised; hexadecimal digits have none, so nothing of
// the body is lost on the way.
std::string body_hash(const Value& body) {
    static constexpr char digits[] = "0123456789abcdef";
    const std::string text = sorted_json(body);
    std::string hex;
    hex.reserve(text.size() * 2);
    for (const char c : text) {
        hex += digits[static_cast<unsigned char>(c) >> 4];
        hex += digits[static_cast<unsigned char>(c) & 15];
    }
    return content_hash(Value(std::move(hex)));
}

bool is_valid_key(std::string_view key) noexcept {
    return !key.empty() && key.size() <= 255 && std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
}

/// A run in progress; frees the key unless it was finished.
class IdempotentRun {
public:
    IdempotentRun(IdempotentRuns& runs, IdempotencyStore& store, std::string account, std::string key,
                  std::string token)
        : runs_(runs), store_(store), account_(std::move(account)), key_(std::move(key)), token_(std::move(token)) {}
    IdempotentRun(const IdempotentRun&) = delete;
    IdempotentRun& operator=(const IdempotentRun&) = delete;
    ~IdempotentRun() {
        if (!token_.empty()) (void)store_.abandon(token_);  // what stays behind runs out by itself
        runs_.end(account_, key_);
    }
    void finish(const Answer& answer, TimePoint expires_at) {
        // The strategy exists whether or not this can be stored, so its answer goes out either way.
        (void)store_.finish(token_, answer.status, answer.body, expires_at);
        token_.clear();
    }

private:
    IdempotentRuns& runs_;
    IdempotencyStore& store_;
    const std::string account_, key_;
    std::string token_;
};

}  // namespace

Result<IdempotencyState> IdempotentRuns::begin(IdempotencyStore& store, const std::string& account_id,
                                               const std::string& key, const std::string& request_hash, TimePoint now,
                                               std::chrono::milliseconds longest) {
    using Kind = IdempotencyState::Kind;
    // Held over the store's call, so that requests with one key come one after the other; few requests carry one.
    const std::lock_guard lock(mutex_);
    const std::pair name{account_id, key};
    if (const auto running = hashes_.find(name); running != hashes_.end())
        return IdempotencyState{.kind = running->second == request_hash ? Kind::in_progress : Kind::mismatch};
    // At this time every run that was begun before now has run out, and stored answers live that much longer.
    auto state = store.begin(account_id, key, request_hash, now + longest, now + longest);
    if (state && state->kind == Kind::started) hashes_.emplace(name, request_hash);
    return state;
}

void IdempotentRuns::end(const std::string& account_id, const std::string& key) {
    const std::lock_guard lock(mutex_);
    hashes_.erase({account_id, key});
}

std::string sorted_json(const Value& value) {
    std::string out;
    if (const auto* array = value.if_array()) {
        out += '[';
        for (const auto& item : *array) out.append(out.size() > 1 ? "," : "").append(sorted_json(item));
        return out += ']';
    }
    if (const auto* object = value.if_object()) {
        std::vector<const Object::Member*> members;
        for (const auto& member : *object) members.push_back(&member);
        std::ranges::sort(members, {}, [](const Object::Member* member) -> std::string_view { return member->first; });
        out += '{';
        for (const auto* member : members) {
            if (out.size() > 1) out += ',';
            append_json_string(out, member->first);
            out.append(":").append(sorted_json(member->second));
        }
        return out += '}';
    }
    return to_json(value);
}

Answer with_idempotency(Services& services, const Call& call, const Value& body, const std::function<Answer()>& make) {
    const auto given = call.request.head.count("idempotency-key");
    if (given == 0) return make();
    const std::string& key = *call.request.head.header("idempotency-key");
    if (given > 1 || !is_valid_key(key))
        return call.fail(invalid_request("Idempotency-Key must be 1 to 255 printable ASCII characters"));

    auto& store = services.engine.store().idempotency();
    const auto longest = services.options.generate_deadline + deadline_margin;
    const auto& account = call.caller.account_id;
    const auto state = services.idempotent_runs.begin(store, account, key, body_hash(body), call.now, longest);
    if (!state) return call.fail(state.error());
    switch (state->kind) {
        case IdempotencyState::Kind::replay:
            return {.status = state->status, .body = state->body, .headers = {{"Idempotent-Replayed", "true"}}};
        case IdempotencyState::Kind::in_progress:
            return call.fail({.status = 409,
                              .code = "idempotency_in_progress",
                              .detail = "Idempotent request still in progress. Retry shortly.",
                              .headers = {{"Retry-After", "5"}}});
        case IdempotencyState::Kind::mismatch:
            return call.fail({.status = 422,
                              .code = "idempotency_mismatch",
                              .detail = "Idempotency-Key reused with a different request body."});
        case IdempotencyState::Kind::started:
            break;
    }
    IdempotentRun run(services.idempotent_runs, store, account, key, state->token);
    Answer answer = make();
    if (answer.status >= 200 && answer.status < 300)
        run.finish(answer, services.engine.clock().now() + answer_lifetime + longest);
    return answer;
}

}  // namespace meter::server
