// The connection loop: one thread accepts, reads whole requests, and writes answers; worker threads only ever see
// complete requests. So slow clients cost memory within a budget, never a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/listener.hpp"
#include "http/message.hpp"
#include "http/request_reader.hpp"
#include "http/worker_pool.hpp"

namespace meter::server {

struct LoopOptions {
    HeadLimits head = {};
    std::size_t max_body = 10u << 20;
    std::size_t max_connections = 4096;     ///< beyond: the longest idle one is closed for the new one
    std::size_t max_buffered = 256u << 20;  ///< bytes of unfinished requests over all connections
    std::size_t max_unsent = 128u << 20;    ///< bytes of answers nobody reads; beyond: the slowest readers are cut off
    std::size_t threads = 256;
    std::size_t max_queued = 1024;                   ///< requests that wait for a thread
    std::chrono::milliseconds head_timeout{10'000};  ///< from the first byte to the end of the head
    std::chrono::milliseconds body_timeout{60'000};  ///< whole body
};

class EventLoop {
public:
    using Handler = std::function<Answer(const HttpRequest&)>;
    /// The answer to a request that was refused before it had a handler; `target` may be empty or malformed.
    using RefusalHandler = std::function<Answer(const Refusal&, std::string_view target)>;

    /// The handlers must not throw; `handler` is called on worker threads.
    EventLoop(Listener listener, LoopOptions options, Handler handler, RefusalHandler refusal_handler);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs until stop(). Called once, on a thread of its own.
    void run();

    // From any thread:
    /// Closes the listening socket; answers from now on close their connection.
    void stop_accepting();
    /// Waits until no request is worked on and every answer is written; false when `timeout` passes before.
    bool wait_until_quiet(std::chrono::milliseconds timeout);
    /// Ends run() and closes every connection.
    void stop();
    std::size_t connections() const noexcept { return connection_count_.load(); }
    std::size_t busy() const noexcept { return busy_count_.load(); }

private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Connection;
    struct Completion {
        std::uint64_t id = 0;
        std::string bytes = {};
        bool close = false;
    };

    void accept_some();
    void add_connection(FileDescriptor socket, std::string network);
    void evict_idle();
    void on_event(Connection& connection, std::uint32_t events);
    void on_readable(Connection& connection);
    void process_input(Connection& connection);
    void dispatch(Connection& connection);
    void refuse(Connection& connection, const Refusal& refusal, std::string_view target);
    void send(Connection& connection, std::string bytes, bool close);
    /// False when the connection is gone.
    bool flush(Connection& connection);
    void answer_written(Connection& connection);
    void update_interest(Connection& connection);
    void take_completions();
    void sweep(SteadyTime now);
    void remove(Connection& connection);
    void set_busy(Connection& connection, bool busy);
    void account(Connection& connection);
    void limit_unsent(const Connection& newest);
    void wake();

    // constant after construction
    const LoopOptions options_;
    const Handler handler_;
    const RefusalHandler refusal_handler_;
    // used by the loop's thread only
    Listener listener_;
    FileDescriptor epoll_, wake_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t next_id_ = 2;
    std::size_t buffered_ = 0, unsent_ = 0;
    bool listening_ = false;
    std::vector<char> scratch_;
    // shared
    std::atomic<bool> stop_accepting_{false}, stop_{false};
    std::atomic<std::size_t> connection_count_{0}, busy_count_{0};
    std::mutex mutex_;
    std::condition_variable quiet_;
    std::vector<Completion> completions_;  ///< guarded by mutex_
    WorkerPool workers_;                   ///< last: its threads use the rest
};

}  // namespace meter::server
