#include "http/event_loop.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace meter::server;
using namespace std::chrono_literals;

namespace {

/// A blocking client; reads give up after 20 s so that a broken server fails a test instead of hanging it.
class TestClient {
public:
    explicit TestClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    bool connected() const { return connected_; }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void end_sending() { shutdown(socket_.get(), SHUT_WR); }
    /// Closes with a reset instead of an orderly end.
    void reset() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        socket_.close();
    }
    /// One answer, head and body; empty at the end of the connection.
    std::string answer() {
        while (buffer_.find("\r\n\r\n") == std::string::npos)
            if (!receive()) return {};
        const auto head = buffer_.find("\r\n\r\n") + 4;
        const auto length = buffer_.find("Content-Length: ");
        const auto body = length < head ? std::stoul(buffer_.substr(length + 16)) : 0;
        while (buffer_.size() < head + body)
            if (!receive()) return {};
        auto found = buffer_.substr(0, head + body);
        buffer_.erase(0, head + body);
        return found;
    }
    std::string everything() {
        while (receive()) {
        }
        return buffer_;
    }
    bool ended() { return buffer_.empty() && !receive(); }

private:
    bool receive() {
        std::array<char, 4096> bytes{};
        const auto got = recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (got > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(got));
        return got > 0;
    }

    FileDescriptor socket_;
    bool connected_ = false;
    std::string buffer_;
};

/// A loop whose handler echoes the path and body; "/wait" waits until it is let go.
class TestServer {
public:
    explicit TestServer(LoopOptions options = {})
        : loop_(
              bound(), options, [this](const HttpRequest& request) { return handle(request); },
              [](const Refusal& refusal, const RequestHead&) {
                  return Answer{.status = refusal.status, .body = refusal.detail};
              }),
          thread_([this] { loop_.run(); }) {}
    ~TestServer() {
        let_go();
        loop_.stop();
        thread_.join();
    }

    int port() const { return port_; }
    EventLoop& loop() { return loop_; }
    void wait_for_waiting(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ >= count; });
    }
    void let_go() {
        {
            const std::lock_guard lock(mutex_);
            free_ = true;
        }
        changed_.notify_all();
    }
    void wait_for_gone_peer() {
        std::unique_lock lock(mutex_);
        while (!peer_ || !peer_->gone) {
            lock.unlock();
            std::this_thread::yield();
            lock.lock();
        }
    }

private:
    Listener bound() {
        auto listener = bind_endpoint({"127.0.0.1", 0}).value();
        start_listening(listener).value();
        port_ = listener.bound.port;
        return listener;
    }
    Answer handle(const HttpRequest& request) {
        if (request.head.path() == "/wait") {
            std::unique_lock lock(mutex_);
            peer_ = request.peer;
            ++waiting_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return free_; });
        }
        if (request.body_too_large) return {.status = 413, .close = true};
        return {.body = std::string(request.head.path()) + request.body, .content_type = "text/plain"};
    }

    int port_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool free_ = false;
    std::shared_ptr<Peer> peer_;
    EventLoop loop_;
    std::thread thread_;
};

std::string get(const std::string& path, const std::string& lines = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}

std::string post(const std::string& body, const std::string& lines = "") {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

bool has_status(const std::string& answer, int status) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

}  // namespace

TEST_SUITE("server.event_loop") {
    TEST_CASE("a network is an IPv4 address, or the first half of an IPv6 address") {
        struct Row {
            const char *address, *network;
        };
        for (const Row& row : {Row{"192.0.2.7", "192.0.2.7"}, Row{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
                               Row{"2001:db8:1:2:ffff::1", "2001:db8:1:2::"}, Row{"::ffff:192.0.2.7", "192.0.2.7"}}) {
            CAPTURE(row.address);
            sockaddr_storage address{};
            auto& six = reinterpret_cast<sockaddr_in6&>(address);
            auto& four = reinterpret_cast<sockaddr_in&>(address);
            const bool is_six = std::string_view(row.address).find(':') != std::string_view::npos;
            address.ss_family = is_six ? AF_INET6 : AF_INET;
            REQUIRE(inet_pton(address.ss_family, row.address,
                              is_six ? static_cast<void*>(&six.sin6_addr) : &four.sin_addr) == 1);
            CHECK(network_of(address) == row.network);
        }
        CHECK(network_of({}).empty());
    }

    TEST_CASE("requests of one connection are answered in order, pipelined ones too") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send(get("/a") + post("body") + get("/c")));
        CHECK(client.answer().ends_with("\r\n\r\n/a"));
        CHECK(client.answer().ends_with("\r\n\r\n/pbody"));
        CHECK(client.answer().ends_with("\r\n\r\n/c"));
        REQUIRE(client.send(get("/d", "Connection: close\r\n") + get("/e")));
        CHECK(client.answer().ends_with("\r\n\r\n/d"));
        CHECK(client.ended());
    }

    TEST_CASE("what arrives while a request is worked on is answered after it") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send(get("/wait")));
        server.wait_for_waiting(1);
        REQUIRE(client.send(get("/b")));
        TestClient other(server.port());
        REQUIRE(other.send(get("/other")));
        CHECK(other.answer().ends_with("\r\n\r\n/other"));  // the bytes of /b have been noticed by now
        server.let_go();
        CHECK(client.answer().ends_with("\r\n\r\n/wait"));
        CHECK(client.answer().ends_with("\r\n\r\n/b"));
    }

    TEST_CASE("many connections are served by few threads, each in order") {
        TestServer server({.threads = 3});
        std::vector<int> wrong(8);
        std::vector<std::thread> clients;
        for (int& mine : wrong)
            clients.emplace_back([&server, &mine] {
                TestClient a(server.port()), b(server.port());
                for (int i = 0; i < 100; ++i) {
                    const auto path = "/" + std::to_string(i);
                    mine += !a.send(get(path) + post(path)) || !b.send(get(path));
                    mine += !a.answer().ends_with("\r\n\r\n" + path);
                    mine += !b.answer().ends_with("\r\n\r\n" + path);
                    mine += !a.answer().ends_with("\r\n\r\n/p" + path);
                }
            });
        for (auto& client : clients) client.join();
        CHECK(wrong == std::vector<int>(8));
        CHECK(server.loop().wait_until_quiet(20s));
    }

    TEST_CASE("HEAD is answered with the length but without the body") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        const auto answer = client.everything();
        CHECK(answer.find("Content-Length: 4\r\n") != std::string::npos);
        CHECK(answer.ends_with("\r\n\r\n"));
    }

    TEST_CASE("a refused request is answered and nothing after it is read") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + get("/x")));
        CHECK(has_status(client.answer(), 400));
        CHECK(client.ended());
    }

    TEST_CASE("a client that sends far too much still gets its 413") {
        TestServer server({.max_body = 1000});
        TestClient client(server.port());
        client.send(post(std::string(8 << 20, 'x')));
        CHECK(has_status(client.answer(), 413));
        CHECK(client.ended());
    }

    TEST_CASE("a client that ends its side after the request gets the answer") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send(get("/wait")));
        server.wait_for_waiting(1);
        client.end_sending();
        server.wait_for_gone_peer();
        server.let_go();
        CHECK(client.answer().ends_with("\r\n\r\n/wait"));
        CHECK(client.ended());
    }

    TEST_CASE("a request with the end of the connection right behind it is answered") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send(get("/a") + get("/b")));
        client.end_sending();
        CHECK(client.answer().ends_with("\r\n\r\n/a"));
        CHECK(client.answer().ends_with("\r\n\r\n/b"));
        CHECK(client.ended());
    }

    TEST_CASE("a client that resets the connection while its request is worked on does no harm") {
        TestServer server;
        {
            TestClient client(server.port());
            REQUIRE(client.send(get("/wait")));
            server.wait_for_waiting(1);
            client.reset();
        }
        server.wait_for_gone_peer();
        server.let_go();
        CHECK(server.loop().wait_until_quiet(20s));
        TestClient next(server.port());
        REQUIRE(next.send(get("/next")));
        CHECK(next.answer().ends_with("/next"));
    }

    TEST_CASE("slow clients hold no thread") {
        TestServer server({.threads = 1, .max_queued = 1});
        std::vector<TestClient> slow;
        for (int i = 0; i < 200; ++i) {
            slow.emplace_back(server.port());
            REQUIRE(
                slow.back().send(i % 2 ? "GET /x HTT" : "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"));
        }
        TestClient client(server.port());
        REQUIRE(client.send(get("/quick")));
        CHECK(client.answer().ends_with("/quick"));
    }

    TEST_CASE("heads and bodies that never end are cut off with 408") {
        TestServer server({.head_timeout = 50ms, .body_timeout = 50ms});
        for (const char* beginning : {"GET /x HTT", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"}) {
            CAPTURE(beginning);
            TestClient client(server.port());
            REQUIRE(client.send(beginning));
            CHECK(has_status(client.answer(), 408));
            CHECK(client.ended());
        }
    }

    TEST_CASE("requests beyond threads and queue are answered 503 at once") {
        TestServer server({.threads = 1, .max_queued = 1});
        TestClient first(server.port()), second(server.port()), third(server.port());
        REQUIRE(first.send(get("/wait")));
        server.wait_for_waiting(1);
        REQUIRE(second.send(get("/queued")));
        while (server.loop().busy() < 2) std::this_thread::yield();
        REQUIRE(third.send(get("/third")));
        CHECK(has_status(third.answer(), 503));
        CHECK(third.ended());
        server.let_go();
        CHECK(first.answer().ends_with("/wait"));
        CHECK(second.answer().ends_with("/queued"));
    }

    TEST_CASE("bodies beyond the memory for all connections are answered 503") {
        TestServer server({.max_body = 10'000, .max_buffered = 5'000});
        TestClient client(server.port());
        REQUIRE(client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + std::string(8000, 'x')));
        CHECK(has_status(client.answer(), 503));
    }

    TEST_CASE("the longest idle connection makes room for a new one") {
        TestServer server({.max_connections = 4});
        std::vector<TestClient> clients;
        for (int i = 0; i < 5; ++i) {
            clients.emplace_back(server.port());
            REQUIRE(clients.back().send(get("/" + std::to_string(i))));
            CHECK(clients.back().answer().ends_with("/" + std::to_string(i)));
        }
        CHECK(clients.front().ended());
    }

    TEST_CASE("a body is asked for when the client waits to be asked") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send("POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
        CHECK(has_status(client.answer(), 100));
        REQUIRE(client.send("ok"));
        CHECK(client.answer().ends_with("/pok"));
    }

    TEST_CASE("a large answer arrives whole at a client that reads late") {
        TestServer server({.max_body = 32 << 20});
        TestClient client(server.port());
        const std::string body(16 << 20, 'b');
        REQUIRE(client.send(post(body)));
        CHECK(client.answer().size() > body.size());
    }

    TEST_CASE("after stop_accepting running requests end and close their connection, and nobody new is let in") {
        TestServer server;
        TestClient client(server.port());
        REQUIRE(client.send(get("/wait")));
        server.wait_for_waiting(1);
        server.loop().stop_accepting();
        CHECK_FALSE(server.loop().wait_until_quiet(0ms));
        server.let_go();
        const auto answer = client.answer();
        CHECK(answer.ends_with("/wait"));
        CHECK(answer.find("Connection: close") != std::string::npos);
        CHECK(client.ended());
        CHECK(server.loop().wait_until_quiet(20s));
        while (TestClient(server.port()).connected()) std::this_thread::yield();
    }
}
