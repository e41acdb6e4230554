#include "generate/lexicon.hpp"

#include <algorithm>

#include "generate/words.hpp"

namespace meter::generate {

std::uint32_t Lexicon::word(std::string_view word) {
    std::string one = singular(word);
    if (const auto found = ids_.find(one); found != ids_.end()) return found->second;
    const auto id = static_cast<std::uint32_t>(words_.size());
    words_.push_back(one);
    ids_.emplace(std::move(one), id);
    return id;
}

std::size_t Lexicon::vocabulary(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    const auto found = std::find(vocabularies_.begin(), vocabularies_.end(), words);
    if (found != vocabularies_.end()) return static_cast<std::size_t>(found - vocabularies_.begin());
    vocabularies_.push_back(std::move(words));
    matches_.emplace_back();
    return vocabularies_.size() - 1;
}

int Lexicon::match(std::size_t vocabulary, std::uint32_t word) {
    auto& known = matches_[vocabulary];
    if (known.size() <= word) known.resize(words_.size(), -1);
    if (known[word] >= 0) return known[word];
    const std::string& text = words_[word];
    signed char best = 0;
    for (const std::string& other : vocabularies_[vocabulary]) {
        if (text == other) {
            best = 10;
            break;
        }
        // "pricelabel" says price; "productlist" is no list price.
        if (other.size() >= 4 && other != "list" && text.size() > other.size() &&
            (text.starts_with(other) || text.ends_with(other)))
            best = 8;
    }
    return known[word] = best;
}

}  // namespace meter::generate
