#include "fetch/sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace meter::fetch {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Sockets::~Sockets() {
    if (wake_read_ >= 0) ::close(wake_read_);
    if (wake_write_ >= 0) ::close(wake_write_);
}

bool Sockets::open(CURLM* multi) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
    wake_read_ = ends[0];
    wake_write_ = ends[1];
    watched_.push_back({wake_read_, POLLIN, 0});
    multi_ = multi;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Sockets::on_interest) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Sockets::on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this) == CURLM_OK;
}

void Sockets::wake() noexcept {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(wake_write_, &byte, 1);  // a full pipe wakes too
}

void Sockets::wait(milliseconds longest) {
    if (timer_) longest = std::min(longest, std::chrono::ceil<milliseconds>(*timer_ - steady_clock::now()));
    const auto timeout = static_cast<int>(std::max<milliseconds::rep>(longest.count(), 0));
    ready_.clear();
    int left = ::poll(watched_.data(), static_cast<nfds_t>(watched_.size()), timeout);
    if (left <= 0) return;
    if (watched_.front().revents != 0) {
        std::array<char, 64> bytes{};
        while (::read(wake_read_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) continue;
        --left;
    }
    for (std::size_t i = 1; left > 0 && i < watched_.size(); ++i) {
        const pollfd& socket = watched_[i];
        if (socket.revents == 0) continue;
        --left;
        // What went wrong shows when libcurl reads or writes, with the reason.
        int events = 0;
        if ((socket.events & POLLIN) != 0 && (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0)
            events |= CURL_CSELECT_IN;
        if ((socket.events & POLLOUT) != 0 && (socket.revents & (POLLOUT | POLLERR | POLLHUP)) != 0)
            events |= CURL_CSELECT_OUT;
        ready_.push_back({socket.fd, events != 0 ? events : CURL_CSELECT_ERR});
    }
}

void Sockets::act() {
    int alive = 0;
    for (const Ready& ready : ready_) (void)curl_multi_socket_action(multi_, ready.socket, ready.events, &alive);
    ready_.clear();
    const auto now = steady_clock::now();
    if (!timer_ || now < *timer_) return;
    // libcurl says only what changes. If it finds that it is too early by its own clock, this asks again.
    timer_ = now + milliseconds(1);
    (void)curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &alive);
}

int Sockets::on_interest(CURL*, curl_socket_t socket, int events, void* self, void*) noexcept {
    try {
        static_cast<Sockets*>(self)->watch(socket, events);
    } catch (...) {  // out of memory: the transfer ends by its deadline. An error here would end all of them.
    }
    return 0;
}

int Sockets::on_timer(CURLM*, long milliseconds_left, void* self) noexcept {
    auto& timer = static_cast<Sockets*>(self)->timer_;
    if (milliseconds_left < 0)
        timer.reset();
    else
        timer = steady_clock::now() + milliseconds(milliseconds_left);
    return 0;
}

void Sockets::watch(curl_socket_t socket, int events) {
    const auto known = std::find_if(watched_.begin() + 1, watched_.end(),
                                    [socket](const pollfd& watched) { return watched.fd == socket; });
    if (events == CURL_POLL_REMOVE) {
        if (known == watched_.end()) return;
        *known = watched_.back();
        watched_.pop_back();
        return;
    }
    short wanted = 0;
    if ((events & CURL_POLL_IN) != 0) wanted |= POLLIN;
    if ((events & CURL_POLL_OUT) != 0) wanted |= POLLOUT;
    if (known == watched_.end())
        watched_.push_back({socket, wanted, 0});
    else
        known->events = wanted;
}

}  // namespace meter::fetch
