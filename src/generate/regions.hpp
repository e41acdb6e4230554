// Where a page may hold its records: sets of similar elements.
#pragma once

#include <cstdint>
#include <vector>

#include "generate/page_index.hpp"

namespace meter::generate {

/// A candidate for the records of a page: elements of one kind, not inside one another.
struct Region {
    std::vector<std::uint32_t> members;   ///< first element of each record, in document order; at least 2
    std::vector<std::uint32_t> left_out;  ///< alike, but without text or picture, or header rows
    unsigned rows = 1;                    ///< sibling elements that one record takes
    std::vector<std::uint32_t>
        header;  ///< of tables: header cells by column, spans repeated; empty when there are none
    bool one_parent = true;
    double text = 0;   ///< mean bytes of text of a record
    double prior = 0;  ///< how much it looks like a list of records, whatever is asked for
};

/// The `most` best candidates by prior, best first. Linear in the page but for sorting.
std::vector<Region> find_regions(const PageIndex& page, std::size_t most = 32);

/// The elements of a record's rows: the member and the siblings after it that belong to it.
void record_rows(const PageIndex& page, const Region& region, std::uint32_t member, std::vector<std::uint32_t>& rows);

/// Names an element by tag and classes that say something, equal for elements that are alike. `most` classes count.
std::uint64_t likeness(const PageIndex& page, std::uint32_t node, unsigned most);

}  // namespace meter::generate
