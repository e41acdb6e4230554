// Sitemaps and what people use as such: XML, gzip, plain lists, feeds. Pure: bytes in, URLs out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"

namespace meter::discover {

struct SitemapLimits {
    std::size_t max_bytes = 50u << 20;  ///< decoded (sitemaps.org, "Sitemap file size")
    std::size_t max_urls = 10'000;      ///< pages that `accept` lets through
    std::size_t max_files = 500;        ///< nested sitemaps
};

/// Reads one file as it arrives. XML: urlset, sitemapindex (sitemaps.org), RSS 2.0, RSS 1.0, Atom (RFC 4287). Anything
/// that does not start with "<" is a list of URLs, one a line. gzip is known by its first bytes. Locations are resolved
/// against the file's own URL and normalised (url::normalize); what is no http(s) URL is passed over.
/// Memory: what is found, and a few KiB.
class SitemapReader {
public:
    /// `accept` decides which pages are kept and counted.
    SitemapReader(std::string file_url, SitemapLimits limits, std::function<bool(const std::string&)> accept);
    ~SitemapReader();

    /// False when the rest need not be read: an error, or a limit.
    bool feed(std::string_view bytes);
    /// Errors: parse "Extraction failed: not a sitemap" (and why, for broken gzip and XML that declares entities);
    /// too_large "Page too large".
    Result<void> finish();

    const std::vector<std::string>& urls() const noexcept;   ///< pages, in order, none twice
    const std::vector<std::string>& files() const noexcept;  ///< nested sitemaps, in order, none twice
    bool truncated() const noexcept;                         ///< there was more than a limit lets through

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::discover
