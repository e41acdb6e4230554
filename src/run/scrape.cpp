#include "run/scrape.hpp"

#include <algorithm>
#include <semaphore>
#include <thread>
#include <utility>

#include "core/hash.hpp"
#include "core/http_status.hpp"
#include "core/unicode.hpp"
#include "meter/version.hpp"
#include "run/block_page.hpp"

namespace meter::run {
namespace {

void add_or_replace(std::vector<Header>& headers, const Header& header) {
    const auto same = std::find_if(headers.begin(), headers.end(),
                                   [&](const Header& h) { return core::ascii_iequals(h.first, header.first); });
    if (same == headers.end())
        headers.push_back(header);
    else
        same->second = header.second;
}

void apply(const FetchSettings& settings, std::chrono::milliseconds timeout, Request& request) {
    for (const auto& header : settings.headers) add_or_replace(request.headers, header);
    request.timeout = settings.timeout;
    if (timeout.count() > 0 && (request.timeout.count() == 0 || timeout < request.timeout)) request.timeout = timeout;
}

Result<Request> scrape_request(const CompiledStrategy& strategy, const ScrapeInput& input) {
    if (strategy.plan.scraper_type() != ScraperType::api) return page_request(strategy.fetch, input.url, input.timeout);
    auto request = api_request(strategy.plan, input.url, input.parameters);
    if (request) apply(strategy.fetch, input.timeout, *request);
    return request;
}

/// Adds the baseline's validators (RFC 9110 section 13.1) when its results came about in the same way. True when some
/// were added.
bool add_validators(Request& request, const CompiledStrategy& strategy, const Baseline* baseline) {
    if (baseline == nullptr || request.method != "GET" || baseline->settings_hash != strategy.settings_hash)
        return false;
    if (!baseline->etag.empty()) add_or_replace(request.headers, {"If-None-Match", baseline->etag});
    if (!baseline->last_modified.empty())
        add_or_replace(request.headers, {"If-Modified-Since", baseline->last_modified});
    return !baseline->etag.empty() || !baseline->last_modified.empty();
}

/// Over all that items are made of, besides what the settings' hash is over; another version may read a page
/// differently.
std::string page_hash(const Page& page) {
    core::Sha256 hash;
    for (const std::string_view part : {version(), page.url, page.content_type}) {
        hash.update(std::to_string(part.size()) + ":");
        hash.update(part);
    }
    hash.update(page.body);
    return hash.finish_hex();
}

/// Reads a page. No more at once than processors can work on: what is interrupted half-way would only hold its tree.
Result<Extraction> read_page(const Page& page, const Plan& plan, const ExtractLimits& limits) {
    static std::counting_semaphore<> turns(std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
    struct Turn {
        Turn() { turns.acquire(); }
        ~Turn() { turns.release(); }
    };
    const Turn turn;
    return extract(page, plan, limits);
}

/// Did the baseline's results come from this very page, in the same way?
bool is_known_page(const Scraped& scraped, const CompiledStrategy& strategy, const ScrapeInput& input) {
    return input.baseline != nullptr && !input.keep_page && input.baseline->settings_hash == strategy.settings_hash &&
           input.baseline->page_hash == scraped.page_hash;
}

}  // namespace

Request page_request(const FetchSettings& settings, std::string_view url, std::chrono::milliseconds timeout) {
    Request request;
    request.url = url;
    apply(settings, timeout, request);
    return request;
}

std::variant<Response, ScrapeFailure> fetch_page(Fetcher& fetcher, const Request& request, std::stop_token stop,
                                                 bool conditional) {
    auto response = fetcher.fetch(request, stop);
    if (!response) return ScrapeFailure{response.error()};
    if ((response->status >= 200 && response->status <= 299) || (response->status == 304 && conditional))
        return *std::move(response);
    const bool blocked = response->status == 403 || response->status == 429;
    return ScrapeFailure{Error{blocked ? ErrorCode::blocked : ErrorCode::network,
                               "Page not accessible: " + core::http_status_text(response->status), request.url,
                               response->status == 429 || response->status >= 500},
                         blocked ? Outcome::blocked : Outcome::failed};
}

std::optional<ScrapeFailure> find_blocked(const Page& page, std::string_view url) {
    const auto reason = blocked_reason(page);
    if (!reason) return std::nullopt;
    return ScrapeFailure{Error{ErrorCode::blocked, "Page blocked: " + *reason, std::string(url), true},
                         Outcome::blocked};
}

std::vector<Value> shape_and_filter(const CompiledStrategy& strategy, std::vector<Value> items,
                                    std::string_view page_url) {
    if (strategy.output_schema)
        for (Value& item : items) item = strategy.output_schema->shape(item, page_url);
    if (strategy.filter) std::erase_if(items, [&](const Value& item) { return !strategy.filter->matches(item); });
    return items;
}

Value results_of(const CompiledStrategy& strategy, std::vector<Value> items) {
    return make_results(strategy.schema(), std::move(items));
}

std::variant<Scraped, ScrapeFailure> scrape(const CompiledStrategy& strategy, Fetcher& fetcher,
                                            const ScrapeInput& input, std::stop_token stop) {
    auto request = scrape_request(strategy, input);
    if (!request) return ScrapeFailure{request.error()};
    const bool conditional = add_validators(*request, strategy, input.baseline);

    auto fetched = fetch_page(fetcher, *request, stop, conditional);
    if (auto* failure = std::get_if<ScrapeFailure>(&fetched)) return std::move(*failure);
    auto* response = &std::get<Response>(fetched);

    Scraped scraped;
    scraped.wire_bytes = response->wire_bytes;
    if (response->status == 304) {
        scraped.not_modified = true;
        scraped.etag = input.baseline->etag;
        scraped.last_modified = input.baseline->last_modified;
        scraped.page_hash = input.baseline->page_hash;
        return scraped;
    }

    const Page page{response->body, response->url, response->header("content-type")};
    scraped.etag = std::string(response->header("etag"));
    scraped.last_modified = std::string(response->header("last-modified"));
    scraped.page_hash = page_hash(page);
    if (is_known_page(scraped, strategy, input)) {
        scraped.not_modified = true;
        return scraped;
    }
    auto extraction = read_page(page, strategy.plan, input.limits);
    if (!extraction) return ScrapeFailure{extraction.error()};
    if (extraction->items.empty() && strategy.plan.scraper_type() != ScraperType::api) {
        if (auto failure = find_blocked(page, input.url)) return *std::move(failure);
    }
    scraped.extracted_count = extraction->items.size();
    scraped.items = shape_and_filter(strategy, std::move(extraction->items), response->url);
    scraped.warnings = std::move(extraction->warnings);
    if (!scraped.warnings.empty()) scraped.page_hash.clear();  // each job has to find them again
    if (input.keep_page) {
        scraped.page.url = response->url;
        scraped.page.content_type = std::string(response->header("content-type"));
        scraped.page.body = std::move(response->body);
    }
    return scraped;
}

}  // namespace meter::run
