// What the end of a scheduled job tells the world: the rows that go into the outbox with it (wire contract 15.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/schedule.hpp"
#include "meter/store.hpp"
#include "meter/strategy.hpp"

namespace meter::run {

/// The deliveries of a job that completes; none when its schedule (may be null) has no webhook. `delta` is the
/// difference to the baseline as JSON object text, empty when nothing changed. Errors: store.
Result<std::vector<Delivery>> completion_events(Store& store, const Job& job, const Strategy& strategy,
                                                const Schedule* schedule, const JobCompletion& completion,
                                                std::string_view delta);

/// The same for a job that fails. Strategy and schedule are read here. Errors: store.
Result<std::vector<Delivery>> failure_events(Store& store, const Job& job, const JobFailure& failure);

}  // namespace meter::run
