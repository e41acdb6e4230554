// A filter, a NUL byte, an item: refused, or compiled and asked; the answer is always the same.
#include <string>

#include "fuzzing.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"

using meter::fuzzing::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto config = meter::parse_json(meter::fuzzing::take_part(rest, '\0'));
    if (!config) return 0;
    const auto filter = meter::Filter::parse(*config);
    if (!filter) {
        expect(!filter.error().message.empty(), "a refusal has a reason");
        return 0;
    }
    expect(meter::Filter::parse(filter->config()).has_value(), "the configuration of a filter is one");
    const auto item = meter::parse_json(rest);
    const meter::Value value = item ? *item : meter::Value(std::string(rest));
    expect(filter->matches(value) == filter->matches(value), "a filter is a function");
    return 0;
}
