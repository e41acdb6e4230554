#include "generate/record_scope.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/unicode.hpp"
#include "generate/selectors.hpp"

namespace meter::generate {
namespace {

class RecordScope {
public:
    RecordScope(PageFacts& facts, const Region& region, std::string container)
        : facts_(facts),
          region_(region),
          base_(container.find(',') == std::string::npos ? std::move(container) : ":is(" + container + ")") {}

    std::optional<std::string> run(const std::vector<std::string>& words, bool keep) {
        if ((keep && scope_by_place(words)) || scope_by_class(words, keep) || scope_by_surroundings(words, keep) ||
            scope_by_text(words, keep))
            return container_;
        return std::nullopt;
    }

private:
    bool use(std::string container) {
        container_ = std::move(container);
        return true;
    }

    /// Takes over the members that `kept` names, when they are some but not all.
    bool keep_members(const std::vector<std::uint32_t>& kept) {
        if (kept.empty() || kept.size() == region_.members.size()) return false;
        Region part = region_;
        part.members = kept;
        const ChosenSelector selector = container_selector(facts_.page, part);
        if (selector.agreement < 1) return false;
        return use(selector.css);
    }

    /// "main list", "first table", "last section"
    bool scope_by_place(const std::vector<std::string>& words) {
        const PageIndex& page = facts_.page;
        std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> groups;  // by surrounding element
        const bool tables = std::find(words.begin(), words.end(), "table") != words.end();
        for (const std::uint32_t member : region_.members) {
            std::uint32_t around = page.nodes[member].parent;
            while (tables && around != no_node && page.nodes[around].tag != tags::table)
                around = page.nodes[around].parent;
            if (groups.empty() || groups.back().first != around) groups.push_back({around, {}});
            groups.back().second.push_back(member);
        }
        if (groups.size() < 2) return false;
        const auto named = [&](std::string_view word) {
            return std::find(words.begin(), words.end(), word) != words.end();
        };
        if (const auto ordinal = ordinal_in(words))
            return *ordinal <= groups.size() && keep_members(groups[*ordinal - 1].second);
        if (named("last")) return keep_members(groups.back().second);
        if (named("main") || named("biggest") || named("largest") || named("primary")) {
            const auto best = std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
                return a.second.size() < b.second.size();
            });
            return keep_members(best->second);
        }
        return false;
    }

    /// Class, id or tag of an element as somebody would name it.
    bool is_called(std::uint32_t node, const std::vector<std::string>& words, std::size_t told) {
        const PageIndex& page = facts_.page;
        const PageNode& n = page.nodes[node];
        if (words.size() == 1 && words[0].front() == '#') return page.attribute(node, "id") == words[0].substr(1);
        if (words.size() == 1 && words[0].front() == '.')
            return page.has_class(node, page.names.find(words[0].substr(1)));
        if (words[0].front() == '"') {
            const std::uint32_t id = page.names.find(words[0].substr(1));
            return (id != no_node && page.has_class(node, id)) || page.attribute(node, "id") == words[0].substr(1);
        }
        bool called = false;
        const auto look = [&](std::string_view text) {
            for_each_word(text, [&](std::string_view word) {
                called = called || facts_.lexicon.match(told, facts_.lexicon.word(word)) > 0;
            });
        };
        for (std::uint32_t i = 0; i < n.class_count; ++i) look(page.names.text(page.classes[n.class_begin + i]));
        look(page.attribute(node, "id"));
        if (n.tag == tags::nav || n.tag == tags::footer || n.tag == tags::aside || n.tag == tags::header ||
            n.tag == tags::table || n.tag == tags::article || n.tag == tags::section)
            look(page.tag_name(node));
        if (n.tag == tags::aside) look("sidebar");
        return called;
    }

    std::size_t vocabulary_of(const std::vector<std::string>& words) {
        std::vector<std::string> told;
        for (const std::string& word : words)
            if (word.front() != '"' && word.front() != '.' && word.front() != '#') told.push_back(word);
        for (const std::string& word : words)
            if (word == "ad" || word == "advert" || word == "advertisement") {
                told.emplace_back("advert");
                told.emplace_back("sponsored");
            } else if (word == "sponsored" || word == "promoted") {
                told.emplace_back("sponsor");
                told.emplace_back("promoted");
            }
        return facts_.lexicon.vocabulary(std::move(told));
    }

    bool scope_by_class(const std::vector<std::string>& words, bool keep) {
        const PageIndex& page = facts_.page;
        const std::size_t told = vocabulary_of(words);
        std::vector<std::uint32_t> own, inside;  // classes that name it, of records and of elements in them
        std::vector<std::uint32_t> marked_own, marked_inside;
        for (const std::uint32_t member : region_.members) {
            const std::uint32_t end = std::min(page.nodes[member].end, member + 3'000);
            if (is_called(member, words, told)) {
                marked_own.push_back(member);
                note_classes(member, words, told, own);
            }
            for (std::uint32_t node = member + 1; node < end; ++node)
                if (is_called(node, words, told)) {
                    if (marked_inside.empty() || marked_inside.back() != member) marked_inside.push_back(member);
                    note_classes(node, words, told, inside);
                }
        }
        const auto some = [&](const auto& marked) { return !marked.empty() && marked.size() < region_.members.size(); };
        std::string suffix;
        if (some(marked_own) && !own.empty()) {
            for (const std::uint32_t id : own)
                suffix += (suffix.empty() ? "." : ", .") + css_identifier(page.names.text(id));
            return use(base_ + (keep ? ":is(" : ":not(") + suffix + ")");
        }
        if (some(marked_inside) && !inside.empty()) {
            for (const std::uint32_t id : inside)
                suffix += (suffix.empty() ? "." : ", .") + css_identifier(page.names.text(id));
            return use(base_ + (keep ? ":has(" + suffix + ")" : ":not(:has(" + suffix + "))"));
        }
        return false;
    }

    void note_classes(std::uint32_t node, const std::vector<std::string>& words, std::size_t told,
                      std::vector<std::uint32_t>& classes) {
        const PageIndex& page = facts_.page;
        const PageNode& n = page.nodes[node];
        for (std::uint32_t i = 0; i < n.class_count; ++i) {
            const std::uint32_t id = page.classes[n.class_begin + i];
            const std::string_view name = page.names.text(id);
            bool named = words.size() == 1 && words[0].substr(1) == name;
            for_each_word(name, [&](std::string_view word) {
                named = named || facts_.lexicon.match(told, facts_.lexicon.word(word)) > 0;
            });
            if (named && classes.size() < 6 && std::find(classes.begin(), classes.end(), id) == classes.end())
                classes.push_back(id);
        }
    }

    /// By what stands around the records: a sidebar, a box, the heading above.
    bool scope_by_surroundings(const std::vector<std::string>& words, bool keep) {
        const PageIndex& page = facts_.page;
        const std::size_t told = vocabulary_of(words);
        std::vector<std::uint32_t> inside, outside;
        for (const std::uint32_t member : region_.members) {
            bool called = false;
            for (std::uint32_t at = page.nodes[member].parent; at != no_node && !called; at = page.nodes[at].parent)
                called =
                    page.nodes[at].tag != tags::body && page.nodes[at].tag != tags::html && is_called(at, words, told);
            (called ? inside : outside).push_back(member);
        }
        if (keep_members(keep ? inside : outside)) return true;
        // The last heading before each record.
        inside.clear();
        outside.clear();
        const std::string phrase = core::fold_case(words_joined(words));
        std::uint32_t node = 0;
        bool under = false;
        for (const std::uint32_t member : region_.members) {
            for (; node < member; ++node)
                if (is_heading_tag(page.nodes[node].tag))
                    under = core::fold_case(page.text_of(node).substr(0, 300)).find(phrase) != std::string::npos;
            node = std::max(node, page.nodes[member].end);
            (under ? inside : outside).push_back(member);
        }
        return keep_members(keep ? inside : outside);
    }

    bool scope_by_text(const std::vector<std::string>& words, bool keep) {
        const std::string phrase = core::fold_case(words_joined(words));
        std::size_t marked = 0;
        for (const std::uint32_t member : region_.members)
            marked += core::fold_case(facts_.page.text_of(member).substr(0, 20'000)).find(phrase) != std::string::npos;
        if (marked == 0 || marked == region_.members.size() || phrase.size() < 2) return false;
        const std::string contains = ":contains(" + css_string(phrase) + ")";
        return use(base_ + (keep ? contains : ":not(" + contains + ")"));
    }

    PageFacts& facts_;
    const Region& region_;
    const std::string base_;
    std::string container_;
};

}  // namespace

std::optional<std::string> narrowed_container(PageFacts& facts, const Region& region, const std::string& container,
                                              const std::vector<std::string>& words, bool keep) {
    return RecordScope(facts, region, container).run(words, keep);
}

std::optional<std::size_t> ordinal_in(const std::vector<std::string>& words) {
    static constexpr std::string_view names[] = {"first", "second", "third", "fourth", "fifth", "sixth"};
    for (const std::string& word : words)
        for (std::size_t i = 0; i < std::size(names); ++i)
            if (word == names[i]) return i + 1;
    return std::nullopt;
}

std::string words_joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + (word.starts_with('"') ? word.substr(1) : word);
    return text;
}

}  // namespace meter::generate
