#include "generate/maker.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "core/unicode.hpp"
#include "extract/item_sink.hpp"
#include "extract/run.hpp"
#include "generate/detail.hpp"
#include "generate/doubt.hpp"
#include "generate/embedded/embedded.hpp"
#include "generate/embedded/list_mapping.hpp"
#include "generate/structure.hpp"

namespace meter::generate {
namespace {

void drop_empty_fields(Value& definition, std::vector<Value>& items) {
    std::vector<std::string> empty;
    for (const auto& [name, field] : *definition.find("fields")->if_object()) {
        const bool filled = std::any_of(items.begin(), items.end(), [&key = name](const Value& item) {
            const Value* value = item.find(key);
            return value != nullptr && !meter::detail::is_nothing(*value);
        });
        if (!filled) empty.push_back(name);
    }
    Object& members = *definition.if_object();
    for (const std::string& name : empty) {
        members.find("fields")->if_object()->erase(name);
        if (Value* explain = members.find("explain")) explain->if_object()->erase(name);
        if (Value* print = members.find("fingerprint"))
            if (Value* fields = print->if_object()->find("fields")) fields->if_object()->erase(name);
        for (Value& item : items) item.if_object()->erase(name);
    }
}

void warn_of_missing(const std::vector<WantedField>& fields, GeneratedPlan& plan) {
    plan.warnings.clear();
    for (const WantedField& field : fields)
        if (plan.definition.find("fields")->find(field.name) == nullptr)
            plan.warnings.push_back("The field " + field.name + " was not found on the page.");
}

const Value* value_at(const Value* value, std::string_view path) {
    while (value != nullptr && !path.empty()) {
        const std::size_t stop = std::min(path.find('.'), path.size());
        const std::string_view step = path.substr(0, stop);
        if (const auto* list = value->if_array()) {
            std::size_t index = 0;
            for (const char c : step) {
                if (c < '0' || c > '9' || index > 1'000'000) return nullptr;
                index = index * 10 + static_cast<std::size_t>(c - '0');
            }
            value = index < list->size() ? &(*list)[index] : nullptr;
        } else {
            value = value->find(step);
        }
        path.remove_prefix(std::min(stop + 1, path.size()));
    }
    return value;
}

/// Are the titles of a JSON list on the page as well? Then the list is what the page shows.
bool shown_on_page(const PageIndex& page, const RecordList& list, const ListMapping& mapping,
                   const std::vector<WantedField>& wanted) {
    std::size_t titles = 0, found = 0;
    for (const MappedField& field : mapping.fields) {
        if (wanted[field.field].concept_of != Concept::title) continue;
        for (const Value* record : list.records) {
            const Value* value = value_at(record, field.path);
            if (value == nullptr || value->if_string() == nullptr || titles >= 20) continue;
            ++titles;
            found += page.text.find(core::collapse_space(*value->if_string())) != std::string::npos;
        }
    }
    return titles > 0 && found * 5 >= titles * 4;
}

/// A plan for embedded JSON with why its paths were chosen.
Value explained_list_plan(const Embedded& embedded, const RecordList& list, const ListMapping& mapping,
                          const std::vector<WantedField>& wanted) {
    Value definition = list_plan(embedded, list, mapping.paths(wanted));
    Object explain;
    for (const MappedField& field : mapping.fields)
        explain.set(wanted[field.field].name,
                    Object{{"confidence", std::clamp(std::round(field.score / 4 * 1e4) / 1e4, 0.0, 1.0)},
                           {"concept", to_string(wanted[field.field].concept_of)},
                           {"evidence", Value::Array{field.evidence}}});
    definition.if_object()->set("explain", std::move(explain));
    return definition;
}

}  // namespace

Result<Extraction> run_on_document(const html::Document& document, std::string_view url, const Value& definition) {
    const auto plan = Plan::parse(definition);
    if (!plan) return plan.error();
    const auto& compiled = plan->impl().compiled;
    const ExtractLimits limits;
    if (const auto* css = std::get_if<meter::detail::CssPlan>(&compiled)) {
        meter::detail::ItemSink sink(limits, css->limit, plan->field_names());
        if (auto ran = meter::detail::run_css_plan(*css, document, url, sink); !ran) return ran.error();
        return std::move(sink).finish();
    }
    if (const auto* embedded = std::get_if<meter::detail::EmbeddedPlan>(&compiled)) {
        meter::detail::ItemSink sink(limits, embedded->limit, plan->field_names());
        if (auto ran = meter::detail::run_embedded_plan(*embedded, document, sink); !ran) return ran.error();
        return std::move(sink).finish();
    }
    return Error{ErrorCode::internal, "The plan does not read pages", ""};
}

Error nothing_fits(const Intent& intent, const std::string& found) {
    std::string wanted;
    for (const WantedField& field : intent.fields) wanted += (wanted.empty() ? "" : ", ") + field.name;
    return Error{ErrorCode::unprocessable, "No items could be extracted", "looked for " + wanted + "; found " + found};
}

bool accept_plan(const html::Document& document, std::string_view url, const std::vector<WantedField>& fields,
                 Value definition, double score, GeneratedPlan& out) {
    auto ran = run_on_document(document, url, definition);
    if (!ran || ran->items.empty()) return false;
    out.items = std::move(ran->items);
    drop_empty_fields(definition, out.items);
    if (definition.find("fields")->if_object()->empty()) return false;
    out.definition = std::move(definition);
    out.score = score;
    warn_of_missing(fields, out);
    return true;
}

Result<GeneratedPlan> make_plan(const html::Document& document, std::string_view url, const Intent& intent) {
    PageFacts facts(document);
    const Doubts doubts(facts.page, intent);
    const auto accept = [&](Value definition, double score, GeneratedPlan& out) {
        if (!accept_plan(document, url, intent.fields, std::move(definition), score, out) ||
            !doubts.accepts(out.definition, out.items))
            return false;
        warn_of_missing(intent.fields, out);
        return true;
    };
    const Embedded embedded = collect_embedded(document, url);
    const auto mains = find_main_objects(document, embedded);
    GeneratedPlan plan;

    const double detail = detail_evidence(facts, embedded, mains, intent);
    if (detail >= detail_threshold) {
        Value definition = plan_detail(facts, embedded, mains, intent.fields);
        if (!definition.is_null() && accept(std::move(definition), 4 + detail, plan)) return plan;
    }

    const Matcher matcher(facts.page, intent.fields, facts.lexicon);
    const auto candidates = rank_candidates(facts, matcher);
    const auto lists = find_record_lists(embedded);
    const auto json = best_list(lists, intent);
    const Candidate* best = candidates.empty() ? nullptr : &candidates.front();
    if (json) {
        const RecordList& list = lists[json->list];
        const bool enough = best == nullptr || list.records.size() * 10 >= best->region.members.size() * 9;
        // What the page shows counts, unless the data has everything and the page has not.
        const bool wins =
            best == nullptr || (json->missing.empty() && enough && best->assignment.found < intent.fields.size() &&
                                shown_on_page(facts.page, list, *json, intent.fields));
        if (wins && accept(explained_list_plan(embedded, list, *json, intent.fields), json->score, plan)) return plan;
    }
    for (const Candidate& candidate : candidates) {
        // Records with less than half of what is wanted are other records.
        if (candidate.assignment.found * 2 < intent.fields.size()) continue;
        Value definition = plan_candidate(facts, candidate, intent.fields);
        if (definition.is_null()) continue;
        if (!accept(std::move(definition), candidate.score, plan)) continue;
        // One record in many with any of it: not these.
        if (plan.items.size() * 5 >= candidate.region.members.size()) return plan;
    }
    return nothing_fits(intent, std::to_string(candidates.size()) + " lists");
}

}  // namespace meter::generate
