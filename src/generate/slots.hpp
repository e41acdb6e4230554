// What the records of a region hold: values that stand at the same place in each of them, and what they are like.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "generate/lexicon.hpp"
#include "generate/node_facts.hpp"
#include "generate/page_index.hpp"
#include "generate/regions.hpp"
#include "generate/shapes.hpp"

namespace meter::generate {

enum class SlotKind : std::uint8_t {
    text,
    own_text,
    labelled,
    href,
    source,
    alt,
    title,
    datetime,
    content,
    data,
    mail,
    phone
};

bool is_text_kind(SlotKind kind);

struct SlotValue {
    std::uint32_t record = 0;  ///< index among the sample
    std::uint32_t node = 0;
    std::string_view value;
};

/// Values at one place. Shares are of the records that have a value.
struct Slot {
    SlotKind kind = SlotKind::text;
    struct Step {
        std::uint64_t likeness = 0;
        std::uint32_t occurrence = 1;  ///< among the like elements at that place
        html::detail::Tag tag = 0;
        std::uint64_t place = 0;  ///< the path down to here as a number
    };
    std::vector<Step> path;   ///< from the record down
    std::uint64_t place = 0;  ///< the path as a number
    std::string label;        ///< kind labelled: "posted" for "Posted: 3 May"
    std::string attribute;    ///< attribute read, for kinds that are one
    std::vector<SlotValue> values;
    std::vector<std::uint32_t> variants;     ///< an element of each further kind that stands at this place
    std::vector<WeightedWord> words;         ///< of classes, ids, properties of the element and those around it
    std::vector<std::uint32_t> label_words;  ///< of texts beside it that are the same in several records
    std::vector<std::uint32_t> header_words;
    std::string label_text;  ///< the commonest text beside it
    std::string header_text;
    bool badge = false;  ///< the own text of the element is there too, the rest of it repeats
    bool in_heading = false;
    bool in_link = false;  ///< is, or stands directly in, a link
    double coverage = 0, distinct = 0, length = 0, order = 0;
    double price = 0, bare_price = 0, number = 0, digits = 0, date = 0, rating = 0, email = 0, phone = 0, duration = 0;

    std::uint32_t node() const { return values.front().node; }
};

/// Slots of a sample of a region's records, in the order they come in the records.
class SlotTable {
public:
    static constexpr std::size_t max_records = 14;
    static constexpr std::size_t max_slots = 400;
    static constexpr std::size_t max_visits = 12'000;  ///< elements looked at

    SlotTable(const PageIndex& page, const Region& region, Lexicon& lexicon, NodeFacts& facts);
    SlotTable(const SlotTable&) = delete;  // slots view the arena

    std::vector<Slot> slots;
    std::vector<std::uint32_t> records;  ///< members that were looked at

    /// The slot at the second occurrence of what this one is the first of: team 2 for team 1. Null when there is none.
    const Slot* twin_of(const Slot& slot) const;

    /// Does most records' content stand a second time beside the slot's, as in a container of several records?
    bool repeats_inside(const Slot& slot) const;
    /// Is the value the first of three and more of its kind in most records?
    bool is_one_of_many(const Slot& slot) const;

private:
    friend class SlotBuilder;
    const Slot* at_occurrence(const Slot& slot, std::size_t level, std::uint32_t occurrence) const;

    std::deque<std::string> arena_;
    std::unordered_map<std::uint64_t, std::size_t> by_place_;  ///< place and kind -> slot
};

}  // namespace meter::generate
