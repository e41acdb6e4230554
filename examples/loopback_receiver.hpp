// A webhook receiver on 127.0.0.1: keeps what is posted to it. Not part of the library.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// One connection at a time; every request is answered with the next of the given statuses, then with 200.
class LoopbackReceiver {
public:
    struct Hook {
        std::map<std::string, std::string> headers;  ///< names in lower case
        std::string body;
    };

    explicit LoopbackReceiver(std::vector<int> statuses = {})
        : statuses_(std::move(statuses)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // port 0: any that is free
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        if (bind(listener_, plain, size) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, plain, &size) != 0)
            throw std::runtime_error("cannot listen on 127.0.0.1");
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/hook";
        server_ = std::thread([this] { serve(); });
    }
    ~LoopbackReceiver() {
        shutdown(listener_, SHUT_RDWR);  // wakes accept()
        server_.join();
        close(listener_);
    }
    LoopbackReceiver(const LoopbackReceiver&) = delete;
    LoopbackReceiver& operator=(const LoopbackReceiver&) = delete;

    const std::string& url() const { return url_; }
    std::vector<Hook> hooks() const {
        const std::lock_guard lock(mutex_);
        return hooks_;
    }

private:
    void serve() {
        for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
            std::string request;
            char bytes[2048];
            while (!is_whole(request)) {
                const auto count = recv(client, bytes, sizeof bytes, 0);
                if (count <= 0) break;
                request.append(bytes, static_cast<std::size_t>(count));
            }
            const std::string answer = "HTTP/1.1 " + std::to_string(keep(request)) +
                                       " Noted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
            (void)send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
    }
    static Hook read(const std::string& request) {
        Hook hook;
        const auto head_end = std::min(request.find("\r\n\r\n"), request.size());
        for (auto at = request.find("\r\n"); at < head_end; at = request.find("\r\n", at + 2)) {
            const auto line = request.substr(at + 2, request.find("\r\n", at + 2) - at - 2);
            const auto colon = line.find(": ");
            if (colon == std::string::npos) continue;
            std::string name = line.substr(0, colon);
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            hook.headers[name] = line.substr(colon + 2);
        }
        if (head_end + 4 <= request.size()) hook.body = request.substr(head_end + 4);
        return hook;
    }
    static bool is_whole(const std::string& request) {
        if (request.find("\r\n\r\n") == std::string::npos) return false;
        const Hook hook = read(request);
        const auto length = hook.headers.find("content-length");
        return length == hook.headers.end() || hook.body.size() >= std::stoul(length->second);
    }
    int keep(const std::string& request) {
        const std::lock_guard lock(mutex_);
        hooks_.push_back(read(request));
        return hooks_.size() <= statuses_.size() ? statuses_[hooks_.size() - 1] : 200;
    }

    const std::vector<int> statuses_;
    mutable std::mutex mutex_;
    std::vector<Hook> hooks_;  // guarded by mutex_
    int listener_;
    std::string url_;
    std::thread server_;
};
