#include "fetch/loop.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "fetch/request.hpp"

namespace meter::fetch {
namespace {

constexpr long most_idle_connections = 256;
constexpr std::size_t most_idle_handles = 64;
constexpr std::size_t longest_usual_body = 256u << 10;
constexpr std::size_t most_room = 1u << 20;    // for bodies that are to come, all together
constexpr std::size_t few = 16;                // so many transfers read in large pieces, the others in small ones:
constexpr long small_read_buffer = 16l << 10;  // each holds its buffer from the start to the end
constexpr std::chrono::milliseconds longest_sleep{1000};

Error loop_error(const char* what) {
    return {ErrorCode::internal, what, "libcurl", false};
}

/// Signals belong to the program's own threads. SIGPIPE above all: with CURLOPT_NOSIGNAL libcurl leaves it alone, and
/// OpenSSL may raise it; blocked, it stays pending here and does nothing. Faults of this thread itself stay
/// deliverable. Resolver threads inherit the mask.
void block_signals() {
    sigset_t set;
    sigfillset(&set);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&set, fault);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::open(const Settings& settings) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);  // once for the process, never undone
    if (global != CURLE_OK) return loop_error("libcurl could not be initialised");
    std::unique_ptr<Loop> loop(new Loop(settings));
    if (auto ready = loop->prepare(); !ready) return ready.error();
    try {
        loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
    } catch (const std::system_error&) {
        return loop_error("No thread for the fetch loop");
    }
    return loop;
}

Result<void> Loop::prepare() {
    share_.reset(curl_share_init());
    multi_.reset(curl_multi_init());
    if (!share_ || !multi_) return loop_error("libcurl is out of memory");
    // Handles keep their own TLS sessions unless told otherwise. One thread uses the share, so it needs no lock.
    if (curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
        return loop_error("libcurl cannot share TLS sessions");
    if (!sockets_.open(multi_.get())) return loop_error("No pipe for the fetch loop");
    (void)curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    (void)curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, most_idle_connections);
    const auto fill = [](Slist& list, const std::vector<std::string>& lines) {
        for (const std::string& line : lines) {
            curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
            if (!longer) return false;
            (void)list.release();
            list.reset(longer);
        }
        return true;
    };
    if (!fill(resolve_, settings_->seams.resolve) ||
        !fill(usual_headers_, header_lines({}, settings_->user_agent, false)))
        return loop_error("libcurl is out of memory");
    return {};
}

Loop::~Loop() {
    close();
}

void Loop::start(std::shared_ptr<Transfer> transfer) {
    if (!post(Wish::start, transfer)) transfer->abandon();
}

void Loop::cancel(std::shared_ptr<Transfer> transfer) {
    (void)post(Wish::cancel, std::move(transfer));
}

void Loop::resume(std::shared_ptr<Transfer> transfer) {
    (void)post(Wish::resume, std::move(transfer));
}

std::size_t Loop::body_room() const noexcept {
    const std::size_t usual = usual_body_.load(std::memory_order_relaxed);
    return usual * (running_count_.load(std::memory_order_relaxed) + 1) <= most_room ? usual : 0;
}

void Loop::note_body(std::size_t bytes) noexcept {
    const std::size_t usual = usual_body_.load(std::memory_order_relaxed);
    bytes = std::min(bytes, longest_usual_body);
    const std::size_t next = bytes >= usual ? bytes : usual - (usual - bytes) / 8;
    if (next != usual) usual_body_.store(next, std::memory_order_relaxed);
}

bool Loop::post(Wish wish, std::shared_ptr<Transfer> transfer) {
    bool wakes = false;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        commands_.push_back({wish, std::move(transfer)});
        wakes = std::exchange(asleep_, false);  // one wake-up serves the whole batch
    }
    if (wakes) sockets_.wake();  // the loop finds the lock free
    return true;
}

void Loop::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    if (!thread_.joinable()) return;
    sockets_.wake();
    thread_.join();
}

// ---- loop thread ---------------------------------------------------------------------------------------------------

void Loop::run() {
    block_signals();
    while (obey()) {
        sockets_.act();
        collect_finished();
        const auto longest = tend_running();
        sockets_.wait(may_sleep() ? longest : std::chrono::milliseconds(0));
    }
    end_all();
}

/// False when there are commands already.
bool Loop::may_sleep() {
    const std::lock_guard lock(mutex_);
    asleep_ = commands_.empty() && !closed_;
    return asleep_;
}

/// False when the loop is to end.
bool Loop::obey() {
    batch_.clear();
    {
        const std::lock_guard lock(mutex_);
        asleep_ = false;
        batch_.swap(commands_);
        if (closed_) {
            commands_.swap(batch_);  // end_all() answers them
            return false;
        }
    }
    for (Command& command : batch_) {
        if (command.wish == Wish::start) {
            begin(std::move(command.transfer));
            continue;
        }
        Handle* const handle = command.transfer->handle();
        if (!handle) continue;  // it ended in the meantime
        if (command.wish == Wish::resume) {
            (void)curl_easy_pause(handle->easy.get(), CURLPAUSE_CONT);
        } else {
            Held stopped = take_out(*handle);
            stopped->transfer->abandon();
            keep_handle(std::move(stopped), false);
        }
    }
    return true;
}

void Loop::begin(std::shared_ptr<Transfer> transfer) {
    Held handle = take_handle();
    if (!handle) return transfer->abandon();
    handle->transfer = std::move(transfer);
    CURLcode code = handle->transfer->attach(*handle, usual_headers_.get(),
                                             running_.size() < few ? most_read_buffer : small_read_buffer);
    if (code == CURLE_OK && curl_multi_add_handle(multi_.get(), handle->easy.get()) != CURLM_OK)
        code = CURLE_FAILED_INIT;
    if (code == CURLE_OK) {
        handle->place = running_.size();
        running_.push_back(std::move(handle));
        running_count_.store(running_.size(), std::memory_order_relaxed);
    } else {
        handle->transfer->finish(code);
        keep_handle(std::move(handle), false);
    }
}

void Loop::collect_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* owner = nullptr;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        end(*reinterpret_cast<Handle*>(owner), code);
    }
}

/// Pauses what its consumer cannot follow, ends what waits too long for a name. Returns how long the loop may sleep.
std::chrono::milliseconds Loop::tend_running() {
    const auto now = std::chrono::steady_clock::now();
    auto wake = now + longest_sleep;
    std::vector<Handle*> nameless;
    for (const Held& handle : running_) {
        // Outside of the write callback, which has taken all it was given: paused inside of it, libcurl would go on
        // decoding into a buffer of its own, past our limits.
        if (handle->transfer->wants_pause()) (void)curl_easy_pause(handle->easy.get(), CURLPAUSE_RECV);
        const auto deadline = handle->transfer->resolve_deadline();
        if (!deadline) continue;
        if (*deadline <= now) nameless.push_back(handle.get());
        wake = std::min(wake, *deadline);
    }
    for (Handle* handle : nameless) end(*handle, CURLE_COULDNT_RESOLVE_HOST);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(wake - now), std::chrono::milliseconds(0));
}

void Loop::end(Handle& handle, CURLcode code) {
    Held ended = take_out(handle);
    ended->transfer->finish(code);
    const bool clean = ended->transfer->leaves_clean();
    keep_handle(std::move(ended), clean);
}

Loop::Held Loop::take_out(Handle& handle) {
    const std::size_t place = handle.place;
    Held taken = std::move(running_[place]);
    if (place + 1 != running_.size()) {
        running_[place] = std::move(running_.back());
        running_[place]->place = place;
    }
    running_.pop_back();
    running_count_.store(running_.size(), std::memory_order_relaxed);
    (void)curl_multi_remove_handle(multi_.get(), taken->easy.get());  // may call back once more
    return taken;
}

void Loop::end_all() {
    while (!running_.empty()) take_out(*running_.back())->transfer->abandon();
    std::vector<Command> unheard;
    {
        const std::lock_guard lock(mutex_);
        unheard.swap(commands_);
    }
    for (const Command& command : unheard)
        if (command.wish == Wish::start) command.transfer->abandon();
    batch_.clear();
    idle_.clear();
    multi_.reset();  // connections are closed by the thread that opened them
}

Loop::Held Loop::take_handle() {
    if (!idle_.empty()) {
        Held handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
    }
    auto handle = std::make_unique<Handle>();
    handle->easy.reset(curl_easy_init());
    if (!handle->easy) return nullptr;
    (void)curl_easy_setopt(handle->easy.get(), CURLOPT_SHARE, share_.get());  // survives curl_easy_reset()
    if (Transfer::prepare(*handle, *settings_, resolve_.get()) != CURLE_OK) return nullptr;
    return handle;
}

void Loop::keep_handle(Held handle, bool clean) {
    if (idle_.size() >= most_idle_handles) return;
    if (!clean) {
        curl_easy_reset(handle->easy.get());
        if (Transfer::prepare(*handle, *settings_, resolve_.get()) != CURLE_OK) return;
    }
    handle->transfer.reset();  // last: the handle may have pointed into it
    idle_.push_back(std::move(handle));
}

}  // namespace meter::fetch
