#include "http/event_loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "http/codec.hpp"

// One event is taken at a time, and told to one thread only (edge-triggered): while that thread works, the kernel wakes
// others for the rest. What a thread leaves unread it asks for again, behind the events of everybody else.

namespace meter::server {
namespace {

constexpr std::uint64_t listener_id = 0, wake_id = 1, timer_id = 2, first_connection_id = 3;
constexpr std::chrono::milliseconds sweep_interval{250};
constexpr std::chrono::seconds linger_time{5};
// An answer must be taken at 16 KiB/s after half a minute; what is refused is read and dropped up to this many bytes,
// because closing with unread bytes resets the connection and can destroy the answer on its way (RFC 9112 9.6).
constexpr std::chrono::seconds write_grace{30};
constexpr std::size_t slowest_reader_per_second = 16u << 10;
constexpr std::size_t max_dropped = 64u << 20;
constexpr int accepts_at_once = 64;

bool would_block() noexcept {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

bool watch(const FileDescriptor& epoll, int operation, const FileDescriptor& what, std::uint32_t events,
           std::uint64_t id) noexcept {
    epoll_event event{.events = events, .data = {.u64 = id}};
    return epoll_ctl(epoll.get(), operation, what.get(), &event) == 0;
}

}  // namespace

struct EventLoop::Connection {
    /// working: its thread may use the socket without the lock, and nobody else removes it.
    enum class State { reading, working, writing, lingering };

    Connection(std::uint64_t number, FileDescriptor fd, const LoopOptions& options)
        : id(number), socket(std::move(fd)), reader(options.head, options.max_body) {}

    const std::uint64_t id;
    const FileDescriptor socket;
    std::string network = {};
    RequestReader reader;
    State state = State::reading;
    std::string output = {};
    std::size_t written = 0;
    bool close_after = false;
    bool readable = false;       ///< there may be something to read, if only the end
    bool end_announced = false;  ///< the peer has ended its side; unread bytes may precede the end
    bool input_ended = false;    ///< ... and everything before has been read
    bool detached = false;       ///< the peer is gone for good; kept until its thread is done
    bool busy = false;
    std::size_t request_bytes = 0;  ///< body of the request that is worked on
    std::size_t accounted = 0, unsent = 0, dropped = 0;
    SteadyTime deadline{};
    RequestReader::State timed_state = RequestReader::State::idle;  ///< what the deadline is about, while reading
    std::shared_ptr<Peer> peer = {};

    bool output_pending() const noexcept { return written < output.size(); }
    // Readiness to write is of interest only after the socket has refused bytes.
    std::uint32_t interest() const noexcept {
        return EPOLLET | EPOLLIN | EPOLLRDHUP | (output_pending() ? std::uint32_t{EPOLLOUT} : 0u);
    }
};

EventLoop::EventLoop(Listener listener, LoopOptions options, Handler handler, RefusalHandler refusal_handler)
    : options_(options),
      handler_(std::move(handler)),
      refusal_handler_(std::move(refusal_handler)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      listener_(std::move(listener)),
      next_id_(first_connection_id),
      scratch_(64u << 10) {
    constexpr long nanoseconds = std::chrono::nanoseconds(sweep_interval).count();
    const itimerspec ticks{.it_interval = {.tv_sec = 0, .tv_nsec = nanoseconds},
                           .it_value = {.tv_sec = 0, .tv_nsec = nanoseconds}};
    timerfd_settime(timer_.get(), 0, &ticks, nullptr);
    watch(epoll_, EPOLL_CTL_ADD, timer_, EPOLLIN | EPOLLET, timer_id);
    watch(epoll_, EPOLL_CTL_ADD, wake_, EPOLLIN, wake_id);  // level-triggered: stop() is for every thread
    listening_ = watch(epoll_, EPOLL_CTL_ADD, listener_.socket, EPOLLIN | EPOLLET, listener_id);
}

EventLoop::~EventLoop() {
    stop();
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
}

void EventLoop::run() {
    {
        const std::lock_guard lock(mutex_);
        ++waiting_;
    }
    work();
    const std::lock_guard lock(mutex_);
    std::vector<Connection*> left;
    for (const auto& [id, connection] : connections_)
        if (connection->state != Connection::State::working) left.push_back(connection.get());
    for (Connection* connection : left) remove(*connection);
    listener_.socket.close();
}

// Whoever starts a thread has counted it among those that wait.
void EventLoop::work() {
    for (;;) {
        epoll_event event{};
        const int count = epoll_wait(epoll_.get(), &event, 1, -1);
        std::unique_lock lock(mutex_);
        --waiting_;
        if (stop_) return;
        if (count > 0) on_event(event.data.u64, event.events);
        work_off_tasks(lock);
        if (stop_) return;
        ++waiting_;
    }
}

void EventLoop::work_off_tasks(std::unique_lock<std::mutex>& lock) {
    while (!stop_) {
        auto& tasks = refused_.empty() ? queue_ : refused_;
        // A request may take long: then somebody else has to listen. A refusal does not.
        if (tasks.empty() || (refused_.empty() && !another_listens())) return;
        Task task = std::move(tasks.front());
        tasks.pop_front();
        lock.unlock();
        Reply reply = answer(task);
        lock.lock();
        finish(*task.connection, std::move(reply));
    }
}

bool EventLoop::another_listens() {
    if (waiting_ > 0) return true;
    if (threads_.size() >= options_.threads) return false;
    try {
        threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
        return false;  // the system gives no more threads: those there are have to do
    }
    ++waiting_;
    return true;
}

EventLoop::Reply EventLoop::answer(Task& task) const {
    Reply reply;
    if (task.request) {
        const Answer answer = handler_(*task.request);
        reply.close =
            answer.close || task.request->body_too_large || !task.request->head.keep_alive || stop_accepting_.load();
        reply.bytes = render_answer(answer, task.request->head.method, reply.close);
        task.request.reset();
    } else {
        reply.close = true;
        reply.bytes = render_answer(refusal_handler_(task.refusal, task.seen), "GET", true);
    }
    if (!task.first) return reply;
    const auto sent = ::send(task.connection->socket.get(), reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0)
        reply.sent = static_cast<std::size_t>(sent);
    else
        reply.failed = !would_block();
    return reply;
}

void EventLoop::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::stop_accepting() {
    stop_accepting_ = true;
    const std::lock_guard lock(mutex_);
    listener_.socket.close();
    listening_ = false;
}

void EventLoop::stop() {
    stop_ = true;
    wake();
}

bool EventLoop::wait_until_quiet(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return quiet_.wait_for(lock, timeout, [this] { return busy_count_ == 0; });
}

void EventLoop::set_busy(Connection& connection, bool busy) {
    if (std::exchange(connection.busy, busy) == busy) return;
    if (busy)
        ++busy_count_;
    else if (--busy_count_ == 0)
        quiet_.notify_all();
}

void EventLoop::account(Connection& connection) {
    const auto held = connection.reader.held() + connection.request_bytes;
    buffered_ = buffered_ - connection.accounted + held;
    connection.accounted = held;
    const auto unsent = connection.output_pending() ? connection.output.size() : 0;  // all of it is held to the end
    unsent_ = unsent_ - connection.unsent + unsent;
    connection.unsent = unsent;
}

// An answer waits in memory for as long as its client may take to read it. One that keeps many of them waiting is no
// reader, and those that have been given the longest time already go first. The newest answer is always worth a try: it
// may be larger than the limit alone.
void EventLoop::limit_unsent(const Connection& newest) {
    while (unsent_ > options_.max_unsent) {
        Connection* slowest = nullptr;
        for (const auto& [id, connection] : connections_)
            if (connection.get() != &newest && connection->unsent > 0 &&
                connection->state != Connection::State::working &&
                (!slowest || connection->deadline < slowest->deadline))
                slowest = connection.get();
        if (!slowest) return;
        remove(*slowest);
    }
}

void EventLoop::on_event(std::uint64_t id, std::uint32_t events) {
    if (id == listener_id) return accept_some();
    if (id == timer_id) {
        std::uint64_t ticks = 0;
        [[maybe_unused]] const auto got = ::read(timer_.get(), &ticks, sizeof ticks);  // or it ticks no more
        return sweep(std::chrono::steady_clock::now());
    }
    if (const auto found = connections_.find(id); found != connections_.end())
        on_connection_event(*found->second, events);
}

void EventLoop::accept_some() {
    if (!listening_) return;
    for (int i = 0; i < accepts_at_once; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        FileDescriptor socket(
            accept4(listener_.socket.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket.get() < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) return;
            // Out of descriptors or memory: look again at the next sweep. Everything else concerns the one connection
            // that is not to be (accept(2), error handling).
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                watch(epoll_, EPOLL_CTL_DEL, listener_.socket, 0, listener_id);
                listening_ = false;
                return;
            }
            continue;
        }
        add_connection(std::move(socket), network_of(from));
    }
    watch(epoll_, EPOLL_CTL_MOD, listener_.socket, EPOLLIN | EPOLLET, listener_id);
}

void EventLoop::add_connection(FileDescriptor socket, std::string network) {
    if (connections_.size() >= options_.max_connections) evict_idle();
    if (connections_.size() >= options_.max_connections + 256) return;  // nobody to make room, nor to tell all of them
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto id = next_id_++;
    const bool crowded = connections_.size() >= options_.max_connections;
    auto& connection =
        *connections_.emplace(id, std::make_unique<Connection>(id, std::move(socket), options_)).first->second;
    connection.network = std::move(network);
    connection.deadline = std::chrono::steady_clock::now() + idle_timeout;
    if (!watch(epoll_, EPOLL_CTL_ADD, connection.socket, connection.interest(), id)) {
        connections_.erase(id);
        return;
    }
    connection_count_ = connections_.size();
    if (crowded) refuse(connection, {503, "Too many connections"}, connection.reader.seen());
}

void EventLoop::evict_idle() {
    Connection* victim = nullptr;
    for (const auto& [id, connection] : connections_)
        if (connection->state == Connection::State::reading && (!victim || connection->deadline < victim->deadline))
            victim = connection.get();
    if (victim) remove(*victim);
}

void EventLoop::remove(Connection& connection) {
    assert(connection.state != Connection::State::working);
    if (connection.peer) connection.peer->gone = true;
    set_busy(connection, false);
    buffered_ -= connection.accounted;
    unsent_ -= connection.unsent;
    connections_.erase(connection.id);  // closing takes the socket out of the epoll set
    connection_count_ = connections_.size();
}

// Reset while its request is worked on: that goes on, the answer will be dropped.
void EventLoop::give_up(Connection& connection) {
    if (connection.state != Connection::State::working) return remove(connection);
    if (connection.peer) connection.peer->gone = true;
    connection.detached = true;
    watch(epoll_, EPOLL_CTL_DEL, connection.socket, 0, connection.id);
}

void EventLoop::look_again(Connection& connection) {
    if (!connection.detached) watch(epoll_, EPOLL_CTL_MOD, connection.socket, connection.interest(), connection.id);
}

void EventLoop::on_connection_event(Connection& connection, std::uint32_t events) {
    if (connection.detached) return;
    if (events & (EPOLLERR | EPOLLHUP)) return give_up(connection);
    if (events & EPOLLRDHUP) connection.end_announced = true;
    if (events & (EPOLLIN | EPOLLRDHUP)) connection.readable = true;
    if ((events & EPOLLOUT) && connection.output_pending() && !flush(connection)) return;
    read_some(connection);
}

void EventLoop::read_some(Connection& connection) {
    // Bytes of the next request wait in the kernel; only the end of the connection is of interest.
    if (connection.state == Connection::State::working) {
        if (connection.end_announced && connection.peer) connection.peer->gone = true;
        return;
    }
    if (!connection.readable || connection.input_ended) return;
    if (connection.state == Connection::State::writing && !connection.close_after) return;
    const auto got = recv(connection.socket.get(), scratch_.data(), scratch_.size(), 0);
    if (got < 0 && would_block()) {
        connection.readable = false;
        return;
    }
    if (got == 0 && connection.state == Connection::State::writing) {
        connection.input_ended = true;
        return;
    }
    if (got <= 0) return remove(connection);
    const std::string_view bytes(scratch_.data(), static_cast<std::size_t>(got));
    // Less than there was room for is all there was (epoll(7), edge-triggered), but the end tells itself only once.
    connection.readable = bytes.size() == scratch_.size() || connection.end_announced;
    if (connection.state == Connection::State::reading) {
        connection.reader.append(bytes);
        return process_input(connection);
    }
    connection.dropped += bytes.size();
    if (connection.dropped > max_dropped) return remove(connection);
    if (connection.readable) look_again(connection);
}

void EventLoop::process_input(Connection& connection) {
    const auto state = connection.reader.advance();
    account(connection);
    if (state == RequestReader::State::ready) return dispatch(connection);
    if (state == RequestReader::State::refused)
        return refuse(connection, connection.reader.refusal(), connection.reader.seen());
    if (buffered_ > options_.max_buffered && state == RequestReader::State::body)
        return refuse(connection, {503, "Too many requests are being received"}, connection.reader.seen());
    if (state != connection.timed_state) {
        const auto now = std::chrono::steady_clock::now();
        connection.deadline = now + (state == RequestReader::State::head   ? options_.head_timeout
                                     : state == RequestReader::State::body ? options_.body_timeout
                                                                           : idle_timeout);
        connection.timed_state = state;
    }
    if (connection.reader.take_continue()) {
        connection.output += "HTTP/1.1 100 Continue\r\n\r\n";
        if (!flush(connection)) return;
    }
    if (connection.readable) look_again(connection);
}

void EventLoop::dispatch(Connection& connection) {
    auto request = std::make_unique<HttpRequest>(connection.reader.take());
    connection.request_bytes = request->body.size();
    account(connection);
    connection.timed_state = RequestReader::State::idle;
    if (!another_listens() && (threads_.empty() || queue_.size() >= options_.max_queued))
        return refuse(connection, {503, "Too many requests are waiting"}, std::move(request->head));
    connection.peer = request->peer = std::make_shared<Peer>();
    connection.peer->network = connection.network;
    connection.peer->gone = connection.end_announced;
    connection.state = Connection::State::working;
    set_busy(connection, true);
    queue_.push_back({.connection = &connection, .request = std::move(request), .first = !connection.output_pending()});
}

void EventLoop::refuse(Connection& connection, Refusal refusal, RequestHead seen) {
    connection.state = Connection::State::working;
    set_busy(connection, true);
    refused_.push_back({.connection = &connection,
                        .refusal = std::move(refusal),
                        .seen = std::move(seen),
                        .first = !connection.output_pending()});
}

void EventLoop::finish(Connection& connection, Reply reply) {
    connection.state = Connection::State::writing;
    if (stop_ || connection.detached || reply.failed) return remove(connection);
    connection.close_after = reply.close;
    if (reply.sent == reply.bytes.size()) return answer_written(connection);
    if (connection.output_pending())
        connection.output.append(reply.bytes);
    else
        connection.output = std::move(reply.bytes), connection.written = reply.sent;
    const auto seconds = connection.output.size() / slowest_reader_per_second;
    connection.deadline =
        std::chrono::steady_clock::now() + write_grace + std::chrono::seconds(static_cast<std::int64_t>(seconds));
    if (!flush(connection) || connection.state != Connection::State::writing) return;
    limit_unsent(connection);
    if (connection.close_after) read_some(connection);
}

bool EventLoop::flush(Connection& connection) {
    while (connection.output_pending()) {
        const auto sent = ::send(connection.socket.get(), connection.output.data() + connection.written,
                                 connection.output.size() - connection.written, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && would_block()) {
            account(connection);
            look_again(connection);
            return true;
        }
        if (sent < 0) {
            const bool kept = connection.state == Connection::State::working;
            give_up(connection);
            return kept;
        }
        connection.written += static_cast<std::size_t>(sent);
    }
    connection.output = {};
    connection.written = 0;
    account(connection);
    if (connection.state != Connection::State::writing) return true;
    const auto id = connection.id;
    answer_written(connection);
    return connections_.contains(id);
}

void EventLoop::answer_written(Connection& connection) {
    set_busy(connection, false);
    connection.peer.reset();
    connection.request_bytes = 0;
    const auto now = std::chrono::steady_clock::now();
    if (connection.close_after) {
        account(connection);
        if (connection.input_ended) return remove(connection);
        shutdown(connection.socket.get(), SHUT_WR);
        connection.state = Connection::State::lingering;
        connection.deadline = now + linger_time;
        if (connection.readable) look_again(connection);
        return;
    }
    connection.state = Connection::State::reading;
    connection.timed_state = RequestReader::State::idle;
    connection.deadline = now + idle_timeout;
    process_input(connection);  // a pipelined request may be there already
}

void EventLoop::sweep(SteadyTime now) {
    if (!listening_ && listener_.socket.get() >= 0)
        listening_ = watch(epoll_, EPOLL_CTL_ADD, listener_.socket, EPOLLIN | EPOLLET, listener_id);
    std::vector<Connection*> late;
    for (const auto& [id, connection] : connections_)
        if (connection->state != Connection::State::working && connection->deadline <= now)
            late.push_back(connection.get());
    for (Connection* connection : late) {
        if (connection->state != Connection::State::reading || connection->timed_state == RequestReader::State::idle)
            remove(*connection);
        else if (connection->timed_state == RequestReader::State::head)
            refuse(*connection, {408, "Request head took too long"}, connection->reader.seen());
        else
            refuse(*connection, {408, "Request body took too long"}, connection->reader.seen());
    }
}

}  // namespace meter::server
