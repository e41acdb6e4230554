#include "url/pattern.hpp"

#include <vector>

#include "url/url.hpp"

namespace meter::url {
namespace {

/// Whether `pattern` covers all of `text`. One row of "pattern up to here, text up to there" states is walked along the
/// pattern, so that no pattern is tried twice on the same piece of text.
bool covers(std::string_view pattern, std::string_view text) {
    std::vector<char> reached(text.size() + 1, 0);  // texts of this length match the pattern read so far
    reached[0] = 1;
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        if (pattern[p] != '*') {
            for (std::size_t s = text.size(); s > 0; --s) reached[s] = reached[s - 1] != 0 && text[s - 1] == pattern[p];
            reached[0] = 0;
        } else if (p + 1 < pattern.size() && pattern[p + 1] == '*') {
            ++p;
            for (std::size_t s = 1; s <= text.size(); ++s) reached[s] = reached[s] != 0 || reached[s - 1] != 0;
        } else {
            bool begun = false;  // a star that began at an earlier place reaches to here
            for (std::size_t s = 0; s <= text.size(); ++s) {
                const bool here = begun && text[s - 1] != '/';
                begun = here || reached[s] != 0;
                reached[s] = here;
            }
        }
    }
    return reached[text.size()] != 0;
}

std::string_view without_last_slash(std::string_view text) {
    if (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
    return text;
}

}  // namespace

Result<UrlPattern> UrlPattern::parse(std::string_view text, std::string_view member) {
    if (text.empty())
        return Error{ErrorCode::invalid_argument, std::string(member) + " must not be empty", std::string(member)};
    if (text.size() > max_bytes)
        return Error{ErrorCode::invalid_argument,
                     std::string(member) + " must be at most " + std::to_string(max_bytes) + " bytes long",
                     std::string(member)};
    UrlPattern pattern;
    pattern.whole_url_ = text.find("://") != std::string_view::npos;
    pattern.with_query_ = text.find('?') != std::string_view::npos;
    if (!pattern.whole_url_ && text.front() == '/') text.remove_prefix(1);
    pattern.pattern_ = without_last_slash(text);
    return pattern;
}

bool UrlPattern::matches(std::string_view text) const {
    const auto url = parse_url(text);
    if (!url) return false;
    if (whole_url_) {
        const std::string whole = to_string(*url, false);
        return covers(pattern_, without_last_slash(whole));
    }
    std::string target(without_last_slash(url->path));
    if (with_query_ && url->has_query) target += "?" + url->query;
    // The pattern may start behind any "/": the same as "**/" in front of it, and one run for all places.
    return covers("**/" + pattern_, without_last_slash(target)) || (pattern_.empty() && target == "/");
}

}  // namespace meter::url
