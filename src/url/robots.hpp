// robots.txt (RFC 9309): what a site asks crawlers to leave alone. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace meter::url {

/// The rules of one robots.txt for one crawler. Const calls need no lock.
class Robots {
public:
    /// Bytes that are read; rules beyond them do not count (RFC 9309 section 2.5 asks for at least 500 KiB).
    static constexpr std::size_t max_bytes = 512u << 10;

    /// Reads the file for a crawler whose product token is `user_agent` ("libmeter"; what stands before "/" or a space
    /// counts, in any case). Groups that name it are merged; the groups of "*" count when none does (section 2.2.1).
    /// Never fails: what is no rule is passed over. Cost: linear.
    static Robots parse(std::string_view text, std::string_view user_agent);

    /// May this path and query ("/a?b", percent-encoded, "" is "/") be fetched? The longest matching rule decides,
    /// allow wins a tie (section 2.2.2); `*` is any characters, a `$` at the end is the end (section 2.2.3).
    /// "/robots.txt" itself always may. Cost: rules times the length of the path times the stars of the rule, at most.
    bool allows(std::string_view path_and_query) const;

    /// The delay between requests that the crawler's group asks for ("Crawl-delay", not in the RFC); nullopt without.
    std::optional<std::chrono::milliseconds> crawl_delay() const noexcept { return crawl_delay_; }

    /// URLs of all `Sitemap:` lines, in order, as written; at most 1000.
    const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }

private:
    struct Rule {
        std::string pattern;  // normalised as the paths it is compared with
        bool allow = false;
    };

    std::vector<Rule> rules_;
    std::optional<std::chrono::milliseconds> crawl_delay_;
    std::vector<std::string> sitemaps_;
};

}  // namespace meter::url
