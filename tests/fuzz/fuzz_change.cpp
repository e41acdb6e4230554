// Two lists of items and noise rules, a NUL byte between them: what a change set promises holds for all of them.
#include <string>
#include <vector>

#include "fuzzing.hpp"
#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::fuzzing::expect;

namespace {

std::vector<meter::Value> items(std::string_view json) {
    const auto value = meter::parse_json(json);
    if (!value) return {};
    return value->is_array() ? *value->if_array() : std::vector<meter::Value>{*value};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto older = items(meter::fuzzing::take_part(rest, '\0'));
    const auto newer = items(meter::fuzzing::take_part(rest, '\0'));
    const auto given = meter::parse_json(rest);
    meter::ChangeRules rules;
    if (given && given->is_object()) {
        const meter::Value* key = given->find("key");
        const auto parsed = meter::ChangeRules::parse(*given, key == nullptr ? meter::Value{} : *key);
        if (parsed)
            rules = *parsed;
        else
            expect(!parsed.error().subject.empty(), "a refusal names the member");
    }

    const auto changes = meter::diff(older, newer, rules);
    expect(changes.changed == meter::differs(older, newer, rules), "both verdicts are the same");
    const bool empty = changes.new_items.empty() && changes.removed_items.empty() && changes.modified_items.empty();
    expect(changes.changed ? empty == changes.order_changed : empty && !changes.order_changed, "a change has a reason");
    expect(changes.texts.empty() == !changes.changed, "a change has a text");
    if (rules.empty())
        expect(changes.changed == (meter::content_hash(older) != meter::content_hash(newer)), "hashes agree");
    expect(meter::diff(newer, newer, rules) == meter::ChangeSet{}, "nothing differs from itself");
    const auto stored = meter::parse_json(meter::to_json(to_value(changes)), {.max_depth = 512});
    if (stored) expect(meter::parse_change_set(*stored).has_value(), "a stored change reads back");

    const auto comparison = meter::compare({"a", older}, {"b", newer}, rules);
    expect(comparison.semantic_similarity >= 0 && comparison.semantic_similarity <= 1, "similarity is within bounds");
    expect(comparison.semantic_similarity == meter::compare({"b", newer}, {"a", older}).semantic_similarity,
           "similarity is symmetric");
    (void)meter::section_delta(older, newer, rules);
    return 0;
}
