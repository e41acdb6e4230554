// Words by number, matched against vocabularies once each.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace meter::generate {

/// Words by number (singular, lower case), and how well each matches a vocabulary.
class Lexicon {
public:
    std::uint32_t word(std::string_view word);
    /// A vocabulary of singular words; the same words give the same number.
    std::size_t vocabulary(std::vector<std::string> words);
    /// 10: one of the words; 8: it starts or ends with one of at least four letters; 0.
    int match(std::size_t vocabulary, std::uint32_t word);
    const std::string& text(std::uint32_t word) const { return words_[word]; }

private:
    std::deque<std::string> words_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::vector<std::vector<std::string>> vocabularies_;
    std::vector<std::vector<signed char>> matches_;
};

}  // namespace meter::generate
