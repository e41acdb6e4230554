#include "meter/extract.hpp"

#include <utility>
#include <variant>

#include "extract/item_sink.hpp"
#include "extract/json_items.hpp"
#include "extract/plan.hpp"
#include "extract/run.hpp"
#include "html/document.hpp"

namespace meter {
namespace {

constexpr std::size_t extract_max_bytes = 1u << 30;

Result<void> check_extract_limits(const ExtractLimits& limits) {
    const auto check = [](const char* name, std::size_t value, std::size_t low, std::size_t high) -> Result<void> {
        if (value >= low && value <= high) return {};
        return Error{ErrorCode::invalid_argument,
                     std::string(name) + " must be from " + std::to_string(low) + " to " + std::to_string(high), name};
    };
    if (auto items = check("max_items", limits.max_items, 1, 1'000'000); !items) return items;
    if (auto bytes = check("max_result_bytes", limits.max_result_bytes, 1u << 10, extract_max_bytes); !bytes)
        return bytes;
    return check("max_document_bytes", limits.max_document_bytes, 1u << 10, extract_max_bytes);
}

/// The plan's own limit on items.
std::size_t plan_item_limit(const Plan::Impl& impl) {
    if (const auto* css = std::get_if<detail::CssPlan>(&impl.compiled)) return css->limit;
    if (const auto* embedded = std::get_if<detail::EmbeddedPlan>(&impl.compiled)) return embedded->limit;
    return SIZE_MAX;
}

Result<void> run_on_page(const Plan::Impl& impl, const html::Document& document, const Page& page,
                         detail::ItemSink& sink) {
    if (!document.root()) return {};
    if (const auto* css = std::get_if<detail::CssPlan>(&impl.compiled))
        return detail::run_css_plan(*css, document, page.url, sink);
    if (const auto* embedded = std::get_if<detail::EmbeddedPlan>(&impl.compiled))
        return detail::run_embedded_plan(*embedded, document, sink);
    return detail::run_content_plan(*std::get_if<detail::ContentPlan>(&impl.compiled), document, sink);
}

}  // namespace

Result<Extraction> extract(const Page& page, const Plan& plan, const ExtractLimits& limits) {
    if (auto checked = check_extract_limits(limits); !checked) return checked.error();
    if (page.body.size() > limits.max_document_bytes)
        return Error{ErrorCode::too_large, "Page too large", std::string(page.url)};
    const Plan::Impl& impl = plan.impl();
    detail::ItemSink sink(limits, plan_item_limit(impl), plan.field_names());

    Result<void> done;
    if (const auto* api = std::get_if<detail::ApiPlan>(&impl.compiled)) {
        const auto answer = detail::parse_json_answer(page.body);
        if (!answer) return answer.error();
        done = detail::collect_json_items(*answer, api->source, false, sink);
    } else {
        const html::ParseOptions options{.content_type = page.content_type, .max_bytes = limits.max_document_bytes};
        const auto document = html::Document::parse(page.body, options);
        if (!document) return document.error();
        done = run_on_page(impl, *document, page, sink);
        if (document->depth_capped()) sink.warn("Content nested too deeply was left out.");
    }
    if (!done) return done.error();
    return std::move(sink).finish();
}

Result<Extraction> extract(std::string_view html, const Plan& plan, std::string_view url) {
    return extract(Page{.body = html, .url = url}, plan);
}

}  // namespace meter
