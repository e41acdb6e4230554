// One fetch: hops, retries and waiting, from a request to the answer that the caller gets.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "fetch/host_gate.hpp"
#include "fetch/loop.hpp"
#include "fetch/settings.hpp"
#include "fetch/transfer.hpp"
#include "meter/fetcher.hpp"
#include "url/url.hpp"

namespace meter::fetch {

/// Lives on the caller's stack and thread for one Fetcher::fetch().
class Exchange {
public:
    /// `request` has passed check_request(), `url` is its URL parsed.
    Exchange(const Request& request, url::Url url, const Settings& settings, HostGate& gate, Loop& loop,
             std::stop_token stop, std::stop_token closing);

    Result<Response> run();

private:
    Result<HopOutcome> run_hop();
    std::optional<HostGate::Slot> enter_host();
    std::shared_ptr<Transfer> make_transfer() const;
    Result<void> follow(const HopOutcome& outcome);
    std::optional<std::chrono::milliseconds> retry_delay(const HopOutcome& outcome) const;
    bool pause(std::chrono::milliseconds delay, const HopOutcome& outcome);
    Result<Response> finished(HopOutcome outcome) const;
    bool stopping() const noexcept { return stop_.stop_requested() || closing_.stop_requested(); }
    Error ended_by_time_or_stop() const;

    // Constant after construction.
    const Request& request_;
    const Settings& settings_;
    HostGate& gate_;
    Loop& loop_;
    const std::stop_token stop_;     // the caller's
    const std::stop_token closing_;  // the fetcher's: the loop ends all transfers by itself
    const Steady deadline_;
    const int max_redirects_;
    const int max_retries_;

    // The hop to come.
    url::Url url_;
    std::string method_;
    std::vector<Header> headers_;
    std::shared_ptr<const std::string> body_;

    int redirects_ = 0;
    int retries_ = 0;
    bool delivered_ = false;  // the caller's on_body has seen bytes: no way back
};

}  // namespace meter::fetch
