// Compiled plans: what Plan::parse() makes and extract() runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/regex.hpp"
#include "html/selector.hpp"
#include "meter/extract.hpp"

namespace meter {
namespace detail {

/// One field of a css plan.
struct CssField {
    enum class Source { text, own_text, html, attribute, link, srcset };

    std::string name;
    std::optional<std::size_t> selector = {};  ///< index into CssPlan::selectors; none: the container itself
    Source source = Source::text;
    std::string attribute = {};  ///< lower case; for source attribute, link and srcset
    bool all = false;
    std::optional<core::Regex> regex = {};
    char decimal = 0;  ///< '.' or ',': the value is a number, written with this decimal sign; 0: it is text
};

/// A selector that one or more fields read from.
struct CssSelector {
    html::Selector selector;
    bool first_only = true;
    /// Per mille of the document that one run is taken to cost: XPath that may look outside its container.
    unsigned reach = 0;
};

struct CssPlan {
    html::Selector container;
    std::size_t limit = SIZE_MAX;
    std::vector<CssSelector> selectors = {};
    std::vector<CssField> fields = {};
};

/// Which part of a JSON document the items are, and which members of them.
struct JsonSource {
    std::string items_path = {};
    std::vector<std::pair<std::string, std::string>> fields = {};  ///< name, path; empty: every member
};

/// Items from JSON embedded in a page.
struct EmbeddedPlan {
    enum class By { type, id, variable };

    By by = By::type;
    std::string name = {};  ///< the script's type or id, or the variable it assigns
    std::size_t limit = SIZE_MAX;
    JsonSource source = {};
};

struct ContentPlan {
    std::optional<html::Selector> root = {};
    std::vector<html::Selector> exclude = {};
    int max_level = 6;
};

struct ApiPlan {
    enum class Body { none, json, form };

    std::string method = "GET";
    std::string endpoint = {};  ///< URL template without query and fragment
    /// Captured query members in order: those of the URL, then those of `query`; a name once, repeated ones as array.
    std::vector<std::pair<std::string, Value>> query = {};
    std::vector<Header> headers = {};
    Body body_type = Body::none;
    Value body = {};
    JsonSource source = {};
};

Result<CssPlan> parse_css_plan(const Object& definition);
Result<EmbeddedPlan> parse_embedded_plan(const Object& definition);
Result<ApiPlan> parse_api_plan(const Object& definition);
Result<ContentPlan> parse_content_plan(const Object& definition);

/// Adds a member to a query; a name that is there already becomes an array.
void add_query_member(std::vector<std::pair<std::string, Value>>& query, std::string name, Value value);

/// Name -> captured default (wire contract 8.6).
Value captured_parameters(const ApiPlan& plan);

}  // namespace detail

struct Plan::Impl {
    ScraperType type = ScraperType::css;
    Value definition;
    std::variant<detail::CssPlan, detail::EmbeddedPlan, detail::ApiPlan, detail::ContentPlan> compiled;
};

}  // namespace meter
