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
#include "meter/logger.hpp"
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

/// A language model behind an endpoint in OpenAI's manner: POST {url}/chat/completions. llama.cpp, Ollama, vLLM and
/// hosted services speak it.
struct ChatOptions {
    std::string url = {};    ///< base: "http://127.0.0.1:11434/v1"; empty: no model
    std::string model = {};  ///< as the endpoint names it; may be empty where it has only one
    std::string key = {};    ///< sent as "Authorization: Bearer ..."; empty: none. Printable ASCII
    std::chrono::milliseconds timeout{
        25'000};  ///< one question, and at most half of GenerateInput::timeout; (0, 10 min]
    std::size_t max_answer_bytes = 256u << 10;  ///< longer answers are dropped; [1 KiB, 16 MiB]
    /// Of the fetcher that the engine makes for the endpoint: may it connect to loopback and private addresses too?
    /// What is allowed for pages does not count here, nor this for pages.
    bool allow_private_networks = false;
};

/// Checks ranges. Errors: invalid_url; invalid_argument with the field as `subject`.
METER_EXPORT Result<void> validate(const ChatOptions& options);

/// A generator that asks a language model beside `first` and takes the better result, so that it is never worse than
/// `first` alone. The model is sent what is wanted and tables of what repeats on the page (selectors and three short
/// sample values each; under 2000 tokens), never the page. Its answer is data: a css plan, of which only the members
/// that docs/plans.md has for those, and only wanted fields, are kept; it is run on the page, and wins when it fills
/// more of what is wanted with values of the right kind. One question for generate() on an HTML page; for refine() one
/// when `first` does not understand the feedback. Plans for APIs never come from the model. Errors: those of `first`.
/// When `first` finds nothing and the endpoint is away (no connection, timeout, refused by the egress gate, a status
/// that is no 200, redirects included): unavailable "The language model ...", retryable. An answer that is of no use
/// (too long, not JSON, no plan, finds nothing, finds less) leaves the outcome of `first`. `endpoint` sends the
/// questions; `first` null: make_generator(); `logger` (null: none) is told why an answer was not used. Errors of the
/// call itself: those of validate(); invalid_argument without an endpoint.
METER_EXPORT Result<std::shared_ptr<Generator>> make_chat_generator(const ChatOptions& options,
                                                                    std::shared_ptr<Fetcher> endpoint,
                                                                    std::shared_ptr<Generator> first = nullptr,
                                                                    std::shared_ptr<Logger> logger = nullptr);

}  // namespace meter
