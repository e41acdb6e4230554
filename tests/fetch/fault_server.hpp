// A loopback HTTP/1.1 server whose routes are named faults. Plain sockets, one thread a connection.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace meter::testing {

/// One request as it arrived.
struct Received {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    /// First header of this name; empty when there is none.
    std::string header(std::string_view name) const;
    std::size_t count(std::string_view name) const;
};

/// Bytes to and from a client.
class Wire {
public:
    virtual ~Wire();
    virtual bool send(std::string_view bytes) = 0;
    /// At least one byte; empty at the end of the connection.
    virtual std::string receive() = 0;
};

/// Turns an accepted socket into a Wire; null when the handshake fails. TLS tests bring their own.
using Wrap = std::function<std::unique_ptr<Wire>(int socket)>;

/// The server's side of one connection, as a handler sees it.
class Peer {
public:
    Peer(int socket, Wire& wire) : socket_(socket), wire_(wire) {}

    bool send(std::string_view bytes) { return wire_.send(bytes); }
    /// A whole answer with Content-Length and, unless given, no other header.
    void answer(int status, std::string_view body, std::string_view header_lines = {});
    /// Blocks until the client goes or the server stops.
    void hang();
    /// Blocks for a moment; false when the client has gone or the server stops.
    bool linger(std::chrono::milliseconds time);
    /// Ends the connection with a TCP reset.
    void reset();
    /// Ends the connection after the handler.
    void close() { closing_ = true; }
    bool closing() const { return closing_; }

private:
    int socket_;
    Wire& wire_;
    bool closing_ = false;
};

class FaultServer {
public:
    using Handler = std::function<void(Peer&, const Received&)>;

    /// Listens on a free port, with the faults of the constructor's body as routes. Aborts when it cannot.
    explicit FaultServer(const std::string& address = "127.0.0.1", Wrap wrap = {}, int port = 0);
    FaultServer(const FaultServer&) = delete;
    FaultServer& operator=(const FaultServer&) = delete;
    ~FaultServer();

    /// Serves a path (query left out); replaces what was there. Unknown paths are 404.
    void on(std::string path, Handler handler);

    int port() const { return port_; }
    std::string url(std::string_view path, std::string_view scheme = "http") const;
    int connections() const { return connections_; }
    int open() const { return open_; }
    /// Requests so far, of one path or of all.
    std::vector<Received> requests(std::string_view path = {}) const;
    /// Blocks until the condition holds; false after ten seconds. Checked whenever a connection or request begins or
    /// ends.
    bool wait_until(const std::function<bool()>& condition) const;

private:
    struct Connection {
        int socket;
        std::thread thread;
    };

    void add_faults();
    void accept_all();
    void serve(int socket);
    bool serve_one(int socket, Wire& wire, std::string& buffer);
    void changed() const;

    std::string address_;
    Wrap wrap_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<int> open_{0};
    std::atomic<bool> stopping_{false};

    mutable std::mutex mutex_;  // guards the rest
    mutable std::condition_variable event_;
    std::map<std::string, Handler, std::less<>> routes_;
    std::vector<Received> requests_;
    std::vector<Connection> served_;
    std::thread acceptor_;
};

/// Sockets that listen and never answer: accepted connections are kept open, nothing is read.
class SilentServer {
public:
    SilentServer();
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;
    ~SilentServer();

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
    /// Blocks until so many connections have been accepted; false after ten seconds.
    bool wait_for_connections(int count) const;

private:
    int listener_ = -1;
    int port_ = 0;
    mutable std::mutex mutex_;
    mutable std::condition_variable event_;
    std::vector<int> sockets_;
    std::thread acceptor_;
};

/// A port of loopback that nobody listens on.
int unused_port();

}  // namespace meter::testing
