#include "http/codec.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
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

// RFC 9110 6.6.1: an origin server with a clock sends Date. It changes once a second.
std::string_view http_date() {
    thread_local std::time_t written_at = -1;
    thread_local std::array<char, 64> text{};
    const std::time_t now = std::time(nullptr);
    if (std::exchange(written_at, now) == now) return text.data();
    std::tm parts{};
    gmtime_r(&now, &parts);
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                  parts.tm_sec);
    return text.data();
}

// httplib's request processing, run over memory. It sees a request line of ours only, never the client's bytes: the
// real head was checked and taken apart by parse_head(), which percent-decodes no header value, loses no query
// character and acts on no Range, Expect or Accept-Encoding. What it makes of an answer's status is the same each time,
// so it is made once. One object belongs to one thread.
class HttplibHeads final : public httplib::Server {
public:
    HttplibHeads() {
        set_keep_alive_max_count(1'000'000);
        set_keep_alive_timeout(idle_timeout.count());
        set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
            response.status = status_;
            return HandlerResponse::Handled;
        });
        // RFC 9110 8.6: an answer 204 has no Content-Length, which httplib adds to every empty body.
        set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
            if (response.status != 204) return;
            response.headers.erase("Content-Length");
            response.headers.erase("Content-Type");
        });
    }

    /// Status line and the headers about the connection, each with its end of line.
    const std::string& find(int status, bool close) {
        std::string& head = heads_[{status, close}];
        if (!head.empty()) return head;
        status_ = status;
        MemoryStream stream("POST / HTTP/1.1\r\n\r\n");
        run(*this, stream, close);
        head = stream.take();
        // The length is for each answer to say, and its other headers come before the empty line.
        constexpr std::string_view no_length = "Content-Length: 0\r\n", end = "\r\n\r\n";
        if (const auto at = head.find(no_length); at != std::string::npos) head.erase(at, no_length.size());
        head.resize(head.find(end) + 2);
        return head;
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

    int status_ = 0;
    std::map<std::pair<int, bool>, std::string> heads_;
};

void append_header(std::string& out, std::string_view name, std::string_view value) {
    // A line break would start a header, or a body, of somebody else's choice.
    constexpr std::string_view breaks("\r\n\0", 3);
    if (name.find_first_of(breaks) != std::string_view::npos || value.find_first_of(breaks) != std::string_view::npos)
        return;
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string render_answer(const Answer& answer, std::string_view method, bool close) {
    thread_local HttplibHeads heads;
    const bool with_body = method != "HEAD";
    std::string out;
    out.reserve(1024 + (with_body ? answer.body.size() : 0));
    out.append(heads.find(answer.status, close));
    if (answer.status != 204) {  // which has neither (RFC 9110 8.6)
        append_header(out, "Content-Type", answer.content_type);
        append_header(out, "Content-Length", std::to_string(answer.body.size()));
    }
    append_header(out, "Date", http_date());
    for (const auto& [name, value] : answer.headers) append_header(out, name, value);
    out.append("\r\n");
    if (with_body) out.append(answer.body);
    return out;
}

}  // namespace meter::server
