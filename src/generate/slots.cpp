#include "generate/slots.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/unicode.hpp"
#include "generate/slot_place.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_value = 5'000;

bool has_letter_or_digit(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x80) {
            if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
                return true;
            ++at;
        } else if (core::is_letter_or_digit(core::next_code_point(text, at))) {
            return true;
        }
    }
    return false;
}

bool is_list_separator(std::string_view text, std::size_t at, std::size_t& length) {
    length = 1;
    if (text[at] == '|' || text[at] == ';') return true;
    if (static_cast<unsigned char>(text[at]) < 0x80) return false;
    for (const std::string_view sign : {"•", "·", "—", "–"})
        if (text.compare(at, sign.size(), sign) == 0) {
            length = sign.size();
            return sign != "—" && sign != "–";
        }
    return false;
}

}  // namespace

/// Walks the records of one sample.
class SlotBuilder {
public:
    SlotBuilder(SlotTable& table, const PageIndex& page, const Region& region, Lexicon& lexicon, NodeFacts& facts)
        : table_(table), page_(page), region_(region), lexicon_(lexicon), facts_(facts) {}

    void run() {
        table_.slots.reserve(64);
        choose_records();
        count_classes();
        std::vector<std::uint32_t> rows;
        for (std::uint32_t i = 0; i < table_.records.size(); ++i) {
            record_ = i;
            order_ = 0;
            occurrences_.clear();
            path_.clear();
            record_rows(page_, region_, table_.records[i], rows);
            roots_ = rows;
            for (std::size_t row = 0; row < rows.size(); ++row) {
                path_.clear();
                if (rows.size() > 1) extend_path(place_mix(11, row), 1, 0);
                walk_row(rows[row], rows.size() > 1);
            }
            highest_order_ = std::max(highest_order_, order_);
        }
        merge_variants();
        for (Slot& slot : table_.slots) finish(slot);
        for (Slot& slot : table_.slots) slot.badge = has_badge(slot);
        prune();
    }

private:
    void choose_records() {
        const auto& members = region_.members;
        std::size_t most = SlotTable::max_records;
        std::size_t visits = 0;
        for (std::size_t i = 0; i < std::min(members.size(), most); ++i)
            visits += (page_.nodes[members[i]].end - members[i]) * region_.rows;
        if (visits > SlotTable::max_visits) most = std::max<std::size_t>(3, most * SlotTable::max_visits / visits);
        const std::size_t count = std::min(members.size(), most);
        for (std::size_t i = 0; i < count; ++i) table_.records.push_back(members[i * members.size() / count]);
    }

    void count_classes() {
        std::vector<std::uint32_t> rows;
        for (const std::uint32_t record : table_.records) {
            record_rows(page_, region_, record, rows);
            for (const std::uint32_t row : rows)
                for (std::uint32_t node = row; node < std::min(page_.nodes[row].end, row + 3'000); ++node)
                    for (std::uint32_t i = 0; i < page_.nodes[node].class_count; ++i)
                        ++class_counts_[page_.classes[page_.nodes[node].class_begin + i]];
        }
    }

    void walk_row(std::uint32_t root, bool counts_root) {
        const std::size_t base = path_.size();
        const std::uint32_t end = std::min<std::uint32_t>(page_.nodes[root].end, root + 3'000);
        levels_.clear();
        for (std::uint32_t node = root; node < end;) {
            while (!levels_.empty() && node >= page_.nodes[levels_.back()].end) {
                levels_.pop_back();
                path_.pop_back();
            }
            const PageNode& n = page_.nodes[node];
            if (is_skipped_tag(n.tag)) {
                if (n.tag == tags::meta || n.tag == tags::link) {
                    push_step(node);
                    put_attribute(node, "content", SlotKind::content);
                    path_.pop_back();
                }
                node = n.end;
                continue;
            }
            if (node != root || counts_root) {
                push_step(node);
                levels_.push_back(node);
            }
            ++order_;
            read(node);
            ++node;
        }
        path_.resize(base);
    }

    void push_step(std::uint32_t node) {
        const std::uint64_t like = likeness_of(node);
        const std::uint64_t key = place_mix(place(), like);
        std::uint32_t& seen = occurrences_[key];
        ++seen;
        extend_path(like, seen, page_.nodes[node].tag);
    }

    /// Alike are elements of one tag whose commonest class is the same. Others, which come on part of the elements
    /// only ("sale", "winner"), say how an element is, not what.
    std::uint64_t likeness_of(std::uint32_t node) {
        const PageNode& n = page_.nodes[node];
        std::uint32_t best = no_node, best_count = 0;
        for (std::uint32_t i = 0; i < n.class_count; ++i) {
            const std::uint32_t id = page_.classes[n.class_begin + i];
            const ClassKind kind = page_.class_kinds[id];
            if (kind != ClassKind::semantic && kind != ClassKind::generated) continue;
            const std::uint32_t count = class_counts_[id] + (kind == ClassKind::semantic ? 1'000'000u : 0u);
            if (best != no_node &&
                (count < best_count || (count == best_count && page_.names.text(id) > page_.names.text(best))))
                continue;
            best = id;
            best_count = count;
        }
        return place_mix(place_mix(n.tag, 3), best);
    }

    void extend_path(std::uint64_t like, std::uint32_t occurrence, html::detail::Tag tag) {
        path_.push_back({like, occurrence, tag, place_mix(place_mix(place(), like), occurrence)});
    }
    std::uint64_t place() const { return path_.empty() ? place_root : path_.back().place; }

    void read(std::uint32_t node) {
        const PageNode& n = page_.nodes[node];
        if (n.tag == tags::img) read_image(node);
        if (n.tag == tags::a) read_link(node);
        put_attribute(node, "title", SlotKind::title);
        put_attribute(node, "datetime", SlotKind::datetime);
        if (n.element.has_attribute("itemprop")) put_attribute(node, "content", SlotKind::content);
        put_attribute(node, "data-price", SlotKind::data);
        put_attribute(node, "data-value", SlotKind::data);
        const bool children = page_.first_child(node) != no_node;
        const bool own = page_.has_own_text(node);
        if (!own && !children) return;
        const bool whole =
            n.inline_only || is_heading_tag(n.tag) || n.tag == tags::p || (n.prose && node != roots_.front());
        std::string_view text;
        if (whole || !children) {
            text = page_.text_of(node);
            if (text.size() <= max_value && has_letter_or_digit(text)) put(node, SlotKind::text, text);
        }
        if (own && children) {
            const std::uint32_t piece = n.first_piece;
            std::string_view value = page_.first_own_text(node);
            if (page_.pieces[piece].next != no_node) {
                table_.arena_.push_back(page_.own_text(node));
                value = table_.arena_.back();
            }
            if (value.size() <= max_value && has_letter_or_digit(value)) put(node, SlotKind::own_text, value);
            if (text.empty()) text = value;
        }
        if (text.size() < 300 && text.find(':') != std::string_view::npos) read_labels(node, text);
    }

    void read_image(std::uint32_t node) {
        for (const std::string_view name : {"data-src", "data-original", "data-lazy-src", "src"}) {
            const std::string_view value = page_.attribute(node, name);
            if (value.empty() || value.starts_with("data:")) continue;
            const bool relative = value.find("//") == std::string_view::npos;
            if (relative && (name == "data-original" || name == "data-lazy-src")) continue;
            put(node, SlotKind::source, value, {}, name);
            break;
        }
        put_attribute(node, "alt", SlotKind::alt);
    }

    void read_link(std::uint32_t node) {
        const std::string_view value = core::trim(page_.attribute(node, "href"));
        if (value.empty() || value.starts_with('#')) return;
        const std::string scheme = core::ascii_lower(value.substr(0, 11));
        if (scheme.starts_with("javascript:")) return;
        if (scheme.starts_with("mailto:"))
            put(node, SlotKind::mail, value, {}, "href");
        else if (scheme.starts_with("tel:"))
            put(node, SlotKind::phone, value, {}, "href");
        else
            put(node, SlotKind::href, value, {}, "href");
    }

    void put_attribute(std::uint32_t node, std::string_view name, SlotKind kind) {
        const std::string_view value = core::trim(page_.attribute(node, name));
        if (!value.empty() && value.size() <= max_value) put(node, kind, value, {}, name);
    }

    /// "Posted: 3 May | Replies: 4" holds two values under their labels.
    void read_labels(std::uint32_t node, std::string_view text) {
        std::size_t start = 0, length = 0;
        for (std::size_t at = 0; at <= text.size(); ++at) {
            if (at < text.size() && !is_list_separator(text, at, length)) continue;
            const std::string_view piece = core::trim(text.substr(start, at - start));
            start = at + length;
            const std::size_t colon = piece.find(':');
            if (colon == std::string_view::npos || colon < 2 || colon > 40) continue;
            const std::string_view label = core::trim(piece.substr(0, colon));
            const std::string_view value = core::trim(piece.substr(colon + 1));
            if (value.empty() || value.starts_with("//") || label.find_first_of("0123456789.,!?()") != label.npos)
                continue;
            put(node, SlotKind::labelled, value, label, {});
        }
    }

    void put(std::uint32_t node, SlotKind kind, std::string_view value, std::string_view label = {},
             std::string_view attribute = {}) {
        std::uint64_t key = place_mix(place(), static_cast<std::uint64_t>(kind) + 100);
        for (const char c : label) key = place_mix(key, static_cast<unsigned char>(c));
        auto [entry, fresh] = table_.by_place_.try_emplace(key, table_.slots.size());
        if (fresh) {
            if (table_.slots.size() >= SlotTable::max_slots * 2) {
                table_.by_place_.erase(entry);
                return;
            }
            Slot slot;
            slot.kind = kind;
            slot.place = place();
            slot.path = path_;
            slot.label = label;
            slot.attribute = attribute;
            table_.slots.push_back(std::move(slot));
            label_counts_.emplace_back();
        }
        Slot& slot = table_.slots[entry->second];
        if (!slot.values.empty() && slot.values.back().record == record_) return;
        slot.values.push_back({record_, node, value});
        slot.order += order_;
        if (slot.values.size() <= 6) count_labels(entry->second, node);
    }

    /// Texts beside a value; those that recur are labels.
    void count_labels(std::size_t slot, std::uint32_t node) {
        const PageNode& n = page_.nodes[node];
        std::string_view before;
        const std::uint32_t previous = previous_sibling(node);
        // Text between the previous sibling (or the parent's start) and this element.
        const std::uint32_t from = previous != no_node   ? page_.nodes[previous].text_end
                                   : n.parent != no_node ? page_.nodes[n.parent].text_begin
                                                         : n.text_begin;
        before = core::trim(std::string_view(page_.text).substr(from, n.text_begin - from));
        if (before.empty() && previous != no_node) {
            const html::detail::Tag tag = page_.nodes[previous].tag;
            if (tag == tags::b || tag == tags::strong || tag == tags::span || tag == tags::label || tag == tags::dt ||
                tag == tags::th || tag == tags::div || tag == tags::small || tag == tags::td || tag == tags::i ||
                tag == tags::em || tag == tags::p)
                before = page_.text_of(previous);
        }
        if (!before.empty() && before.size() <= 40) label_counts_[slot].emplace_back(before);
        const std::uint32_t next = page_.next_sibling(node);
        const std::uint32_t until = next != no_node       ? page_.nodes[next].text_begin
                                    : n.parent != no_node ? page_.nodes[n.parent].text_end
                                                          : n.text_end;
        std::string_view after = core::trim(std::string_view(page_.text).substr(n.text_end, until - n.text_end));
        if (after.empty() && next != no_node) after = page_.text_of(next);
        if (!after.empty() && after.size() <= 24) label_counts_[slot].emplace_back(after);
    }

    std::uint32_t previous_sibling(std::uint32_t node) const {
        const std::uint32_t parent = page_.nodes[node].parent;
        if (parent == no_node || node == parent + 1) return no_node;
        std::uint32_t at = node - 1;  // the last descendant of the previous sibling
        while (page_.nodes[at].parent != parent) at = page_.nodes[at].parent;
        return at;
    }

    /// One place under two names: slots that stand alike but for classes, never both in one record and together in
    /// nearly all.
    void merge_variants() {
        std::vector<std::pair<std::uint64_t, std::size_t>> alike;
        for (std::size_t i = 0; i < table_.slots.size(); ++i) {
            const Slot& slot = table_.slots[i];
            if (slot.values.size() * 10 > table_.records.size() * 9 || slot.path.empty()) continue;
            std::uint64_t key = place_mix(static_cast<std::uint64_t>(slot.kind), slot.path.size());
            for (const Slot::Step& step : slot.path) key = place_mix(place_mix(key, step.tag), step.occurrence);
            for (const char c : slot.label) key = place_mix(key, static_cast<unsigned char>(c));
            alike.emplace_back(key, i);
        }
        std::sort(alike.begin(), alike.end());
        std::vector<bool> gone(table_.slots.size(), false);
        for (std::size_t i = 0; i + 1 < alike.size(); ++i)
            for (std::size_t j = i + 1; j < alike.size() && j < i + 8 && alike[j].first == alike[i].first; ++j) {
                Slot& one = table_.slots[alike[i].second];
                Slot& other = table_.slots[alike[j].second];
                if (gone[alike[i].second] || gone[alike[j].second] || differing_steps(one, other) != 1) continue;
                if ((one.values.size() + other.values.size()) * 10 < table_.records.size() * 9) continue;
                std::vector<SlotValue> both;
                std::merge(one.values.begin(), one.values.end(), other.values.begin(), other.values.end(),
                           std::back_inserter(both),
                           [](const SlotValue& a, const SlotValue& b) { return a.record < b.record; });
                const auto twice = std::adjacent_find(
                    both.begin(), both.end(), [](const auto& a, const auto& b) { return a.record == b.record; });
                if (twice != both.end()) continue;
                one.variants.push_back(other.node());
                one.values = std::move(both);
                one.order += other.order;
                auto& labels = label_counts_[alike[i].second];
                auto& more = label_counts_[alike[j].second];
                labels.insert(labels.end(), more.begin(), more.end());
                gone[alike[j].second] = true;
            }
        if (std::find(gone.begin(), gone.end(), true) == gone.end()) return;
        std::vector<Slot> kept;
        std::vector<std::vector<std::string>> labels;
        for (std::size_t i = 0; i < table_.slots.size(); ++i) {
            if (gone[i]) continue;
            kept.push_back(std::move(table_.slots[i]));
            labels.push_back(std::move(label_counts_[i]));
        }
        table_.slots = std::move(kept);
        label_counts_ = std::move(labels);
    }

    static std::size_t differing_steps(const Slot& one, const Slot& other) {
        std::size_t differing = 0;
        for (std::size_t i = 0; i < one.path.size(); ++i) differing += one.path[i].likeness != other.path[i].likeness;
        return differing;
    }

    void finish(Slot& slot) {
        const double count = static_cast<double>(slot.values.size());
        std::vector<std::string_view> different;
        std::size_t counts[9] = {};
        double length = 0;
        for (const SlotValue& value : slot.values) {
            different.push_back(value.value);
            length += static_cast<double>(code_points(value.value));
            const std::uint16_t shape = shape_at(slot, value);
            constexpr std::uint16_t bits[9] = {shape_price,  shape_bare_price, shape_number, shape_digit,   shape_date,
                                               shape_rating, shape_email,      shape_phone,  shape_duration};
            for (std::size_t i = 0; i < 9; ++i) counts[i] += (shape & bits[i]) != 0;
        }
        std::sort(different.begin(), different.end());
        different.erase(std::unique(different.begin(), different.end()), different.end());
        slot.distinct = static_cast<double>(different.size()) / count;
        slot.coverage = count / static_cast<double>(table_.records.size());
        slot.length = length / count;
        slot.order = slot.order / count / std::max(1.0, static_cast<double>(highest_order_));
        double* const shares[9] = {&slot.price,  &slot.bare_price, &slot.number, &slot.digits,  &slot.date,
                                   &slot.rating, &slot.email,      &slot.phone,  &slot.duration};
        for (std::size_t i = 0; i < 9; ++i) *shares[i] = static_cast<double>(counts[i]) / count;
        read_words(slot, slot.node());
        for (std::size_t i = 0; i < slot.variants.size() && i < 3; ++i) read_words(slot, slot.variants[i]);
        read_label_words(slot, label_counts_[static_cast<std::size_t>(&slot - table_.slots.data())]);
        read_header(slot);
        std::uint32_t at = slot.node();
        for (int level = 0; level < 4 && at != no_node; ++level, at = page_.nodes[at].parent) {
            slot.in_heading = slot.in_heading || is_heading_tag(page_.nodes[at].tag);
            if (level < 2) slot.in_link = slot.in_link || page_.nodes[at].tag == tags::a;
        }
    }

    /// Does the text end or begin with something that comes again and again, like "new" in a title, beside a part that
    /// stands alone?
    bool has_badge(const Slot& slot) const {
        if (slot.kind != SlotKind::text || slot.values.size() < 3) return false;
        return std::any_of(table_.slots.begin(), table_.slots.end(), [&](const Slot& part) {
            if (&part == &slot || part.values.size() != slot.values.size() || part.distinct < 0.5) return false;
            const bool own = part.kind == SlotKind::own_text && part.place == slot.place;
            const bool inner = part.kind == SlotKind::text && part.path.size() > slot.path.size() &&
                               part.path.size() <= slot.path.size() + 2 && part.node() > slot.node() &&
                               part.node() < page_.nodes[slot.node()].end;
            return (own || inner) && leaves_badge(slot, part);
        });
    }

    static bool leaves_badge(const Slot& slot, const Slot& part) {
        std::vector<std::string_view> rests;
        for (std::size_t i = 0; i < slot.values.size(); ++i) {
            const std::string_view whole = slot.values[i].value, own = part.values[i].value;
            if (slot.values[i].record != part.values[i].record) return false;
            if (own.size() >= whole.size()) continue;
            if (whole.starts_with(own))
                rests.push_back(whole.substr(own.size()));
            else if (whole.ends_with(own))
                rests.push_back(whole.substr(0, whole.size() - own.size()));
            else
                return false;
        }
        std::sort(rests.begin(), rests.end());
        const auto different = std::unique(rests.begin(), rests.end()) - rests.begin();
        return !rests.empty() && different * 3 <= static_cast<std::ptrdiff_t>(std::max<std::size_t>(rests.size(), 3));
    }

    static std::size_t code_points(std::string_view text) {
        std::size_t count = 0;
        for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        return count;
    }

    std::uint16_t shape_at(const Slot& slot, const SlotValue& value) {
        if (slot.kind == SlotKind::href || slot.kind == SlotKind::source) return 0;
        if (slot.kind != SlotKind::text) return shape_of(value.value);
        return facts_.shape_at(value.node, value.value);
    }

    static void add_word(Slot& slot, std::uint32_t word, double weight) {
        for (WeightedWord& known : slot.words)
            if (known.word == word) {
                known.weight = std::max(known.weight, weight);
                return;
            }
        if (slot.words.size() < 48) slot.words.push_back({word, weight});
    }

    void read_words(Slot& slot, std::uint32_t at) {
        static constexpr double weights[3] = {1, 0.6, 0.35};
        for (int level = 0; level < 3 && at != no_node; ++level, at = page_.nodes[at].parent) {
            for (const WeightedWord& word : facts_.words_of(at, page_, lexicon_))
                add_word(slot, word.word, weights[level] * word.weight);
            if (std::find(roots_.begin(), roots_.end(), at) != roots_.end()) break;
            if (std::find(table_.records.begin(), table_.records.end(), at) != table_.records.end()) break;
        }
    }

    void read_label_words(Slot& slot, std::vector<std::string>& texts) {
        const std::size_t least = table_.records.size() >= 2 ? 2 : 1;
        std::sort(texts.begin(), texts.end());
        std::size_t best = 0;
        for (std::size_t start = 0; start < texts.size();) {
            std::size_t stop = start + 1;
            while (stop < texts.size() && texts[stop] == texts[start]) ++stop;
            if (stop - start >= least) {
                for_each_word(texts[start], [&](std::string_view word) { add_label(slot, word); });
                if (stop - start > best) {
                    best = stop - start;
                    slot.label_text = texts[start];
                }
            }
            start = stop;
        }
        if (slot.kind == SlotKind::labelled) {
            for_each_word(slot.label, [&](std::string_view word) { add_label(slot, word); });
            slot.label_text = slot.label;
        }
        read_prefix(slot);
        read_units(slot);
    }

    /// "159 comments", "12 comments": a word beside the numbers of most values says what they count.
    void read_units(Slot& slot) {
        if (!is_text_kind(slot.kind) || slot.digits < 0.5 || slot.length > 40) return;
        std::vector<std::uint32_t> seen;
        for (const SlotValue& value : slot.values) {
            const std::size_t from = seen.size();
            for_each_word(value.value, [&](std::string_view word) {
                const std::uint32_t id = lexicon_.word(word);
                if (std::find(seen.begin() + static_cast<std::ptrdiff_t>(from), seen.end(), id) == seen.end())
                    seen.push_back(id);
            });
        }
        std::sort(seen.begin(), seen.end());
        for (std::size_t start = 0; start < seen.size();) {
            std::size_t stop = start + 1;
            while (stop < seen.size() && seen[stop] == seen[start]) ++stop;
            if ((stop - start) * 10 >= slot.values.size() * 6 && stop - start >= 2)
                add_label(slot, lexicon_.text(seen[start]));
            start = stop;
        }
    }

    void add_label(Slot& slot, std::string_view word) {
        const std::uint32_t id = lexicon_.word(word);
        if (std::find(slot.label_words.begin(), slot.label_words.end(), id) == slot.label_words.end())
            slot.label_words.push_back(id);
    }

    /// "Replies: 3", "Replies: 5": the constant part before the colon is a label.
    void read_prefix(Slot& slot) {
        if (!is_text_kind(slot.kind)) return;
        std::vector<std::string_view> prefixes;
        for (const SlotValue& value : slot.values) {
            std::size_t colon = value.value.find(':');
            if (colon == std::string_view::npos) colon = value.value.find("：");
            if (colon == std::string_view::npos || colon < 2 || colon > 40) continue;
            const std::string_view prefix = value.value.substr(0, colon);
            if (prefix.find_first_of("0123456789") == std::string_view::npos) prefixes.push_back(prefix);
        }
        std::sort(prefixes.begin(), prefixes.end());
        for (std::size_t start = 0; start < prefixes.size();) {
            std::size_t stop = start + 1;
            while (stop < prefixes.size() && prefixes[stop] == prefixes[start]) ++stop;
            if ((stop - start) * 10 > slot.values.size() * 7) {
                for_each_word(prefixes[start], [&](std::string_view word) { add_label(slot, word); });
                if (slot.label_text.empty()) slot.label_text = prefixes[start];
            }
            start = stop;
        }
    }

    void read_header(Slot& slot) {
        if (region_.header.empty()) return;
        std::uint32_t at = slot.node();
        while (at != no_node && page_.nodes[at].tag != tags::td && page_.nodes[at].tag != tags::th &&
               page_.nodes[at].tag != tags::tr)
            at = page_.nodes[at].parent;
        if (at == no_node || page_.nodes[at].tag == tags::tr) return;
        std::size_t column = 0;
        for (std::uint32_t cell = page_.first_child(page_.nodes[at].parent); cell != at && cell != no_node;
             cell = page_.next_sibling(cell)) {
            const html::detail::Tag tag = page_.nodes[cell].tag;
            if (tag != tags::td && tag != tags::th) continue;
            const std::string_view span = page_.attribute(cell, "colspan");
            column += span.size() == 1 && span[0] > '1' && span[0] <= '9' ? static_cast<std::size_t>(span[0] - '0') : 1;
        }
        if (column >= region_.header.size()) return;
        slot.header_text = page_.text_of(region_.header[column]);
        for_each_word(slot.header_text,
                      [&](std::string_view word) { slot.header_words.push_back(lexicon_.word(word)); });
    }

    void prune() {
        const double least = table_.records.size() <= 2 ? 0.5 : 0.15;
        const auto stays = std::count_if(table_.slots.begin(), table_.slots.end(),
                                         [least](const Slot& slot) { return slot.coverage >= least; });
        std::vector<Slot> kept;
        kept.reserve(std::min(static_cast<std::size_t>(stays), SlotTable::max_slots));
        table_.by_place_.clear();
        for (Slot& slot : table_.slots) {
            if (slot.coverage < least || kept.size() >= SlotTable::max_slots) continue;
            table_.by_place_.emplace(place_mix(slot.place, static_cast<std::uint64_t>(slot.kind)), kept.size());
            kept.push_back(std::move(slot));
        }
        table_.slots = std::move(kept);
    }

    SlotTable& table_;
    const PageIndex& page_;
    const Region& region_;
    Lexicon& lexicon_;
    NodeFacts& facts_;
    std::uint32_t record_ = 0, order_ = 0, highest_order_ = 1;
    std::vector<std::uint32_t> roots_;
    std::vector<Slot::Step> path_;
    std::vector<std::uint32_t> levels_;
    std::unordered_map<std::uint64_t, std::uint32_t> occurrences_;
    std::unordered_map<std::uint32_t, std::uint32_t> class_counts_;  ///< elements of the sample by class
    std::vector<std::vector<std::string>> label_counts_;
};

SlotTable::SlotTable(const PageIndex& page, const Region& region, Lexicon& lexicon, NodeFacts& facts) {
    SlotBuilder(*this, page, region, lexicon, facts).run();
}

}  // namespace meter::generate
