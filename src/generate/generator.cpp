#include "meter/generator.hpp"

#include <utility>

#include "extract/item_sink.hpp"
#include "extract/run.hpp"
#include "generate/structure.hpp"
#include "html/document.hpp"

namespace meter {

Generator::~Generator() = default;

namespace generate {
namespace {

Result<Extraction> run_on_document(const html::Document& document, std::string_view url, const Value& definition) {
    const auto plan = Plan::parse(definition);
    if (!plan) return plan.error();
    const auto* css = std::get_if<meter::detail::CssPlan>(&plan->impl().compiled);
    if (css == nullptr) return Error{ErrorCode::internal, "not a css plan", ""};
    const ExtractLimits limits;
    meter::detail::ItemSink sink(limits, css->limit, plan->field_names());
    if (auto ran = meter::detail::run_css_plan(*css, document, url, sink); !ran) return ran.error();
    return std::move(sink).finish();
}

Error nothing_fits(const Intent& intent, std::size_t candidates) {
    std::string wanted;
    for (const WantedField& field : intent.fields) wanted += (wanted.empty() ? "" : ", ") + field.name;
    return Error{ErrorCode::unprocessable,
                 "No records with " + wanted + " were found on this page; " + std::to_string(candidates) +
                     " lists were looked at",
                 ""};
}

Result<GeneratedPlan> generate_from_page(const GenerateInput& input) {
    const auto document = html::Document::parse(input.page.body, {.content_type = input.page.content_type});
    if (!document) return document.error();
    const Intent intent = read_intent(input.description, input.output_schema);
    PageFacts facts(*document);
    const Matcher matcher(facts.page, intent.fields, facts.lexicon);
    auto candidates = rank_candidates(facts, matcher);
    for (const Candidate& candidate : candidates) {
        Value definition = plan_candidate(facts, candidate, intent.fields);
        if (definition.is_null()) continue;
        auto ran = run_on_document(*document, input.page.url, definition);
        if (!ran) continue;
        GeneratedPlan plan;
        plan.definition = std::move(definition);
        plan.items = std::move(ran->items);
        plan.score = candidate.score;
        for (std::size_t f = 0; f < intent.fields.size(); ++f)
            if (plan.definition.find("fields")->find(intent.fields[f].name) == nullptr)
                plan.warnings.push_back("The field " + intent.fields[f].name + " was not found on the page.");
        return plan;
    }
    return nothing_fits(intent, candidates.size());
}

}  // namespace
}  // namespace generate

Result<GeneratedPlan> generate_strategy(std::string_view html, std::string_view url, std::string_view description,
                                        const OutputSchema* output_schema) {
    GenerateInput input;
    input.page = {.body = html, .url = url, .content_type = "text/html; charset=utf-8"};
    input.description = description;
    input.output_schema = output_schema;
    return generate::generate_from_page(input);
}

}  // namespace meter
