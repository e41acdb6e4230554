#include "fetch/fault_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace meter::testing {
namespace {

using namespace std::chrono_literals;

void must(bool ok, const char* what) {
    if (ok) return;
    std::perror(what);
    std::abort();
}

/// A listening socket; `port` 0 becomes the port chosen.
int listen_on(const std::string& address, int& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0, "socket");
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in name;
    std::memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    must(::inet_pton(AF_INET, address.c_str(), &name.sin_addr) == 1, "address");
    must(::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0, "bind");
    must(::listen(fd, 1024) == 0, "listen");
    socklen_t size = sizeof name;
    must(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0, "getsockname");
    port = ntohs(name.sin_port);
    return fd;
}

class PlainWire final : public Wire {
public:
    explicit PlainWire(int socket) : socket_(socket) {}

    bool send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    std::string receive() override {
        std::string chunk(16384, '\0');
        const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
        chunk.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return chunk;
    }

private:
    int socket_;
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

Received parse_head(std::string_view head) {
    Received request;
    const auto line_end = head.find("\r\n");
    const std::string_view first = head.substr(0, line_end);
    const auto space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    for (auto at = line_end + 2; at < head.size();) {
        const auto end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = head.substr(at, end - at);
        const auto colon = line.find(':');
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        request.headers.emplace_back(lower(line.substr(0, colon)), value);
        at = end + 2;
    }
    return request;
}

}  // namespace

Wire::~Wire() = default;

std::string Received::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

std::size_t Received::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; }));
}

void Peer::answer(int status, std::string_view body, std::string_view header_lines) {
    send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(header_lines) + "\r\n" + std::string(body));
}

void Peer::hang() {
    closing_ = true;
    while (!wire_.receive().empty()) {
    }
}

bool Peer::linger(std::chrono::milliseconds time) {
    pollfd watch{socket_, POLLIN, 0};  // the client says no more: readable means gone
    return ::poll(&watch, 1, static_cast<int>(time.count())) == 0;
}

void Peer::reset() {
    const struct ::linger hard { 1, 0 };
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    closing_ = true;
}

FaultServer::FaultServer(const std::string& address, Wrap wrap, int port)
    : address_(address), wrap_(std::move(wrap)), port_(port) {
    listener_ = listen_on(address, port_);
    add_faults();
    acceptor_ = std::thread([this] { accept_all(); });
}

FaultServer::~FaultServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    std::vector<Connection> served;
    {
        const std::lock_guard lock(mutex_);
        for (const Connection& connection : served_)
            if (connection.socket >= 0) ::shutdown(connection.socket, SHUT_RDWR);
        served.swap(served_);
    }
    for (Connection& connection : served) connection.thread.join();
}

void FaultServer::on(std::string path, Handler handler) {
    const std::lock_guard lock(mutex_);
    routes_[std::move(path)] = std::move(handler);
}

std::string FaultServer::url(std::string_view path, std::string_view scheme) const {
    return std::string(scheme) + "://" + address_ + ":" + std::to_string(port_) + std::string(path);
}

std::vector<Received> FaultServer::requests(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    if (path.empty()) return requests_;
    std::vector<Received> some;
    for (const Received& request : requests_)
        if (request.target.substr(0, request.target.find('?')) == path) some.push_back(request);
    return some;
}

bool FaultServer::wait_until(const std::function<bool()>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        std::unique_lock lock(mutex_);
        // A change between the check and this wait is seen one tick later.
        event_.wait_for(lock, 20ms);
        if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
}

void FaultServer::changed() const {
    const std::lock_guard lock(mutex_);
    event_.notify_all();
}

void FaultServer::accept_all() {
    for (;;) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0 || stopping_) {
            if (fd >= 0) ::close(fd);
            return;
        }
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        ++connections_;
        ++open_;
        const std::lock_guard lock(mutex_);
        served_.push_back({fd, std::thread([this, fd] { serve(fd); })});
        event_.notify_all();
    }
}

void FaultServer::serve(int socket) {
    sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL; blocked here only, so that the fetcher's own care is tested
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    {
        const std::unique_ptr<Wire> wire = wrap_ ? wrap_(socket) : std::make_unique<PlainWire>(socket);
        std::string buffer;
        while (wire && !stopping_ && serve_one(socket, *wire, buffer)) {
        }
    }
    {
        const std::lock_guard lock(mutex_);
        for (Connection& connection : served_)
            if (connection.socket == socket) connection.socket = -1;
        ::close(socket);
    }
    --open_;
    changed();
}

bool FaultServer::serve_one(int socket, Wire& wire, std::string& buffer) {
    const auto fill = [&] {
        const std::string more = wire.receive();
        buffer += more;
        return !more.empty();
    };
    while (buffer.find("\r\n\r\n") == std::string::npos) {
        if (!fill()) return false;
        if (buffer.front() == '\x16') {  // a TLS client at the wrong door
            wire.send("HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n");
            return false;
        }
    }
    const auto head_size = buffer.find("\r\n\r\n");
    Received request = parse_head(std::string_view(buffer).substr(0, head_size));
    buffer.erase(0, head_size + 4);
    const std::string length = request.header("content-length");
    const auto body_size = length.empty() ? 0 : static_cast<std::size_t>(std::stoul(length));
    while (buffer.size() < body_size)
        if (!fill()) return false;
    request.body = buffer.substr(0, body_size);
    buffer.erase(0, body_size);

    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        const auto route = routes_.find(request.target.substr(0, request.target.find('?')));
        if (route != routes_.end()) handler = route->second;
        event_.notify_all();
    }
    Peer peer(socket, wire);
    if (handler)
        handler(peer, request);
    else
        peer.answer(404, "no such fault");
    return !peer.closing();
}

void FaultServer::add_faults() {
    const auto redirect = [](int status, std::string location) -> Handler {
        return [=](Peer& peer, const Received&) { peer.answer(status, "moved", "Location: " + location + "\r\n"); };
    };
    on("/ok", [](Peer& peer, const Received&) { peer.answer(200, "fine", "Content-Type: text/plain\r\n"); });
    on("/echo", [](Peer& peer, const Received& request) { peer.answer(200, request.method + " " + request.body); });
    on("/slow_head", [](Peer& peer, const Received&) { peer.hang(); });
    on("/slow_body", [](Peer& peer, const Received&) {
        peer.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
        peer.hang();
    });
    on("/drip", [](Peer& peer, const Received&) {
        peer.close();
        peer.send("HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n");
        while (peer.linger(20ms) && peer.send(".")) {
        }
    });
    on("/drop_mid_body", [](Peer& peer, const Received&) {
        peer.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf");
        peer.close();
    });
    on("/drop_mid_chunk", [](Peer& peer, const Received&) {
        peer.send("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf");
        peer.close();
    });
    on("/drop_before_answer", [](Peer& peer, const Received&) { peer.close(); });
    on("/reset", [](Peer& peer, const Received&) { peer.reset(); });
    on("/garbage", [](Peer& peer, const Received&) {
        peer.send("this is not HTTP at all\r\n\r\n");
        peer.close();
    });
    on("/loop", redirect(302, "/loop"));
    on("/ping", redirect(301, "/pong"));
    on("/pong", redirect(301, "/ping"));
    on("/chain3", redirect(301, "chain2"));
    on("/chain2", redirect(302, "/chain1?a=1"));
    on("/chain1", redirect(307, "./ok#end"));
    on("/to_file", redirect(302, "file:///etc/passwd"));
    on("/to_ftp", redirect(302, "ftp://127.0.0.1/"));
    on("/to_nowhere", redirect(302, "http://[bad"));
    on("/to_metadata", redirect(302, "http://169.254.169.254/latest/meta-data/"));
    on("/bad_gzip", [](Peer& peer, const Received&) {
        peer.answer(200, "this is no gzip stream at all, not a bit", "Content-Encoding: gzip\r\n");
    });
    on("/two_codings",
       [](Peer& peer, const Received&) { peer.answer(200, "anything", "Content-Encoding: gzip, deflate\r\n"); });
    on("/endless", [](Peer& peer, const Received&) {
        peer.close();
        peer.send("HTTP/1.1 200 X\r\n\r\n");
        const std::string block(65536, 'x');
        while (peer.send(block)) {
        }
    });
    on("/huge", [](Peer& peer, const Received&) {
        peer.close();
        peer.send("HTTP/1.1 200 X\r\nContent-Length: 9000000000\r\n\r\nstart");
        peer.hang();
    });
    on("/header_flood", [](Peer& peer, const Received&) {
        peer.close();
        peer.send("HTTP/1.1 200 X\r\n");
        while (peer.send("X-Flood: again and again and again\r\n")) {
        }
    });
    on("/interim_flood", [](Peer& peer, const Received&) {
        peer.close();
        while (peer.send("HTTP/1.1 103 Early Hints\r\nX-Flood: again\r\n\r\n")) {
        }
    });
    on("/long_header",
       [](Peer& peer, const Received&) { peer.answer(200, "fine", "X-Long: " + std::string(200'000, 'x') + "\r\n"); });
    on("/too_short", [](Peer& peer, const Received&) {
        peer.send("HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nmore than two bytes");
        peer.close();
    });
}

SilentServer::SilentServer() {
    listener_ = listen_on("127.0.0.1", port_);
    acceptor_ = std::thread([this] {
        for (;;) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) return;
            const std::lock_guard lock(mutex_);
            sockets_.push_back(fd);
            event_.notify_all();
        }
    });
}

SilentServer::~SilentServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (const int fd : sockets_) ::close(fd);
}

bool SilentServer::wait_for_connections(int count) const {
    std::unique_lock lock(mutex_);
    return event_.wait_for(lock, 10s, [&] { return sockets_.size() >= static_cast<std::size_t>(count); });
}

int unused_port() {
    int port = 0;
    ::close(listen_on("127.0.0.1", port));
    return port;
}

}  // namespace meter::testing
