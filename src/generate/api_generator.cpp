#include "generate/api_generator.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "core/path.hpp"
#include "core/unicode.hpp"
#include "extract/json_items.hpp"
#include "generate/api_candidates.hpp"
#include "generate/words.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_api_body = 8u << 20;
constexpr std::chrono::milliseconds api_timeout{15'000};
/// A page with less text than this is filled in by its scripts: it cannot confirm anything.
constexpr std::size_t min_page_text = 400;

std::string_view api_media_type(std::string_view type) noexcept {
    return core::trim(type.substr(0, type.find(';')));
}

Value explain_of(const ListMapping& mapping, const Intent& intent, const std::string& source) {
    Object explain;
    for (const MappedField& mapped : mapping.fields) {
        const WantedField& field = intent.fields[mapped.field];
        Value::Array evidence;
        evidence.emplace_back(mapped.evidence);
        evidence.emplace_back(source);
        Object entry;
        entry.append("confidence", std::min(1.0, std::max(0.0, mapped.score / 3.2)));
        entry.append("concept", std::string(to_string(field.concept_of)));
        entry.append("evidence", std::move(evidence));
        explain.set(field.name, std::move(entry));
    }
    return explain;
}

/// Share of the first titles of a list that the page shows.
double titles_on_page(const RecordList& list, const ListMapping& mapping, const Intent& intent,
                      const std::string& page_text) {
    const MappedField* title = nullptr;
    for (const MappedField& mapped : mapping.fields)
        if (intent.fields[mapped.field].concept_of == Concept::title) title = &mapped;
    if (title == nullptr && !mapping.fields.empty()) title = &mapping.fields.front();
    if (title == nullptr) return 0;
    std::size_t looked = 0, found = 0;
    for (const Value* record : list.records) {
        const Value* value = core::find_path(*record, title->path);
        const std::string* text = value == nullptr ? nullptr : value->if_string();
        if (text == nullptr || text->size() < 3 || text->size() > 300) continue;
        if (++looked > 20) break;
        found += page_text.find(core::fold_case(core::collapse_space(*text))) != std::string::npos ? 1 : 0;
    }
    return looked == 0 ? 0 : static_cast<double>(found) / static_cast<double>(std::min<std::size_t>(looked, 20));
}

}  // namespace

bool is_json_page(const Page& page) {
    const std::string type = core::ascii_lower(api_media_type(page.content_type));
    if (type == "application/json" || type.ends_with("+json") || type == "text/json") return true;
    if (type == "text/html" || type == "application/xhtml+xml") return false;
    const std::string_view body = core::trim(page.body.substr(0, 256));
    return !body.empty() && (body.front() == '{' || body.front() == '[') &&
           meter::detail::parse_json_answer(page.body).has_value();
}

ApiGenerator::ApiGenerator(std::shared_ptr<Fetcher> fetcher, ListMapper mapper)
    : fetcher_(std::move(fetcher)), mapper_(std::move(mapper)) {}

namespace {

/// The plan that reads `body` by `request`; nullopt when it holds no answer.
std::optional<GeneratedPlan> plan_of_answer(std::string_view body, std::string_view url, Value request,
                                            const std::string& why, const Intent& intent, const ListMapper& mapper,
                                            const std::string* page_text, bool page_url_itself = false) {
    auto value = meter::detail::parse_json_answer(body);
    if (!value) return std::nullopt;
    std::vector<RecordList> lists = find_record_lists(*value);
    auto mapping = mapper(lists, intent);
    if (!mapping && (page_url_itself || intent.plurality < 0)) {
        lists = find_single_records(*value);
        mapping = mapper(lists, intent);
    }
    if (!mapping) return std::nullopt;
    const RecordList& list = lists[mapping->list];
    if (page_text != nullptr && titles_on_page(list, *mapping, intent, *page_text) < .5) return std::nullopt;

    Object fields;
    for (const auto& [name, path] : mapping->paths(intent.fields)) fields.set(name, Object{{"path", path}});
    Object definition;
    definition.append("type", "api");
    definition.append("request", std::move(request));
    definition.append("items_path", list.items_path);
    definition.append("fields", std::move(fields));
    definition.append("explain", explain_of(*mapping, intent, why));
    GeneratedPlan plan;
    plan.definition = std::move(definition);
    plan.score = mapping->score;
    const auto compiled = Plan::parse(plan.definition);
    if (!compiled) return std::nullopt;
    auto extracted = extract(Page{.body = body, .url = url, .content_type = "application/json"}, *compiled);
    if (!extracted || extracted->items.empty()) return std::nullopt;
    plan.items = std::move(extracted->items);
    for (const std::size_t missing : mapping->missing)
        plan.warnings.push_back("The field " + intent.fields[missing].name +
                                " was not found in the answer of the API.");
    return plan;
}

}  // namespace

Result<std::optional<GeneratedPlan>> ApiGenerator::generate(const GenerateInput& input, const Intent& intent,
                                                            const html::Document* document, std::stop_token stop) {
    if (is_json_page(input.page))
        return plan_of_answer(input.page.body, input.page.url, request_template(input.page.url, input.page.url),
                              "the URL answers with JSON", intent, mapper_, nullptr, true);
    if (fetcher_ == nullptr || document == nullptr) return std::optional<GeneratedPlan>{};
    std::string page_text;
    if (const html::Element body = document->body()) page_text = core::fold_case(body.text());
    auto candidates = find_api_candidates(*document, input.page.url);
    // Each may take its part of the time there is, so that the last one ends in time too.
    auto each = api_timeout;
    if (input.timeout.count() > 0 && !candidates.empty())
        each = std::clamp(input.timeout / static_cast<std::int64_t>(candidates.size()), std::chrono::milliseconds{1},
                          api_timeout);
    for (ApiCandidate& candidate : candidates) {
        if (stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled", ""};
        Request request;
        request.url = candidate.url;
        request.headers = {{"Accept", "application/json"}};
        request.timeout = each;
        request.max_body_bytes = max_api_body;
        request.max_retries = 0;
        const auto answer = fetcher_->fetch(request, stop);
        if (!answer) {
            if (answer.error().code == ErrorCode::cancelled) return answer.error();
            continue;
        }
        if (answer->status != 200) continue;
        const bool proof = !candidate.service && page_text.size() >= min_page_text;
        auto plan = plan_of_answer(answer->body, answer->url, std::move(candidate.request), candidate.why, intent,
                                   mapper_, proof ? &page_text : nullptr);
        if (plan) return plan;
    }
    return std::optional<GeneratedPlan>{};
}

}  // namespace meter::generate
