#include "http/event_loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "http/codec.hpp"

namespace meter::server {
namespace {

constexpr std::uint64_t listener_id = 0, wake_id = 1;
constexpr std::chrono::milliseconds sweep_interval{250};
constexpr std::chrono::seconds linger_time{5};
// An answer must be taken at 16 KiB/s after half a minute; what is refused is read and dropped up to this many bytes,
// because closing with unread bytes resets the connection and can destroy the answer on its way (RFC 9112 9.6).
constexpr std::chrono::seconds write_grace{30};
constexpr std::size_t slowest_reader_per_second = 16u << 10;
constexpr std::size_t max_dropped = 64u << 20;

}  // namespace

struct EventLoop::Connection {
    enum class State { reading, working, writing, lingering };

    Connection(std::uint64_t number, FileDescriptor fd, const LoopOptions& options)
        : id(number), socket(std::move(fd)), reader(options.head, options.max_body) {}

    const std::uint64_t id;
    FileDescriptor socket;
    std::string network = {};
    RequestReader reader;
    State state = State::reading;
    std::string output = {};
    std::size_t written = 0;
    bool close_after = false;
    bool input_ended = false;
    bool detached = false;  ///< the peer is gone for good; kept until its request's worker is done
    bool busy = false;
    std::uint32_t interest = 0;
    std::size_t request_bytes = 0;  ///< body of the request that is worked on
    std::size_t accounted = 0, unsent = 0, dropped = 0;
    SteadyTime deadline{};
    RequestReader::State timed_state = RequestReader::State::idle;  ///< what the deadline is about, while reading
    std::shared_ptr<Peer> peer = {};

    bool output_pending() const noexcept { return written < output.size(); }
};

EventLoop::EventLoop(Listener listener, LoopOptions options, Handler handler, RefusalHandler refusal_handler)
    : options_(options),
      handler_(std::move(handler)),
      refusal_handler_(std::move(refusal_handler)),
      listener_(std::move(listener)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      scratch_(64u << 10),
      workers_(options.threads, options.max_queued) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = wake_id}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
}

EventLoop::~EventLoop() {
    workers_.stop();
}

void EventLoop::run() {
    std::array<epoll_event, 256> events{};
    auto next_sweep = std::chrono::steady_clock::now();
    while (!stop_) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_sweep) {
            sweep(now);
            next_sweep = now + sweep_interval;
        }
        const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(sweep_interval.count()));
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            if (event.data.u64 == listener_id) {
                accept_some();
            } else if (event.data.u64 == wake_id) {
                std::uint64_t ignored = 0;
                [[maybe_unused]] const auto got = ::read(wake_.get(), &ignored, sizeof ignored);
            } else if (const auto found = connections_.find(event.data.u64); found != connections_.end()) {
                on_event(*found->second, event.events);
            }
        }
        take_completions();
    }
    while (!connections_.empty()) remove(*connections_.begin()->second);
    listener_.socket.close();
}

void EventLoop::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::stop_accepting() {
    stop_accepting_ = true;
    wake();
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
    const std::lock_guard lock(mutex_);
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
                (!slowest || connection->deadline < slowest->deadline))
                slowest = connection.get();
        if (!slowest) return;
        remove(*slowest);
    }
}

void EventLoop::accept_some() {
    for (int i = 0; i < 64; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        FileDescriptor socket(
            accept4(listener_.socket.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket.get() < 0) {
            // Out of descriptors or memory: look again at the next sweep. Everything else concerns the one connection
            // that is not to be (accept(2), error handling), or says that there is none.
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.socket.get(), nullptr);
                listening_ = false;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK || !listening_) return;
            continue;
        }
        add_connection(std::move(socket), network_of(from));
    }
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
    connection.interest = EPOLLIN | EPOLLRDHUP;
    connection.deadline = std::chrono::steady_clock::now() + idle_timeout;
    epoll_event event{.events = connection.interest, .data = {.u64 = id}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event) != 0) {
        connections_.erase(id);
        return;
    }
    connection_count_ = connections_.size();
    if (crowded) refuse(connection, {503, "Too many connections"}, connection.reader.target());
}

void EventLoop::evict_idle() {
    Connection* victim = nullptr;
    for (const auto& [id, connection] : connections_)
        if (connection->state == Connection::State::reading && (!victim || connection->deadline < victim->deadline))
            victim = connection.get();
    if (victim) remove(*victim);
}

void EventLoop::remove(Connection& connection) {
    if (connection.peer) connection.peer->gone = true;
    set_busy(connection, false);
    buffered_ -= connection.accounted;
    unsent_ -= connection.unsent;
    connections_.erase(connection.id);  // closing takes the socket out of the epoll set
    connection_count_ = connections_.size();
}

void EventLoop::update_interest(Connection& connection) {
    std::uint32_t wanted = 0;
    switch (connection.state) {
        case Connection::State::reading:
        case Connection::State::lingering:
            wanted = EPOLLIN | EPOLLRDHUP;
            break;
        // Bytes of the next request wait in the kernel; only the end of the connection is of interest.
        case Connection::State::working:
            if (!connection.peer->gone) wanted = EPOLLRDHUP;
            break;
        case Connection::State::writing:
            if (connection.close_after && !connection.input_ended) wanted = EPOLLIN;
            break;
    }
    if (connection.output_pending()) wanted |= EPOLLOUT;
    if (connection.detached || wanted == connection.interest) return;
    connection.interest = wanted;
    epoll_event event{.events = wanted, .data = {.u64 = connection.id}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

void EventLoop::on_event(Connection& connection, std::uint32_t events) {
    if (events & (EPOLLERR | EPOLLHUP)) {
        if (connection.state != Connection::State::working) return remove(connection);
        // Reset while its request is worked on: that goes on, the answer will be dropped.
        connection.peer->gone = true;
        connection.detached = true;
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection.socket.get(), nullptr);
        return;
    }
    if ((events & EPOLLOUT) && !flush(connection)) return;
    if (events & (EPOLLIN | EPOLLRDHUP)) on_readable(connection);
}

void EventLoop::on_readable(Connection& connection) {
    if (connection.state == Connection::State::working) {
        connection.peer->gone = true;
        return update_interest(connection);
    }
    const auto got = recv(connection.socket.get(), scratch_.data(), scratch_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (got == 0 && connection.state == Connection::State::writing) {
        connection.input_ended = true;
        return update_interest(connection);
    }
    if (got <= 0) return remove(connection);
    const std::string_view bytes(scratch_.data(), static_cast<std::size_t>(got));
    if (connection.state != Connection::State::reading) {
        connection.dropped += bytes.size();
        if (connection.dropped > max_dropped) remove(connection);
        return;
    }
    connection.reader.append(bytes);
    process_input(connection);
}

void EventLoop::process_input(Connection& connection) {
    const auto state = connection.reader.advance();
    account(connection);
    if (state == RequestReader::State::ready) return dispatch(connection);
    if (state == RequestReader::State::refused)
        return refuse(connection, connection.reader.refusal(), connection.reader.target());
    if (buffered_ > options_.max_buffered && state == RequestReader::State::body)
        return refuse(connection, {503, "Too many requests are being received"}, connection.reader.target());
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
    update_interest(connection);
}

void EventLoop::dispatch(Connection& connection) {
    auto request = std::make_shared<HttpRequest>(connection.reader.take());
    connection.request_bytes = request->body.size();
    account(connection);
    connection.timed_state = RequestReader::State::idle;
    connection.peer = request->peer = std::make_shared<Peer>();
    connection.peer->network = connection.network;
    connection.state = Connection::State::working;
    set_busy(connection, true);
    const bool queued = workers_.submit([this, request, id = connection.id] {
        Answer answer = handler_(*request);
        Completion completion{.id = id};
        completion.close =
            answer.close || request->body_too_large || !request->head.keep_alive || stop_accepting_.load();
        completion.bytes = render_answer(std::move(answer), request->head.method, completion.close);
        {
            const std::lock_guard lock(mutex_);
            completions_.push_back(std::move(completion));
        }
        wake();
    });
    if (!queued) {
        connection.state = Connection::State::reading;
        return refuse(connection, {503, "Too many requests are waiting"}, request->head.target);
    }
    update_interest(connection);
}

void EventLoop::refuse(Connection& connection, const Refusal& refusal, std::string_view target) {
    set_busy(connection, true);
    Answer answer = refusal_handler_(refusal, target);
    send(connection, render_answer(std::move(answer), "GET", true), true);
}

void EventLoop::send(Connection& connection, std::string bytes, bool close) {
    connection.state = Connection::State::writing;
    connection.close_after = close;
    if (connection.output_pending())
        connection.output.append(bytes);
    else
        connection.output = std::move(bytes), connection.written = 0;
    const auto seconds = connection.output.size() / slowest_reader_per_second;
    connection.deadline =
        std::chrono::steady_clock::now() + write_grace + std::chrono::seconds(static_cast<std::int64_t>(seconds));
    if (!flush(connection) || connection.state != Connection::State::writing) return;
    account(connection);
    limit_unsent(connection);
    update_interest(connection);
}

bool EventLoop::flush(Connection& connection) {
    while (connection.output_pending()) {
        const auto sent = ::send(connection.socket.get(), connection.output.data() + connection.written,
                                 connection.output.size() - connection.written, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            account(connection);
            return true;
        }
        if (sent < 0) {
            remove(connection);
            return false;
        }
        connection.written += static_cast<std::size_t>(sent);
    }
    connection.output = {};
    connection.written = 0;
    if (connection.state == Connection::State::writing) {
        const auto id = connection.id;
        answer_written(connection);
        return connections_.contains(id);
    }
    update_interest(connection);
    return true;
}

void EventLoop::answer_written(Connection& connection) {
    set_busy(connection, false);
    connection.peer.reset();
    connection.request_bytes = 0;
    account(connection);
    if (connection.close_after) {
        if (connection.input_ended) return remove(connection);
        shutdown(connection.socket.get(), SHUT_WR);
        connection.state = Connection::State::lingering;
        connection.deadline = std::chrono::steady_clock::now() + linger_time;
        return update_interest(connection);
    }
    connection.state = Connection::State::reading;
    connection.timed_state = RequestReader::State::idle;
    connection.deadline = std::chrono::steady_clock::now() + idle_timeout;
    process_input(connection);  // a pipelined request may be there already
}

void EventLoop::take_completions() {
    std::vector<Completion> done;
    {
        const std::lock_guard lock(mutex_);
        done.swap(completions_);
    }
    for (auto& completion : done) {
        const auto found = connections_.find(completion.id);
        if (found == connections_.end()) continue;
        if (found->second->detached)
            remove(*found->second);
        else
            send(*found->second, std::move(completion.bytes), completion.close);
    }
}

void EventLoop::sweep(SteadyTime now) {
    if (stop_accepting_ && listener_.socket.get() >= 0) {
        listener_.socket.close();
        listening_ = false;
    }
    if (!listening_ && listener_.socket.get() >= 0) {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = listener_id}};
        listening_ = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.socket.get(), &event) == 0;
    }
    std::vector<std::uint64_t> late;
    for (const auto& [id, connection] : connections_)
        if (connection->state != Connection::State::working && connection->deadline <= now) late.push_back(id);
    for (const auto id : late) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        auto& connection = *found->second;
        if (connection.state != Connection::State::reading || connection.timed_state == RequestReader::State::idle)
            remove(connection);
        else if (connection.timed_state == RequestReader::State::head)
            refuse(connection, {408, "Request head took too long"}, connection.reader.target());
        else
            refuse(connection, {408, "Request body took too long"}, connection.reader.target());
    }
}

}  // namespace meter::server
