// One scrape: fetch, extract, shape, filter. The steps of a job between its claim and its storage.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "meter/change.hpp"
#include "meter/fetcher.hpp"
#include "meter/store.hpp"
#include "meter/value.hpp"
#include "run/compiled.hpp"

namespace meter::run {

/// What one scrape is made of, besides the strategy.
struct ScrapeInput {
    std::string url;
    Value parameters = nullptr;  ///< object, or null for none
    /// A comparable earlier job: its validators are sent along, and a page that it has seen is not read again.
    const Baseline* baseline = nullptr;
    std::chrono::milliseconds timeout{0};  ///< at most; 0: what the strategy or the fetcher says
    ExtractLimits limits = {};
    bool keep_page = false;  ///< fill Scraped::page
};

struct Scraped {
    /// 304, or the very page of the baseline: its results hold. No items, warnings and page then.
    bool not_modified = false;
    std::size_t extracted_count = 0;  ///< items before the filter
    std::vector<Value> items;         ///< after output schema and filter
    std::vector<std::string> warnings;
    std::string etag;
    std::string last_modified;
    std::string page_hash;  ///< for the next baseline
    std::uint64_t wire_bytes = 0;
    PageSnapshot page;  ///< fetched_at is left to the caller
};

/// A scrape that failed: `error.message` is the job's error text.
struct ScrapeFailure {
    Error error;
    Outcome outcome = Outcome::failed;  ///< failed or blocked
};

/// Sends the request of a scrape; an answer that is neither a success nor the awaited 304 is a failure.
std::variant<Response, ScrapeFailure> fetch_page(Fetcher& fetcher, const Request& request, std::stop_token stop,
                                                 bool conditional = false);

/// A request for a page with a strategy's fetch settings. `timeout` is an upper limit; 0: none.
Request page_request(const FetchSettings& settings, std::string_view url, std::chrono::milliseconds timeout);

/// Why a page on which nothing was found is no page of the site but a wall before it; nullopt when it looks like one.
std::optional<ScrapeFailure> find_blocked(const Page& page, std::string_view url);

std::variant<Scraped, ScrapeFailure> scrape(const CompiledStrategy& strategy, Fetcher& fetcher,
                                            const ScrapeInput& input, std::stop_token stop);

/// Applies schema and filter to the items extracted from the page at `page_url`.
std::vector<Value> shape_and_filter(const CompiledStrategy& strategy, std::vector<Value> items,
                                    std::string_view page_url);

/// The stored `results` of items: a JSON array, wrapped when the schema is of the wrapper form.
Value results_of(const CompiledStrategy& strategy, std::vector<Value> items);

}  // namespace meter::run
