// The callbacks of a transfer: everything that reads what a server sends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/unicode.hpp"
#include "fetch/transfer.hpp"

namespace meter::fetch {
namespace {

constexpr std::size_t most_headers = 1000;
constexpr std::size_t longest_skip = 64u << 10;  // a body nobody reads: worth a kept connection up to here
constexpr std::size_t ratio_grace = 1u << 20;    // decoded bytes before the ratio is judged

/// Without the white space that RFC 9110 5.6.3 allows around a field value.
std::string_view field_value(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    return from == text.npos ? std::string_view() : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

}  // namespace

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    try {
        if (transfer.take_header({data, size * count})) return size * count;
    } catch (...) {  // out of memory
        transfer.refuse(Verdict::internal);
    }
    return 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    if (size * count == 0) return 0;
    try {
        if (transfer.take_body({data, size * count})) return size * count;
    } catch (...) {  // out of memory
        transfer.refuse(Verdict::internal);
    }
    return 0;
}

// Counts what the decoders swallow without giving anything back.
int Transfer::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    if (static_cast<std::uint64_t>(received) <= transfer.settings_.options.max_wire_bytes) return 0;
    transfer.refuse(Verdict::too_large);
    return 1;
}

int Transfer::on_resolve(void*, void*, void* self) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    transfer.progress_.resolving = true;
    transfer.resolve_began_ = std::chrono::steady_clock::now();
    return 0;
}

// The egress gate, part one: the address about to be connected to, whatever name or spelling led here.
curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    transfer.progress_.resolving = false;
    if (!transfer.allows(&address->addr)) {
        transfer.progress_.blocked = true;
        return CURL_SOCKET_BAD;
    }
    if (transfer.would_resend()) return CURL_SOCKET_BAD;
    transfer.progress_.socket_open = true;
#ifdef SOCK_CLOEXEC
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    return ::socket(address->family, address->socktype, address->protocol);
#endif
}

// The egress gate, part two: right before the request, also on a connection opened by an earlier one.
int Transfer::on_request(void* self, char* remote_ip, char*, int, int) noexcept {
    auto& transfer = *static_cast<Handle*>(self)->transfer;
    transfer.progress_.resolving = false;
    sockaddr_storage storage;
    std::memset(&storage, 0, sizeof storage);
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (remote_ip && ::inet_pton(AF_INET, remote_ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
    } else if (remote_ip && ::inet_pton(AF_INET6, remote_ip, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
    }
    if (!transfer.allows(reinterpret_cast<const sockaddr*>(&storage))) {  // family 0, unreadable, is not allowed either
        transfer.progress_.blocked = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (transfer.would_resend()) return CURL_PREREQFUNC_ABORT;
    transfer.progress_.request_sent = true;
    return CURL_PREREQFUNC_OK;
}

bool Transfer::allows(const sockaddr* address) const {
    return settings_.options.allow_private_networks || hop_.allow_private || settings_.seams.is_allowed(address);
}

// When a kept connection turns out to be dead, libcurl sends the request again by itself, whatever the method. RFC 9110
// 9.2.2 allows that for idempotent ones only.
bool Transfer::would_resend() noexcept {
    if (!progress_.request_sent || is_idempotent(hop_.method)) return false;
    refuse(Verdict::resent);
    return true;
}

bool Transfer::refuse(Verdict verdict) noexcept {
    verdict_ = verdict;
    return false;
}

bool Transfer::take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (++header_count_ > most_headers || header_bytes_ > settings_.options.max_header_bytes)
        return refuse(Verdict::too_large);
    if (progress_.head_done) return true;  // a trailer: counted, not kept (RFC 9110 6.5.1)

    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (std::exchange(expect_status_line_, false)) {
        answer_.headers.clear();
        return true;
    }
    if (line.empty()) return take_head_end();

    const bool folded = line.front() == ' ' || line.front() == '\t';  // RFC 9112 5.2
    const auto colon = line.find(':');
    if (folded && !answer_.headers.empty()) {
        answer_.headers.back().second += ' ';
        answer_.headers.back().second += field_value(line);
    } else if (!folded && colon != line.npos) {
        answer_.headers.emplace_back(core::ascii_lower(line.substr(0, colon)), field_value(line.substr(colon + 1)));
    }
    return true;
}

bool Transfer::take_head_end() {
    long status = 0;
    (void)curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {  // an interim answer; the next status line follows
        expect_status_line_ = true;
        return true;
    }
    progress_.head_done = true;
    answer_.status = static_cast<int>(status);
    streaming_ = hop_.stream && status < 300;
    if (!has_one_coding()) return refuse(Verdict::bad_coding);

    if (hop_.skip_redirect && is_redirect(answer_.status))
        skipping_ = std::any_of(answer_.headers.begin(), answer_.headers.end(), [](const Header& header) {
            return header.first == "location" && !header.second.empty();
        });

    curl_off_t length = -1;
    (void)curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    const bool bodiless = hop_.method == "HEAD" || status == 204 || status == 304;  // may still name a length
    if (length <= 0 || bodiless) return true;
    const auto announced = static_cast<std::uint64_t>(length);
    if (skipping_) return announced <= longest_skip || refuse(Verdict::skipped);
    if (announced > settings_.options.max_wire_bytes) return refuse(Verdict::too_large);
    if (!streaming_) answer_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(announced, ratio_grace)));
    return true;
}

// One layer of compression multiplies by at most a thousand or so, and the write callback sees every 16 KiB of it. Of
// two layers the inner one expands out of anybody's sight: 16 KiB become gigabytes of work for the loop thread, all
// between two callbacks. Nobody needs two, so they are refused before the first byte of the body.
bool Transfer::has_one_coding() const {
    int codings = 0;
    for (const auto& [name, value] : answer_.headers) {
        if (name != "content-encoding" && name != "transfer-encoding") continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            const auto coding = core::trim(rest.substr(0, comma));
            rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
            const bool plain =
                coding.empty() || core::ascii_iequals(coding, "identity") || core::ascii_iequals(coding, "chunked");
            if (!plain) ++codings;
        }
    }
    return codings <= 1;
}

bool Transfer::take_body(std::string_view piece) {
    decoded_ += piece.size();
    if (skipping_) return decoded_ <= longest_skip || refuse(Verdict::skipped);
    if (decoded_ > hop_.max_body_bytes) return refuse(Verdict::too_large);
    // libcurl may count a buffer only after it has been decoded, so one buffer is added; finish() has exact figures.
    if (grows_too_much(received() + static_cast<std::uint64_t>(handle_->read_buffer)))
        return refuse(Verdict::too_large);

    if (!streaming_) {
        answer_.body += piece;
        return true;
    }
    const std::lock_guard lock(mutex_);
    if (backlog_.empty()) changed_.set();
    backlog_ += piece;
    return true;
}

bool Transfer::grows_too_much(std::uint64_t wire_bytes) const {
    const auto ratio = static_cast<std::uint64_t>(settings_.options.max_decode_ratio);
    return decoded_ > ratio_grace && decoded_ > ratio * wire_bytes;
}

std::uint64_t Transfer::received() const {
    curl_off_t bytes = 0;
    (void)curl_easy_getinfo(easy(), CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    return static_cast<std::uint64_t>(bytes);
}

}  // namespace meter::fetch
