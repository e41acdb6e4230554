// Reading css plans, with selectors and for embedded JSON, and content plans.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/unicode.hpp"
#include "extract/member.hpp"
#include "extract/plan.hpp"

namespace meter::detail {
namespace {

/// Attributes that hold one URL (wire contract 8.5).
constexpr std::array<std::string_view, 6> css_link_attributes{"href",   "src",       "action",
                                                              "poster", "data-href", "data-src"};

/// How much of the document an XPath may look at besides the subtree of its context node, in per mille. Told from the
/// text: an absolute path or an axis over the document, or only steps to parents and siblings. Guessing too much only
/// makes the field dearer in the work budget.
unsigned css_xpath_reach(std::string_view text) {
    for (const std::string_view axis : {"ancestor", "preceding::", "following::", "id("})
        if (text.find(axis) != std::string_view::npos) return 1'000;
    bool step = false;  // does a step stand before the current character, so that '/' continues a relative path?
    for (const char c : text) {
        if (c == '/' && !step) return 1'000;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
        step = c != '(' && c != '[' && c != '|' && c != ',' && c != '=' && c != '<' && c != '>';
    }
    for (const std::string_view axis : {"parent", "..", "-sibling"})
        if (text.find(axis) != std::string_view::npos) return 250;
    return 0;
}

void css_set_source(CssField& field, std::string attribute) {
    using Source = CssField::Source;
    attribute = core::ascii_lower(attribute);
    if (attribute == "text") {
        field.source = Source::text;
    } else if (attribute == "own-text") {
        field.source = Source::own_text;
    } else if (attribute == "html") {
        field.source = Source::html;
    } else {
        const bool link =
            std::find(css_link_attributes.begin(), css_link_attributes.end(), attribute) != css_link_attributes.end();
        field.source = attribute == "srcset" ? Source::srcset : link ? Source::link : Source::attribute;
        field.attribute = std::move(attribute);
    }
}

/// The index of a field's selector among those of the plan; fields with the same one share it.
Result<std::size_t> css_selector_index(CssPlan& plan, std::vector<std::pair<std::string, bool>>& known,
                                       const std::string& text, bool all, const std::string& at) {
    const auto found = std::find(known.begin(), known.end(), std::pair{text, all});
    if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
    auto selector = plan_selector(text, at);
    if (!selector) return selector.error();
    const unsigned reach = selector->is_xpath() ? css_xpath_reach(std::string_view(text).substr(6)) : 0;
    plan.selectors.push_back({std::move(*selector), !all, reach});
    known.emplace_back(text, all);
    return known.size() - 1;
}

Result<std::size_t> css_container_limit(const Object& container) {
    return plan_count(container, "limit", "strategy.container", 1, SIZE_MAX, SIZE_MAX);
}

}  // namespace

Result<CssPlan> parse_css_plan(const Object& definition) {
    const auto container = plan_object(definition, "container", "strategy");
    if (!container) return container.error();
    if (*container == nullptr) return plan_missing("strategy.container");
    const auto selector_text = plan_string(**container, "selector", "strategy.container");
    if (!selector_text) return selector_text.error();
    if (selector_text->empty()) return plan_missing("strategy.container.selector");
    auto selector = plan_selector(*selector_text, "strategy.container.selector");
    if (!selector) return selector.error();
    const auto limit = css_container_limit(**container);
    if (!limit) return limit.error();
    CssPlan plan{std::move(*selector), *limit};

    const auto fields = plan_object(definition, "fields", "strategy");
    if (!fields) return fields.error();
    if (*fields == nullptr || (*fields)->empty()) return plan_missing("strategy.fields");
    if ((*fields)->size() > plan_max_fields) return plan_error("strategy.fields", "at most 200 fields are allowed");
    std::vector<std::pair<std::string, bool>> known;
    for (const auto& [name, value] : **fields) {
        const std::string at = "strategy.fields." + name;
        if (name.size() > plan_max_name) return plan_error("strategy.fields", "names have at most 256 bytes");
        const Object* object = value.if_object();
        if (object == nullptr) return plan_error(at, "must be an object");
        CssField field{name};

        const auto all = plan_flag(*object, "all", at, false);
        if (!all) return all.error();
        field.all = *all;
        const auto text = plan_string(*object, "selector", at);
        if (!text) return text.error();
        if (!text->empty() && *text != ":self") {
            const auto index = css_selector_index(plan, known, *text, *all, at + ".selector");
            if (!index) return index.error();
            field.selector = *index;
        }
        auto attribute = plan_string(*object, "attribute", at, "text");
        if (!attribute) return attribute.error();
        if (attribute->empty())
            return plan_error(at + ".attribute", "must be text, own-text, html or the name of an attribute");
        css_set_source(field, std::move(*attribute));
        const auto pattern = plan_string(*object, "regex", at);
        if (!pattern) return pattern.error();
        if (!pattern->empty()) {
            auto regex = core::Regex::parse(*pattern);
            if (!regex) return plan_error(at + ".regex", regex.error().message);
            field.regex = std::move(*regex);
        }
        const auto decimal = plan_string(*object, "decimal", at);
        if (!decimal) return decimal.error();
        if (!decimal->empty()) {
            if (*decimal != "." && *decimal != ",") return plan_error(at + ".decimal", "must be \".\" or \",\"");
            field.decimal = decimal->front();
        }
        plan.fields.push_back(std::move(field));
    }
    return plan;
}

Result<EmbeddedPlan> parse_embedded_plan(const Object& definition) {
    using By = EmbeddedPlan::By;
    const std::string at = "strategy.container.script";
    const auto container = plan_object(definition, "container", "strategy");
    if (!container) return container.error();
    const auto script = plan_object(**container, "script", "strategy.container");
    if (!script) return script.error();

    EmbeddedPlan plan;
    std::size_t given = 0;
    for (const auto& [name, by] :
         {std::pair{"type", By::type}, std::pair{"id", By::id}, std::pair{"variable", By::variable}}) {
        auto text = plan_string(**script, name, at);
        if (!text) return text.error();
        if (plan_member(**script, name) == nullptr) continue;
        if (text->empty()) return plan_error(at + "." + name, "must not be empty");
        if (text->size() > plan_max_name) return plan_error(at + "." + name, "longer than 256 bytes");
        plan.by = by;
        plan.name = std::move(*text);
        ++given;
    }
    if (given != 1) return plan_error(at, "must have exactly one of type, id and variable");
    const auto limit = css_container_limit(**container);
    if (!limit) return limit.error();
    plan.limit = *limit;
    auto source = plan_json_source(definition);
    if (!source) return source.error();
    plan.source = std::move(*source);
    return plan;
}

Result<ContentPlan> parse_content_plan(const Object& definition) {
    ContentPlan plan;
    const auto root = plan_string(definition, "root_selector", "strategy");
    if (!root) return root.error();
    if (!root->empty()) {
        auto selector = plan_selector(*root, "strategy.root_selector");
        if (!selector) return selector.error();
        plan.root = std::move(*selector);
    }
    if (const Value* excluded = plan_member(definition, "exclude_selectors")) {
        const auto* list = excluded->if_array();
        if (list == nullptr) return plan_error("strategy.exclude_selectors", "must be an array of selectors");
        if (list->size() > plan_max_fields)
            return plan_error("strategy.exclude_selectors", "at most 200 selectors are allowed");
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string at = "strategy.exclude_selectors." + std::to_string(i);
            const std::string* text = (*list)[i].if_string();
            if (text == nullptr) return plan_error(at, "must be a string");
            auto selector = plan_selector(*text, at);
            if (!selector) return selector.error();
            plan.exclude.push_back(std::move(*selector));
        }
    }
    const auto level = plan_count(definition, "max_level", "strategy", 1, 6, 6);
    if (!level) return level.error();
    plan.max_level = static_cast<int>(*level);
    return plan;
}

}  // namespace meter::detail
