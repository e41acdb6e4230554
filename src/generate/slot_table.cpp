// Questions to a slot table about repetition.
#include "generate/slot_place.hpp"
#include "generate/slots.hpp"

namespace meter::generate {

bool is_text_kind(SlotKind kind) {
    return kind == SlotKind::text || kind == SlotKind::own_text || kind == SlotKind::labelled;
}

const Slot* SlotTable::twin_of(const Slot& slot) const {
    for (std::size_t level = slot.path.size(); level-- > 0;) {  // the nearest one
        if (slot.path[level].occurrence != 1) continue;
        const Slot* other = at_occurrence(slot, level, 2);
        if (other != nullptr && other->coverage > 0.5 * slot.coverage) return other;
    }
    return nullptr;
}

const Slot* SlotTable::at_occurrence(const Slot& slot, std::size_t level, std::uint32_t occurrence) const {
    std::uint64_t key = place_root;
    for (std::size_t i = 0; i < slot.path.size(); ++i)
        key = place_mix(place_mix(key, slot.path[i].likeness), i == level ? occurrence : slot.path[i].occurrence);
    const auto found = by_place_.find(place_mix(key, static_cast<std::uint64_t>(slot.kind)));
    return found != by_place_.end() ? &slots[found->second] : nullptr;
}

bool SlotTable::is_one_of_many(const Slot& slot) const {
    for (std::size_t level = 0; level < slot.path.size(); ++level) {
        const html::detail::Tag tag = slot.path[level].tag;
        if (tag == tags::td || tag == tags::th || tag == tags::dd || tag == tags::p || tag == tags::span ||
            tag == tags::b || tag == tags::img || slot.path[level].occurrence > 2)
            continue;
        const Slot* third = at_occurrence(slot, level, 3);
        if (third != nullptr && third->coverage > 0.5) return true;
    }
    return false;
}

bool SlotTable::repeats_inside(const Slot& slot) const {
    const auto part_of_one = [](html::detail::Tag tag) {
        return tag == tags::td || tag == tags::th || tag == tags::a || tag == tags::span || tag == tags::dd ||
               tag == tags::p || tag == tags::b || tag == tags::img || tag == 0;
    };
    for (std::size_t level = 0; level < slot.path.size(); ++level) {
        if (slot.path[level].occurrence != 1 || part_of_one(slot.path[level].tag)) continue;
        const Slot* second = at_occurrence(slot, level, 2);
        if (second != nullptr && second->coverage > 0.6) return true;
    }
    return false;
}

}  // namespace meter::generate
