#include "http/codec.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <ctime>
#include <functional>
#include <utility>

namespace meter::server {
namespace {

// A connection in memory: httplib reads a request head of ours from it and writes the answer into it. The members
// that newer versions of httplib want beside those of 0.11 are there too, so no function is marked as overriding.
class MemoryStream final : public httplib::Stream {
public:
    explicit MemoryStream(std::string_view input) : input_(input) {}

    bool is_readable() const { return !input_.empty(); }
    bool is_writable() const { return true; }
    bool wait_readable() const { return !input_.empty(); }
    bool wait_writable() const { return true; }
    ssize_t read(char* to, std::size_t size) {
        size = std::min(size, input_.size());
        std::memcpy(to, input_.data(), size);
        input_.remove_prefix(size);
        return static_cast<ssize_t>(size);
    }
    ssize_t write(const char* from, std::size_t size) {
        output_.append(from, size);
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string&, int&) const {}
    void get_local_ip_and_port(std::string&, int&) const {}
    socket_t socket() const { return 0; }
    time_t duration() const { return 0; }

    std::string take() { return std::move(output_); }

private:
    std::string_view input_;
    std::string output_;
};

// RFC 9110 6.6.1: an origin server with a clock sends Date.
std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                  parts.tm_sec);
    return text.data();
}

// httplib's request processing, run over memory. It sees a request line of ours only, never the client's bytes: the
// real head was checked and taken apart by parse_head(), which percent-decodes no header value, loses no query
// character and acts on no Range, Expect or Accept-Encoding. One object belongs to one thread.
class HttplibWriter final : public httplib::Server {
public:
    HttplibWriter() {
        set_keep_alive_max_count(1'000'000);
        set_keep_alive_timeout(idle_timeout.count());
        set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
            response.status = answer_->status;
            for (auto& [name, value] : answer_->headers) response.set_header(name, value);
            response.set_header("Date", http_date());
            response.set_header("Content-Type", answer_->content_type);
            response.body = std::move(answer_->body);
            return HandlerResponse::Handled;
        });
        // RFC 9110 8.6: an answer 204 has no Content-Length, which httplib adds to every empty body.
        set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
            if (response.status != 204) return;
            response.headers.erase("Content-Length");
            response.headers.erase("Content-Type");
        });
    }

    std::string write(Answer& answer, bool head_only, bool close) {
        // httplib would offer byte ranges on HEAD.
        if (head_only) answer.headers.emplace_back("Accept-Ranges", "none");
        answer_ = &answer;
        MemoryStream stream(head_only ? "HEAD / HTTP/1.1\r\n\r\n" : "POST / HTTP/1.1\r\n\r\n");
        run(*this, stream, close);
        answer_ = nullptr;
        return stream.take();
    }

private:
    // The signature of process_request changed after 0.11: whichever this version has.
    template <class Self>
    static void run(Self& self, MemoryStream& stream, bool close) {
        bool closed = false;
        const std::function<void(httplib::Request&)> setup = [](httplib::Request&) {};
        if constexpr (requires { self.process_request(stream, close, closed, setup); })
            self.process_request(stream, close, closed, setup);
        else
            self.process_request(stream, std::string(), 0, std::string(), 0, close, closed, setup);
    }

    Answer* answer_ = nullptr;
};

}  // namespace

std::string render_answer(Answer answer, std::string_view method, bool close) {
    thread_local HttplibWriter writer;
    return writer.write(answer, method == "HEAD", close);
}

}  // namespace meter::server
