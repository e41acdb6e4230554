// What happens to a request between the connection loop and its route (wire contract 2): route, key, scope, rate
// limit, then the handler; and what every answer carries.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answers.hpp"
#include "auth.hpp"
#include "blocking_calls.hpp"
#include "cors.hpp"
#include "http/message.hpp"
#include "http/query.hpp"
#include "log.hpp"
#include "meter/engine.hpp"
#include "metrics.hpp"
#include "rate_limit.hpp"
#include "router.hpp"

namespace meter::server {

struct AppOptions {
    std::int64_t rate_limit_default = 600;    ///< 0: off
    std::int64_t rate_limit_generation = 20;  ///< 0: off
    std::size_t execute_places = 192;         ///< calls of /api/jobs/execute that wait at once
    std::size_t generate_places = 32;         ///< strategies made at once
    std::chrono::seconds generate_deadline{55};
    RunStatus partial_as = RunStatus::partial;  ///< status that run endpoints show instead of `partial`
    Cors cors = {};                             ///< pages that may read answers
};

class IdempotentRuns;

/// What routes work with.
struct Services {
    Engine& engine;
    const AppOptions& options;
    RequestMetrics& metrics;
    BlockingCalls& executes;
    BlockingCalls& generations;
    IdempotentRuns& idempotent_runs;
    const std::atomic<bool>& stopping;
    const std::function<std::size_t()>& connections;
    RateLimiter& hook_limit;      ///< of calls of webhook triggers, by workflow
    RateLimiter& bad_hook_limit;  ///< of those without proof, by workflow and network
};

/// One request that has passed the checks before its handler.
struct Call {
    const HttpRequest& request;
    Query query = {};
    PathParameters path = {};
    Caller caller = {};
    TimePoint now{};
    std::string request_id = {};
    std::vector<std::string> scopes = {};  ///< of the key

    Answer fail(const Problem& problem) const;
    Answer fail(const Error& error, Source source = Source::body) const;
};

/// Threads: every member from any thread.
class App {
public:
    App(Engine& engine, AppOptions options, std::shared_ptr<JsonLog> log, std::vector<Route> routes,
        std::function<std::size_t()> connections);
    ~App();

    Answer handle(const HttpRequest& request);
    /// The answer to a request that the connection loop refused; `seen` is what is known of its head.
    Answer refuse(const Refusal& refusal, const RequestHead& seen);
    /// From now on /healthz and /readyz say so.
    void begin_stop() noexcept { stopping_ = true; }
    /// Ends waiting calls: execute answers 503 while its job goes on or back to the queue.
    void end_waits();

private:
    struct Exchange;

    Answer answer(const HttpRequest& request, Exchange& exchange);
    Answer answer_with_key(const HttpRequest& request, RouteMatch& match, Exchange& exchange);
    /// What a handler throws becomes a 500.
    Answer run(const Route& route, Call& call);
    void add_quota_headers(const Caller& caller, Answer& answer);

    Engine& engine_;
    const AppOptions options_;
    const std::shared_ptr<JsonLog> log_;
    const std::function<std::size_t()> connections_;
    const Router router_;
    KeyCache keys_;
    RateLimiter standard_limit_, generation_limit_, hook_limit_, bad_hook_limit_;
    RequestMetrics metrics_;
    BlockingCalls executes_, generations_;
    const std::unique_ptr<IdempotentRuns> idempotent_runs_;
    std::atomic<bool> stopping_{false};
    Services services_;
};

/// "req_" and 24 hexadecimal digits.
std::string new_request_id();

}  // namespace meter::server
