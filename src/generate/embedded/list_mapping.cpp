#include "generate/embedded/list_mapping.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "generate/values/values.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

constexpr double least_key_score = 1.0;

/// Last keys that say nothing themselves: "author.name" is about the author.
constexpr auto plain_tails =
    std::to_array<std::string_view>({"name", "title", "value", "text", "label", "amount", "raw", "rendered", "display",
                                     "formatted", "src", "href", "url", "short", "content"});

std::vector<std::string> singular_words(std::string_view segment) {
    std::vector<std::string> words = name_words(segment);
    for (std::string& word : words) word = singular(word);
    return words;
}

bool is_index(std::string_view segment) noexcept {
    return !segment.empty() && std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Words of the last and of the second last named segment of a path.
struct PathWords {
    std::vector<std::string> last, owner;
    bool plain_tail = false;
    std::size_t depth = 0;
};

PathWords words_of_path(std::string_view path) {
    std::vector<std::string_view> segments;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('.', at), path.size());
        const std::string_view segment = path.substr(at, end - at);
        if (!is_index(segment) && !segment.empty()) segments.push_back(segment);
        at = end + 1;
    }
    PathWords words;
    words.depth = segments.size();
    if (segments.empty()) return words;
    words.last = singular_words(segments.back());
    if (segments.size() > 1) words.owner = singular_words(segments[segments.size() - 2]);
    words.plain_tail = !words.owner.empty() && words.last.size() == 1 &&
                       std::find(plain_tails.begin(), plain_tails.end(), words.last.front()) != plain_tails.end();
    return words;
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// How much words of a key say that it is the field.
double word_score(const WantedField& field, const std::vector<std::string>& words) {
    if (words.empty()) return 0;
    std::size_t own = 0;
    for (const std::string& word : field.words) own += holds(words, singular(word)) ? 1 : 0;
    double score = 0;
    std::size_t known = 0;
    for (const std::string& word : words) {
        bool named = holds(field.words, word);
        const auto& page = page_words(field.concept_of);
        named =
            named || (field.concept_of != Concept::generic && std::find(page.begin(), page.end(), word) != page.end());
        known += named ? 1 : 0;
    }
    if (!field.words.empty() && own == field.words.size())
        score = 2.4;
    else if (own > 0)
        score = 1.7;
    else if (known > 0)
        score = 1.6;
    else
        return 0;
    // "price" before "price_currency" and "image_alt"
    return std::max(0.2, score - .3 * static_cast<double>(words.size() - std::min(words.size(), std::max(known, own))));
}

/// Share of the samples that pass.
template <class Test>
double share(const RecordKey& key, Test&& test) {
    if (key.samples.empty()) return 0;
    const auto passed = std::count_if(key.samples.begin(), key.samples.end(), test);
    return static_cast<double>(passed) / static_cast<double>(key.samples.size());
}

bool is_link_text(const std::string& text) {
    if (is_url(text)) return true;
    return text.size() > 1 && text.front() == '/' && text.find(' ') == std::string::npos;
}

bool is_epoch(const RecordKey& key) {
    if (key.kind != Value::Kind::integer) return false;
    return share(key, [](const std::string& text) { return text.size() == 10 || text.size() == 13; }) > .8;
}

/// What the values add or take away.
double value_score(const WantedField& field, const RecordKey& key) {
    const bool number = key.kind == Value::Kind::integer || key.kind == Value::Kind::number;
    const auto digits = [](const std::string& text) { return parse_number(text).has_value(); };
    switch (field.concept_of) {
        case Concept::price:
        case Concept::old_price:
            return number || share(key, [](const std::string& text) { return is_number(text) || has_price(text); }) > .6
                       ? .6
                       : -2;
        case Concept::salary:
            return number || share(key, [](const std::string& text) { return find_number(text).has_value(); }) > .4
                       ? .5
                       : -.5;
        case Concept::url:
            if (share(key, is_image_url) > .5) return -2;
            return share(key, is_link_text) > .6 ? .8 : -2;
        case Concept::image:
            return share(key, [](const std::string& text) { return is_image_url(text) || is_link_text(text); }) > .6
                       ? .6
                       : -2;
        case Concept::date:
            return is_epoch(key) || share(key, [](const std::string& text) { return is_date_like(text); }) > .6 ? .6
                                                                                                                : -1.2;
        case Concept::title:
            if (key.kind != Value::Kind::string || share(key, is_link_text) > .5 || share(key, digits) > .5) return -2;
            return key.distinct > .4 ? .5 : -.5;
        case Concept::count:
        case Concept::rating:
            return number || share(key, digits) > .6 ? .5 : -1.2;
        case Concept::email:
            return share(key, is_email) > .5 ? .8 : -2;
        case Concept::phone:
            return share(key, is_phone) > .5 ? .8 : -1;
        case Concept::availability:
            return key.kind == Value::Kind::boolean || share(key, is_availability) > .5 ? .5 : 0;
        case Concept::description:
            return share(key, [](const std::string& text) { return text.size() > 40; }) > .5 ? .4 : 0;
        case Concept::duration:
            return number || share(key, [](const std::string& text) { return find_duration(text).has_value(); }) > .5
                       ? .4
                       : 0;
        default:
            if (field.type == WantedType::number) return number || share(key, digits) > .5 ? .3 : -1;
            return 0;
    }
}

/// Keys of another price than the one that is asked for.
bool names_old_price(const std::vector<std::string>& words) {
    for (const std::string_view word :
         {"old", "compare", "was", "original", "list", "before", "regular", "previous", "msrp"})
        if (holds(words, word)) return true;
    return false;
}

}  // namespace

double key_score(const WantedField& field, const RecordKey& key) {
    const PathWords words = words_of_path(key.path);
    double score = word_score(field, words.last);
    if (words.plain_tail)
        score = std::max(word_score(field, words.owner), .4 * score);
    else if (!words.owner.empty())
        score += .2 * word_score(field, words.owner);
    if (score <= 0) return 0;
    if (field.concept_of == Concept::price && (names_old_price(words.last) || names_old_price(words.owner))) score -= 1;
    score += value_score(field, key);
    score -= .12 * static_cast<double>(words.depth > 0 ? words.depth - 1 : 0);
    return score * (.5 + .5 * key.coverage);
}

FieldPaths ListMapping::paths(const std::vector<WantedField>& wanted) const {
    FieldPaths paths;
    for (const MappedField& mapped : fields) paths.emplace_back(wanted[mapped.field].name, mapped.path);
    return paths;
}

std::optional<ListMapping> map_list(const RecordList& list, const std::vector<WantedField>& wanted) {
    struct Pair {
        double score;
        std::size_t field, key;
    };
    std::vector<Pair> pairs;
    for (std::size_t f = 0; f < wanted.size(); ++f)
        for (std::size_t k = 0; k < list.keys.size(); ++k) {
            const double score = key_score(wanted[f], list.keys[k]);
            if (score >= least_key_score) pairs.push_back({score, f, k});
        }
    std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.score > b.score; });
    std::vector<const Pair*> chosen(wanted.size(), nullptr);
    std::vector<bool> taken(list.keys.size(), false);
    for (const Pair& pair : pairs) {
        if (chosen[pair.field] != nullptr || taken[pair.key]) continue;
        chosen[pair.field] = &pair;
        taken[pair.key] = true;
    }
    ListMapping mapping;
    double sum = 0;
    for (std::size_t f = 0; f < wanted.size(); ++f) {
        if (chosen[f] == nullptr) {
            mapping.missing.push_back(f);
            continue;
        }
        const RecordKey& key = list.keys[chosen[f]->key];
        MappedField mapped{f, key.path, chosen[f]->score, "key " + key.path};
        // One picture of several, unless a list is asked for.
        if (key.kind == Value::Kind::array && wanted[f].type != WantedType::list &&
            (wanted[f].concept_of == Concept::image || wanted[f].concept_of == Concept::url))
            mapped.path += ".0";
        sum += std::min(mapped.score, 4.0);
        mapping.fields.push_back(std::move(mapped));
    }
    if (mapping.fields.empty() || mapping.fields.size() * 2 < wanted.size()) return std::nullopt;
    mapping.score = sum / static_cast<double>(wanted.size()) + .4 * std::log(static_cast<double>(list.records.size())) +
                    .25 * static_cast<double>(mapping.fields.size());
    return mapping;
}

std::optional<ListMapping> best_list(const std::vector<RecordList>& lists, const Intent& intent) {
    std::optional<ListMapping> best;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        auto mapping = map_list(lists[i], intent.fields);
        if (!mapping) continue;
        mapping->list = i;
        std::vector<std::string> words;
        for (const std::string& word : name_words(lists[i].items_path)) words.push_back(singular(word));
        for (const std::string& entity : intent.entity)
            if (holds(words, singular(entity))) {
                mapping->score += .6;
                break;
            }
        if (!best || mapping->score > best->score) best = std::move(mapping);
    }
    return best;
}

}  // namespace meter::generate
