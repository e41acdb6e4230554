#include "meter/clock.hpp"

#include <condition_variable>
#include <mutex>

#include "meter/testing/manual_clock.hpp"

namespace meter {
namespace {

class SystemClock final : public Clock {
public:
    TimePoint now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }

    void sleep_until(TimePoint when, std::stop_token stop) override {
        // Waits on the steady clock in bounded slices, so that a step of the system clock is noticed.
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
            const auto left = when - now();
            if (left <= left.zero()) return;
            never.wait_for(lock, stop, std::min<std::chrono::milliseconds>(left, std::chrono::seconds(10)),
                           [] { return false; });
        }
    }
};

}  // namespace

Clock::~Clock() = default;

std::shared_ptr<Clock> system_clock() {
    return std::make_shared<SystemClock>();
}

namespace testing {

ManualClock::ManualClock()
    : ManualClock(std::chrono::sys_days{std::chrono::year{2025} / 1 / 15} + std::chrono::hours(10) +
                  std::chrono::minutes(30)) {}
ManualClock::ManualClock(TimePoint start) : now_(start) {}
ManualClock::~ManualClock() = default;

TimePoint ManualClock::now() const {
    std::lock_guard lock(mutex_);
    return now_;
}

void ManualClock::sleep_until(TimePoint when, std::stop_token stop) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, stop, [&] { return now_ >= when; });
}

void ManualClock::advance(std::chrono::milliseconds by) {
    {
        std::lock_guard lock(mutex_);
        now_ += by;
    }
    moved_.notify_all();
}

void ManualClock::set(TimePoint now) {
    {
        std::lock_guard lock(mutex_);
        now_ = now;
    }
    moved_.notify_all();
}

}  // namespace testing
}  // namespace meter
