// One request and its answer on the wire: no redirects, no retries.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/signal.hpp"
#include "fetch/failure.hpp"
#include "fetch/host_gate.hpp"
#include "fetch/settings.hpp"

namespace meter::fetch {

/// How much libcurl reads at once at most.
inline constexpr long most_read_buffer = 64l << 10;

/// What goes out, and how much may come in.
struct Hop {
    std::string method;
    std::string url;                          ///< without credentials and fragment
    std::string credentials;                  ///< user:password, percent-encoded; empty: none
    std::vector<std::string> header_lines;    ///< in libcurl's form, see header_lines(); none: the usual ones
    std::shared_ptr<const std::string> body;  ///< shared with later hops; null: none
    std::size_t max_body_bytes = 0;
    std::size_t body_room = 0;   ///< room to make for the body now
    bool allow_private = false;  ///< the egress gate is open for this hop
    bool stream = false;         ///< hand a 2xx body over piece by piece
    bool skip_redirect = false;  ///< the caller follows redirects: their bodies are of no use
};

/// What came back. With `failure` the rest is meaningless.
struct HopOutcome {
    std::optional<Failure> failure = {};
    std::string url = {};  ///< that of the hop
    int status = 0;
    std::vector<Header> headers = {};
    std::string body = {};
    std::uint64_t wire_bytes = 0;
};

class Transfer;

struct EasyCleanup {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};

/// A libcurl handle and the transfer that it serves. libcurl's callbacks are given its address, once.
/// Threads: the loop's.
struct Handle {
    std::shared_ptr<Transfer> transfer = {};
    std::unique_ptr<CURL, EasyCleanup> easy = {};  // goes first: it may point into the transfer
    std::size_t place = 0;                         ///< among those that run
    long read_buffer = 0;                          ///< the last one set
    bool usual_headers = false;                    ///< are those set?
};

/// Threads: the caller waits in wait(); everything marked "loop" belongs to the loop thread.
class Transfer {
public:
    Transfer(Hop hop, const Settings& settings);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer();

    enum class Ended { done, stopped, late, refused };
    using Consumer = std::function<bool(std::string_view)>;

    /// Blocks until the transfer has ended (`done`), `stop` was requested, `deadline` passed, or `consumer` returned
    /// false (`refused`). `resume` is called after the consumer has emptied a backlog that made the loop pause.
    /// Consumer and resume run on this thread and hold no lock; what they throw passes through.
    Ended wait(const Consumer& consumer, const std::function<void()>& resume, Steady deadline, std::stop_token stop);
    /// After Ended::done, once.
    HopOutcome take_outcome();
    /// Has the consumer seen a part of the body?
    bool delivered() const noexcept { return delivered_; }

    // --- loop ---
    /// Sets the options that all transfers have in common, on a fresh handle or one that was reset. What fails is of no
    /// more use.
    static CURLcode prepare(Handle& handle, const Settings& settings, curl_slist* resolve);
    /// Sets the rest, on a handle that is prepared and has this transfer. `usual_headers` outlive it.
    CURLcode attach(Handle& handle, curl_slist* usual_headers, long read_buffer);
    /// From attach() to the end, else null.
    Handle* handle() const noexcept { return handle_; }
    /// The transfer has ended with this code; the handle is given back after the call.
    void finish(CURLcode code);
    /// The fetcher is closing.
    void abandon();
    /// After finish(): has the handle nothing of this transfer that the next attach() does not set anew? Only a plain
    /// GET over a kept connection leaves it so; the errors, credentials and bodies of others must not linger.
    bool leaves_clean() const noexcept { return leaves_clean_; }
    /// The moment at which name resolution is given up; nullopt while none is going on.
    std::optional<Steady> resolve_deadline() const;
    /// Is the consumer so far behind that reading should stop? Notes that it did.
    bool wants_pause();

private:
    enum class Verdict { none, too_large, skipped, resent, bad_coding, internal };
    struct SlistFree {
        void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };

    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) noexcept;
    static int on_resolve(void* resolver, void* reserved, void* self) noexcept;
    static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static int on_request(void* self, char* remote_ip, char* local_ip, int remote_port, int local_port) noexcept;

    CURL* easy() const noexcept { return handle_->easy.get(); }
    CURLcode set_method() const;
    bool refuse(Verdict verdict) noexcept;
    bool take_header(std::string_view line);
    bool take_head_end();
    bool take_body(std::string_view piece);
    bool has_one_coding() const;
    bool grows_too_much(std::uint64_t wire_bytes) const;
    std::uint64_t received() const;
    bool allows(const sockaddr* address) const;
    bool would_resend() noexcept;
    Failure failure_of(CURLcode code) const;
    void end();

    // Constant until take_outcome().
    Hop hop_;
    const Settings& settings_;

    // Loop thread only.
    Handle* handle_ = nullptr;
    std::unique_ptr<curl_slist, SlistFree> header_list_;
    Verdict verdict_ = Verdict::none;
    Progress progress_;
    Steady resolve_began_{};
    bool expect_status_line_ = true;
    bool skipping_ = false;
    bool streaming_ = false;
    bool leaves_clean_ = false;
    std::size_t header_bytes_ = 0;
    std::size_t header_count_ = 0;
    std::size_t decoded_ = 0;

    HopOutcome answer_;              // the loop's until done_, then the caller's
    std::atomic<bool> done_{false};  // set by the loop, with nothing but the signal after it

    // Caller's thread only.
    bool delivered_ = false;

    core::Signal changed_;  // of done_, of what the mutex guards, or the stop
    std::mutex mutex_;      // guards the rest
    std::string backlog_;
    bool paused_ = false;
};

}  // namespace meter::fetch
