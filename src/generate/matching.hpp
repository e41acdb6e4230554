// Which slot answers which wish.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "generate/intent.hpp"
#include "generate/slots.hpp"

namespace meter::generate {

/// Below this a slot is no answer: a field that finds none better is not on the page.
constexpr double least_score = 0.9;

/// Words to look for, by number in a lexicon.
struct FieldWords {
    std::size_t all = 0;  ///< the field's own words and those by which pages name its concept
    std::size_t own = 0;  ///< the user's words alone
};

/// Scores slots for fields. Holds the words of all fields; one for a page.
class Matcher {
public:
    Matcher(const PageIndex& page, const std::vector<WantedField>& fields, Lexicon& lexicon);

    /// How well a slot answers a field; negative: not at all. `title`: the slot that holds the records' titles.
    double score(std::size_t field, const Slot& slot, const Slot* title) const;
    /// The slot most like a title; null when there is none.
    const Slot* title_slot(const SlotTable& table) const;

    const std::vector<WantedField>& fields() const { return fields_; }

private:
    struct Evidence {
        double words = 0, label = 0, header = 0;
        bool any() const { return words + label + header > 0; }
    };
    Evidence evidence(std::size_t vocabulary, const Slot& slot) const;
    double score_as(const WantedField& field, const FieldWords& words, const Slot& slot, const Slot* title) const;

    const PageIndex& page_;
    const std::vector<WantedField>& fields_;
    Lexicon& lexicon_;
    std::vector<FieldWords> words_;
    FieldWords title_words_;
    std::size_t old_price_words_ = 0;
};

/// By how much a score counts for the share of records that have the slot: 0.55 to 1.
double coverage_weight(const Slot& slot);

struct Choice {
    std::size_t slot = 0;
    double score = 0;
};

/// For each field the slots in order of their score, best first, at most `most`; and the one assigned, no value used
/// twice.
struct Assignment {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::vector<std::size_t> slot;             ///< by field; none when nothing fits
    std::vector<double> score;                 ///< by field
    std::vector<std::vector<Choice>> ranking;  ///< by field
    std::size_t found = 0;
};

Assignment assign(const Matcher& matcher, const SlotTable& table, std::size_t most = 6);

}  // namespace meter::generate
