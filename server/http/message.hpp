// A request as handlers see it, and their answer.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/head.hpp"

namespace meter::server {

/// How long a connection may wait between two requests.
inline constexpr std::chrono::seconds idle_timeout{75};

/// The other end of a connection, watched while its request is worked on.
struct Peer {
    std::string network = {};  ///< see network_of(); set once, before the request has a handler
    /// It has ended its side: a client that hung up, or one that will send nothing more but still listens.
    std::atomic<bool> gone{false};
};

struct HttpRequest {
    RequestHead head = {};
    std::string body = {};
    bool body_too_large = false;  ///< the body was not read; the connection closes after the answer
    std::shared_ptr<Peer> peer = {};
};

struct Answer {
    int status = 200;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string content_type = "application/json";
    bool close = false;  ///< close the connection after it
};

}  // namespace meter::server
