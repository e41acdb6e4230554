#include "meter/generator.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "generate/api_generator.hpp"
#include "generate/maker.hpp"
#include "generate/refine.hpp"
#include "html/document.hpp"

namespace meter {

namespace generate {
namespace {

class BuiltInGenerator final : public Generator {
public:
    explicit BuiltInGenerator(std::shared_ptr<Fetcher> fetcher) : apis_(std::move(fetcher)) {}

    Result<GeneratedPlan> generate(const GenerateInput& input, std::stop_token stop) override {
        if (stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled", ""};
        const Intent intent = read_intent(input.description, input.output_schema);
        const bool css = input.scraper_type == ScraperType::css, api = input.scraper_type == ScraperType::api;
        const Error no_api{ErrorCode::unprocessable, "No API found for this page", std::string(input.page.url)};
        if (is_json_page(input.page)) {
            if (css) return nothing_fits(intent, "a JSON answer");
            auto plan = apis_.generate(input, intent, nullptr, stop);
            if (!plan) return plan.error();
            if (*plan) return std::move(**plan);
            return api ? no_api : nothing_fits(intent, "a JSON answer");
        }
        const auto document = html::Document::parse(input.page.body, {.content_type = input.page.content_type});
        if (!document) return document.error();
        const auto from_api = [&]() -> Result<std::optional<GeneratedPlan>> {
            return apis_.generate(input, intent, &*document, stop);
        };
        if (api || (input.force_api && !css)) {
            auto plan = from_api();
            if (!plan) return plan.error();
            if (*plan) return std::move(**plan);
            if (api) return no_api;
        }
        auto made = make_plan(*document, input.page.url, intent);
        // A page that shows nothing of it may load it.
        if (!made && !css && !input.force_api) {
            auto plan = from_api();
            if (!plan) return plan.error();
            if (*plan) return std::move(**plan);
        }
        return made;
    }

    Result<GeneratedPlan> refine(const RefineInput& input, std::stop_token stop) override {
        if (stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled", ""};
        return refine_plan(input);
    }

private:
    ApiGenerator apis_;
};

}  // namespace
}  // namespace generate

Result<GeneratedPlan> generate_strategy(std::string_view html, std::string_view url, std::string_view description,
                                        const OutputSchema* output_schema) {
    const auto document = html::Document::parse(html, {.content_type = "text/html; charset=utf-8"});
    if (!document) return document.error();
    return generate::make_plan(*document, url, generate::read_intent(description, output_schema));
}

std::shared_ptr<Generator> make_generator(std::shared_ptr<Fetcher> fetcher) {
    return std::make_shared<generate::BuiltInGenerator>(std::move(fetcher));
}

}  // namespace meter
