#include "generate/regions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace meter::generate {
namespace {

using Keyed = std::pair<std::uint64_t, std::uint32_t>;  // likeness, element

constexpr unsigned max_rows = 4;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x7f4a7c15u;
    x ^= x >> 31;
    x *= 0xbf58476d1ce4e5b9u;
    return x ^ (x >> 29);
}

bool may_be_member(const PageIndex& page, std::uint32_t node) {
    const html::detail::Tag tag = page.nodes[node].tag;
    return !is_skipped_tag(tag) && tag != tags::br && tag != tags::hr && tag != tags::col && tag != tags::colgroup &&
           tag != tags::thead && tag != tags::tfoot && tag != tags::caption;
}

bool may_be_scattered(html::detail::Tag tag) {
    return tag == tags::div || tag == tags::li || tag == tags::tr || tag == tags::article || tag == tags::section ||
           tag == tags::td || tag == tags::a || tag == tags::table || tag == tags::dl || tag == tags::ul ||
           tag == tags::ol || tag == tags::dd || tag == tags::tbody;
}

class RegionFinder {
public:
    explicit RegionFinder(const PageIndex& page) : page_(page) {}

    std::vector<Region> run(std::size_t most) {
        alike_.resize(page_.nodes.size());
        for (std::uint32_t node = 0; node < page_.nodes.size(); ++node) alike_[node] = likeness(page_, node, 1);
        among_siblings();
        across_page();
        by_one_class();
        std::stable_sort(regions_.begin(), regions_.end(),
                         [](const Region& a, const Region& b) { return a.prior > b.prior; });
        if (regions_.size() > most) regions_.resize(most);
        for (Region& region : regions_) {
            find_header(region);
            find_rows(region);
        }
        std::erase_if(regions_, [](const Region& region) { return region.members.size() < 2; });
        return std::move(regions_);
    }

private:
    void among_siblings() {
        std::vector<Keyed> by_class, by_tag;
        for (std::uint32_t parent = 0; parent < page_.nodes.size(); ++parent) {
            by_class.clear();
            by_tag.clear();
            for (std::uint32_t child = page_.first_child(parent); child != no_node; child = page_.next_sibling(child)) {
                if (!may_be_member(page_, child)) continue;
                by_class.emplace_back(alike_[child], child);
                by_tag.emplace_back(page_.nodes[child].tag, child);
            }
            if (by_class.size() < 2) continue;
            add_groups(by_class, 2, false);
            add_groups(by_tag, 2, false);
        }
    }

    void across_page() {
        std::vector<std::uint64_t> two(page_.nodes.size());
        for (std::uint32_t node = 0; node < page_.nodes.size(); ++node) two[node] = likeness(page_, node, 2);
        std::vector<Keyed> by_path;
        for (std::uint32_t node = 0; node < page_.nodes.size(); ++node) {
            if (!may_be_scattered(page_.nodes[node].tag)) continue;
            std::uint64_t key = 0;
            std::uint32_t at = node;
            for (int level = 0; level < 3 && at != no_node; ++level, at = page_.nodes[at].parent)
                key = mix(key, two[at]);
            by_path.emplace_back(key, node);
        }
        add_groups(by_path, 3, true);
    }

    /// Elements that share a class, whatever else they are called: "match", "match final", "match live".
    void by_one_class() {
        std::vector<Keyed> by_class;
        for (std::uint32_t node = 0; node < page_.nodes.size(); ++node) {
            const PageNode& n = page_.nodes[node];
            if (!may_be_scattered(n.tag)) continue;
            for (std::uint32_t i = 0; i < n.class_count && i < 6; ++i) {
                const std::uint32_t id = page_.classes[n.class_begin + i];
                if (page_.class_kinds[id] == ClassKind::semantic) by_class.emplace_back(id, node);
            }
        }
        add_groups(by_class, 3, false);
    }

    void add_groups(std::vector<Keyed>& keyed, std::size_t least, bool scattered) {
        std::sort(keyed.begin(), keyed.end());
        for (std::size_t start = 0; start < keyed.size();) {
            std::size_t stop = start + 1;
            while (stop < keyed.size() && keyed[stop].first == keyed[start].first) ++stop;
            if (stop - start >= least) add_group(keyed, start, stop, scattered);
            start = stop;
        }
    }

    void add_group(const std::vector<Keyed>& keyed, std::size_t start, std::size_t stop, bool scattered) {
        Region region;
        std::uint32_t inside_until = 0;
        std::uint64_t hash = 0;
        double text = 0, mass = 0;
        for (std::size_t i = start; i < stop; ++i) {
            const std::uint32_t node = keyed[i].second;
            if (node < inside_until) continue;
            const std::size_t length = page_.text_of(node).size();
            if (length < 3 && !page_.has_image(node)) {
                region.left_out.push_back(node);
                continue;
            }
            inside_until = page_.nodes[node].end;
            region.members.push_back(node);
            hash = mix(hash, node);
            text += static_cast<double>(length);
            mass += static_cast<double>(std::min<std::size_t>(length, 600));
            if (page_.nodes[node].parent != page_.nodes[region.members.front()].parent) region.one_parent = false;
        }
        if (region.members.size() < 2 || (scattered && region.one_parent)) return;
        if (!seen_.emplace(hash, region.members.size()).second) return;
        const double count = static_cast<double>(region.members.size());
        region.text = text / count;
        if (region.text < 4 && !page_.has_image(region.members.front())) return;
        const double zone = std::min<double>(page_.nodes[region.members.front()].zone, 3);
        region.prior = std::log1p(mass) + 0.5 * std::log(count) - 0.8 * zone;
        regions_.push_back(std::move(region));
    }

    /// Records that take several siblings: the members stand at a constant distance from each other.
    void find_rows(Region& region) const {
        const auto& members = region.members;
        if (!region.one_parent || members.size() < 3) return;
        const html::detail::Tag tag = page_.nodes[members.front()].tag;
        if (tag != tags::tr && tag != tags::dt && tag != tags::div && tag != tags::p && !is_heading_tag(tag)) return;
        std::unordered_map<std::uint32_t, std::uint32_t> place;
        std::uint32_t next = 0;
        for (std::uint32_t child = page_.first_child(page_.nodes[members.front()].parent); child != no_node;
             child = page_.next_sibling(child))
            if (!is_skipped_tag(page_.nodes[child].tag) && page_.nodes[child].tag != tags::br &&
                page_.nodes[child].tag != tags::hr)
                place.emplace(child, next++);
        std::array<std::size_t, max_rows + 1> gaps{};
        for (std::size_t i = 1; i < members.size(); ++i) {
            const std::uint32_t gap = place[members[i]] - place[members[i - 1]];
            if (gap <= max_rows) ++gaps[gap];
        }
        const auto best = std::max_element(gaps.begin(), gaps.end());
        const auto rows = static_cast<unsigned>(best - gaps.begin());
        if (rows > 1 && *best * 5 >= (members.size() - 1) * 4) region.rows = rows;
    }

    /// The row of a table that names its columns; it is no record itself.
    void find_header(Region& region) const {
        const std::uint32_t first = region.members.front();
        if (page_.nodes[first].tag != tags::tr) return;
        std::uint32_t table = page_.nodes[first].parent;
        while (table != no_node && page_.nodes[table].tag != tags::table) table = page_.nodes[table].parent;
        if (table == no_node) return;
        const std::uint32_t stop = region.members.size() > 3 ? region.members[3] : page_.nodes[table].end;
        std::size_t rows = 0;
        for (std::uint32_t row = table + 1; row < stop && rows < 12; ++row) {
            if (page_.nodes[row].tag != tags::tr) continue;
            ++rows;
            std::vector<std::uint32_t> cells;
            bool all_th = true, plain = true;
            for (std::uint32_t cell = page_.first_child(row); cell != no_node; cell = page_.next_sibling(cell)) {
                const html::detail::Tag tag = page_.nodes[cell].tag;
                if (tag != tags::td && tag != tags::th) continue;
                all_th = all_th && tag == tags::th;
                const std::string_view text = page_.text_of(cell);
                plain = plain && text.size() < 28 && text.find_first_of("0123456789") == std::string_view::npos;
                const std::size_t span = span_of(cell);
                for (std::size_t i = 0; i < span && cells.size() < 100; ++i) cells.push_back(cell);
            }
            if (cells.size() < 2) continue;
            const bool in_head = page_.nodes[page_.nodes[row].parent].tag == tags::thead;
            if (!all_th && !in_head && !(plain && names_columns(region, row))) continue;
            region.header = std::move(cells);
            // Neither header rows, wherever they are repeated, nor what stands above the first are records. Fields
            // that are read from td find nothing in a th; rows of td have to be kept out by the selector.
            std::vector<std::uint32_t> kept;
            for (const std::uint32_t member : region.members)
                if (is_header_row(member) || (member == row && in_head))
                    region.left_out.push_back(member);
                else if (member > row)
                    kept.push_back(member);
            region.members = std::move(kept);
            return;
        }
    }

    /// Does a row of plain cells stand above numbers? The first member does, or one below a row that is one cell.
    bool names_columns(const Region& region, std::uint32_t row) const {
        const auto member = std::find(region.members.begin(), region.members.end(), row);
        if (region.members.end() - member < 3 || !has_digit(*(member + 1)) || !has_digit(*(member + 2))) return false;
        return std::all_of(region.members.begin(), member, [&](std::uint32_t above) {
            const std::uint32_t cell = page_.first_child(above);
            return cell == no_node || page_.next_sibling(cell) == no_node;
        });
    }

    bool is_header_row(std::uint32_t row) const {
        std::size_t cells = 0;
        for (std::uint32_t cell = page_.first_child(row); cell != no_node; cell = page_.next_sibling(cell)) {
            if (page_.nodes[cell].tag != tags::th) return false;
            ++cells;
        }
        return cells > 1;
    }

    bool has_digit(std::uint32_t node) const {
        return page_.text_of(node).find_first_of("0123456789") != std::string_view::npos;
    }

    std::size_t span_of(std::uint32_t cell) const {
        const std::string_view span = page_.attribute(cell, "colspan");
        if (span.empty() || span.size() > 2) return 1;
        std::size_t number = 0;
        for (const char c : span) {
            if (c < '0' || c > '9') return 1;
            number = number * 10 + static_cast<std::size_t>(c - '0');
        }
        return std::clamp<std::size_t>(number, 1, 50);
    }

    const PageIndex& page_;
    std::vector<std::uint64_t> alike_;
    std::vector<Region> regions_;
    std::unordered_map<std::uint64_t, std::size_t> seen_;
};

}  // namespace

std::vector<Region> find_regions(const PageIndex& page, std::size_t most) {
    return RegionFinder(page).run(most);
}

std::uint64_t likeness(const PageIndex& page, std::uint32_t node, unsigned most) {
    const PageNode& n = page.nodes[node];
    std::array<std::string_view, 3> kept;  // the smallest by name, so that their order in the page does not count
    unsigned count = 0;
    std::uint64_t generated = 0;
    for (std::uint32_t i = 0; i < n.class_count; ++i) {
        const std::uint32_t id = page.classes[n.class_begin + i];
        const ClassKind kind = page.class_kinds[id];
        if (kind == ClassKind::generated) generated += mix(1, id);
        if (kind != ClassKind::semantic) continue;
        std::string_view name = page.names.text(id);
        for (unsigned at = 0; at < most && at < kept.size(); ++at) {
            if (at == count) {
                kept[count++] = name;
                break;
            }
            if (name < kept[at]) std::swap(name, kept[at]);
        }
    }
    std::uint64_t key = mix(n.tag, 7);
    for (unsigned i = 0; i < count; ++i)
        for (const char c : kept[i]) key = mix(key, static_cast<unsigned char>(c));
    for (unsigned i = 0; i < count; ++i) key = mix(key, kept[i].size());
    // Pages whose classes are all made by tools: elements are alike when they have the same ones.
    if (count == 0 && generated != 0) key = mix(key, generated);
    return key;
}

void record_rows(const PageIndex& page, const Region& region, std::uint32_t member, std::vector<std::uint32_t>& rows) {
    rows.assign(1, member);
    std::uint32_t at = member;
    while (rows.size() < region.rows) {
        at = page.next_sibling(at);
        if (at == no_node) return;
        const html::detail::Tag tag = page.nodes[at].tag;
        if (is_skipped_tag(tag) || tag == tags::br || tag == tags::hr) continue;
        rows.push_back(at);
    }
}

}  // namespace meter::generate
