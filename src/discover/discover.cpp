// Runs a discovery: reads pages a few at a time, applies what they brought in order (wire contract 17.2).
#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "core/http_status.hpp"
#include "discover/links.hpp"
#include "discover/sitemap.hpp"
#include "meter/discovery.hpp"
#include "url/pattern.hpp"
#include "url/robots.hpp"
#include "url/url.hpp"

namespace meter {
namespace discover {
namespace {

using Keep = std::function<Result<bool>(const DiscoveryStep&)>;

/// What reading one page brought, before limits and what is known already are applied.
struct Reading {
    std::vector<std::string> pages;  // sitemaps: nested files; crawl: links
    std::vector<std::string> urls;   // sitemaps: pages listed
    std::string final_url;
    std::string redirect;  // crawl: where the page is instead
    bool truncated = false;
};

Error status_error(int status, const std::string& url) {
    return {ErrorCode::network, "Page not accessible: " + core::http_status_text(status), url};
}

constexpr std::int64_t most_redirects = 10;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_success(int status) {
    return status >= 200 && status <= 299;
}

/// A sitemap URL that only names a host.
bool names_a_host(std::string_view text) {
    const auto url = url::parse_url(text);
    return url && url->path == "/" && !url->has_query;
}

std::string normalized(const std::string& url) {
    return url::normalize(url).value_or(url);
}

class Discoverer {
public:
    Discoverer(const DiscoveryRequest& request, Fetcher& fetcher, const Keep& keep, const DiscoveryLimits& limits)
        : request_(request), fetcher_(fetcher), keep_(keep), limits_(limits) {}

    Result<void> open() {
        for (const auto& [text, member, pattern] :
             {std::tuple{&request_.url_pattern, "discovery.url_pattern", &url_pattern_},
              std::tuple{&request_.navigation_pattern, "discovery.navigation_pattern", &navigation_pattern_}}) {
            if (!*text) continue;
            auto parsed = url::UrlPattern::parse(**text, member);
            if (!parsed) return parsed.error();
            *pattern = *std::move(parsed);
        }
        if (request_.method == DiscoveryMethod::link_pattern) {
            auto parsed = url::UrlPattern::parse(request_.link_pattern, "discovery.link_pattern");
            if (!parsed) return parsed.error();
            link_pattern_ = *std::move(parsed);
        }
        return {};
    }

    Result<void> run(const DiscoveryState& state, std::stop_token stop) {
        found_.insert(state.urls.begin(), state.urls.end());
        if (request_.method == DiscoveryMethod::pagination) return state.read.empty() ? count_pages() : Result<void>{};

        root_ = normalized(request_.root_url);
        first_ = state.read.empty() || (is_host() && state.read.size() == 1);
        known_.insert(state.read.begin(), state.read.end());
        for (const auto& page : state.waiting) {
            known_.insert(page.url);
            waiting_.push_back(page);
        }
        enqueued_ = static_cast<std::int64_t>(std::max<std::size_t>(known_.size(), 1));
        if (state.read.empty() && state.waiting.empty()) {
            known_.insert(root_);
            waiting_.push_back({root_, 0});
        }
        return read_all(stop);
    }

private:
    struct Pending {
        DiscoveryPage page;
        std::future<Result<Reading>> reading;
    };

    bool is_host() const { return request_.method == DiscoveryMethod::sitemap && names_a_host(root_); }
    bool full() const { return found_.size() >= static_cast<std::size_t>(request_.max_urls); }

    // -- pagination: nothing is fetched

    Result<void> count_pages() {
        DiscoveryStep step{.read = request_.root_url, .pages = {}, .urls = {}, .truncated = false};
        for (std::int64_t i = 0; i < request_.max_pages; ++i) {
            const std::string number = std::to_string(request_.start_index + i * request_.step);
            std::string url = request_.root_url;
            for (auto at = url.find("{n}"); at != std::string::npos; at = url.find("{n}", at + number.size()))
                url.replace(at, 3, number);
            auto page = url::normalize(url);
            if (!page || (url_pattern_ && !url_pattern_->matches(*page))) continue;
            if (found_.insert(*page).second) step.urls.push_back(*std::move(page));
        }
        auto kept = keep_(step);
        if (!kept) return kept.error();
        return {};
    }

    // -- pages and files

    Result<void> read_all(std::stop_token stop) {
        std::stop_source ending;  // readings that nobody waits for any more end at once
        const std::stop_callback on_stop(stop, [&] { ending.request_stop(); });
        std::deque<Pending> reading;  // in order
        const auto end = [&](Result<void> outcome) {
            ending.request_stop();
            return outcome;
        };
        while (!waiting_.empty() || !reading.empty()) {
            if (stop.stop_requested()) return end(Error{ErrorCode::cancelled, "Cancelled", request_.root_url});
            // The first page decides whether there is anything to do: nothing else is read beside it.
            const std::size_t places = first_ ? 1 : static_cast<std::size_t>(limits_.parallel);
            while (!waiting_.empty() && reading.size() < places) {
                DiscoveryPage page = std::move(waiting_.front());
                waiting_.pop_front();
                auto task = std::async(std::launch::async,
                                       [this, page, token = ending.get_token()] { return read(page, token); });
                reading.push_back({std::move(page), std::move(task)});
            }
            Pending next = std::move(reading.front());
            reading.pop_front();
            const auto brought = next.reading.get();
            if (stop.stop_requested()) return end(Error{ErrorCode::cancelled, "Cancelled", request_.root_url});
            if (!brought && first_) return end(brought.error());
            DiscoveryStep step{.read = next.page.url, .pages = {}, .urls = {}, .truncated = false};
            if (brought) {
                if (!(is_host() && next.page.url == root_) && brought->redirect.empty()) first_ = false;
                if (request_.method == DiscoveryMethod::sitemap)
                    apply_sitemap(next.page, *brought, step);
                else
                    apply_links(next.page, *brought, step);
            }
            // A seed that leads in a circle is a seed that cannot be read.
            if (first_ && brought && waiting_.empty() && same_site(root_, brought->redirect))
                return end(Error{ErrorCode::network, "Too many redirects", root_});
            const bool more = !waiting_.empty() || !reading.empty();
            const bool over = full() && (more || step.truncated);
            step.truncated = step.truncated || over;
            const auto kept = keep_(step);
            if (!kept) return end(kept.error());
            if (!*kept || over) return end({});
        }
        return {};
    }

    Result<Reading> read(const DiscoveryPage& page, std::stop_token stop) const {
        if (request_.method == DiscoveryMethod::link_pattern) return read_page(page, stop);
        return is_host() && page.url == root_ ? read_robots(stop) : read_sitemap(page, stop);
    }

    Result<Reading> read_robots(std::stop_token stop) const {
        Request ask;
        ask.url = url::resolve(root_, "/robots.txt");
        std::string text;
        ask.on_body = [&](std::string_view piece) {
            text.append(piece.substr(0, url::Robots::max_bytes - text.size()));
            return text.size() < url::Robots::max_bytes;
        };
        const auto answer = fetcher_.fetch(ask, stop);
        const bool whole = text.size() < url::Robots::max_bytes;
        if (!answer && whole) return answer.error();
        Reading reading;
        if (!answer || is_success(answer->status)) {
            const auto robots = url::Robots::parse(text, "libmeter");
            for (const auto& line : robots.sitemaps())
                if (auto file = url::normalize(url::resolve(ask.url, line))) reading.pages.push_back(*std::move(file));
        }
        if (reading.pages.empty()) reading.pages.push_back(url::resolve(root_, "/sitemap.xml"));
        return reading;
    }

    Result<Reading> read_sitemap(const DiscoveryPage& page, std::stop_token stop) const {
        // Among one more than may be found is every URL that can still be new.
        SitemapReader reader(page.url,
                             {.max_bytes = limits_.max_sitemap_bytes,
                              .max_urls = static_cast<std::size_t>(request_.max_urls) + 1,
                              .max_files = static_cast<std::size_t>(limits_.max_sitemap_files)},
                             [this](const std::string& url) { return !url_pattern_ || url_pattern_->matches(url); });
        bool ended = false;
        Request ask;
        ask.url = page.url;
        ask.max_body_bytes = limits_.max_sitemap_bytes;
        ask.on_body = [&](std::string_view piece) {
            ended = !reader.feed(piece);
            return !ended;
        };
        const auto answer = fetcher_.fetch(ask, stop);
        if (!answer && !ended) return answer.error();
        if (answer && !is_success(answer->status)) return status_error(answer->status, page.url);
        if (auto done = reader.finish(); !done) return done.error();
        Reading reading;
        reading.pages = reader.files();
        reading.urls = reader.urls();
        reading.truncated = reader.truncated();
        return reading;
    }

    Result<Reading> read_page(const DiscoveryPage& page, std::stop_token stop) const {
        Request ask;
        ask.url = page.url;
        ask.max_redirects = 0;  // robots.txt has to be asked about the target, which may be known already
        auto answer = fetcher_.fetch(ask, stop);
        if (!answer) return answer.error();
        Reading reading;
        if (is_redirect(answer->status) && !answer->header("location").empty()) {
            if (page.redirects >= most_redirects) return Error{ErrorCode::network, "Too many redirects", page.url};
            reading.redirect = url::normalize(url::resolve(page.url, answer->header("location"))).value_or("");
            return reading;
        }
        if (!is_success(answer->status)) return status_error(answer->status, page.url);
        reading.final_url = normalized(answer->url);
        const std::string_view type = answer->header("content-type");
        const bool html =
            type.empty() || type.find("html") != std::string_view::npos || type.find("xml") != std::string_view::npos;
        if (!html || !same_site(root_, answer->url)) return reading;
        auto links = read_links({answer->body, answer->url, type});
        if (!links) return links.error();
        reading.pages = *std::move(links);
        return reading;
    }

    // -- what they brought

    void apply_sitemap(const DiscoveryPage& page, const Reading& reading, DiscoveryStep& step) {
        step.truncated = reading.truncated;
        for (const auto& url : reading.urls) collect(url, step);
        const bool from_robots = is_host() && page.url == root_;
        const std::int64_t depth = from_robots ? 0 : page.depth + 1;
        const auto most_files = static_cast<std::size_t>(limits_.max_sitemap_files) + (is_host() ? 1 : 0);
        for (const auto& file : reading.pages) {
            if (known_.contains(file)) continue;
            if (depth > limits_.max_sitemap_depth || known_.size() >= most_files) {
                step.truncated = true;
                continue;
            }
            enqueue({file, depth}, step);
        }
    }

    void apply_links(const DiscoveryPage& page, const Reading& reading, DiscoveryStep& step) {
        if (!reading.redirect.empty()) return follow(page, reading.redirect, step);
        if (page.url == root_ && link_pattern_->matches(root_)) collect(root_, step);
        known_.insert(reading.final_url);  // a redirect led there: it need not be read again
        for (const auto& link : reading.pages) {
            if (!same_site(root_, link)) continue;
            if (link_pattern_->matches(link)) collect(link, step);
            if (page.depth + 1 >= request_.max_depth || known_.contains(link)) continue;
            if (navigation_pattern_ ? !navigation_pattern_->matches(link) : names_a_file(link)) continue;
            add_page({link, page.depth + 1}, step);
        }
    }

    void follow(const DiscoveryPage& page, const std::string& target, DiscoveryStep& step) {
        if (page.url == root_ && link_pattern_->matches(root_)) collect(root_, step);
        if (same_site(root_, target) && !known_.contains(target))
            add_page({target, page.depth, page.redirects + 1}, step);
    }

    void add_page(DiscoveryPage page, DiscoveryStep& step) {
        if (enqueued_ >= limits_.max_crawl_pages)
            step.truncated = true;
        else
            enqueue(std::move(page), step);
    }

    void collect(const std::string& url, DiscoveryStep& step) {
        if (found_.contains(url)) return;
        if (full()) {
            step.truncated = true;
            return;
        }
        found_.insert(url);
        step.urls.push_back(url);
    }

    /// Pages wait in the order of their depth, so that each is reached by the shortest way; only what a redirect leads
    /// to does not come last.
    void enqueue(DiscoveryPage page, DiscoveryStep& step) {
        known_.insert(page.url);
        ++enqueued_;
        step.pages.push_back(page);
        const auto place = std::upper_bound(waiting_.begin(), waiting_.end(), page.depth,
                                            [](std::int64_t depth, const auto& other) { return depth < other.depth; });
        waiting_.insert(place, std::move(page));
    }

    const DiscoveryRequest& request_;
    Fetcher& fetcher_;
    const Keep& keep_;
    const DiscoveryLimits& limits_;

    std::optional<url::UrlPattern> url_pattern_, link_pattern_, navigation_pattern_;
    std::string root_;
    bool first_ = true;
    std::int64_t enqueued_ = 1;
    std::deque<DiscoveryPage> waiting_;
    std::unordered_set<std::string> known_;  // pages and files that are read or will be
    std::unordered_set<std::string> found_;
};

}  // namespace
}  // namespace discover

Result<void> discover_urls(const DiscoveryRequest& request, Fetcher& fetcher, const DiscoveryState& state,
                           const std::function<Result<bool>(const DiscoveryStep&)>& keep, const DiscoveryLimits& limits,
                           std::stop_token stop) {
    if (auto valid = validate(request); !valid) return valid.error();
    discover::Discoverer discoverer(request, fetcher, keep, limits);
    if (auto opened = discoverer.open(); !opened) return opened.error();
    return discoverer.run(state, stop);
}

}  // namespace meter
