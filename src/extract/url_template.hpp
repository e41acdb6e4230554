// {{url...}} placeholders in the captured request of an api plan (wire contract 8.6).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/result.hpp"
#include "url/url.hpp"

namespace meter::detail {

/// A piece of a template: text as it is, or what a placeholder asks for.
struct TemplatePart {
    enum class Kind { literal, url, host, path, query };

    Kind kind = Kind::literal;
    std::string_view text = {};  ///< the literal, or the NAME of {{url.query.NAME}}
    std::size_t index = 0;       ///< the N of {{url.path.N}}
};

/// Splits a template; the parts view `text`. {{...}} that does not start with url is literal.
/// Errors: invalid_argument for an unknown or unclosed {{url...; the message names it.
Result<std::vector<TemplatePart>> parse_template(std::string_view text);

/// Does the text hold a {{url placeholder?
bool is_template(std::string_view text) noexcept;

/// Position of the first '?' or '#' that is not inside a placeholder; npos when there is none.
std::size_t template_path_end(std::string_view text) noexcept;

/// The same placeholder?
bool same_placeholder(const TemplatePart& a, const TemplatePart& b) noexcept;

/// Placeholders with their decoded values, in the order they stand in a template.
using TemplateBindings = std::vector<std::pair<TemplatePart, std::string>>;

/// What placeholders stand for: the parts of a job URL, or values taken from where it matched the endpoint.
class TemplateValues {
public:
    TemplateValues(std::string_view job_url, const url::Url& url);

    /// The job URL is the endpoint's, not the page's: only these values and its query count from now on.
    void replace_page(TemplateBindings bindings);

    /// The value, not encoded; nullopt when it has none. Path values that are empty or dot segments have none: they
    /// would move the path.
    std::optional<std::string> find(const TemplatePart& part) const;

    const std::vector<std::pair<std::string, std::string>>& query() const noexcept { return query_; }

private:
    std::optional<std::string> find_in_page(const TemplatePart& part) const;

    std::string url_;
    std::string host_;
    std::vector<std::string> path_;
    std::vector<std::pair<std::string, std::string>> query_;
    std::optional<TemplateBindings> bindings_;  ///< set: instead of the page's parts
};

/// The template with its placeholders filled in as they are. nullopt when one has no value.
std::optional<std::string> render_text(std::string_view text, const TemplateValues& values);

/// An endpoint with its placeholders percent-encoded; {{url}} at the start and {{url.host}} go in as they are.
std::optional<std::string> render_endpoint(std::string_view text, const TemplateValues& values);

/// An endpoint template as URLs are compared: scheme and host in lower case, default port and dot segments dropped,
/// non-ASCII encoded, placeholders kept. nullopt when it is no http(s) URL. One that starts with {{url}} stays as it
/// is.
std::optional<std::string> normalize_endpoint(std::string_view endpoint);

/// Matches a URL's scheme, host and path against a normalised endpoint. A placeholder stands for a run of one or more
/// characters within the host or within one path segment. nullopt when the URL is another one, and always for an
/// endpoint that starts with {{url}}: then every page is its own endpoint.
std::optional<TemplateBindings> match_endpoint(std::string_view endpoint, const url::Url& url);

}  // namespace meter::detail
