// Api plans: the page's own JSON, or the JSON of what it links to.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "generate/embedded/embedded.hpp"
#include "generate/embedded/list_mapping.hpp"
#include "html/document.hpp"
#include "meter/fetcher.hpp"
#include "meter/generator.hpp"

namespace meter::generate {

/// Chooses the list that answers, and its keys; nullopt when none does. best_list() is the default.
using ListMapper = std::function<std::optional<ListMapping>(const std::vector<RecordList>&, const Intent&)>;

class ApiGenerator {
public:
    /// `fetcher` may be null: then only a page that is JSON itself has a plan.
    explicit ApiGenerator(std::shared_ptr<Fetcher> fetcher, ListMapper mapper = best_list);

    /// The best api plan for the page; nullopt when there is none. Fetches at most eight candidates, of the page's
    /// origin or of known services, until one answers with records that have the wanted fields and, unless it is a
    /// known service, half of whose titles are on the page (when the page shows any text to speak of).
    /// `document`: the page, parsed; null when it is no HTML.
    /// Errors: cancelled. What goes wrong with a candidate is no error.
    Result<std::optional<GeneratedPlan>> generate(const GenerateInput& input, const Intent& intent,
                                                  const html::Document* document, std::stop_token stop);

private:
    std::shared_ptr<Fetcher> fetcher_;
    ListMapper mapper_;
};

/// Is this the answer of an API: by its content type, or by its first character and by being JSON?
bool is_json_page(const Page& page);

}  // namespace meter::generate
