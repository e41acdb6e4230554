// What every Store promises, as a test that any implementation can run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "meter/export.hpp"
#include "meter/store.hpp"

namespace meter::testing {

/// Tries every documented promise of the stores on the implementation that `make` opens, from several threads where
/// the promise is about them, and returns one sentence for each that is broken: an empty list means it passes.
/// `make` is called for each group of promises and must return an empty store every time.
///   CHECK(meter::testing::check_store_contract([] { return meter::open_store("memory:").value(); }).empty());
/// What it cannot try is durability: that what was acknowledged is there after kill -9 is for the caller to prove.
/// Threads: starts up to eight, all joined when it returns. It reads no clock and does not sleep.
METER_EXPORT std::vector<std::string> check_store_contract(const std::function<std::shared_ptr<Store>()>& make);

}  // namespace meter::testing
