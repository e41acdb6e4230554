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

void Loop::note_body(std::size_t bytes) noexcept {
    const std::size_t usual = usual_body();
    bytes = std::min(bytes, longest_usual_body);
    usual_body_.store(bytes >= usual ? bytes : usual - (usual - bytes) / 8, std::memory_order_relaxed);
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
        const auto entry = running_.find(command.transfer.get());
        if (command.wish == Wish::start) {
            begin(std::move(command.transfer));
        } else if (entry == running_.end()) {
            continue;  // it ended in the meantime
        } else if (command.wish == Wish::resume) {
            (void)curl_easy_pause(entry->second.easy.get(), CURLPAUSE_CONT);
        } else {
            auto [transfer, easy] = take_out(entry);
            transfer->abandon();
            keep_easy(std::move(easy), false);
        }
    }
    return true;
}

void Loop::begin(std::shared_ptr<Transfer> transfer) {
    Easy easy = take_easy();
    if (!easy) return transfer->abandon();
    Transfer* const key = transfer.get();
    CURLcode code = key->attach(easy.get(), usual_headers_.get());
    if (code == CURLE_OK && curl_multi_add_handle(multi_.get(), easy.get()) != CURLM_OK) code = CURLE_FAILED_INIT;
    if (code == CURLE_OK) {
        running_.emplace(key, Running{std::move(transfer), std::move(easy)});
    } else {
        key->finish(code);
        keep_easy(std::move(easy), false);
    }
}

void Loop::collect_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* owner = nullptr;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        end(reinterpret_cast<Transfer*>(owner), code);
    }
}

/// Pauses what its consumer cannot follow, ends what waits too long for a name. Returns how long the loop may sleep.
std::chrono::milliseconds Loop::tend_running() {
    const auto now = std::chrono::steady_clock::now();
    auto wake = now + longest_sleep;
    std::vector<Transfer*> nameless;
    for (auto& [transfer, running] : running_) {
        // Outside of the write callback, which has taken all it was given: paused inside of it, libcurl would go on
        // decoding into a buffer of its own, past our limits.
        if (transfer->wants_pause()) (void)curl_easy_pause(running.easy.get(), CURLPAUSE_RECV);
        const auto deadline = transfer->resolve_deadline();
        if (!deadline) continue;
        if (*deadline <= now) nameless.push_back(transfer);
        wake = std::min(wake, *deadline);
    }
    for (Transfer* transfer : nameless) end(transfer, CURLE_COULDNT_RESOLVE_HOST);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(wake - now), std::chrono::milliseconds(0));
}

void Loop::end(Transfer* transfer, CURLcode code) {
    const auto entry = running_.find(transfer);
    if (entry == running_.end()) return;
    auto [owner, easy] = take_out(entry);
    owner->finish(code);
    keep_easy(std::move(easy), owner->leaves_clean());
}

Loop::Running Loop::take_out(std::unordered_map<Transfer*, Running>::iterator entry) {
    Running running = std::move(entry->second);
    running_.erase(entry);
    (void)curl_multi_remove_handle(multi_.get(), running.easy.get());
    return running;
}

void Loop::end_all() {
    while (!running_.empty()) {
        auto [transfer, easy] = take_out(running_.begin());
        transfer->abandon();
    }
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

Loop::Easy Loop::take_easy() {
    if (!idle_.empty()) {
        Easy easy = std::move(idle_.back());
        idle_.pop_back();
        return easy;
    }
    Easy easy(curl_easy_init());
    if (!easy) return nullptr;
    (void)curl_easy_setopt(easy.get(), CURLOPT_SHARE, share_.get());  // survives curl_easy_reset()
    if (Transfer::prepare(easy.get(), *settings_, resolve_.get()) != CURLE_OK) return nullptr;
    return easy;
}

void Loop::keep_easy(Easy easy, bool clean) {
    if (idle_.size() >= most_idle_handles) return;
    if (!clean) {
        curl_easy_reset(easy.get());
        if (Transfer::prepare(easy.get(), *settings_, resolve_.get()) != CURLE_OK) return;
    }
    idle_.push_back(std::move(easy));
}

}  // namespace meter::fetch
