// Words that a page does not know: "tuition fees" on a page that nowhere says "tuition" are other fees.
#pragma once

#include <vector>

#include "generate/intent.hpp"
#include "generate/page_index.hpp"

namespace meter::generate {

/// By field: do words of its own, which are no common names for what fields hold, stand nowhere on the page, neither in
/// its text nor in names of classes? Only asked of pages in English, since wishes are; all false for others. Titles,
/// links, pictures and counts are never doubtful: what they belong to is often said by nobody.
std::vector<bool> doubtful_fields(const PageIndex& page, const std::vector<WantedField>& fields);

}  // namespace meter::generate
