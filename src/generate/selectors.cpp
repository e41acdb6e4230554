#include "generate/selectors.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/unicode.hpp"

namespace meter::generate {
namespace {

/// Elements tried before the best selector so far is taken.
constexpr std::size_t max_selector_work = 2'000'000;

enum class Join : std::uint8_t { descendant, child, next };

/// What one element must be like.
struct Simple {
    std::string_view tag;  ///< empty: any
    std::vector<std::uint32_t> classes;
    std::string_view id;
    std::string_view attribute, value;  ///< attribute alone, or with a value
    std::uint32_t nth_child = 0, nth_of_type = 0;
    std::uint32_t from_child = 0;  ///< first position, 0: any
    std::string contains;          ///< folded label that the text starts with
    double cost = 0;
};

struct Part {
    Join join = Join::descendant;  ///< to the part before
    Simple simple;
};

using Chain = std::vector<Part>;

bool digits_in(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos;
}

bool simple_matches(const PageIndex& page, std::uint32_t node, const Simple& simple) {
    const PageNode& n = page.nodes[node];
    for (const std::uint32_t id : simple.classes)
        if (!page.has_class(node, id)) return false;
    if (simple.nth_child != 0 && n.position != simple.nth_child) return false;
    if (n.position < simple.from_child) return false;
    if (simple.nth_of_type != 0 && n.type_position != simple.nth_of_type) return false;
    if (!simple.tag.empty() && n.element.name() != simple.tag) return false;
    if (!simple.id.empty() && page.attribute(node, "id") != simple.id) return false;
    if (!simple.attribute.empty()) {
        const auto value = n.element.attribute(simple.attribute);
        if (!value || (!simple.value.empty() && *value != simple.value)) return false;
    }
    if (!simple.contains.empty() &&
        core::fold_case(page.text_of(node).substr(0, 400)).find(simple.contains) == std::string::npos)
        return false;
    return true;
}

std::uint32_t previous_element(const PageIndex& page, std::uint32_t node) {
    const std::uint32_t parent = page.nodes[node].parent;
    if (parent == no_node || node == parent + 1) return no_node;
    std::uint32_t at = node - 1;
    while (page.nodes[at].parent != parent) at = page.nodes[at].parent;
    return at;
}

/// Does the chain, from its last part, match at the element? Chains have at most one or two descendant joins.
bool chain_matches(const PageIndex& page, std::uint32_t node, const Chain& chain, std::size_t parts) {
    const Part& last = chain[parts - 1];
    if (!simple_matches(page, node, last.simple)) return false;
    if (parts == 1) return true;
    switch (last.join) {
        case Join::child:
            return page.nodes[node].parent != no_node && chain_matches(page, page.nodes[node].parent, chain, parts - 1);
        case Join::next: {
            const std::uint32_t before = previous_element(page, node);
            return before != no_node && chain_matches(page, before, chain, parts - 1);
        }
        case Join::descendant:
            for (std::uint32_t at = page.nodes[node].parent; at != no_node; at = page.nodes[at].parent)
                if (chain_matches(page, at, chain, parts - 1)) return true;
    }
    return false;
}

std::string simple_css(const PageIndex& page, const Simple& simple) {
    std::string css(simple.tag);
    if (!simple.id.empty()) css += "#" + css_identifier(simple.id);
    for (const std::uint32_t id : simple.classes) css += "." + css_identifier(page.names.text(id));
    if (!simple.attribute.empty()) {
        css += "[" + std::string(simple.attribute);
        if (!simple.value.empty()) css += "=" + css_string(simple.value);
        css += "]";
    }
    if (simple.nth_child != 0) css += ":nth-child(" + std::to_string(simple.nth_child) + ")";
    if (simple.from_child != 0) css += ":nth-child(n+" + std::to_string(simple.from_child) + ")";
    if (simple.nth_of_type != 0) css += ":nth-of-type(" + std::to_string(simple.nth_of_type) + ")";
    if (!simple.contains.empty()) css += ":contains(" + css_string(simple.contains) + ")";
    return css.empty() ? "*" : css;
}

std::string chain_css(const PageIndex& page, const Chain& chain) {
    std::string css;
    for (const Part& part : chain) {
        if (!css.empty()) css += part.join == Join::child ? " > " : part.join == Join::next ? " + " : " ";
        css += simple_css(page, part.simple);
    }
    return css;
}

double chain_cost(const Chain& chain) {
    double cost = 0;
    for (const Part& part : chain) cost += part.simple.cost;
    return cost + 0.3 * static_cast<double>(chain.size() - 1);
}

/// Attributes by which pages name their parts.
constexpr auto naming_attributes = std::to_array<std::string_view>(
    {"itemprop", "data-testid", "data-test", "data-qa", "data-stat", "data-field", "data-label", "data-title",
     "data-name", "data-role", "property", "role", "rel", "headers", "data-type", "itemtype"});

/// What a set of elements has in common.
struct Common {
    std::string_view tag;  ///< empty when they differ
    std::vector<std::uint32_t> classes;
    std::string_view id;  ///< of a single element, when it says something
    std::vector<std::pair<std::string_view, std::string_view>> attributes;
    std::uint32_t position = 0, type_position = 0;  ///< 0 when they differ
};

Common common_of(const PageIndex& page, const std::vector<std::uint32_t>& nodes) {
    Common common;
    const std::uint32_t first = nodes.front();
    const PageNode& n = page.nodes[first];
    common.tag = n.element.name();
    common.classes.assign(page.classes.begin() + n.class_begin, page.classes.begin() + n.class_begin + n.class_count);
    for (const std::string_view name : naming_attributes)
        if (const auto value = n.element.attribute(name); value && !value->empty() && value->size() <= 60)
            common.attributes.emplace_back(name, *value);
    common.position = n.position;
    common.type_position = n.type_position;
    bool single = true;
    for (const std::uint32_t node : nodes) {
        if (node == first) continue;
        single = false;
        const PageNode& other = page.nodes[node];
        if (other.element.name() != common.tag) common.tag = {};
        std::erase_if(common.classes, [&](std::uint32_t id) { return !page.has_class(node, id); });
        std::erase_if(common.attributes, [&](const auto& a) { return page.attribute(node, a.first) != a.second; });
        if (other.position != common.position) common.position = 0;
        if (other.type_position != common.type_position) common.type_position = 0;
    }
    if (single) {
        const std::string_view id = page.attribute(first, "id");
        if (!id.empty() && id.size() <= 40 && !digits_in(id) && class_kind(id) == ClassKind::semantic &&
            id.find_first_of(" \t\n") == std::string_view::npos)
            common.id = id;
    }
    return common;
}

double class_cost(ClassKind kind) {
    switch (kind) {
        case ClassKind::semantic:
            return 1;
        case ClassKind::state:
            return 3.5;
        case ClassKind::numbered:
            return 3;
        case ClassKind::generated:
            return 5;
    }
    return 5;
}

double tag_cost(std::string_view tag) {
    const html::detail::Tag known = html::detail::find_tag(tag);
    if (is_heading_tag(known) || known == tags::time || known == tags::article) return 1.3;
    if (known == tags::div || known == tags::span) return 2.6;
    if (known == tags::a || known == tags::img || known == tags::p || known == tags::li || known == tags::tr)
        return 1.8;
    return 2;
}

/// The ways to name the elements, cheapest first.
std::vector<Simple> simples_of(const PageIndex& page, const Common& common, bool positions) {
    std::vector<Simple> simples;
    if (!common.id.empty()) {
        Simple simple;
        simple.id = common.id;
        simple.cost = 1.1;
        simples.push_back(simple);
    }
    for (const auto& [name, value] : common.attributes) {
        Simple simple;
        simple.attribute = name;
        simple.value = value;
        simple.cost = name == "itemprop" ? 0.8 : digits_in(value) ? 3 : name == "itemtype" ? 1.2 : 1.05;
        simples.push_back(simple);
    }
    std::vector<std::uint32_t> telling;
    for (const std::uint32_t id : common.classes) {
        const ClassKind kind = page.class_kinds[id];
        if (kind == ClassKind::semantic) telling.push_back(id);
        if (simples.size() > 12) continue;
        Simple simple;
        simple.classes = {id};
        simple.cost = class_cost(kind);
        simples.push_back(simple);
        simple.tag = common.tag;
        simple.cost += 0.15;
        if (!common.tag.empty()) simples.push_back(simple);
    }
    for (std::size_t i = 0; i < telling.size() && i < 4; ++i)
        for (std::size_t j = i + 1; j < telling.size() && j < 4; ++j) {
            Simple simple;
            simple.classes = {telling[i], telling[j]};
            simple.cost = 1.5;
            simples.push_back(simple);
        }
    if (!common.tag.empty()) {
        Simple simple;
        simple.tag = common.tag;
        simple.cost = tag_cost(common.tag);
        simples.push_back(simple);
        if (common.classes.size() > 2) {
            simple.classes = common.classes;
            simple.cost = 4;
            simples.push_back(simple);
            simple.classes.clear();
        }
        if (positions) {
            const bool cell = common.tag == "td" || common.tag == "th";
            // Among cells positions are columns; elsewhere an element of another kind put in before moves them all.
            if (common.position != 0 && cell) {
                simple.nth_child = common.position;
                simple.cost = 1.7;
                simples.push_back(simple);
                simple.nth_child = 0;
            }
            if (common.type_position != 0 && !cell) {
                simple.nth_of_type = common.type_position;
                simple.cost = 3.6;
                simples.push_back(simple);
            }
        }
    }
    std::stable_sort(simples.begin(), simples.end(), [](const Simple& a, const Simple& b) { return a.cost < b.cost; });
    return simples;
}

struct Tested {
    Chain chain;
    double cost = 0;
};

void sort_by_cost(std::vector<Tested>& chains) {
    for (Tested& tested : chains) tested.cost = chain_cost(tested.chain);
    std::stable_sort(chains.begin(), chains.end(), [](const Tested& a, const Tested& b) { return a.cost < b.cost; });
}

std::vector<std::uint32_t> parents_of(const PageIndex& page, const std::vector<std::uint32_t>& nodes) {
    std::vector<std::uint32_t> parents;
    for (const std::uint32_t node : nodes) {
        const std::uint32_t parent = page.nodes[node].parent;
        if (parent == no_node) return {};
        if (parents.empty() || parents.back() != parent) parents.push_back(parent);
    }
    std::sort(parents.begin(), parents.end());
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    return parents;
}

/// ".team + .team .name": elements that follow one that is alike.
void add_second_of_kind(const PageIndex& page, const std::vector<std::uint32_t>& nodes,
                        const std::vector<Simple>& leaves, std::vector<Tested>& chains) {
    std::vector<std::uint32_t> both;
    for (const std::uint32_t node : nodes) {
        const std::uint32_t before = previous_element(page, node);
        if (before == no_node) return;
        both.push_back(node);
        both.push_back(before);
    }
    const std::vector<Simple> simples = simples_of(page, common_of(page, both), false);
    for (std::size_t i = 0; i < simples.size() && i < 2; ++i) {
        Chain chain{{Join::descendant, simples[i]}, {Join::next, simples[i]}};
        chain.back().simple.cost *= 0.5;
        for (const Simple& leaf : leaves) {
            Chain longer = chain;
            longer.push_back({Join::descendant, leaf});
            chains.push_back({std::move(longer)});
        }
    }
}

}  // namespace

std::string css_identifier(std::string_view name) {
    std::string css;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                           static_cast<signed char>(c) < 0 || (c == '-' && name.size() > 1);
        const bool digit = c >= '0' && c <= '9';
        if (plain || (digit && i > 0 && !(i == 1 && name[0] == '-'))) {
            css += c;
        } else if (digit || static_cast<unsigned char>(c) < 0x20) {
            constexpr std::string_view hex = "0123456789abcdef";
            css += '\\';
            css += hex[static_cast<unsigned char>(c) >> 4];
            css += hex[static_cast<unsigned char>(c) & 15];
            css += ' ';
        } else {
            css += '\\';
            css += c;
        }
    }
    return css;
}

std::string css_string(std::string_view text) {
    std::string css = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') css += '\\';
        if (c == '\n') {
            css += "\\a ";
            continue;
        }
        css += c;
    }
    return css + "\"";
}

ChosenSelector container_selector(const PageIndex& page, const Region& region) {
    const auto& members = region.members;
    std::vector<Simple> leaves = simples_of(page, common_of(page, members), false);
    if (leaves.empty()) {  // different tags without a common class: any child of their parents
        Simple any;
        any.cost = 4;
        leaves.push_back(any);
    }
    if (page.nodes[members.front()].tag == tags::tr && page.nodes[members.front()].position > 1) {
        Simple below;  // a header made of ordinary rows
        below.tag = "tr";
        below.from_child = page.nodes[members.front()].position;
        below.cost = 2;
        leaves.push_back(below);
    }
    // Their ancestors, level by level, and how those can be named.
    std::vector<std::vector<Simple>> levels;
    std::vector<std::uint32_t> at = parents_of(page, members);
    while (!at.empty() && levels.size() < 8) {
        std::vector<Simple> simples = simples_of(page, common_of(page, at), at.size() == 1);
        if (simples.size() > 5) simples.resize(5);
        levels.push_back(std::move(simples));
        at = parents_of(page, at);
    }
    std::vector<Tested> chains;
    for (const Simple& leaf : leaves) {
        chains.push_back({{{Join::descendant, leaf}}});
        if (levels.empty()) continue;
        for (const Simple& parent : levels[0]) chains.push_back({{{Join::descendant, parent}, {Join::child, leaf}}});
        for (std::size_t level = 1; level < levels.size(); ++level)
            for (const Simple& above : levels[level]) {
                chains.push_back({{{Join::descendant, above}, {Join::descendant, leaf}}});
                // Straight down by tags from what can be named.
                Chain path{{Join::descendant, above}};
                bool whole = true;
                for (std::size_t l = level; l-- > 0;) {
                    const auto tag = std::find_if(levels[l].begin(), levels[l].end(), [](const Simple& s) {
                        return !s.tag.empty() && s.classes.empty() && s.nth_child == 0 && s.nth_of_type == 0;
                    });
                    if (tag == levels[l].end()) {
                        whole = false;
                        break;
                    }
                    path.push_back({Join::child, *tag});
                }
                if (!whole) continue;
                path.push_back({Join::child, leaf});
                chains.push_back({std::move(path)});
                for (const Simple& parent : levels[0])
                    chains.push_back({{{Join::descendant, above}, {Join::descendant, parent}, {Join::child, leaf}}});
            }
    }
    sort_by_cost(chains);
    if (chains.size() > 400) chains.resize(400);

    // 1: wanted, 2: does not matter.
    std::vector<std::uint8_t> role(page.nodes.size(), 0);
    for (const std::uint32_t node : region.left_out) role[node] = 2;
    for (const std::uint32_t node : members) role[node] = 1;
    // Elements that the last part of a chain may match, found once for each way to name them.
    std::vector<std::pair<std::string, std::vector<std::uint32_t>>> pools;
    ChosenSelector best;
    double best_score = -1;
    std::size_t work = 0;
    for (const Tested& tested : chains) {
        if (work > max_selector_work) break;
        const std::string name = simple_css(page, tested.chain.back().simple);
        auto pool = std::find_if(pools.begin(), pools.end(), [&](const auto& p) { return p.first == name; });
        if (pool == pools.end()) {
            pools.emplace_back(name, std::vector<std::uint32_t>{});
            pool = pools.end() - 1;
            for (std::uint32_t node = 0; node < page.nodes.size(); ++node)
                if (simple_matches(page, node, tested.chain.back().simple)) pool->second.push_back(node);
        }
        if (pool->second.size() > members.size() * 40 + 400) continue;
        work += pool->second.size() * 4 + page.nodes.size() / 16;
        std::size_t right = 0, wrong = 0;
        for (const std::uint32_t node : pool->second) {
            if (!chain_matches(page, node, tested.chain, tested.chain.size())) continue;
            right += role[node] == 1;
            wrong += role[node] == 0;
        }
        const double agreement = 2.0 * static_cast<double>(right) / static_cast<double>(right + wrong + members.size());
        const double score = std::round((agreement - 0.004 * tested.cost) * 1e6);
        if (score > best_score || (agreement == 1 && best.agreement < 1)) {
            best_score = score;
            best = {chain_css(page, tested.chain), agreement, tested.cost};
        }
        if (agreement == 1) break;
    }
    return best;
}

std::vector<ChosenSelector> field_selectors(const PageIndex& page, const Region& region,
                                            const std::vector<FieldTarget>& targets, std::string_view attribute,
                                            std::size_t most) {
    std::vector<ChosenSelector> chosen;
    std::vector<std::uint32_t> nodes, scopes;  // elements to find, and the row each stands in
    std::vector<std::uint32_t> rows;
    std::size_t row = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> searches;  // row element to search, wanted element
    for (const FieldTarget& target : targets) {
        if (target.node == no_node) continue;
        record_rows(page, region, target.record, rows);
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (target.node >= rows[i] && target.node < page.nodes[rows[i]].end) {
                if (nodes.empty()) row = i;
                if (row == i) {
                    nodes.push_back(target.node);
                    scopes.push_back(rows[i]);
                }
            }
    }
    if (nodes.empty()) return chosen;
    for (const FieldTarget& target : targets) {
        record_rows(page, region, target.record, rows);
        if (row >= rows.size()) continue;
        const bool here = target.node >= rows[row] && target.node < page.nodes[rows[row]].end;
        searches.emplace_back(rows[row], here ? target.node : no_node);
    }
    // The steps from the first row to this one, as siblings.
    std::string prefix;
    if (row > 0) {
        record_rows(page, region, targets.front().record, rows);
        for (std::uint32_t at = rows.front(); at != rows[std::min(row, rows.size() - 1)] && at != no_node;) {
            at = page.next_sibling(at);
            if (at != no_node) prefix += (prefix.empty() ? "+ " : " + ") + std::string(page.tag_name(at));
        }
    }
    const bool self = std::equal(nodes.begin(), nodes.end(), scopes.begin());
    if (self) {
        chosen.push_back({prefix, 1, 0.5});
        return chosen;
    }
    std::vector<Simple> leaves = simples_of(page, common_of(page, nodes), true);
    if (!attribute.empty() && attribute != "href" && attribute != "src" && attribute != "content") {
        Simple simple;
        simple.attribute = attribute;
        simple.cost = 1.4;
        leaves.push_back(simple);
    }
    if (leaves.size() > 10) leaves.resize(10);
    if (leaves.empty()) return chosen;
    std::vector<Tested> chains;
    for (const Simple& leaf : leaves) chains.push_back({{{Join::descendant, leaf}}});
    // Named by what stands above it, up to the record.
    std::vector<std::uint32_t> at = nodes;
    std::vector<std::vector<Simple>> levels;
    for (int level = 0; level < 5; ++level) {
        bool outside = false;
        for (std::size_t i = 0; i < at.size(); ++i) {
            if (at[i] == scopes[i] || page.nodes[at[i]].parent == no_node || page.nodes[at[i]].parent == scopes[i])
                outside = true;
            else
                at[i] = page.nodes[at[i]].parent;
        }
        if (outside) break;
        std::vector<Simple> simples = simples_of(page, common_of(page, at), true);
        if (simples.size() > 6) {  // names first, but places must not be lost
            std::stable_partition(simples.begin(), simples.end(),
                                  [](const Simple& s) { return s.nth_child == 0 && s.nth_of_type == 0; });
            simples.erase(simples.begin() + 4, simples.end() - 2);
        }
        add_second_of_kind(page, at, leaves, chains);
        for (const Simple& above : simples)
            for (const Simple& leaf : leaves) {
                chains.push_back({{{Join::descendant, above}, {Join::descendant, leaf}}});
                if (level == 0) chains.push_back({{{Join::descendant, above}, {Join::child, leaf}}});
            }
        levels.push_back(std::move(simples));
        if (levels.size() >= 2)
            for (const Simple& top : levels.back())
                for (std::size_t i = 0; i < std::min<std::size_t>(3, levels[0].size()); ++i)
                    for (std::size_t l = 0; l < std::min<std::size_t>(4, leaves.size()); ++l)
                        chains.push_back(
                            {{{Join::descendant, top}, {Join::descendant, levels[0][i]}, {Join::child, leaves[l]}}});
    }
    // By the element before it, which often is a label.
    std::vector<std::uint32_t> before;
    for (const std::uint32_t node : nodes) {
        const std::uint32_t previous = previous_element(page, node);
        if (previous == no_node) {
            before.clear();
            break;
        }
        before.push_back(previous);
    }
    if (!before.empty()) {
        Common common = common_of(page, before);
        std::vector<Simple> simples = simples_of(page, common, false);
        const std::string label = core::fold_case(page.text_of(before.front()).substr(0, 64));
        const bool same =
            !label.empty() && label.size() <= 40 && std::all_of(before.begin(), before.end(), [&](std::uint32_t node) {
                return core::fold_case(page.text_of(node).substr(0, 64)) == label;
            });
        if (same && (before.size() > 1 || targets.size() == 1)) {
            Simple labelled;
            labelled.tag = common.tag;
            labelled.contains = label;
            labelled.cost = 1.1;
            simples.insert(simples.begin(), labelled);
        }
        if (simples.size() > 4) simples.resize(4);
        for (const Simple& simple : simples)
            for (const Simple& leaf : leaves)
                if (leaf.nth_child == 0 && leaf.nth_of_type == 0)
                    chains.push_back({{{Join::descendant, simple}, {Join::next, leaf}}});
    }
    sort_by_cost(chains);
    if (chains.size() > 160) chains.resize(160);

    std::size_t work = 0;
    for (const Tested& tested : chains) {
        if (work > max_selector_work) break;
        std::size_t right = 0, wrong = 0, extra = 0, known = 0;
        for (const auto& [scope, wanted] : searches) {
            known += wanted != no_node;
            std::uint32_t found = no_node;
            const std::uint32_t end = searches.size() == 1
                                          ? page.nodes[scope].end
                                          : std::min<std::uint32_t>(page.nodes[scope].end, scope + 3'000);
            for (std::uint32_t node = scope + 1; node < end; ++node)
                if (++work; chain_matches(page, node, tested.chain, tested.chain.size())) {
                    found = node;
                    break;
                }
            if (wanted == no_node)
                extra += found != no_node;
            else if (found == wanted)
                ++right;
            else
                ++wrong;
        }
        const double agreement = std::round((static_cast<double>(right) - 0.5 * static_cast<double>(extra)) /
                                            static_cast<double>(known) * 1e4) /
                                 1e4;
        std::string css = chain_css(page, tested.chain);
        if (!prefix.empty()) css = prefix + " " + css;
        chosen.push_back({std::move(css), agreement, tested.cost});
        if (agreement == 1) {
            std::size_t exact = 0;
            for (const ChosenSelector& one : chosen) exact += one.agreement == 1;
            if (exact >= most) break;
        }
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const ChosenSelector& a, const ChosenSelector& b) {
        return a.agreement - 0.004 * a.cost > b.agreement - 0.004 * b.cost;
    });
    if (chosen.size() > most) chosen.resize(most);
    return chosen;
}

ChosenSelector element_selector(const PageIndex& page, std::uint32_t node) {
    Region region;
    region.members = {node};
    return container_selector(page, region);
}

}  // namespace meter::generate
