// The listening socket.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <utility>

#include "meter/result.hpp"

namespace meter::server {

/// An owned file descriptor.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    int get() const noexcept { return fd_; }
    void close() noexcept;

private:
    int fd_ = -1;
};

struct Endpoint {
    std::string host;
    int port = 0;
};

/// "127.0.0.1:8000", "[::1]:8000", "localhost:0". Errors: invalid_argument.
Result<Endpoint> parse_endpoint(std::string_view text);

struct Listener {
    FileDescriptor socket;
    Endpoint bound;  ///< numeric address and the real port
    bool loopback = false;
};

/// Binds the first address that the host resolves to; connections queue only after start_listening().
/// Errors: invalid_argument, unavailable with the system's reason.
Result<Listener> bind_endpoint(const Endpoint& endpoint);
Result<void> start_listening(const Listener& listener);

/// Where a connection comes from, for counting what a stranger does: the IPv4 address, or the first 64 bits of an IPv6
/// address, which one customer of a network has to himself (RFC 6177). Empty for anything else.
std::string network_of(const sockaddr_storage& address);

}  // namespace meter::server
