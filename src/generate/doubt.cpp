#include "generate/doubt.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/unicode.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t least_words = 5;  // of "the" and "and", for a page to be English

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
}

/// Does a word of the text begin with `word` and end at most three letters behind it ("join": "joined")?
bool holds_word(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        if (at > 0 && is_letter(text[at - 1])) continue;
        std::size_t end = at + word.size();
        while (end < text.size() && end < at + word.size() + 4 && is_letter(text[end])) ++end;
        if (end < at + word.size() + 4) return true;
    }
    return false;
}

std::size_t count_word(std::string_view text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string_view::npos && count < least_words;
         at = text.find(word, at + 1))
        ++count;
    return count;
}

bool is_english(const PageIndex& page, std::string_view lower_text) {
    const std::string_view language = page.nodes.empty() ? std::string_view() : page.attribute(0, "lang");
    if (!language.empty()) return core::ascii_iequals(language.substr(0, 2), "en");
    return count_word(lower_text, " the ") + count_word(lower_text, " and ") >= least_words;
}

/// Is it a word by which people or pages name what fields hold: "price", "posted", "name"?
bool is_field_word(const std::string& word) {
    static const std::unordered_set<std::string_view> page_side = [] {
        std::unordered_set<std::string_view> words;
        for (std::size_t c = 1; c < concept_count; ++c)
            for (const std::string_view each : page_words(static_cast<Concept>(c))) words.insert(each);
        return words;
    }();
    return concept_of_word(word) != Concept::generic || page_side.contains(word);
}

bool may_be_doubtful(Concept concept_of) {
    return concept_of != Concept::title && concept_of != Concept::url && concept_of != Concept::image &&
           concept_of != Concept::description;
}

}  // namespace

std::vector<bool> doubtful_fields(const PageIndex& page, const std::vector<WantedField>& fields) {
    std::vector<bool> doubtful(fields.size(), false);
    const std::string text = core::ascii_lower(page.text);
    if (!is_english(page, text)) return doubtful;
    for (std::size_t f = 0; f < fields.size(); ++f) {
        if (!may_be_doubtful(fields[f].concept_of) || fields[f].type == WantedType::list) continue;
        bool asked = false, known = false;
        for (const std::string& word : fields[f].words) {
            if (word.size() < 3 || is_field_word(word)) continue;
            asked = true;
            known = known || holds_word(text, word);
            for (std::uint32_t id = 0; id < page.names.size() && !known; ++id)
                known = core::ascii_lower(page.names.text(id)).find(word) != std::string::npos;
        }
        doubtful[f] = asked && !known;
    }
    return doubtful;
}

}  // namespace meter::generate
