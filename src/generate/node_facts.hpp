// What is found out about single elements of a page, once for all regions that hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "generate/lexicon.hpp"
#include "generate/page_index.hpp"

namespace meter::generate {

struct WeightedWord {
    std::uint32_t word = 0;
    double weight = 0;
};

/// Filled as it is asked: always with the same page and lexicon.
class NodeFacts {
public:
    explicit NodeFacts(std::size_t nodes) : shapes_(nodes, 0), ranges_(nodes, {not_read, 0}) {}

    /// shape_of() the element's text.
    std::uint16_t shape_at(std::uint32_t node, std::string_view text);
    /// Words of its classes, id, name and other attributes, by how much they tell; the same word more than once. Valid
    /// until the next call.
    std::span<const WeightedWord> words_of(std::uint32_t node, const PageIndex& page, Lexicon& lexicon);

private:
    void read_words(std::uint32_t node, const PageIndex& page, Lexicon& lexicon);

    static constexpr std::uint32_t not_read = 0xffffffff;
    std::vector<std::uint16_t> shapes_;                            // 0: not looked at
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges_;  // begin and end in words_
    std::vector<WeightedWord> words_;
};

}  // namespace meter::generate
