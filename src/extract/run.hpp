// Compiled plans on parsed pages.
#pragma once

#include <string_view>

#include "extract/item_sink.hpp"
#include "extract/plan.hpp"
#include "html/document.hpp"

namespace meter::detail {

// Errors of all: too_large, and those of selectors.

/// `page_url`: the final URL of the page, what links are relative to where it has no <base>.
Result<void> run_css_plan(const CssPlan& plan, const html::Document& document, std::string_view page_url,
                          ItemSink& sink);
Result<void> run_embedded_plan(const EmbeddedPlan& plan, const html::Document& document, ItemSink& sink);
Result<void> run_content_plan(const ContentPlan& plan, const html::Document& document, ItemSink& sink);

}  // namespace meter::detail
