#include "fetch/exchange.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "core/unicode.hpp"
#include "fetch/failure.hpp"
#include "fetch/policy.hpp"
#include "fetch/request.hpp"
#include "meter/clock.hpp"

namespace meter::fetch {
namespace {

std::string_view find_response_header(const HopOutcome& outcome, std::string_view name) {
    for (const auto& [key, value] : outcome.headers)
        if (key == name) return value;
    return {};
}

/// Without what is not sent: credentials and fragment.
std::string address_of(const url::Url& url) {
    if (url.user.empty()) return url::to_string(url, false);
    url::Url bare = url;
    bare.user.clear();
    return url::to_string(bare, false);
}

std::string host_name(const url::Url& url) {
    return url.host + ':' + std::to_string(url.port);
}

/// One token for two. Not made before there is something to wait for: it costs as much as a part of a fetch.
class Either {
public:
    Either(const std::stop_token& one, const std::stop_token& other)
        : on_one_(one, End{source_}), on_other_(other, End{source_}) {}
    std::stop_token token() const { return source_.get_token(); }

private:
    struct End {
        std::stop_source& source;
        void operator()() const noexcept { source.request_stop(); }
    };
    std::stop_source source_;
    std::stop_callback<End> on_one_, on_other_;
};

/// False when `stop` was requested first.
bool wait_unless_stopped(Steady until, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, until, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace

Exchange::Exchange(const Request& request, url::Url url, const Settings& settings, HostGate& gate, Loop& loop,
                   std::stop_token stop, std::stop_token closing)
    : request_(request),
      settings_(settings),
      gate_(gate),
      loop_(loop),
      stop_(std::move(stop)),
      closing_(std::move(closing)),
      deadline_(std::chrono::steady_clock::now() +
                (request.timeout.count() > 0 ? request.timeout : settings.options.timeout)),
      max_redirects_(request.max_redirects >= 0 ? request.max_redirects : settings.options.max_redirects),
      max_retries_(request.max_retries >= 0 ? request.max_retries : settings.options.max_retries),
      url_(std::move(url)),
      method_(request.method),
      headers_(request.headers),
      body_(request.body.empty() ? nullptr : std::make_shared<const std::string>(request.body)) {}

Result<Response> Exchange::run() {
    for (;;) {
        auto hop = run_hop();
        if (!hop) return hop.error();
        if (!hop->failure && max_redirects_ > 0 && is_redirect(hop->status) &&
            !find_response_header(*hop, "location").empty()) {
            const auto before = redirects_;
            if (auto followed = follow(*hop); !followed) return followed.error();
            if (redirects_ != before) continue;
        } else if (const auto delay = retry_delay(*hop); delay && pause(*delay, *hop)) {
            ++retries_;
            continue;
        }
        if (stopping()) return cancelled_error(request_.url);
        return finished(std::move(*hop));
    }
}

/// Errors are those that end the whole fetch; a failure of the hop alone is in the outcome.
Result<HopOutcome> Exchange::run_hop() {
    const auto slot = enter_host();
    if (!slot) return ended_by_time_or_stop();

    const auto transfer = make_transfer();
    loop_.start(transfer);
    const auto resume = [&] { loop_.resume(transfer); };
    auto ended = Transfer::Ended::refused;
    Error thrown{ErrorCode::internal, "on_body threw", request_.url, false};
    bool has_thrown = false;
    try {
        ended = transfer->wait(request_.on_body, resume, deadline_, stop_);
    } catch (const std::exception& e) {
        has_thrown = true;
        thrown.message += std::string(": ") + e.what();
    } catch (...) {
        has_thrown = true;
    }
    delivered_ = delivered_ || transfer->delivered();
    if (ended == Transfer::Ended::done) return transfer->take_outcome();

    loop_.cancel(transfer);
    if (has_thrown) return thrown;
    if (ended == Transfer::Ended::refused) return cancelled_error(request_.url);
    return ended_by_time_or_stop();
}

std::optional<HostGate::Slot> Exchange::enter_host() {
    const std::string name = host_name(url_);
    if (auto slot = gate_.try_enter(name)) return slot;
    const Either either(stop_, closing_);
    return gate_.enter(name, deadline_, either.token());
}

std::shared_ptr<Transfer> Exchange::make_transfer() const {
    Hop hop;
    hop.method = method_;
    hop.url = address_of(url_);
    const bool has_authorization = std::any_of(headers_.begin(), headers_.end(), [](const Header& header) {
        return core::ascii_iequals(header.first, "authorization");
    });
    if (!has_authorization) hop.credentials = url_.user;
    if (!headers_.empty() || body_ || expects_body(method_))
        hop.header_lines = header_lines(headers_, settings_.user_agent, body_ != nullptr || expects_body(method_));
    hop.body = body_;
    hop.max_body_bytes = request_.max_body_bytes > 0 ? request_.max_body_bytes : settings_.options.max_body_bytes;
    hop.body_room = std::min(loop_.body_room(), hop.max_body_bytes);
    hop.allow_private = !request_.private_origin.empty() && request_.private_origin == url::origin(url_);
    hop.stream = request_.on_body != nullptr;
    hop.skip_redirect = max_redirects_ > 0 && !body_;  // with a body the redirect may be the answer, see follow()
    return std::make_shared<Transfer>(std::move(hop), settings_);
}

/// Makes the redirect the next hop, or leaves everything as it is when the redirect itself is the answer.
Result<void> Exchange::follow(const HopOutcome& outcome) {
    if (redirects_ >= max_redirects_) return Error{ErrorCode::network, "Too many redirects", request_.url, false};
    auto target = redirect_target(url_, find_response_header(outcome, "location"));
    if (!target) {
        Error error = target.error();
        error.subject = request_.url;
        return error;
    }

    const bool leaves = url::origin(*target) != url::origin(url_);
    const std::string method = redirected_method(outcome.status, method_);
    const bool keeps_body = body_ && method == method_;
    // 307 and 308 ask for the same body again. It was meant for one origin and may carry secrets, and without it the
    // request would be another one: the caller gets the redirect and decides (RFC 9110 15.4 leaves that to us).
    if (leaves && keeps_body) return {};

    if (leaves) {
        headers_.clear();
    } else {
        target->user = url_.user;
    }
    if (method != method_) {
        body_.reset();
        drop_body_headers(headers_);
    }
    method_ = method;
    url_ = std::move(*target);
    ++redirects_;
    return {};
}

/// How long to wait before another try; nullopt when there is to be none.
std::optional<std::chrono::milliseconds> Exchange::retry_delay(const HopOutcome& outcome) const {
    if (retries_ >= max_retries_) return std::nullopt;
    auto delay = backoff(settings_.options.first_retry_delay, retries_);
    if (outcome.failure) {
        if (delivered_ || !may_retry_failure(outcome.failure->blame, method_)) return std::nullopt;
        return delay;
    }
    if (!may_retry_status(outcome.status, method_)) return std::nullopt;
    const auto now = settings_.seams.now ? settings_.seams.now() : system_clock()->now();
    if (const auto asked = parse_retry_after(find_response_header(outcome, "retry-after"), now))
        delay = std::max(delay, *asked);
    return delay;
}

/// False when the wait does not fit into the time left, or was stopped: then what there is counts.
bool Exchange::pause(std::chrono::milliseconds delay, const HopOutcome& outcome) {
    const auto now = std::chrono::steady_clock::now();
    if (delay >= deadline_ - now) return false;
    // A host that names a time means all of us, not this request only.
    if (!outcome.failure && !find_response_header(outcome, "retry-after").empty())
        gate_.hold(host_name(url_), now + delay);
    const Either either(stop_, closing_);
    return wait_unless_stopped(now + delay, either.token());
}

Result<Response> Exchange::finished(HopOutcome outcome) const {
    if (outcome.failure) {
        Error error = std::move(outcome.failure->error);
        error.subject = request_.url;
        return error;
    }
    loop_.note_body(outcome.body.size());
    if (outcome.body.capacity() > 2 * outcome.body.size() + 4096) outcome.body.shrink_to_fit();
    Response response;
    response.status = outcome.status;
    response.url = std::move(outcome.url);
    response.headers = std::move(outcome.headers);
    response.body = std::move(outcome.body);
    response.wire_bytes = outcome.wire_bytes;
    response.redirects = redirects_;
    response.attempts = 1 + retries_;
    return response;
}

Error Exchange::ended_by_time_or_stop() const {
    return stopping() ? cancelled_error(request_.url) : timeout_error(request_.url);
}

}  // namespace meter::fetch
