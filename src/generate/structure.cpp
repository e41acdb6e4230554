#include "generate/structure.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/unicode.hpp"
#include "generate/selectors.hpp"
#include "generate/values/values.hpp"

namespace meter::generate {
namespace {

double structure_round(double value) {
    return std::round(value * 1e4) / 1e4;
}

/// What speaks for a candidate as a whole.
double candidate_score(const PageFacts& facts, const Candidate& candidate, const std::vector<WantedField>& fields) {
    const Region& region = candidate.region;
    const double count = static_cast<double>(region.members.size());
    double text = 0;
    for (const std::uint32_t member : region.members) text += static_cast<double>(facts.page.text_of(member).size());
    double filled = 0;  // share of the members that have what the most of them have
    // A container that holds several records: what should be there once is there again beside it.
    bool repeats = false;
    for (std::size_t f = 0; f < fields.size(); ++f) {
        const std::size_t slot = candidate.assignment.slot[f];
        const Concept wanted = fields[f].concept_of;
        if (slot == Assignment::none) continue;
        filled = std::max(filled, candidate.table->slots[slot].coverage);
        if (fields[f].twin == 0 && (wanted == Concept::title || wanted == Concept::price || wanted == Concept::image))
            repeats = repeats || candidate.table->repeats_inside(candidate.table->slots[slot]);
        if (wanted == Concept::title || fields[f].twin != 0)
            repeats = repeats || candidate.table->is_one_of_many(candidate.table->slots[slot]);
    }
    const double large = (count < 4 ? 1.2 : 0) + (text / count > 1500 && count < 8 ? 1.0 : 0);
    const double zone = std::min<double>(facts.page.nodes[region.members.front()].zone, 3);
    return structure_round(candidate.fit + 0.55 * std::log(count * filled) + 0.22 * std::log1p(text / count) -
                           0.7 * zone - (repeats ? 1.6 : 0) - large +
                           0.25 * static_cast<double>(candidate.assignment.found));
}

std::string attribute_of(const Slot& slot) {
    switch (slot.kind) {
        case SlotKind::text:
        case SlotKind::labelled:
            return "text";
        case SlotKind::own_text:
            return "own-text";
        default:
            return slot.attribute;
    }
}

std::string regex_literal(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
                           static_cast<signed char>(c) < 0;
        if (!plain) out += '\\';
        out += c;
    }
    return out;
}

/// The label in front of most values of a slot ("Posted by:"), to be left out of them; empty when there is none.
std::string common_prefix_label(const Slot& slot) {
    std::vector<std::string_view> labels;
    for (const SlotValue& value : slot.values) {
        std::size_t colon = value.value.find(':');
        std::size_t length = 1;
        if (const std::size_t wide = value.value.find("："); wide < colon) {
            colon = wide;
            length = 3;
        }
        if (colon == std::string_view::npos || colon < 2 || colon > 40 || value.value.size() > 80) continue;
        const std::string_view label = value.value.substr(0, colon);
        const std::string_view rest = value.value.substr(colon + length);
        if (label.find_first_of("0123456789") != std::string_view::npos || core::trim(rest).empty() ||
            rest.starts_with("//"))
            continue;
        labels.push_back(label);
    }
    std::sort(labels.begin(), labels.end());
    for (std::size_t start = 0; start < labels.size();) {
        std::size_t stop = start + 1;
        while (stop < labels.size() && labels[stop] == labels[start]) ++stop;
        if ((stop - start) * 10 > slot.values.size() * 6) return std::string(labels[start]);
        start = stop;
    }
    return {};
}

/// "composer: A | duration: B": values of which only the first part is wanted.
bool holds_several_labels(const Slot& slot) {
    std::size_t several = 0;
    for (const SlotValue& value : slot.values) {
        const std::size_t bar = value.value.find_first_of("|;");
        several += bar != std::string_view::npos && value.value.find(':', bar) != std::string_view::npos;
    }
    return several * 2 > slot.values.size();
}

std::string concept_text(const WantedField& field) {
    return std::string(to_string(field.concept_of));
}

Value evidence_of(const PageFacts& facts, const Slot& slot) {
    Value::Array evidence;
    const PageNode& node = facts.page.nodes[slot.node()];
    std::string where(node.element.name());
    for (std::uint32_t i = 0; i < node.class_count && i < 3; ++i)
        where += "." + std::string(facts.page.names.text(facts.page.classes[node.class_begin + i]));
    evidence.emplace_back("element " + where);
    if (const auto property = node.element.attribute("itemprop"))
        evidence.emplace_back("itemprop " + std::string(property->substr(0, 60)));
    if (!slot.header_text.empty()) evidence.emplace_back("column " + slot.header_text.substr(0, 60));
    if (!slot.label_text.empty()) evidence.emplace_back("label " + slot.label_text.substr(0, 60));
    if (slot.in_heading) evidence.emplace_back("in a heading");
    const auto share = [&](double value, std::string_view what) {
        if (value >= 0.6) evidence.emplace_back("looks like " + std::string(what));
    };
    share(slot.price, "a price");
    share(slot.date, "a date");
    share(slot.number, "a number");
    share(slot.rating, "a rating");
    evidence.emplace_back("in " + std::to_string(static_cast<int>(std::lround(slot.coverage * 100))) +
                          " % of the records");
    return evidence;
}

std::string tag_path(const PageIndex& page, std::uint32_t node, std::uint32_t until) {
    std::string path;
    for (int level = 0; level < 12 && node != no_node && node != until; ++level, node = page.nodes[node].parent)
        path = std::string(page.tag_name(node)) + (path.empty() ? "" : ">" + path);
    return path;
}

Value attributes_print(const PageIndex& page, std::uint32_t node) {
    Object print;
    for (const std::string_view name : {"id", "class", "itemprop", "role"})
        if (const std::string_view value = page.attribute(node, name); !value.empty())
            print.set(std::string(name), core::sanitize_utf8(value.substr(0, 200)));
    return print;
}

std::string short_text(std::string_view text) {
    return core::sanitize_utf8(text.substr(0, 80));
}

Value slot_print(const PageFacts& facts, const Region& region, const Slot& slot) {
    const PageIndex& page = facts.page;
    std::uint32_t root = slot.node();
    while (root != no_node && !std::binary_search(region.members.begin(), region.members.end(), root))
        root = page.nodes[root].parent;
    Value::Array samples;
    std::vector<std::string> forms;
    for (const SlotValue& value : slot.values) {
        if (samples.size() < 5) samples.emplace_back(short_text(value.value));
        std::string form = value_shape(value.value);
        if (std::find(forms.begin(), forms.end(), form) == forms.end() && forms.size() < 3)
            forms.push_back(std::move(form));
    }
    Value::Array shapes;
    for (std::string& form : forms) shapes.emplace_back(std::move(form));
    Object print{{"path", tag_path(page, slot.node(), root)},
                 {"attributes", attributes_print(page, slot.node())},
                 {"kind", attribute_of(slot)},
                 {"coverage", structure_round(slot.coverage)},
                 {"length", structure_round(slot.length)},
                 {"order", structure_round(slot.order)},
                 {"shapes", std::move(shapes)},
                 {"samples", std::move(samples)}};
    if (!slot.label_text.empty()) print.set("label", short_text(slot.label_text));
    if (!slot.header_text.empty()) print.set("column", short_text(slot.header_text));
    return print;
}

}  // namespace

Value container_print(const PageFacts& facts, const Region& region) {
    const PageIndex& page = facts.page;
    double text = 0;
    for (const std::uint32_t member : region.members) text += static_cast<double>(page.text_of(member).size());
    std::vector<std::pair<std::string, int>> histogram;
    const std::uint32_t first = region.members.front();
    for (std::uint32_t node = first; node < page.nodes[first].end && node < first + 500; ++node) {
        const std::string_view tag = page.tag_name(node);
        auto found = std::find_if(histogram.begin(), histogram.end(), [&](const auto& h) { return h.first == tag; });
        if (found == histogram.end()) found = histogram.insert(histogram.end(), {std::string(tag), 0});
        ++found->second;
    }
    std::stable_sort(histogram.begin(), histogram.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    Object tags;
    for (std::size_t i = 0; i < histogram.size() && i < 10; ++i) tags.set(histogram[i].first, histogram[i].second);
    return Object{{"path", tag_path(page, first, no_node)},
                  {"attributes", attributes_print(page, first)},
                  {"records", region.members.size()},
                  {"text", structure_round(text / static_cast<double>(region.members.size()))},
                  {"tags", std::move(tags)}};
}

char decimal_of(const Slot& slot) {
    for (const SlotValue& value : slot.values) {
        const std::string_view text = value.value;
        std::size_t at = text.find_first_of("0123456789");
        if (at == std::string_view::npos) continue;
        std::size_t end = at;
        std::size_t last = std::string_view::npos;  // the last sign between digits
        std::size_t points = 0, commas = 0;
        while (end < text.size()) {
            const char c = text[end];
            if (c >= '0' && c <= '9') {
                ++end;
            } else if ((c == '.' || c == ',') && end + 1 < text.size() && text[end + 1] >= '0' &&
                       text[end + 1] <= '9') {
                (c == '.' ? points : commas) += 1;
                last = end++;
            } else {
                break;
            }
        }
        if (last == std::string_view::npos) continue;
        const std::size_t after = end - last - 1;
        if (text[last] == ',' && commas == 1 && after != 3) return ',';
        if (text[last] == '.' && points > 1) return ',';
        if (text[last] == '.' && points == 1 && commas == 0 && after == 3 && end - at <= 7) return ',';
        if (text[last] == ',' && points > 0) return ',';
    }
    return 0;
}

std::vector<Candidate> rank_candidates(PageFacts& facts, const Matcher& matcher, std::size_t most) {
    std::vector<Candidate> ranked;
    const auto& fields = matcher.fields();
    for (Region& region : find_regions(facts.page)) {
        if (region.text < 8 && fields.size() > 1 && !facts.page.has_image(region.members.front())) continue;
        Candidate candidate;
        candidate.region = std::move(region);
        candidate.table = std::make_unique<SlotTable>(facts.page, candidate.region, facts.lexicon, facts.nodes);
        if (candidate.table->slots.empty()) continue;
        candidate.assignment = assign(matcher, *candidate.table);
        if (candidate.assignment.found == 0) continue;
        bool repeated = false;  // elements none of whose fields is found twice are no records
        for (std::size_t f = 0; f < fields.size(); ++f) {
            const std::size_t slot = candidate.assignment.slot[f];
            if (slot == Assignment::none) continue;
            const Slot& found = candidate.table->slots[slot];
            const bool rare = found.coverage < 0.25;
            // What a field can count for is bounded by how many records have it.
            const double most_of_field = 6 * coverage_weight(found);
            candidate.fit += std::min(candidate.assignment.score[f], most_of_field) * (rare ? 0.5 : 1);
            repeated = repeated || found.values.size() > 1;
        }
        if (!repeated && candidate.table->records.size() > 1) continue;
        candidate.fit = structure_round(candidate.fit / static_cast<double>(fields.size()));
        candidate.score = candidate_score(facts, candidate, fields);
        ranked.push_back(std::move(candidate));
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    if (ranked.size() > most) ranked.resize(most);
    return ranked;
}

PlannedField plan_field(const PageFacts& facts, const Region& region, const SlotTable& table, const Slot& slot,
                        const WantedField& field, double score) {
    std::vector<FieldTarget> targets;
    for (const std::uint32_t record : table.records) targets.push_back({record});
    for (const SlotValue& value : slot.values) targets[value.record].node = value.node;
    const std::string attribute = attribute_of(slot);
    const auto selectors =
        field_selectors(facts.page, region, targets, attribute == "text" || attribute == "own-text" ? "" : attribute);
    PlannedField planned;
    if (selectors.empty() || selectors.front().agreement < 0.3) return planned;
    Object definition{{"selector", selectors.front().css.empty() ? Value(":self") : Value(selectors.front().css)}};
    if (attribute != "text") definition.set("attribute", attribute);
    if (field.type == WantedType::list && is_text_kind(slot.kind)) definition.set("all", true);
    if (slot.kind == SlotKind::labelled) {
        definition.set("regex", "(?i)" + regex_literal(slot.label) + "\\s*[:：]\\s*([^|;•·]*[^|;•·\\s])");
    } else if (slot.kind == SlotKind::mail || slot.kind == SlotKind::phone) {
        definition.set("regex", "(?i)^(?:mailto|tel):\\s*([^?]+)");
    } else if (is_text_kind(slot.kind) && field.concept_of != Concept::title &&
               field.concept_of != Concept::description) {
        if (const std::string label = common_prefix_label(slot); !label.empty())
            definition.set("regex", "^(?:" + regex_literal(label) + "\\s*[:：]\\s*)?" +
                                        (holds_several_labels(slot) ? "([^|;•·]*[^|;•·\\s])" : "(.*)$"));
    }
    if (field.type == WantedType::number)
        if (const char decimal = decimal_of(slot); decimal != 0) definition.set("decimal", std::string(1, decimal));
    planned.name = field.name;
    planned.definition = std::move(definition);
    planned.confidence =
        structure_round(std::clamp(score / 6, 0.0, 1.0) * std::clamp(selectors.front().agreement, 0.0, 1.0));
    Object explanation{
        {"confidence", planned.confidence}, {"concept", concept_text(field)}, {"evidence", evidence_of(facts, slot)}};
    if (selectors.size() > 1 && selectors[1].agreement == 1) explanation.set("fallback", selectors[1].css);
    planned.explanation = std::move(explanation);
    planned.fingerprint = slot_print(facts, region, slot);
    return planned;
}

Value assemble_plan(Value container, std::vector<PlannedField> fields, Value print) {
    Object definitions, explain, prints;
    for (PlannedField& field : fields) {
        definitions.set(field.name, std::move(field.definition));
        explain.set(field.name, std::move(field.explanation));
        if (!field.fingerprint.is_null()) prints.set(field.name, std::move(field.fingerprint));
    }
    return Object{{"type", "css"},
                  {"container", std::move(container)},
                  {"fields", std::move(definitions)},
                  {"explain", std::move(explain)},
                  {"fingerprint", Object{{"container", std::move(print)}, {"fields", std::move(prints)}}}};
}

Value plan_candidate(const PageFacts& facts, const Candidate& candidate, const std::vector<WantedField>& fields) {
    const ChosenSelector container = container_selector(facts.page, candidate.region);
    if (container.css.empty() || container.agreement < 0.3) return nullptr;
    std::vector<PlannedField> planned;
    for (std::size_t f = 0; f < fields.size(); ++f) {
        const std::size_t slot = candidate.assignment.slot[f];
        if (slot == Assignment::none) continue;
        PlannedField field = plan_field(facts, candidate.region, *candidate.table, candidate.table->slots[slot],
                                        fields[f], candidate.assignment.score[f]);
        if (!field.name.empty()) planned.push_back(std::move(field));
    }
    if (planned.empty()) return nullptr;
    return assemble_plan(Object{{"selector", container.css}}, std::move(planned),
                         container_print(facts, candidate.region));
}

}  // namespace meter::generate
