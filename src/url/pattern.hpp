// Patterns for URLs: "products/*/" (wire contract 17.3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "meter/result.hpp"

namespace meter::url {

/// A compiled pattern. `*` is one or more characters other than "/", `**` any characters, the rest is literal. With
/// "://" it is compared with the whole URL, otherwise with the end of the path, from any segment on; with "?" the query
/// belongs to it. One "/" at the end is optional on both sides. Cheap to copy; const calls need no lock.
class UrlPattern {
public:
    static constexpr std::size_t max_bytes = 2048;

    /// Errors: invalid_argument for an empty pattern or one beyond `max_bytes`; `subject` is `member`.
    static Result<UrlPattern> parse(std::string_view text, std::string_view member);

    /// Does the normalised absolute URL match? False for what is no URL. Cost: pattern times URL, at most.
    bool matches(std::string_view url) const;

private:
    std::string pattern_;  // without the optional slashes
    bool whole_url_ = false;
    bool with_query_ = false;
};

}  // namespace meter::url
