// The thread that owns every connection.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "fetch/settings.hpp"
#include "fetch/sockets.hpp"
#include "fetch/transfer.hpp"

namespace meter::fetch {

/// Runs transfers on one libcurl multi handle: keep-alive, shared TLS sessions, HTTP/2.
/// Threads: the public calls come from any thread and return at once, but for close().
class Loop {
public:
    /// `settings` outlive the loop. Errors: internal.
    static Result<std::unique_ptr<Loop>> open(const Settings& settings);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    void start(std::shared_ptr<Transfer> transfer);
    /// Ends its connection; the transfer is not told.
    void cancel(std::shared_ptr<Transfer> transfer);
    /// Goes on reading after Transfer::wants_pause().
    void resume(std::shared_ptr<Transfer> transfer);
    /// Room to make for a body before its answer comes: about as much as bodies took lately, at most 256 KiB; none
    /// while so many transfers run that all the room would be more than 1 MiB.
    std::size_t body_room() const noexcept;
    void note_body(std::size_t bytes) noexcept;
    /// Ends every transfer as cancelled, also those to come, and joins the thread. Once.
    void close();

private:
    struct MultiCleanup {
        void operator()(CURLM* multi) const noexcept { (void)curl_multi_cleanup(multi); }
    };
    struct ShareCleanup {
        void operator()(CURLSH* share) const noexcept { (void)curl_share_cleanup(share); }
    };
    struct SlistCleanup {
        void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };
    using Held = std::unique_ptr<Handle>;
    using Slist = std::unique_ptr<curl_slist, SlistCleanup>;
    enum class Wish { start, cancel, resume };
    struct Command {
        Wish wish;
        std::shared_ptr<Transfer> transfer;
    };

    explicit Loop(const Settings& settings) : settings_(&settings) {}
    Result<void> prepare();
    bool post(Wish wish, std::shared_ptr<Transfer> transfer);
    void run();
    bool obey();
    bool may_sleep();
    void begin(std::shared_ptr<Transfer> transfer);
    void end(Handle& handle, CURLcode code);
    Held take_out(Handle& handle);
    void collect_finished();
    std::chrono::milliseconds tend_running();
    void end_all();
    Held take_handle();
    void keep_handle(Held handle, bool clean);

    Sockets sockets_;  // loop thread only, but for wake(); outlives the multi handle

    // Constant after open(). The share outlives the handles that use it, and they the multi handle they were added to.
    const Settings* settings_;
    std::unique_ptr<CURLSH, ShareCleanup> share_;
    std::unique_ptr<CURLM, MultiCleanup> multi_;
    Slist resolve_, usual_headers_;

    // Loop thread only.
    std::vector<Held> idle_;
    std::vector<Held> running_;
    std::vector<Command> batch_;

    std::mutex mutex_;  // guards the next three
    std::vector<Command> commands_;
    bool asleep_ = false;  // waiting, or about to: whoever leaves a command wakes it
    bool closed_ = false;

    std::atomic<std::size_t> usual_body_{0};
    std::atomic<std::size_t> running_count_{0};

    std::thread thread_;
};

}  // namespace meter::fetch
