// Discovery: the URLs of a site's pages, from its sitemap, by counting pages, or by following links.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/fetcher.hpp"
#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/time.hpp"
#include "meter/value.hpp"

namespace meter {

enum class DiscoveryMethod { sitemap, pagination, link_pattern };
enum class DiscoveryStatus { pending, running, completed, failed };

METER_EXPORT std::string_view to_string(DiscoveryMethod method) noexcept;
METER_EXPORT std::optional<DiscoveryMethod> parse_discovery_method(std::string_view name) noexcept;
METER_EXPORT std::string_view to_string(DiscoveryStatus status) noexcept;
METER_EXPORT std::optional<DiscoveryStatus> parse_discovery_status(std::string_view name) noexcept;

/// What to look for; members that the method does not use are ignored. Patterns: `*` is one or more characters but "/",
/// `**` any characters; compared with the end of the path, or with the whole URL when "://" is in the pattern.
/// Source: wire contract 17.
struct DiscoveryRequest {
    DiscoveryMethod method = DiscoveryMethod::sitemap;
    /// sitemap: the file, or a host without a path: then the `Sitemap:` lines of its robots.txt, else /sitemap.xml.
    /// pagination: the template with {n}. link_pattern: the page to start from.
    std::string root_url = {};
    std::optional<std::string> url_pattern = {};         ///< sitemap, pagination: keep only what matches
    std::string link_pattern = {};                       ///< link_pattern: what is collected
    std::optional<std::string> navigation_pattern = {};  ///< link_pattern: what is visited; nullopt: every page
    std::int64_t max_urls = 1'000;                       ///< sitemap, link_pattern; [1, 10000]
    std::int64_t max_depth = 2;                          ///< link_pattern; the start has depth 0; [1, 10]
    std::int64_t start_index = 1;                        ///< pagination; within +-1e9
    std::int64_t step = 1;                               ///< pagination; [1, 1e6]
    std::int64_t max_pages = 100;                        ///< pagination; [1, 1000]

    bool operator==(const DiscoveryRequest&) const = default;
};

/// Checks members and patterns. Errors: invalid_argument, invalid_url; `subject` is the wire contract's member
/// ("discovery.url_pattern").
METER_EXPORT Result<void> validate(const DiscoveryRequest& request);

/// Reads a body {"discovery": {"method": ...}}. Errors: as validate().
METER_EXPORT Result<DiscoveryRequest> parse_discovery_request(const Value& body);

/// The accepted `discovery` object with defaults filled in, and back.
METER_EXPORT Value to_value(const DiscoveryRequest& request);

/// A stored discovery.
struct Discovery {
    std::string discovery_id;  ///< UUID
    std::string account_id;
    DiscoveryStatus status = DiscoveryStatus::pending;
    DiscoveryRequest request;
    std::int64_t total_urls = 0;                ///< found so far
    std::vector<std::string> sample_urls = {};  ///< the first ten
    bool truncated = false;                     ///< a limit cut the result
    std::optional<std::string> error = {};
    TimePoint created_at{};
    std::optional<TimePoint> started_at = {};
    std::optional<TimePoint> completed_at = {};
    /// Run for a tick of this schedule, whose jobs its end makes; callers do not see it.
    std::optional<std::string> schedule_id = {};

    bool operator==(const Discovery&) const = default;
};

/// The wire form (JSON object text).
METER_EXPORT std::string to_json(const Discovery& discovery);
/// {"discovery_id","status","discovery_method","root_url"}
METER_EXPORT std::string to_short_json(const Discovery& discovery);

struct DiscoveryQuery {
    std::optional<DiscoveryStatus> status = {};
    ListRange range{.limit = 50};
};

/// Part of the URLs of a discovery, in the order they were found.
struct DiscoveredUrls {
    std::vector<std::string> urls;
    std::int64_t total = 0;
};

/// {"discovery_id","urls","total","limit","offset"}
METER_EXPORT std::string to_json(const DiscoveredUrls& found, std::string_view discovery_id, ListRange range);

/// A batch made from the URLs of a discovery.
struct DiscoveryExecuteRequest {
    std::string strategy_id = {};
    std::optional<std::vector<std::string>> urls = {};  ///< some of the discovered ones; nullopt: all
    std::optional<std::int64_t> max_urls = {};          ///< only the first so many; at least 1
    std::optional<Value> parameters = {};
};

METER_EXPORT Result<DiscoveryExecuteRequest> parse_discovery_execute_request(const Value& body);

struct Batch;
/// The batch that was made: {"discovery_id","batch_id","job_count","status","strategy_id","created_at"}
METER_EXPORT std::string execution_json(const Batch& batch, std::string_view discovery_id);

/// A page or sitemap file that a discovery has to read. `depth`: links or nested files from the start.
struct DiscoveryPage {
    std::string url = {};
    std::int64_t depth = 0;
    std::int64_t redirects = 0;  ///< that led here

    bool operator==(const DiscoveryPage&) const = default;
};

/// What reading one page brought: kept as a whole or not at all.
struct DiscoveryStep {
    std::optional<std::string> read = {};   ///< the page that need not be read again
    std::vector<DiscoveryPage> pages = {};  ///< to be read, in order
    std::vector<std::string> urls = {};     ///< found, in order; none twice
    bool truncated = false;                 ///< a limit cut what was found
};

/// How far a discovery came: what a later call needs to go on where an earlier one was interrupted.
struct DiscoveryState {
    std::vector<DiscoveryPage> waiting = {};  ///< the least deep first, else as they came
    std::vector<std::string> read = {};       ///< pages that are done
    std::vector<std::string> urls = {};       ///< found, in order
    bool truncated = false;
};

/// Limits of one discovery that are not the caller's to set.
struct DiscoveryLimits {
    std::int64_t max_crawl_pages = 2'000;       ///< link_pattern; [1, 100000]
    std::int64_t max_sitemap_files = 500;       ///< [1, 10000]
    std::int64_t max_sitemap_depth = 5;         ///< [0, 20]
    std::size_t max_sitemap_bytes = 50u << 20;  ///< one file, decoded; [1 KiB, 1 GiB]
    int parallel = 2;                           ///< pages read at a time; [1, 64]
};

/// Runs a discovery: reads what `state` says is waiting (a fresh state: from the start) and hands each step to `keep`
/// before the next one builds on it. Steps come in the same order whatever `parallel` is. `keep` returns false to end.
/// URLs are http(s), without fragment, host in lower case, none twice. A crawl fetches no page twice: what a redirect
/// leads to is a page like any other. Pages are fetched through `fetcher`: robots.txt
/// is its business (make_robots_fetcher()). Errors: of the first page or file, with the job error texts ("Extraction
/// failed: not a sitemap"); that of `keep`; cancelled. Pages behind the first that cannot be read are passed over.
METER_EXPORT Result<void> discover_urls(const DiscoveryRequest& request, Fetcher& fetcher, const DiscoveryState& state,
                                        const std::function<Result<bool>(const DiscoveryStep&)>& keep,
                                        const DiscoveryLimits& limits = {}, std::stop_token stop = {});

}  // namespace meter
