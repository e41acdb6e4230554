#include "generate/doubt.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/unicode.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_looked_through = 1u << 20;  // bytes of text, and of names of classes
constexpr std::size_t least_words = 5;                // of "the" and "and", for a page to be English
constexpr double unsure = 0.4;  // confidence in a field that the page nowhere calls by its name, at most
constexpr double some_confidence = 0.35;

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

bool of_every_list(Concept concept_of) {
    return concept_of == Concept::title || concept_of == Concept::url || concept_of == Concept::image ||
           concept_of == Concept::date || concept_of == Concept::description;
}

double confidence_of(const Value& definition, const std::string& name) {
    const Value* explain = definition.find("explain");
    const Value* entry = explain != nullptr ? explain->find(name) : nullptr;
    const Value* confidence = entry != nullptr ? entry->find("confidence") : nullptr;
    return confidence != nullptr ? confidence->to_double() : 0;
}

void make_unsure(Value& definition, const std::string& name) {
    Value* explain = definition.if_object()->find("explain");
    Value* entry = explain != nullptr && explain->is_object() ? explain->if_object()->find(name) : nullptr;
    if (entry != nullptr && entry->is_object())
        entry->if_object()->set("confidence", std::min(confidence_of(definition, name), unsure));
}

/// Do two fields hold the same in nearly all records that have them?
bool read_the_same(const std::vector<Value>& items, const std::string& one, const std::string& other) {
    std::size_t both = 0, same = 0, filled = 0;
    for (const Value& item : items) {
        const Value *a = item.find(one), *b = item.find(other);
        const bool has_a = a != nullptr && !a->is_null(), has_b = b != nullptr && !b->is_null();
        filled += has_a || has_b;
        both += has_a && has_b;
        same += has_a && has_b && *a == *b;
    }
    return both > 0 && same * 10 >= filled * 9;
}

void take_field_out(Value& definition, std::vector<Value>& items, const std::string& name) {
    Object& members = *definition.if_object();
    members.find("fields")->if_object()->erase(name);
    if (Value* explain = members.find("explain"); explain != nullptr && explain->is_object())
        explain->if_object()->erase(name);
    if (Value* print = members.find("fingerprint"); print != nullptr && print->is_object())
        if (Value* fields = print->if_object()->find("fields"); fields != nullptr && fields->is_object())
            fields->if_object()->erase(name);
    for (Value& item : items) item.if_object()->erase(name);
}

}  // namespace

Doubts::Doubts(const PageIndex& page, const Intent& intent)
    : intent_(intent), words_(intent.fields.size()), unknown_(intent.fields.size(), false) {
    const std::string text = core::ascii_lower(std::string_view(page.text).substr(0, max_looked_through));
    std::string names;
    for (std::uint32_t id = 0; id < page.names.size() && names.size() < max_looked_through; ++id)
        names.append(page.names.text(id).substr(0, 200)).append(" ");
    names = core::ascii_lower(names);
    english_ = is_english(page, text);
    const auto known = [&](const std::string& word) {
        return (english_ && holds_word(text, word)) || names.find(word) != std::string::npos;
    };
    const auto count = [&](const std::string& word, Words& words) {
        if (word.size() < 3 || is_field_word(word)) return;
        ++words.said;
        words.known += known(word);
    };
    for (std::size_t f = 0; f < intent.fields.size(); ++f) {
        const WantedField& field = intent.fields[f];
        for (std::size_t w = field.around; w < field.words.size(); ++w) count(field.words[w], words_[f]);
        unknown_[f] = english_ && words_[f].said > 0 && words_[f].known == 0 && field.concept_of != Concept::title &&
                      field.concept_of != Concept::description && field.type != WantedType::list;
    }
    for (const std::string& word : intent.entity) count(word, entity_);
}

bool Doubts::is_particular(std::size_t field) const {
    return !of_every_list(intent_.fields[field].concept_of) || intent_.fields[field].twin != 0;
}

bool Doubts::accepts(Value& definition, std::vector<Value>& items) const {
    const std::vector<WantedField>& fields = intent_.fields;
    const auto has = [&](const std::string& name) { return definition.find("fields")->find(name) != nullptr; };
    for (std::size_t f = 0; f < fields.size(); ++f)
        for (std::size_t g = 0; g < f && has(fields[f].name); ++g) {
            if (!has(fields[g].name) || fields[f].twin != 0 || fields[g].twin != 0 ||
                !read_the_same(items, fields[f].name, fields[g].name))
                continue;
            const bool first = confidence_of(definition, fields[g].name) >= confidence_of(definition, fields[f].name);
            take_field_out(definition, items, fields[first ? f : g].name);
        }
    std::size_t found = 0, sure = 0, particular = 0, particular_found = 0, named = 0;
    double surest = 0;
    Words all = entity_, of_found = entity_;
    for (std::size_t f = 0; f < fields.size(); ++f) {
        particular += is_particular(f);
        all.said += words_[f].said;
        all.known += words_[f].known;
        if (!has(fields[f].name)) continue;
        ++found;
        of_found.said += words_[f].said;
        of_found.known += words_[f].known;
        if (unknown_[f]) make_unsure(definition, fields[f].name);
        const double confidence = confidence_of(definition, fields[f].name);
        surest = std::max(surest, confidence);
        named += !unknown_[f];
        if (confidence < some_confidence || unknown_[f]) continue;
        ++sure;
        particular_found += is_particular(f);
    }
    if (found * 2 < fields.size() || sure * 2 < fields.size() || named == 0 || surest < unsure) return false;
    const bool nearly_all = sure * 4 >= fields.size() * 3;
    if (english_ && of_found.said > 0 && of_found.known == 0 && (of_found.said > 1 || !nearly_all)) return false;
    // Nothing but common names: no word can tell, so most of it must be there.
    if (all.said == 0 && sure * 3 >= fields.size() * 2) return true;
    return particular == 0 || particular_found > 0 || nearly_all || (english_ && all.known * 2 > all.said);
}

}  // namespace meter::generate
