// Plans changed by what people say about their results.
#pragma once

#include "meter/generator.hpp"

namespace meter::generate {

/// Generator::refine() for css plans, lists of embedded JSON and api plans. What is said is done in order; when a part
/// is not understood nothing is done.
Result<GeneratedPlan> refine_plan(const RefineInput& input);

}  // namespace meter::generate
