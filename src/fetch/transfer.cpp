#include "fetch/transfer.hpp"

#include <utility>

#include "url/url.hpp"

namespace meter::fetch {
namespace {

constexpr std::size_t backlog_limit = 512u << 10;  // decoded bytes the consumer may be behind
constexpr long low_speed = 100;                    // bytes a second

}  // namespace

// The thread that will free the body makes the room for it: memory that one thread takes and others free goes back to
// the system and is asked for again, page by page, with every body.
Transfer::Transfer(Hop hop, const Settings& settings) : hop_(std::move(hop)), settings_(settings) {
    if (!hop_.stream) answer_.body.reserve(hop_.body_room);
    answer_.headers.reserve(16);
}
Transfer::~Transfer() = default;

// ---- caller ----------------------------------------------------------------------------------------------------

Transfer::Ended Transfer::wait(const Consumer& consumer, const std::function<void()>& resume, Steady deadline,
                               std::stop_token stop) {
    const std::stop_callback on_stop(stop, [this] { changed_.set(); });
    std::string pieces;
    for (bool in_time = true;;) {
        if (stop.stop_requested()) return Ended::stopped;
        const bool done = done_.load(std::memory_order_acquire);  // then there is no more to come
        bool was_paused = false;
        if (hop_.stream) {
            const std::lock_guard lock(mutex_);
            pieces.clear();
            pieces.swap(backlog_);
            was_paused = !pieces.empty() && std::exchange(paused_, false);
        }
        if (!pieces.empty()) {
            delivered_ = true;
            if (!consumer(pieces)) return Ended::refused;
            if (was_paused) resume();
            in_time = std::chrono::steady_clock::now() < deadline;
            if (!in_time) return Ended::late;
            continue;
        }
        if (done) return Ended::done;
        if (!in_time) return Ended::late;
        in_time = changed_.wait_until(deadline);
    }
}

HopOutcome Transfer::take_outcome() {
    answer_.url = std::move(hop_.url);
    return std::move(answer_);
}

// ---- loop ------------------------------------------------------------------------------------------------------

CURLcode Transfer::prepare(Handle& handle, const Settings& settings, curl_slist* resolve) {
    const FetchOptions& options = settings.options;
    CURLcode code = CURLE_OK;
    const auto set = [&, easy = handle.easy.get()](CURLoption option, auto value) {
        if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
    };
    void* const self = &handle;
    for (const CURLoption data :
         {CURLOPT_PRIVATE, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA, CURLOPT_RESOLVER_START_DATA, CURLOPT_HEADERDATA,
          CURLOPT_WRITEDATA, CURLOPT_XFERINFODATA})
        set(data, self);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a hanging getaddrinfo must not hold up cancelling

    // The only way out: no proxy (it would hide the address from the gate), no other scheme, no stored secrets,
    // redirects are ours.
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
    set(CURLOPT_PREREQFUNCTION, &Transfer::on_request);
    set(CURLOPT_RESOLVER_START_FUNCTION, &Transfer::on_resolve);
    if (resolve) set(CURLOPT_RESOLVE, resolve);

    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
    set(CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());

    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, low_speed);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings.seams.slow_window.count()));

    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    set(CURLOPT_NOPROGRESS, 0L);
    // Refused when the handle still has the buffer of a transfer that found no connection: then it is not kept.
    set(CURLOPT_BUFFERSIZE, handle.read_buffer = most_read_buffer);
    handle.usual_headers = false;
    return code;
}

CURLcode Transfer::attach(Handle& handle, curl_slist* usual_headers, long read_buffer) {
    handle_ = &handle;
    CURLcode code = CURLE_OK;
    const auto set = [&, easy = handle.easy.get()](CURLoption option, auto value) {
        if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
    };
    set(CURLOPT_URL, hop_.url.c_str());
    if (handle.read_buffer != read_buffer) set(CURLOPT_BUFFERSIZE, handle.read_buffer = read_buffer);
    for (const std::string& line : hop_.header_lines) {
        curl_slist* const longer = curl_slist_append(header_list_.get(), line.c_str());
        if (!longer) return CURLE_OUT_OF_MEMORY;
        (void)header_list_.release();
        header_list_.reset(longer);
    }
    const bool usual = !header_list_;
    if (!usual || !handle.usual_headers) set(CURLOPT_HTTPHEADER, usual ? usual_headers : header_list_.get());
    handle.usual_headers = usual;
    if (!hop_.credentials.empty()) {
        const std::string_view both = hop_.credentials;
        const auto colon = both.find(':');
        set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        set(CURLOPT_USERNAME, url::percent_decode(both.substr(0, colon)).c_str());
        set(CURLOPT_PASSWORD,
            colon == both.npos ? std::string().c_str() : url::percent_decode(both.substr(colon + 1)).c_str());
    }
    return code == CURLE_OK ? set_method() : code;
}

CURLcode Transfer::set_method() const {
    if (hop_.method == "GET" && !hop_.body) return CURLE_OK;  // as prepare() leaves it
    CURLcode code = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
        if (code == CURLE_OK) code = curl_easy_setopt(easy(), option, value);
    };
    if (hop_.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (hop_.body || expects_body(hop_.method)) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(hop_.body ? hop_.body->size() : 0));
        set(CURLOPT_POSTFIELDS, hop_.body ? hop_.body->data() : "");
        set(CURLOPT_CUSTOMREQUEST, hop_.method.c_str());
    } else {
        set(CURLOPT_HTTPGET, 1L);
        set(CURLOPT_CUSTOMREQUEST, hop_.method.c_str());
    }
    return code;
}

void Transfer::finish(CURLcode code) {
    answer_.wire_bytes = received();
    if (code != CURLE_OK) (void)curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &progress_.os_errno);
    long connections = 1;
    (void)curl_easy_getinfo(easy(), CURLINFO_NUM_CONNECTS, &connections);
    leaves_clean_ = code == CURLE_OK && verdict_ == Verdict::none && connections == 0 && hop_.method == "GET" &&
                    !hop_.body && hop_.credentials.empty();
    if (verdict_ == Verdict::skipped) {
        verdict_ = Verdict::none;
        code = CURLE_OK;
    }
    // libcurl is content with a connection that ends among the header lines.
    if (code == CURLE_OK && !progress_.head_done) code = CURLE_PARTIAL_FILE;
    // The exact figures, where those seen while reading lagged behind by a buffer.
    const bool grown = grows_too_much(answer_.wire_bytes);
    const bool heavy = !skipping_ && answer_.wire_bytes > settings_.options.max_wire_bytes;
    if (code == CURLE_OK && (grown || heavy)) refuse(Verdict::too_large);

    if (code != CURLE_OK || verdict_ != Verdict::none) answer_.failure = failure_of(code);
    end();
}

void Transfer::abandon() {
    answer_.failure = Failure{cancelled_error(hop_.url), Blame::fatal};
    end();
}

void Transfer::end() {
    handle_ = nullptr;
    header_list_.reset();
    done_.store(true, std::memory_order_release);
    changed_.set();  // the loop holds this transfer until it returns
}

Failure Transfer::failure_of(CURLcode code) const {
    switch (verdict_) {
        case Verdict::too_large:
            return {too_large_error(hop_.url), Blame::fatal};
        case Verdict::resent:
            return {network_error("connection reset", hop_.url), Blame::exchange};
        case Verdict::bad_coding:
            return {network_error("unsupported content encoding", hop_.url, false), Blame::fatal};
        case Verdict::internal:
            return {{ErrorCode::internal, "Out of memory", hop_.url, true}, Blame::fatal};
        case Verdict::none:
        case Verdict::skipped:
            break;
    }
    // A refused reused connection ends in the callback, with no attempt to connect.
    if (code == CURLE_ABORTED_BY_CALLBACK && progress_.blocked) return {blocked_error(hop_.url), Blame::fatal};
    return describe(code, progress_, hop_.url);
}

std::optional<Steady> Transfer::resolve_deadline() const {
    if (!progress_.resolving) return std::nullopt;
    return resolve_began_ + settings_.seams.resolve_timeout;
}

bool Transfer::wants_pause() {
    if (!streaming_) return false;  // nothing is handed over before the end
    const std::lock_guard lock(mutex_);
    if (paused_ || backlog_.size() < backlog_limit) return false;
    paused_ = true;
    return true;
}

}  // namespace meter::fetch
