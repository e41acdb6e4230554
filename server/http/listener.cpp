#include "http/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <memory>
#include <system_error>

namespace meter::server {
namespace {

constexpr int accept_backlog = 4096;

Error listen_error(const Endpoint& endpoint, const std::string& why) {
    return {ErrorCode::unavailable,
            "Cannot listen on " + endpoint.host + ":" + std::to_string(endpoint.port) + ": " + why, "listen"};
}

std::string last_system_error() {
    return std::generic_category().message(errno);
}

bool is_loopback(const sockaddr* address) noexcept {
    if (address->sa_family == AF_INET)
        return (ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24) == 127;
    if (address->sa_family != AF_INET6) return false;
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

FileDescriptor::~FileDescriptor() {
    close();
}

void FileDescriptor::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const Error malformed{ErrorCode::invalid_argument, "must be HOST:PORT, for example 127.0.0.1:8000", "listen"};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return malformed;
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    if (host.front() == '[') {
        if (host.size() < 3 || host.back() != ']') return malformed;
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return malformed;
    }
    unsigned port = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (code != std::errc() || end != digits.data() + digits.size() || port > 65535) return malformed;
    return Endpoint{std::string(host), static_cast<int>(port)};
}

Result<Listener> bind_endpoint(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    const int failed = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &raw);
    if (failed != 0) return listen_error(endpoint, gai_strerror(failed));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(raw, freeaddrinfo);

    Listener listener;
    listener.socket = FileDescriptor(
        ::socket(addresses->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, addresses->ai_protocol));
    const int fd = listener.socket.get();
    if (fd < 0) return listen_error(endpoint, last_system_error());
    // Not SO_REUSEPORT: a second server on the port must fail, not take half of the connections.
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, addresses->ai_addr, addresses->ai_addrlen) != 0) return listen_error(endpoint, last_system_error());

    sockaddr_storage address{};
    socklen_t length = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    auto* bound = reinterpret_cast<sockaddr*>(&address);
    if (getsockname(fd, bound, &length) != 0 || getnameinfo(bound, length, host.data(), host.size(), service.data(),
                                                            service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return listen_error(endpoint, last_system_error());
    listener.bound = {host.data(), std::atoi(service.data())};
    listener.loopback = is_loopback(bound);
    return listener;
}

Result<void> start_listening(const Listener& listener) {
    if (::listen(listener.socket.get(), accept_backlog) != 0) return listen_error(listener.bound, last_system_error());
    return {};
}

std::string network_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    } else if (address.ss_family == AF_INET6) {
        in6_addr six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&six)) {  // an IPv4 client of a socket for both
            inet_ntop(AF_INET, &six.s6_addr[12], text.data(), text.size());
        } else {
            std::fill(std::begin(six.s6_addr) + 8, std::end(six.s6_addr), std::uint8_t{0});
            inet_ntop(AF_INET6, &six, text.data(), text.size());
        }
    }
    return text.data();
}

}  // namespace meter::server
