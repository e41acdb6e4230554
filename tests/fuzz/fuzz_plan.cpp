// A plan, a NUL byte, a page: the plan is refused, or compiled and run; what it gives is valid JSON within the limits,
// and the same plan gives the same again.
#include <string>

#include "fuzzing.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"

using meter::fuzzing::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto definition = meter::parse_json(meter::fuzzing::take_part(rest, '\0'));
    if (!definition) return 0;
    const auto plan = meter::Plan::parse(*definition);
    if (!plan) return 0;
    expect(meter::Plan::parse(plan->definition()).has_value(), "the definition of a plan is a plan");
    (void)plan->field_names();
    if (plan->scraper_type() == meter::ScraperType::api)
        (void)meter::api_request(*plan, "https://shop.test/a/b?q=1", plan->api_parameters());

    const meter::Page page{.body = rest, .url = "https://shop.test/a/b", .content_type = "text/html; charset=utf-8"};
    const meter::ExtractLimits limits{.max_items = 100, .max_result_bytes = 64u << 10};
    const auto items = meter::extract(page, *plan, limits);
    const auto again = meter::extract(page, *plan, limits);
    expect(items.has_value() == again.has_value(), "extraction is a function");
    if (!items) return 0;
    expect(items->items.size() <= limits.max_items, "limits hold");
    expect(items->items == again->items, "extraction is a function");
    const auto text = meter::to_json(meter::Value(items->items));
    expect(meter::parse_json(text, {.max_depth = 512}).has_value(), "results are JSON");
    return 0;
}
