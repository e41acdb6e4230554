// Words: those of names and labels on pages, those of people who say what they want, and the concepts both stand for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/unicode.hpp"

namespace meter::generate {

/// What a field is about.
enum class Concept : std::uint8_t {
    generic,
    title,
    price,
    old_price,
    url,
    image,
    date,
    author,
    count,
    rating,
    location,
    description,
    sku,
    brand,
    company,
    category,
    salary,
    availability,
    duration,
    phone,
    email,
};
constexpr std::size_t concept_count = 21;

std::string_view to_string(Concept concept_of) noexcept;

/// The concept a word stands for when somebody asks for it ("headline" is title); generic when it is none of ours.
/// Looks at the word as it is, then at its singular.
Concept concept_of_word(std::string_view word);

/// Words by which pages name a concept in classes, properties, labels and column headers, in several languages;
/// singular.
const std::vector<std::string_view>& page_words(Concept concept_of);

/// "Prices" is "price", "categories" is "category"; words that end in "ss" stay.
std::string singular(std::string_view word);

/// Calls `use` with each word of a text: letters in a row, camelCase taken apart, lower case; single ASCII letters are
/// no words.
template <class Use>
void for_each_word(std::string_view text, Use&& use) {
    std::string word;
    bool ascii = true;
    const auto flush = [&] {
        if (ascii ? word.size() > 1 : !word.empty()) use(std::string_view(ascii ? word : word = core::fold_case(word)));
        word.clear();
        ascii = true;
    };
    bool lower_before = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 'A' && byte <= 'Z') {
            if (lower_before) flush();
            word += static_cast<char>(c - 'A' + 'a');
            lower_before = false;
        } else if (byte >= 'a' && byte <= 'z') {
            word += c;
            lower_before = true;
        } else if (byte >= 0x80) {
            word += c;
            ascii = false;
            lower_before = false;
        } else {
            flush();
            lower_before = false;
        }
    }
    flush();
}

std::vector<std::string> words_of(std::string_view text);

}  // namespace meter::generate
