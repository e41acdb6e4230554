// A web site of a few pages on 127.0.0.1, so that the examples run without a network. Not part of the library.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <initializer_list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// Serves each path its page, and 404 for the rest; one connection at a time.
///   LoopbackSite site{{"/a", "<p>A"}, {"/b", "<p>B"}};
class LoopbackSite {
public:
    LoopbackSite(std::initializer_list<std::pair<const std::string, std::string>> pages)
        : pages_(pages), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // port 0: any that is free
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        if (bind(listener_, plain, size) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, plain, &size) != 0)
            throw std::runtime_error("cannot listen on 127.0.0.1");
        root_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        server_ = std::thread([this] { serve(); });
    }
    ~LoopbackSite() {
        shutdown(listener_, SHUT_RDWR);  // wakes accept()
        server_.join();
        close(listener_);
    }
    LoopbackSite(const LoopbackSite&) = delete;
    LoopbackSite& operator=(const LoopbackSite&) = delete;

    std::string url(const std::string& path) const { return root_ + path; }

    /// Changes a page, or adds one.
    void set(const std::string& path, std::string html) {
        const std::lock_guard lock(mutex_);
        pages_[path] = std::move(html);
    }

private:
    void serve() {
        for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
            std::string request;
            char bytes[2048];
            while (request.size() < 65536 && request.find("\r\n\r\n") == std::string::npos) {
                const auto count = recv(client, bytes, sizeof bytes, 0);
                if (count <= 0) break;
                request.append(bytes, static_cast<std::size_t>(count));
            }
            const std::string answer = answer_to(request);
            for (std::string_view rest = answer; !rest.empty();) {
                const auto count = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
                if (count <= 0) break;
                rest.remove_prefix(static_cast<std::size_t>(count));
            }
        }
    }
    std::string answer_to(const std::string& request) {
        const auto begin = request.find(' ') + 1;  // "GET /path HTTP/1.1"
        const std::lock_guard lock(mutex_);
        const auto page = pages_.find(request.substr(begin, request.find(' ', begin) - begin));
        const std::string body = page == pages_.end() ? "<p>Not here" : page->second;
        return std::string("HTTP/1.1 ") + (page == pages_.end() ? "404 Not Found" : "200 OK") +
               "\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    std::mutex mutex_;
    std::map<std::string, std::string> pages_;  // guarded by mutex_
    int listener_;
    std::string root_;
    std::thread server_;
};
