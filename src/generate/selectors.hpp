// Selectors for elements we know: short, stable, and checked on the page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generate/page_index.hpp"
#include "generate/regions.hpp"
#include "generate/slots.hpp"

namespace meter::generate {

/// A selector and how it was found to do.
struct ChosenSelector {
    std::string css;       ///< empty: the container itself
    double agreement = 0;  ///< share of the known elements that it finds, 1 when it finds exactly them
    double cost = 0;       ///< what it relies on: 1 for a telling class, more for tags, positions, generated names
};

/// The selector that finds the members of a region and as little else as possible. Elements in `left_out` do not
/// count.
ChosenSelector container_selector(const PageIndex& page, const Region& region);

/// A record and the element in it that a field is to read; no_node where the record has none.
struct FieldTarget {
    std::uint32_t record = 0;
    std::uint32_t node = no_node;
};

/// Selectors that find, as the first match in each record, the known element; best first, at most `most`.
std::vector<ChosenSelector> field_selectors(const PageIndex& page, const Region& region,
                                            const std::vector<FieldTarget>& targets, std::string_view attribute,
                                            std::size_t most = 3);

/// The selector of one element on the whole page; for pages about one thing.
ChosenSelector element_selector(const PageIndex& page, std::uint32_t node);

/// A name as CSS writes it (CSSOM, serialize an identifier).
std::string css_identifier(std::string_view name);
/// A string in quotes as CSS writes it.
std::string css_string(std::string_view text);

}  // namespace meter::generate
