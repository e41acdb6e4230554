#include "app.hpp"

#include <chrono>
#include <exception>
#include <random>
#include <utility>

#include "idempotency.hpp"
#include "input.hpp"

namespace meter::server {
namespace {

constexpr std::string_view bad_key = "Invalid or missing API key";

Problem forbidden(std::string_view scope, bool automation) {
    if (automation)
        return {.status = 403,
                .code = "insufficient_scope",
                .detail = "API key lacks required scope: " + std::string(scope)};
    return {.status = 403, .code = "forbidden", .detail = "You do not have permission to access this resource"};
}

void add_rate_headers(const RateState& state, Answer& answer) {
    if (state.limit == 0) return;
    answer.headers.emplace_back("X-RateLimit-Limit", std::to_string(state.limit));
    answer.headers.emplace_back("X-RateLimit-Remaining", std::to_string(state.remaining));
    answer.headers.emplace_back("X-RateLimit-Reset", std::to_string(reset_unix_seconds(state)));
}

}  // namespace

/// What becomes known of a request on its way, for the log and the last headers.
struct App::Exchange {
    std::string id = new_request_id();
    std::string_view route = {};
    std::string key_prefix = {};
};

std::string new_request_id() {
    thread_local std::mt19937_64 random{[] {
        std::random_device device;
        return (static_cast<std::uint64_t>(device()) << 32) ^ device();
    }()};
    static constexpr char digits[] = "0123456789abcdef";
    std::string id = "req_";
    for (int word = 0; word < 2; ++word) {
        auto bits = random();
        for (int i = 0; i < 12; ++i, bits >>= 4) id += digits[bits & 15];
    }
    return id;
}

Answer Call::fail(const Problem& problem) const {
    return to_answer(problem, request.head.path(), request_id);
}

Answer Call::fail(const Error& error, Source source) const {
    return fail(to_problem(error, source));
}

App::App(Engine& engine, AppOptions options, std::shared_ptr<JsonLog> log, std::vector<Route> routes,
         std::function<std::size_t()> connections)
    : engine_(engine),
      options_(options),
      log_(std::move(log)),
      connections_(std::move(connections)),
      router_(std::move(routes)),
      keys_(engine.store()),
      standard_limit_(options.rate_limit_default),
      generation_limit_(options.rate_limit_generation),
      hook_limit_(options.rate_limit_default),
      bad_hook_limit_(options.rate_limit_default),
      executes_(options.execute_places),
      generations_(options.generate_places),
      idempotent_runs_(std::make_unique<IdempotentRuns>()),
      services_{engine_,           options_,  metrics_,     executes_,   generations_,
                *idempotent_runs_, stopping_, connections_, hook_limit_, bad_hook_limit_} {}

App::~App() = default;

void App::end_waits() {
    executes_.stop();
    generations_.stop();
}

Answer App::handle(const HttpRequest& request) {
    const auto start = std::chrono::steady_clock::now();
    Exchange exchange;
    Answer reply;
    if (auto preflight = options_.cors.preflight(request.head)) {
        reply = *std::move(preflight);
    } else {
        reply = answer(request, exchange);
        options_.cors.share(request.head, reply);
    }
    reply.headers.emplace_back("X-Request-Id", exchange.id);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    metrics_.count(request.head.method, exchange.route, reply.status, took.count());
    log_->access({.method = request.head.method,
                  .route = exchange.route,
                  .status = reply.status,
                  .milliseconds = took.count() * 1000,
                  .request_id = exchange.id,
                  .key_prefix = exchange.key_prefix});
    return reply;
}

Answer App::refuse(const Refusal& refusal, const RequestHead& seen) {
    const auto id = new_request_id();
    auto reply = to_answer(http_problem(refusal.status, refusal.detail), seen.path(), id);
    options_.cors.share(seen, reply);
    reply.headers.emplace_back("X-Request-Id", id);
    metrics_.count("", "", reply.status, 0);
    log_->access(
        {.method = "", .route = "", .status = reply.status, .milliseconds = 0, .request_id = id, .key_prefix = ""});
    return reply;
}

Answer App::answer(const HttpRequest& request, Exchange& exchange) {
    const auto path = request.head.path();
    auto match = router_.match(request.head.method, path);
    if (!match.route) {
        if (match.allow.empty())
            return to_answer({.status = 404, .code = "not_found", .detail = "Not found"}, path, exchange.id);
        auto problem = http_problem(405, "Method not allowed");
        problem.headers.emplace_back("Allow", match.allow);
        return to_answer(problem, path, exchange.id);
    }
    exchange.route = match.route->path;
    if (match.route->scope != no_key_needed) return answer_with_key(request, match, exchange);
    Call call{.request = request,
              .path = std::move(match.parameters),
              .now = engine_.clock().now(),
              .request_id = exchange.id};
    return run(*match.route, call);
}

Answer App::run(const Route& route, Call& call) {
    try {
        return route.handler(services_, call);
    } catch (const std::exception& e) {
        log_->log(LogLevel::error, "handler failed",
                  {{"route", route.path}, {"why", e.what()}, {"request_id", call.request_id}});
        return call.fail(Error{ErrorCode::internal});
    }
}

// The order of these checks is the contract's (section 2).
Answer App::answer_with_key(const HttpRequest& request, RouteMatch& match, Exchange& exchange) {
    const Route& route = *match.route;
    const auto path = request.head.path();
    const bool automation = is_automation_path(path);
    const TimePoint now = engine_.clock().now();
    const auto presented = presented_key(request.head, automation);
    if (!presented) return to_answer(unauthorized(bad_key), path, exchange.id);
    const auto found = keys_.find(*presented, now);
    if (!found) return to_answer(to_problem(found.error()), path, exchange.id);
    if (!*found) return to_answer(unauthorized(bad_key), path, exchange.id);
    const ApiKey& key = **found;
    exchange.key_prefix = key.prefix;

    Call call{.request = request,
              .query = Query(request.head.query()),
              .path = std::move(match.parameters),
              .caller = {.account_id = key.account_id,
                         .api_key_prefix = key.prefix,
                         .user_id = key.user_id,
                         .organization_id = key.organization_id},
              .now = now,
              .request_id = exchange.id,
              .scopes = key.scopes};
    auto& limiter = route.bucket == Bucket::generation ? generation_limit_ : standard_limit_;
    RateState rate;
    Answer reply;
    if (route.scope != any_key && !key.allows(route.scope)) {
        rate = limiter.peek(key.key_id, now);
        reply = call.fail(forbidden(route.scope, automation));
    } else if (rate = limiter.take(key.key_id, now); !rate.allowed) {
        reply = call.fail(rate_limited(retry_after_seconds(rate, now)));
    } else if (request.body_too_large) {
        reply = call.fail(http_problem(413, "Request body too large"));
    } else if (const auto encoded = refuse_encoding(request)) {
        reply = call.fail(*encoded);
    } else {
        reply = run(route, call);
    }
    add_rate_headers(rate, reply);
    if (route.quota_headers) add_quota_headers(call.caller, reply);
    return reply;
}

void App::add_quota_headers(const Caller& caller, Answer& answer) {
    const auto quota = engine_.quota(caller);
    if (!quota) return;  // the store is away, and the answer says so
    answer.headers.emplace_back("X-Strategy-Quota-Used", std::to_string(quota->used));
    answer.headers.emplace_back("X-Strategy-Quota-Limit", std::to_string(quota->limit));
    answer.headers.emplace_back("X-Strategy-Quota-Tier", quota->tier);
    if (quota->reset_at) answer.headers.emplace_back("X-Strategy-Quota-Reset", format_time(*quota->reset_at));
}

}  // namespace meter::server
