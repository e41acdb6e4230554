// A plan for a page: made from what the page carries and shows, run on it, and kept when it holds what is wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "generate/intent.hpp"
#include "html/document.hpp"
#include "meter/generator.hpp"

namespace meter::generate {

/// Runs a css plan or one for embedded JSON.
Result<Extraction> run_on_document(const html::Document& document, std::string_view url, const Value& definition);

/// Runs a plan, takes fields out of it that no item has, and fills `out`, with a warning for each wanted field that is
/// not in it. False when nothing is left.
bool accept_plan(const html::Document& document, std::string_view url, const std::vector<WantedField>& fields,
                 Value definition, double score, GeneratedPlan& out);

/// The best plan for the fields of an intent. Errors: unprocessable.
Result<GeneratedPlan> make_plan(const html::Document& document, std::string_view url, const Intent& intent);

/// What is said when nothing fits.
Error nothing_fits(const Intent& intent, const std::string& found);

}  // namespace meter::generate
