// A keyword filter, a NUL byte, an item: refused, or asked; clauses never match more together than apart.
#include <string>

#include "fuzzing.hpp"
#include "meter/json.hpp"
#include "meter/keyword_filter.hpp"

using meter::fuzzing::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string text(meter::fuzzing::take_part(rest, '\0'));
    const auto filter = meter::KeywordFilter::parse(text);
    if (!filter) {
        expect(filter.error().subject == "filter", "a refusal names the filter");
        return 0;
    }
    const auto item = meter::parse_json(rest);
    const meter::Value value = item ? *item : meter::Value(std::string(rest));
    const bool matches = filter->matches(value);
    expect(!filter->blank() || matches, "a blank filter lets everything through");
    if (const auto stricter = meter::KeywordFilter::parse("+zzzz " + text)) {
        const bool has = meter::KeywordFilter::parse("zzzz")->matches(value);
        expect(has || !stricter->matches(value), "a required word is required");
    }
    if (const auto less = meter::KeywordFilter::parse("-zzzz " + text)) {
        const bool has = meter::KeywordFilter::parse("zzzz")->matches(value);
        expect(less->matches(value) == (matches && !has), "an excluded word excludes and nothing else");
    }
    return 0;
}
