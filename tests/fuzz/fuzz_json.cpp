// Any bytes as JSON: refused, or read into a value that is written and read back the same.
#include "fuzzing.hpp"
#include "meter/json.hpp"

using meter::fuzzing::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = meter::parse_json({reinterpret_cast<const char*>(data), size}, {.max_depth = 64});
    if (!value) return 0;
    for (const std::string& text : {meter::to_json(*value), meter::to_pretty_json(*value)}) {
        const auto again = meter::parse_json(text);
        expect(again.has_value(), "what is written can be read");
        expect(*again == *value, "and is the same");
    }
    return 0;
}
