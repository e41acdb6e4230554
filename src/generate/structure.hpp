// Plans from the structure of a page: candidates for its records, what they hold of what is wanted, and the plan that
// reads the best of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "generate/intent.hpp"
#include "generate/matching.hpp"
#include "generate/node_facts.hpp"
#include "generate/page_index.hpp"
#include "generate/regions.hpp"
#include "generate/slots.hpp"
#include "meter/value.hpp"

namespace meter::generate {

/// What is known about one page while a plan is made for it.
struct PageFacts {
    explicit PageFacts(const html::Document& document) : page(document), nodes(page.nodes.size()) {}

    PageIndex page;
    Lexicon lexicon;
    NodeFacts nodes;
};

/// A region, what it holds and how well that fits.
struct Candidate {
    Region region;
    std::unique_ptr<SlotTable> table;
    Assignment assignment;
    double fit = 0;    ///< mean score of the fields
    double score = 0;  ///< comparable between candidates of one page and intent
};

/// Candidates for the fields, best first, at most `most`.
std::vector<Candidate> rank_candidates(PageFacts& facts, const Matcher& matcher, std::size_t most = 3);

/// One field of a plan with what is told about it.
struct PlannedField {
    std::string name;
    Value definition;  ///< as docs/plans.md has it
    double confidence = 0;
    Value explanation;  ///< member of "explain"
    Value fingerprint;
};

/// How a plan reads a slot of the candidate's region; an empty name when no selector does.
PlannedField plan_field(const PageFacts& facts, const Region& region, const SlotTable& table, const Slot& slot,
                        const WantedField& field, double score);

/// A css plan for the candidate, "explain" and "fingerprint" included; null when its records cannot be selected.
Value plan_candidate(const PageFacts& facts, const Candidate& candidate, const std::vector<WantedField>& fields);

/// ',' when the slot's numbers are written with a decimal comma or with points between thousands; 0 when a reader that
/// takes points for decimal signs reads them rightly.
char decimal_of(const Slot& slot);

/// The fingerprint of a region's records as containers of a plan.
Value container_print(const PageFacts& facts, const Region& region);

/// "explain" and "fingerprint" of a plan and its fields.
Value assemble_plan(Value container, std::vector<PlannedField> fields, Value print);

}  // namespace meter::generate
