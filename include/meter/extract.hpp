// Plans and what they make of a document: pages and JSON answers in, items out. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/fetcher.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

enum class ScraperType { css, api, content };

/// "css", "api" or "content".
METER_EXPORT std::string_view to_string(ScraperType type) noexcept;

/// A validated, compiled extraction plan: made once, run on many documents. Cheap to copy; const calls need no lock.
///   auto plan = Plan::parse(*parse_json(R"({"container":{"selector":"li.product"},
///                                           "fields":{"name":{"selector":"h2"}}})"));
class METER_EXPORT Plan {
public:
    /// Reads a css plan (container selector and fields, or container.script for JSON embedded in the page), an api
    /// plan (request, items_path, fields) or a content plan. "type" may be left out for css.
    /// Selectors are CSS 3 plus :is, :where, :not lists, :has, :nth-*, :contains("text") and flags i and s, or
    /// XPath 1.0 after "xpath:"; at most 2048 bytes each.
    /// Errors: invalid_argument; `subject` is the member at fault ("strategy.fields.price.selector"), the message
    /// names what is wrong and where in the selector.
    /// Source: wire contract 8.5 to 8.7.
    static Result<Plan> parse(const Value& definition);

    ScraperType scraper_type() const noexcept;

    /// The plan as given, "type" added when it was left out.
    const Value& definition() const noexcept;

    /// Names of the fields the plan delivers, in order; empty for content plans and "keep every member".
    std::vector<std::string> field_names() const;

    /// Api plans: parameter name -> captured default, for every query member and every scalar of the body by dotted
    /// name. null for the other types.
    Value api_parameters() const;

    Plan(const Plan&);
    Plan& operator=(const Plan&);
    Plan(Plan&&) noexcept;
    Plan& operator=(Plan&&) noexcept;
    ~Plan();

    struct Impl;
    const Impl& impl() const noexcept { return *impl_; }  ///< for the library's own modules

private:
    explicit Plan(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// Caps on one extraction. Beyond `max_items` or `max_result_bytes`: too_large.
struct ExtractLimits {
    std::size_t max_items = 10'000;              ///< [1, 1000000]
    std::size_t max_result_bytes = 16u << 20;    ///< about the length of the items as JSON; [1 KiB, 1 GiB]
    std::size_t max_document_bytes = 32u << 20;  ///< [1 KiB, 1 GiB]
};

/// What a plan made of a document.
struct Extraction {
    std::vector<Value> items;           ///< objects, in document order
    std::vector<std::string> warnings;  ///< one sentence each: a field that no item has, content cut by a limit
};

/// A document to extract from. The views must outlive the call.
struct Page {
    std::string_view body;               ///< bytes as received (decompressed)
    std::string_view url = {};           ///< final URL; relative links are resolved against it (or `<base href>`)
    std::string_view content_type = {};  ///< Content-Type header; its charset is believed after a BOM
};

/// Runs a plan on a page or, for api plans, on a JSON answer.
/// Errors: parse ("Extraction failed: response is not JSON"), too_large ("Extraction failed: too many results"),
/// cancelled. A page on which nothing matches is a success with no items.
/// Cost: parsing dominates; linear in the document for each selector.
METER_EXPORT Result<Extraction> extract(const Page& page, const Plan& plan, const ExtractLimits& limits = {});

/// The short form for a page held in memory.
///   auto found = meter::extract("<li>A<li>B", plan);
METER_EXPORT Result<Extraction> extract(std::string_view html, const Plan& plan, std::string_view url = {});

/// The request of an api plan for one job URL.
/// {{url...}} placeholders are filled from `job_url`. When that is a URL of the endpoint itself, its query is laid over
/// the captured one, and only what the endpoint's own placeholders stand for is known.
/// `parameters` (object: name -> scalar, array of scalars, or null to remove) override the captured values.
/// Errors: unprocessable "Extraction failed: URL does not match the strategy"; invalid_argument for a parameter that
/// is neither scalar nor array of scalars. Source: wire contract 8.6.
METER_EXPORT Result<Request> api_request(const Plan& plan, std::string_view job_url, const Value& parameters);

}  // namespace meter
