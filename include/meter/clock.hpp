// The time the library lives by: injected, so that tests and simulations can drive it.
#pragma once

#include <memory>
#include <stop_token>

#include "meter/export.hpp"
#include "meter/time.hpp"

namespace meter {

/// Tells the time and waits for it. Nothing else in the library does either, except socket timeouts.
/// Threads: called concurrently; implementations synchronise themselves.
class METER_EXPORT Clock {
public:
    virtual ~Clock();

    virtual TimePoint now() const = 0;

    /// Returns when `now() >= when`, or as soon as `stop` is requested.
    virtual void sleep_until(TimePoint when, std::stop_token stop) = 0;
};

/// The system's real-time clock. All engines may share one.
METER_EXPORT std::shared_ptr<Clock> system_clock();

}  // namespace meter
