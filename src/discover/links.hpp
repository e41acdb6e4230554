// Links of a page. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meter/extract.hpp"
#include "meter/result.hpp"

namespace meter::discover {

/// Normalised http(s) URLs of a[href] and area[href] in document order, none twice, resolved against <base href>.
/// Errors: those of html::Document::parse().
Result<std::vector<std::string>> read_links(const Page& page);

/// Are two URLs on one site? Hosts are equal but for a leading "www.", ports are equal or both their scheme's default.
bool same_site(std::string_view a, std::string_view b);

/// Does the path end as files do that are no pages (".jpg", ".pdf", ".zip")? Such links are not visited.
bool names_a_file(std::string_view url);

}  // namespace meter::discover
