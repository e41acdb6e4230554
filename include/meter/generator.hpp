// From a page and a sentence to a plan: the seam strategies are made through, and the built-in generator.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/extract.hpp"
#include "meter/fetcher.hpp"
#include "meter/result.hpp"
#include "meter/schema.hpp"
#include "meter/value.hpp"

namespace meter {

/// What a plan is to be made from. Views must outlive the call.
struct GenerateInput {
    Page page;                                     ///< the page as fetched, or a JSON answer
    std::string_view description = {};             ///< "product names and prices"
    const OutputSchema* output_schema = nullptr;   ///< its keys and types are the wanted fields; null: none
    bool force_api = false;                        ///< try data APIs first
    std::optional<ScraperType> scraper_type = {};  ///< binding when given; never content
    std::chrono::milliseconds timeout{0};          ///< for all that is fetched meanwhile; 0: what the fetcher says
};

/// A plan that was run on its page.
struct GeneratedPlan {
    /// The plan as Plan::parse() takes it. Beside what a plan needs it carries "explain": an object with a member for
    /// each field, {"confidence": 0..1, "concept": text, "evidence": [text]}, and "fingerprint" (see docs/plans.md).
    Value definition;
    std::vector<Value> items;           ///< what it extracts from that page, before the output schema
    std::vector<std::string> warnings;  ///< one sentence for each wanted field that is not on the page
    std::int64_t attempts = 1;          ///< tries it took; a back end may need several
    double score = 0;                   ///< comparable between plans for one page and description; higher is better
};

/// What is wrong with a plan, in words, and the page it was made from.
struct RefineInput {
    GenerateInput original;          ///< page, description and schema the plan was made from
    const Value* plan = nullptr;     ///< definition of the plan as it is
    std::string_view feedback = {};  ///< "also extract images", "price as a number"
};

/// Makes plans.
/// Threads: called concurrently; implementations synchronise themselves.
class METER_EXPORT Generator {
public:
    virtual ~Generator();

    /// Errors: unprocessable when nothing on the page fits, the message saying what was looked for and what was found;
    /// "No API found for this page" when an api plan is asked for and there is none; unavailable when a back end is
    /// away; cancelled.
    virtual Result<GeneratedPlan> generate(const GenerateInput& input, std::stop_token stop) = 0;
    /// Errors: as generate(); unprocessable "Feedback not understood: <words>".
    virtual Result<GeneratedPlan> refine(const RefineInput& input, std::stop_token stop) = 0;
};

/// Makes a plan from a page held in memory: no network, no clock, no state. Equal input gives byte-identical plans.
///   auto plan = meter::generate_strategy(html, "https://shop.test/", "product names and prices").value();
///   auto found = meter::extract(html, Plan::parse(plan.definition).value());
/// Errors: those of Generator::generate(). Cost: a few times that of parsing the page.
METER_EXPORT Result<GeneratedPlan> generate_strategy(std::string_view html, std::string_view url,
                                                     std::string_view description,
                                                     const OutputSchema* output_schema = nullptr);

/// The built-in generator: embedded JSON, then data APIs (fetched through `fetcher`; null: none are tried), then the
/// structure of the page.
METER_EXPORT std::shared_ptr<Generator> make_generator(std::shared_ptr<Fetcher> fetcher = nullptr);

}  // namespace meter
