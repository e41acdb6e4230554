#include "generate/matching.hpp"

#include <algorithm>
#include <cmath>

#include "core/unicode.hpp"

namespace meter::generate {
namespace {

constexpr double unfit = -9;

/// Same for scores that differ only by rounding.
double rounded_score(double score) {
    return std::round(score * 1e4) / 1e4;
}

bool is_within(const PageIndex& page, std::uint32_t inner, std::uint32_t outer, int levels) {
    for (int i = 0; i <= levels && inner != no_node; ++i, inner = page.nodes[inner].parent)
        if (inner == outer) return true;
    return false;
}

/// "by" in the languages pages are mostly in, alone before a name.
bool says_by(std::string_view label) {
    for (const std::string_view by : {"by", "de", "von", "par", "por", "di", "door", "da", "af", "av", "от", "autor:"})
        if (core::ascii_iequals(label, by)) return true;
    return false;
}

/// The field that a second twin belongs to ("team2" to "team1"); none for other fields.
std::size_t first_twin(const std::vector<WantedField>& fields, std::size_t field) {
    if (fields[field].twin != 2) return Assignment::none;
    std::string name = fields[field].name;
    name.back() = '1';
    for (std::size_t f = 0; f < fields.size(); ++f)
        if (fields[f].name == name && fields[f].twin == 1) return f;
    return Assignment::none;
}

FieldWords words_for(Lexicon& lexicon, const std::vector<std::string>& own, Concept concept_of) {
    std::vector<std::string> particular;  // without words that say nothing by themselves
    for (const std::string& word : own)
        if (word != "title" && word != "name" && word != "url" && word != "link" && word != "image" && word != "number")
            particular.push_back(word);
    if (particular.empty()) particular = own;
    std::vector<std::string> all = particular;
    const bool counts_something =
        concept_of == Concept::count && !own.empty() && std::find(own.begin(), own.end(), "number") == own.end();
    if (concept_of != Concept::generic)
        for (const std::string_view word : page_words(concept_of))
            // A number of something else is no answer to "views".
            if (!counts_something || (word != "number" && word != "num")) all.push_back(singular(word));
    return {lexicon.vocabulary(std::move(all)), lexicon.vocabulary(std::move(particular))};
}

}  // namespace

double coverage_weight(const Slot& slot) {
    return 0.55 + 0.45 * slot.coverage;
}

Matcher::Matcher(const PageIndex& page, const std::vector<WantedField>& fields, Lexicon& lexicon)
    : page_(page), fields_(fields), lexicon_(lexicon) {
    for (const WantedField& field : fields) words_.push_back(words_for(lexicon, field.words, field.concept_of));
    title_words_ = words_for(lexicon, {"title", "name"}, Concept::title);
    old_price_words_ = words_for(lexicon, {}, Concept::old_price).all;
}

Matcher::Evidence Matcher::evidence(std::size_t vocabulary, const Slot& slot) const {
    Evidence found;
    for (const WeightedWord& word : slot.words)
        found.words = std::max(found.words, word.weight * lexicon_.match(vocabulary, word.word) / 10);
    for (const std::uint32_t word : slot.label_words)
        if (lexicon_.match(vocabulary, word) == 10) found.label = 1;
    for (const std::uint32_t word : slot.header_words)
        if (lexicon_.match(vocabulary, word) == 10) found.header = 1;
    return found;
}

double Matcher::score(std::size_t field, const Slot& slot, const Slot* title) const {
    return rounded_score(score_as(fields_[field], words_[field], slot, title));
}

const Slot* Matcher::title_slot(const SlotTable& table) const {
    static const WantedField title_field{"title", Concept::title, {"title", "name"}};
    const Slot* best = nullptr;
    double best_score = 0;
    for (const Slot& slot : table.slots) {
        const double score = rounded_score(score_as(title_field, title_words_, slot, nullptr));
        if (score > best_score) {
            best_score = score;
            best = &slot;
        }
    }
    return best;
}

double Matcher::score_as(const WantedField& field, const FieldWords& words, const Slot& slot, const Slot* title) const {
    const SlotKind kind = slot.kind;
    const bool is_text = is_text_kind(kind);
    const Concept wanted = field.concept_of;
    // Most slots are ruled out by what they are.
    if (wanted == Concept::url && kind != SlotKind::href) return unfit;
    if (wanted == Concept::image && kind != SlotKind::source) return unfit;
    if (wanted != Concept::url && kind == SlotKind::href) return unfit;
    if (wanted != Concept::image && kind == SlotKind::source) return unfit;
    if ((kind == SlotKind::mail) != (wanted == Concept::email) && kind == SlotKind::mail) return unfit;
    if (kind == SlotKind::phone && wanted != Concept::phone) return unfit;

    const Evidence all = evidence(words.all, slot), own = evidence(words.own, slot);
    const double lexical =
        1.6 * all.words + 1.3 * all.label + 2.6 * all.header + 1.2 * own.words + 0.9 * own.label + 1.2 * own.header;
    const auto over = [](double value, double limit) { return std::max(0.0, value - limit); };
    double score = 0;
    switch (wanted) {
        case Concept::title:
            if (!is_text && kind != SlotKind::title && kind != SlotKind::alt) return unfit;
            score = lexical + 1.6 * slot.in_heading + 1.2 * slot.in_link + 1.4 * slot.distinct +
                    (slot.length >= 8 && slot.length <= 140   ? 0.9
                     : slot.length >= 3 && slot.length <= 200 ? 0.2
                                                              : -1.2) +
                    0.8 * (1 - slot.order) - 2.2 * std::max(slot.price, slot.number) -
                    (slot.date > 0.7 && slot.length < 25 ? 1.6 : 0) - (is_text ? 0 : 0.9) -
                    (kind == SlotKind::text && !page_.nodes[slot.node()].inline_only ? 0.8 : 0) -
                    (kind == SlotKind::own_text ? 0.15 : 0);
            break;
        case Concept::price:
        case Concept::old_price:
        case Concept::salary: {
            if (!is_text && kind != SlotKind::content && kind != SlotKind::data) return unfit;
            const Evidence old = evidence(old_price_words_, slot);
            const bool struck = page_.nodes[slot.node()].tag == tags::del || page_.nodes[slot.node()].tag == tags::s ||
                                page_.nodes[slot.node()].tag == tags::strike;
            const double priced =
                std::max({slot.price, 0.8 * slot.bare_price, all.words > 0.5 ? 0.55 * slot.number : 0.0});
            if (priced < 0.3 && !(all.words > 0.5 && slot.digits > 0.6)) return -2;
            const double older = old.words + old.label + struck;
            // What is called a price but mostly reads otherwise, like "3-5 days", is hardly one.
            score = 2.6 * priced + (priced < 0.5 ? 0.5 : 1) * lexical + (slot.coverage > 0.8 ? 0.5 : 0) -
                    0.004 * slot.length + (wanted == Concept::old_price ? 1.5 : -1.6) * older -
                    (kind == SlotKind::own_text ? 0.3 : 0) - 0.02 * over(slot.length, 14);
            break;
        }
        case Concept::url: {
            double near = 0;
            if (title != nullptr) {
                const std::uint32_t link = slot.node(), text = title->node();
                if (link == text || is_within(page_, text, link, 2) || is_within(page_, link, text, 1)) near = 2.5;
            }
            score = 1.5 * slot.distinct + 0.5 * lexical + near + 0.5 * slot.in_heading + 0.6 * (1 - slot.order);
            break;
        }
        case Concept::image:
            score = 2 + 1.5 * slot.distinct + 0.5 * lexical + 0.6 * (1 - slot.order) - (slot.distinct < 0.4 ? 1 : 0);
            break;
        case Concept::date:
            if (kind == SlotKind::alt) return unfit;
            if (slot.date < 0.3 && !all.any()) return -2;
            score = 2.4 * slot.date + lexical + (page_.nodes[slot.node()].tag == tags::time ? 1 : 0) -
                    (kind == SlotKind::datetime || kind == SlotKind::content ? 0.5 : 0) -
                    (kind == SlotKind::title ? 0.7 : 0) - 0.01 * over(slot.length, 25) - 0.0005 * slot.length;
            break;
        case Concept::count:
            if (slot.digits < 0.3) return -2;
            [[fallthrough]];
        case Concept::rating:
            score = (wanted == Concept::rating ? 2.2 * slot.rating : 0) + lexical +
                    1.3 * std::max(slot.number, slot.length < 25 ? 0.7 * slot.digits : 0) - (is_text ? 0 : 0.6) -
                    0.03 * over(slot.length, 12) - (slot.date > 0.6 && slot.number < 0.3 ? 1 : 0) -
                    (slot.price > 0.6 ? 0.8 : 0);
            if (!all.any()) score -= 1.2;
            break;
        case Concept::description:
            if (!is_text) return unfit;
            score = lexical + std::min(2.6, std::log1p(slot.length) / 1.9) + 0.8 * slot.distinct +
                    (page_.nodes[slot.node()].tag == tags::p ? 0.6 : 0) - (slot.length < 25 ? 1.2 : 0) -
                    (slot.in_heading ? 1.2 : 0) - (slot.length < 20 ? 1.5 * slot.price : 0) -
                    (slot.length < 60 ? 1.5 * slot.date : 0);
            break;
        case Concept::email:
            score = (kind == SlotKind::mail ? 2.5 : 0) + 2.5 * slot.email + 0.5 * lexical;
            if (kind != SlotKind::mail && slot.email < 0.3) return -2;
            break;
        case Concept::phone:
            score = (kind == SlotKind::phone ? 1.6 : 0) + 2.2 * slot.phone + lexical - 2.2 * slot.date;
            if (kind != SlotKind::phone && slot.phone < 0.3 && (!all.any() || slot.digits < 0.6)) return -2;
            break;
        default: {
            const bool names_somebody = wanted == Concept::author || wanted == Concept::location ||
                                        wanted == Concept::company || wanted == Concept::brand ||
                                        wanted == Concept::category;
            score = 1.15 * lexical + 0.4 * slot.distinct + (slot.length >= 2 && slot.length <= 70 ? 0.4 : -0.4) -
                    (is_text ? 0 : 0.5) - (slot.number > 0.7 && names_somebody ? 1.2 : 0) - 1.2 * slot.price -
                    (slot.date > 0.7 && slot.length < 30 ? 0.9 : 0) - (slot.in_heading && !all.any() ? 0.8 : 0);
            if (wanted == Concept::author)
                score += 0.4 * (1 - slot.order) + (slot.number < 0.5 && says_by(slot.label_text) ? 2.2 : 0);
            if (wanted == Concept::duration) score += 1.6 * slot.duration;
            if (!all.any()) score -= 1.0;
        }
    }
    if (slot.badge && field.type == WantedType::text) score -= 1.2;
    if (field.type == WantedType::number && slot.digits < 0.5) score -= 2.5;
    return score * coverage_weight(slot);
}

Assignment assign(const Matcher& matcher, const SlotTable& table, std::size_t most) {
    const auto& fields = matcher.fields();
    Assignment result;
    result.slot.assign(fields.size(), Assignment::none);
    result.score.assign(fields.size(), 0);
    result.ranking.resize(fields.size());
    const bool wants_url = std::any_of(fields.begin(), fields.end(),
                                       [](const WantedField& field) { return field.concept_of == Concept::url; });
    const Slot* title = nullptr;
    if (wants_url) {
        for (std::size_t f = 0; f < fields.size(); ++f) {
            if (fields[f].concept_of != Concept::title) continue;
            double best = 0;
            for (const Slot& slot : table.slots)
                if (const double score = matcher.score(f, slot, nullptr); score > best) {
                    best = score;
                    title = &slot;
                }
            break;
        }
        if (title == nullptr) title = matcher.title_slot(table);
    }
    const auto index_of = [&](const Slot* slot) { return static_cast<std::size_t>(slot - table.slots.data()); };
    std::vector<const Slot*> twins(table.slots.size(), nullptr);
    if (std::any_of(fields.begin(), fields.end(), [](const WantedField& field) { return field.twin != 0; }))
        for (std::size_t s = 0; s < table.slots.size(); ++s) twins[s] = table.twin_of(table.slots[s]);
    struct Pair {
        double score;
        std::size_t field, slot;
    };
    std::vector<Pair> pairs;
    for (std::size_t f = 0; f < fields.size(); ++f)
        for (std::size_t s = 0; s < table.slots.size(); ++s) {
            if (first_twin(fields, f) != Assignment::none) continue;
            double score = matcher.score(f, table.slots[s], title);
            if (fields[f].twin == 1 && twins[s] != nullptr) score += 1.5;
            if (score > least_score) pairs.push_back({score, f, s});
        }
    std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.score > b.score; });
    std::vector<std::pair<std::uint32_t, int>> used;
    for (const Pair& pair : pairs) {
        const Slot& slot = table.slots[pair.slot];
        if (result.ranking[pair.field].size() < most) result.ranking[pair.field].push_back({pair.slot, pair.score});
        if (result.slot[pair.field] != Assignment::none) continue;
        // One use for the text of an element; its link and picture are other values.
        const bool text = is_text_kind(slot.kind) || slot.kind == SlotKind::title || slot.kind == SlotKind::alt;
        const std::pair<std::uint32_t, int> key{slot.node(), slot.kind == SlotKind::labelled
                                                                 ? 1000 + static_cast<int>(pair.slot)
                                                             : text ? 0
                                                                    : 1 + static_cast<int>(slot.kind)};
        if (std::find(used.begin(), used.end(), key) != used.end()) continue;
        used.push_back(key);
        result.slot[pair.field] = pair.slot;
        result.score[pair.field] = pair.score;
        ++result.found;
    }
    for (std::size_t f = 0; f < fields.size(); ++f) {
        const std::size_t first = first_twin(fields, f);
        if (first == Assignment::none || result.slot[first] == Assignment::none) continue;
        const Slot* twin = twins[result.slot[first]];
        if (twin == nullptr) continue;
        result.slot[f] = index_of(twin);
        result.score[f] = result.score[first];
        result.ranking[f].push_back({result.slot[f], result.score[f]});
        ++result.found;
    }
    return result;
}

}  // namespace meter::generate
