// What the loop thread waits for: libcurl's sockets and clock, and whoever wakes it.
#pragma once

#include <curl/curl.h>
#include <poll.h>

#include <chrono>
#include <optional>
#include <vector>

#include "fetch/host_gate.hpp"

namespace meter::fetch {

/// Drives a multi handle by the sockets that are ready: curl_multi_perform() would ask the system about each socket of
/// each transfer, whichever of them woke it.
/// Threads: the loop's own, but for wake().
class Sockets {
public:
    Sockets() = default;
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
    ~Sockets();

    /// Once. False when the system gives no pipe. `multi` goes first: it calls back until its end.
    bool open(CURLM* multi);
    /// Ends the wait that goes on, or the next one.
    void wake() noexcept;
    /// Until a socket is ready, libcurl's timer runs out, somebody wakes, or for `longest`.
    void wait(std::chrono::milliseconds longest);
    /// Lets libcurl do all that the last wait was ended for.
    void act();

private:
    struct Ready {
        curl_socket_t socket;
        int events;
    };

    static int on_interest(CURL* easy, curl_socket_t socket, int events, void* self, void* unused) noexcept;
    static int on_timer(CURLM* multi, long milliseconds, void* self) noexcept;
    void watch(curl_socket_t socket, int events);

    CURLM* multi_ = nullptr;
    int wake_read_ = -1, wake_write_ = -1;
    std::vector<pollfd> watched_;  // the first one is the pipe to wake by
    std::vector<Ready> ready_;
    std::optional<Steady> timer_;
};

}  // namespace meter::fetch
