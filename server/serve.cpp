// The life of `meter-server serve`: open, listen, wait for a signal, stop in order.
#include <pthread.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "app.hpp"
#include "commands.hpp"
#include "http/event_loop.hpp"
#include "http/listener.hpp"
#include "log.hpp"
#include "meter/api_key.hpp"
#include "meter/engine.hpp"
#include "meter/node.hpp"
#include "meter/store.hpp"
#include "meter/version.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

// Together they stay below the 15 s within which a stop must be done (design, section 7).
constexpr std::chrono::seconds job_grace{10};
constexpr std::chrono::seconds answer_grace{3};
constexpr std::chrono::seconds stop_limit{14};

/// Signals that end the server are taken by one thread that waits for them; all others inherit the mask.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

// Connections of clients and of fetches need descriptors; the soft limit is often 1024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// The first start of a store: somebody must be able to make the first call.
Result<void> make_first_key(Store& store, const ServerConfig& config, TimePoint now) {
    const auto keys = store.api_keys().list();
    if (!keys) return keys.error();
    if (!keys->empty()) return {};
    const auto created = create_api_key(store, {.name = "admin", .secret = config.bootstrap_key}, now);
    if (!created) {
        auto error = created.error();
        if (!config.bootstrap_key.empty()) error.message = option_variable("bootstrap_key") + ": " + error.message;
        return error;
    }
    if (config.bootstrap_key.empty()) std::cout << "Admin API key, shown this once: " << created->secret << std::endl;
    return {};
}

/// Ends the process when stopping hangs: leases and the store's durability make that safe.
class StopWatchdog {
public:
    explicit StopWatchdog(JsonLog& log) : thread_([this, &log] { watch(log); }) {}
    ~StopWatchdog() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        finished_.notify_one();
        thread_.join();
    }
    StopWatchdog(const StopWatchdog&) = delete;
    StopWatchdog& operator=(const StopWatchdog&) = delete;

private:
    void watch(JsonLog& log) {
        std::unique_lock lock(mutex_);
        if (finished_.wait_for(lock, stop_limit, [this] { return done_; })) return;
        log.log(LogLevel::warning, "stopping took too long, leaving", {});
        std::_Exit(0);
    }

    std::mutex mutex_;
    std::condition_variable finished_;
    bool done_ = false;
    std::thread thread_;
};

std::string url_of(const Endpoint& endpoint) {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace

int run_serve(const ServerConfig& config) {
    const sigset_t stop_signals = block_stop_signals();
    raise_descriptor_limit();
    const auto log = std::make_shared<JsonLog>(config.log_level);
    std::optional<StopWatchdog> watchdog;  // before everything whose end it watches

    auto listener = bind_endpoint(config.listen);
    if (!listener) return fail_command(listener.error());
    if (!listener->loopback && !config.insecure)
        return fail_command({ErrorCode::invalid_argument,
                             "Not serving plain HTTP beyond loopback: put a TLS proxy in front, or allow it with "
                             "--insecure"});
    const std::string url = url_of(listener->bound);

    auto store = open_store(config.store);
    if (!store) return fail_command(store.error());
    EngineOptions options = config.engine;
    options.store = *store;
    options.logger = log;
    auto nodes = NodeRegistry::with_builtins(config.nodes);
    if (!nodes) return fail_command(nodes.error());
    options.nodes = std::make_shared<const NodeRegistry>(*std::move(nodes));
    auto engine = Engine::open(std::move(options));
    if (!engine) return fail_command(engine.error());
    if (const auto made = make_first_key(**store, config, (*engine)->clock().now()); !made)
        return fail_command(made.error());

    EventLoop* running_loop = nullptr;
    App app(**engine, config.app, log, all_routes(),
            [&running_loop] { return running_loop ? running_loop->connections() : 0; });
    if (const auto started = start_listening(*listener); !started) return fail_command(started.error());
    EventLoop loop(
        std::move(*listener), config.loop, [&app](const HttpRequest& request) { return app.handle(request); },
        [&app](const Refusal& refusal, const RequestHead& seen) { return app.refuse(refusal, seen); });
    running_loop = &loop;
    std::thread loop_thread([&loop] { loop.run(); });
    log->log(LogLevel::info, "listening", {{"url", url}, {"version", version()}});
    std::cout << "Listening on " << url << std::endl;

    int signal = 0;
    while (sigwait(&stop_signals, &signal) != 0) {
    }

    watchdog.emplace(*log);
    const auto patience = std::chrono::steady_clock::now() + job_grace;
    log->log(LogLevel::info, "stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    app.begin_stop();
    loop.stop_accepting();
    (*engine)->stop(job_grace);
    const auto left = patience - std::chrono::steady_clock::now();
    loop.wait_until_quiet(std::chrono::duration_cast<std::chrono::milliseconds>(left));
    app.end_waits();
    const bool quiet = loop.wait_until_quiet(answer_grace);
    loop.stop();
    loop_thread.join();
    log->log(LogLevel::info, "stopped", {{"answers", quiet ? "all sent" : "some not sent"}});
    return 0;
}

}  // namespace meter::server
