// The connection loop. Its threads take turns: the one that the kernel wakes reads what has come, and works on the
// request itself once it is complete, so an answer costs no hand-over between threads. Slow clients cost memory within
// a budget, never a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/listener.hpp"
#include "http/message.hpp"
#include "http/request_reader.hpp"

namespace meter::server {

struct LoopOptions {
    HeadLimits head = {};
    std::size_t max_body = 10u << 20;
    std::size_t max_connections = 4096;     ///< beyond: the longest idle one is closed for the new one
    std::size_t max_buffered = 256u << 20;  ///< bytes of unfinished requests over all connections
    std::size_t max_unsent = 128u << 20;    ///< bytes of answers nobody reads; beyond: the slowest readers are cut off
    std::size_t threads = 256;              ///< requests worked on at once; one thread more always listens
    std::size_t max_queued = 1024;          ///< requests that wait for a thread
    std::chrono::milliseconds head_timeout{10'000};  ///< from the first byte to the end of the head
    std::chrono::milliseconds body_timeout{60'000};  ///< whole body
};

class EventLoop {
public:
    using Handler = std::function<Answer(const HttpRequest&)>;
    /// The answer to a request that was refused before it had a handler; `seen` is what is known of its head.
    using RefusalHandler = std::function<Answer(const Refusal&, const RequestHead& seen)>;

    /// The handlers must not throw; they are called on any of the loop's threads.
    EventLoop(Listener listener, LoopOptions options, Handler handler, RefusalHandler refusal_handler);
    /// Waits for the handlers that are running.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// The first of the loop's threads: runs until stop(), and starts others when requests keep it busy. Called once,
    /// on a thread of its own.
    void run();

    // From any thread:
    /// Closes the listening socket; answers from now on close their connection.
    void stop_accepting();
    /// Waits until no request is worked on and every answer is written; false when `timeout` passes before.
    bool wait_until_quiet(std::chrono::milliseconds timeout);
    /// Ends run() and closes every connection; one whose request is worked on, once that is done.
    void stop();
    std::size_t connections() const noexcept { return connection_count_.load(); }
    std::size_t busy() const noexcept { return busy_count_.load(); }

private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Connection;
    /// What one thread does with the connection in its hand while the others leave it alone.
    struct Task {
        Connection* connection = nullptr;
        std::unique_ptr<HttpRequest> request = {};  ///< null: it is refused
        Refusal refusal = {};
        RequestHead seen = {};  ///< of what is refused
        bool first = true;      ///< nothing else waits to be sent before the answer
    };
    struct Reply {
        std::string bytes = {};
        std::size_t sent = 0;
        bool close = false;
        bool failed = false;  ///< the connection takes nothing
    };

    // without the lock
    void work();
    Reply answer(Task& task) const;
    void wake();

    // under the lock
    void work_off_tasks(std::unique_lock<std::mutex>& lock);
    bool another_listens();
    void on_event(std::uint64_t id, std::uint32_t events);
    void accept_some();
    void add_connection(FileDescriptor socket, std::string network);
    void evict_idle();
    void on_connection_event(Connection& connection, std::uint32_t events);
    void read_some(Connection& connection);
    void process_input(Connection& connection);
    void dispatch(Connection& connection);
    void refuse(Connection& connection, Refusal refusal, RequestHead seen);
    void finish(Connection& connection, Reply reply);
    /// False when the connection is gone.
    bool flush(Connection& connection);
    void answer_written(Connection& connection);
    /// Asks for an event about what is there already, and for those that an unfinished answer needs.
    void look_again(Connection& connection);
    void sweep(SteadyTime now);
    void give_up(Connection& connection);
    void remove(Connection& connection);
    void set_busy(Connection& connection, bool busy);
    void account(Connection& connection);
    void limit_unsent(const Connection& newest);

    // constant after construction
    const LoopOptions options_;
    const Handler handler_;
    const RefusalHandler refusal_handler_;
    const FileDescriptor epoll_, wake_, timer_;
    // synchronise themselves
    std::atomic<bool> stop_accepting_{false}, stop_{false};
    std::atomic<std::size_t> connection_count_{0}, busy_count_{0};  ///< changed under the lock only
    std::condition_variable quiet_;
    // guarded by mutex_
    std::mutex mutex_;
    Listener listener_;
    bool listening_ = false;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t next_id_;
    std::size_t buffered_ = 0, unsent_ = 0;
    std::vector<char> scratch_;
    std::deque<Task> queue_;    ///< complete requests that wait for a thread
    std::deque<Task> refused_;  ///< answered by the thread that put them here, before anything else
    std::size_t waiting_ = 0;   ///< threads that wait for events, or are about to
    std::vector<std::thread> threads_;
};

}  // namespace meter::server
