// Plans for pages about one thing: an article, a product, a recipe.
#pragma once

#include <vector>

#include "generate/embedded/embedded.hpp"
#include "generate/intent.hpp"
#include "generate/structure.hpp"
#include "meter/value.hpp"

namespace meter::generate {

/// Is the page about one thing, and is that what is asked for? At least 1.6: yes.
double detail_evidence(const PageFacts& facts, const Embedded& embedded, const std::vector<MainObject>& mains,
                       const Intent& intent);
constexpr double detail_threshold = 1.6;

/// A css plan with one record, the page; null when no field was found. Values come, in this order, from the visible
/// heading (titles), the main object that the page describes itself by, meta elements, labelled text, and elements
/// whose names say what they are.
Value plan_detail(PageFacts& facts, const Embedded& embedded, const std::vector<MainObject>& mains,
                  const std::vector<WantedField>& fields);

/// The property of a main object that answers a field; null pointer when none does.
const ObjectProperty* property_for(const MainObject& main, const WantedField& field);

}  // namespace meter::generate
