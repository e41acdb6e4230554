// A clock that moves only when told to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "meter/clock.hpp"

namespace meter::testing {

/// Starts at 2025-01-15T10:30:00Z unless told otherwise. Threads: all calls from any thread.
class METER_EXPORT ManualClock final : public Clock {
public:
    ManualClock();
    explicit ManualClock(TimePoint start);
    ~ManualClock() override;

    TimePoint now() const override;
    void sleep_until(TimePoint when, std::stop_token stop) override;

    /// Moves the time on and wakes the sleepers whose moment came.
    void advance(std::chrono::milliseconds by);
    void set(TimePoint now);

private:
    mutable std::mutex mutex_;
    std::condition_variable_any moved_;
    TimePoint now_;  // guarded by mutex_
};

}  // namespace meter::testing
