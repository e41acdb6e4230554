// Items by selectors (wire contract 8.5).
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/unicode.hpp"
#include "extract/decimal.hpp"
#include "extract/run.hpp"
#include "extract/work_budget.hpp"
#include "url/url.hpp"

namespace meter::detail {
namespace {

/// Matches held at a time while the fields of one item are read; more selectors than that allows run in turns.
constexpr std::size_t css_max_held_matches = 4'000'000;

/// The first URL of a srcset (HTML Living Standard 4.8.4.2.2, steps 4 and 5 of parsing); empty when there is none.
std::string_view first_srcset_candidate(std::string_view srcset) noexcept {
    constexpr std::string_view space = " \t\n\f\r";
    const std::size_t start = srcset.find_first_not_of(" \t\n\f\r,");
    if (start == std::string_view::npos) return {};
    srcset.remove_prefix(start);
    std::string_view candidate = srcset.substr(0, srcset.find_first_of(space));
    while (candidate.ends_with(',')) candidate.remove_suffix(1);
    return candidate;
}

/// The text directly in an element, without that of its children; pieces are joined by a space.
std::string own_text(html::Element element) {
    std::string joined;
    const auto visit = [](void* context, const html::Node& node, bool) {
        if (node.kind == html::Node::Kind::text) static_cast<std::string*>(context)->append(node.text).append(" ");
        return false;
    };
    html::walk(element, visit, &joined);
    return core::collapse_space(joined);
}

/// Selectors of a plan that run in one walk, and the fields that read what they find.
struct CssTurn {
    html::SelectorSet set;
    std::vector<std::size_t> selectors;  ///< index in the plan, by index in `set`
    std::uint64_t reach = 0;             ///< sum over the selectors
};

class CssReader {
public:
    CssReader(const CssPlan& plan, const html::Document& document, std::string_view page_url, ItemSink& sink)
        : plan_(plan),
          sink_(sink),
          base_(document.base_url(page_url)),
          root_(document.root()),
          budget_(document, plan.fields.size() + plan.selectors.size()) {
        const bool one_turn = document.extent().nodes * plan.selectors.size() <= css_max_held_matches;
        const std::size_t nodes = one_turn ? 1 : std::max<std::size_t>(budget_.nodes(), 1);
        const std::size_t together = std::max<std::size_t>(css_max_held_matches / nodes, 1);
        for (std::size_t i = 0; i < plan.selectors.size(); ++i) {
            if (i % together == 0) turns_.emplace_back();
            CssTurn& turn = turns_.back();
            turn.set.add(plan.selectors[i].selector, plan.selectors[i].first_only);
            turn.selectors.push_back(i);
            turn.reach += plan.selectors[i].reach;
        }
        readers_.resize(plan.selectors.size());
        for (std::size_t i = 0; i < plan.fields.size(); ++i)
            if (plan.fields[i].selector) readers_[*plan.fields[i].selector].push_back(i);
    }

    Result<void> run() {
        // A container may be the root itself ("html"), which is not among its own descendants.
        const bool with_root = plan_.container.matches(root_);
        if (with_root) {
            auto read = read_item(root_);
            if (!read) return read;
        }
        auto containers = plan_.container.all(root_);
        if (!containers) return containers.error();
        for (const html::Match& container : *containers) {
            if (sink_.full()) break;
            // XPath strings hold nothing to read in.
            if (!container.element || (with_root && container.element == root_)) continue;
            auto read = read_item(container.element);
            if (!read) return read;
        }
        return {};
    }

private:
    Result<void> read_item(html::Element container) {
        std::vector<Value> values(plan_.fields.size());
        item_bytes_ = 0;
        for (std::size_t i = 0; i < plan_.fields.size(); ++i) {
            if (plan_.fields[i].selector) continue;
            self_.assign(1, html::Match{container, std::nullopt});
            auto read = read_field(plan_.fields[i], self_, values[i]);
            if (!read) return read;
        }
        for (const CssTurn& turn : turns_) {
            const bool afford = budget_.charge_subtree(container, turn.selectors.size()) &&
                                (turn.reach == 0 || budget_.charge_steps(turn.reach * budget_.nodes() / 1'000));
            if (!afford) return too_many_results();
            auto ran = turn.set.run(container, found_);
            if (!ran) return ran;
            for (std::size_t i = 0; i < turn.selectors.size(); ++i)
                for (const std::size_t field : readers_[turn.selectors[i]]) {
                    auto read = read_field(plan_.fields[field], found_[i], values[field]);
                    if (!read) return read;
                }
        }
        return sink_.add_fields(std::move(values), true);
    }

    Result<void> read_field(const CssField& field, const std::vector<html::Match>& matches, Value& value) {
        Value::Array list;
        for (const html::Match& match : matches) {
            auto text = read_match(field, match);
            if (spent_) return too_many_results();
            if (text) {
                item_bytes_ += text->size() + 3;
                if (item_bytes_ > sink_.room()) return too_many_results();
            }
            if (!field.all) {
                if (text) value = to_value(field, *std::move(text));
                return {};
            }
            if (!text) continue;
            if (Value one = to_value(field, *std::move(text)); !one.is_null()) list.push_back(std::move(one));
        }
        if (field.all) value = std::move(list);
        return {};
    }

    static Value to_value(const CssField& field, std::string text) {
        if (field.decimal == 0) return text;
        const auto number = find_decimal(text, field.decimal);
        return number ? Value(*number) : Value();
    }

    /// What the field says about one match; nullopt when it has no such attribute or the regex finds nothing.
    std::optional<std::string> read_match(const CssField& field, const html::Match& match) {
        auto text = match.text ? read_text(field, *match.text) : read_element(field, match.element);
        if (!text) return std::nullopt;
        spent_ = spent_ || !budget_.charge_text(text->size());
        if (!field.regex || spent_) return text;
        return field.regex->first(*text);
    }

    /// XPath attributes and strings are the value; only what the field's attribute says about its form is done.
    std::optional<std::string> read_text(const CssField& field, const std::string& text) const {
        switch (field.source) {
            case CssField::Source::text:
            case CssField::Source::own_text:
                return core::collapse_space(text);
            case CssField::Source::link:
            case CssField::Source::srcset:
                return link(field, text);
            default:
                return text;
        }
    }

    std::optional<std::string> read_element(const CssField& field, html::Element element) {
        if (field.source <= CssField::Source::html) {
            if (!budget_.charge_subtree(element, 1)) {
                spent_ = true;
                return std::nullopt;
            }
            return field.source == CssField::Source::text       ? element.text()
                   : field.source == CssField::Source::own_text ? own_text(element)
                                                                : element.inner_html();
        }
        const auto attribute = element.attribute(field.attribute);
        if (!attribute) return std::nullopt;
        if (field.source == CssField::Source::attribute) return std::string(*attribute);
        return link(field, *attribute);
    }

    std::optional<std::string> link(const CssField& field, std::string_view text) const {
        if (field.source == CssField::Source::srcset) {
            text = first_srcset_candidate(text);
            if (text.empty()) return std::nullopt;
        }
        return url::resolve(base_, text);
    }

    const CssPlan& plan_;
    ItemSink& sink_;
    const std::string base_;
    const html::Element root_;
    WorkBudget budget_;
    std::vector<CssTurn> turns_;
    std::vector<std::vector<std::size_t>> readers_;  ///< fields by selector
    std::vector<std::vector<html::Match>> found_;    ///< by selector of a turn; kept to spare allocations
    std::vector<html::Match> self_;
    std::size_t item_bytes_ = 0;
    bool spent_ = false;
};

}  // namespace

Result<void> run_css_plan(const CssPlan& plan, const html::Document& document, std::string_view page_url,
                          ItemSink& sink) {
    return CssReader(plan, document, page_url, sink).run();
}

}  // namespace meter::detail
