// Where the data of a page may be had as JSON: known services, links and URLs in scripts. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "html/document.hpp"
#include "meter/value.hpp"

namespace meter::generate {

struct ApiCandidate {
    std::string url;       ///< to be fetched
    Value request;         ///< `request` of an api plan, with placeholders for what follows the page's address
    std::string why;       ///< "Shopify", "link rel=alternate", "URL in a script"
    bool service = false;  ///< a known service: its host is not the page's, and its answer needs no proof
};

/// Candidates, the surest first. URLs are of the page's own origin, but for the hosts of known services.
std::vector<ApiCandidate> find_api_candidates(const html::Document& document, std::string_view page_url,
                                              std::size_t limit = 8);

/// The request of an api plan for an endpoint: path segments and query values that are those of the page's URL, or its
/// host, become placeholders (wire contract 8.6). For the page's own URL the query keeps its values: a job's query is
/// laid over it.
Value request_template(std::string_view endpoint, std::string_view page_url);

}  // namespace meter::generate
