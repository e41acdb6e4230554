#include "discover/links.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/unicode.hpp"
#include "html/document.hpp"
#include "html/selector.hpp"
#include "url/url.hpp"

namespace meter::discover {
namespace {

constexpr std::size_t max_link_bytes = 4096;

// Sorted.
constexpr std::array<std::string_view, 52> file_endings{
    "7z",   "avi", "avif", "bin", "bmp",  "bz2", "css", "csv",  "deb",  "dmg",  "doc",   "docx", "eot",
    "epub", "exe", "flac", "gif", "gz",   "ico", "iso", "jar",  "jpeg", "jpg",  "js",    "json", "m4a",
    "m4v",  "mov", "mp3",  "mp4", "mpg",  "msi", "ogg", "pdf",  "png",  "ppt",  "pptx",  "rar",  "rpm",
    "svg",  "tar", "tgz",  "tif", "tiff", "ttf", "wav", "webm", "webp", "woff", "woff2", "xls",  "zip"};
static_assert(std::is_sorted(file_endings.begin(), file_endings.end()));

std::string_view without_www(std::string_view host) {
    return host.starts_with("www.") ? host.substr(4) : host;
}

bool has_default_port(const url::Url& url) {
    return url.port == (url.scheme == "https" ? 443 : 80);
}

}  // namespace

Result<std::vector<std::string>> read_links(const Page& page) {
    static const html::Selector links = html::Selector::parse("a[href], area[href]").value();
    const auto document = html::Document::parse(page.body, {.content_type = page.content_type});
    if (!document) return document.error();
    std::vector<std::string> found;
    if (!document->root()) return found;
    const auto matches = links.all(document->root());
    if (!matches) return matches.error();
    const std::string base = document->base_url(page.url);
    std::unordered_set<std::string> seen;
    for (const auto& match : *matches) {
        const auto href = match.element.attribute("href");
        if (!href || href->size() > max_link_bytes) continue;
        auto url = url::normalize(url::resolve(base, *href));
        if (url && url->size() <= max_link_bytes && seen.insert(*url).second) found.push_back(*std::move(url));
    }
    return found;
}

bool same_site(std::string_view a, std::string_view b) {
    const auto first = url::parse_url(a);
    const auto second = url::parse_url(b);
    if (!first || !second || without_www(first->host) != without_www(second->host)) return false;
    return first->port == second->port || (has_default_port(*first) && has_default_port(*second));
}

bool names_a_file(std::string_view text) {
    const auto url = url::parse_url(text);
    if (!url) return false;
    const std::string_view path = url->path;
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return false;
    return std::binary_search(file_endings.begin(), file_endings.end(), core::ascii_lower(path.substr(dot + 1)));
}

}  // namespace meter::discover
