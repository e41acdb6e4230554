#include "generate/node_facts.hpp"

#include "core/unicode.hpp"
#include "generate/shapes.hpp"
#include "generate/words.hpp"

namespace meter::generate {

std::uint16_t NodeFacts::shape_at(std::uint32_t node, std::string_view text) {
    std::uint16_t& known = shapes_[node];
    if (known == 0) known = shape_of(text);
    return known;
}

std::span<const WeightedWord> NodeFacts::words_of(std::uint32_t node, const PageIndex& page, Lexicon& lexicon) {
    if (ranges_[node].first == not_read) read_words(node, page, lexicon);
    const auto [begin, end] = ranges_[node];
    return std::span(words_).subspan(begin, end - begin);
}

void NodeFacts::read_words(std::uint32_t node, const PageIndex& page, Lexicon& lexicon) {
    const PageNode& n = page.nodes[node];
    const auto begin = static_cast<std::uint32_t>(words_.size());
    const auto add = [&](double weight) {
        return [this, &lexicon, weight](std::string_view word) { words_.push_back({lexicon.word(word), weight}); };
    };
    for (std::uint32_t i = 0; i < n.class_count; ++i)
        for_each_word(page.names.text(page.classes[n.class_begin + i]), add(1));
    if (const std::string_view id = page.attribute(node, "id"); id.size() < 60) for_each_word(id, add(1));
    for_each_word(n.element.name(), add(1));
    if (const std::string_view property = page.attribute(node, "itemprop"); !property.empty()) {
        for_each_word(property, add(1.6));
        add(1.6)(core::ascii_lower(property));
    }
    if (const std::string_view property = page.attribute(node, "property"); !property.empty())
        for_each_word(property, add(1.2));
    for (const std::string_view name : {"data-testid", "data-stat", "data-field", "data-type", "data-label",
                                        "data-title", "data-qa", "data-name", "data-test", "aria-label", "rel"})
        if (const std::string_view value = page.attribute(node, name); !value.empty() && value.size() < 40)
            for_each_word(value, add(0.8));
    ranges_[node] = {begin, static_cast<std::uint32_t>(words_.size())};
}

}  // namespace meter::generate
