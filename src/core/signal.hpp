// A wake-up call from any thread to one that waits.
#pragma once

#include <semaphore.h>

#include <chrono>
#include <ctime>

namespace meter::core {

/// Counts its calls: one that comes before the wait ends it at once. It carries no state, and guards none but its own.
/// A condition variable would cost two more system calls each time: whoever wakes from it takes the mutex as if others
/// waited for that too.
/// Threads: set() from any, wait from one at a time. Once the waiting thread is awake it may destroy the signal.
class Signal {
public:
    Signal() noexcept { ::sem_init(&calls_, 0, 0); }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal() { ::sem_destroy(&calls_); }

    void set() noexcept { ::sem_post(&calls_); }
    void wait() noexcept {
        while (::sem_wait(&calls_) != 0) continue;  // a signal handler ran
    }
    /// False when the time has come first.
    bool wait_until(std::chrono::steady_clock::time_point deadline) noexcept {
        using namespace std::chrono;
        const auto since = deadline.time_since_epoch();
        const auto whole = floor<seconds>(since);
        const timespec at{static_cast<std::time_t>(whole.count()),
                          static_cast<long>(duration_cast<nanoseconds>(since - whole).count())};
        for (;;) {
            if (::sem_clockwait(&calls_, CLOCK_MONOTONIC, &at) == 0) return true;  // the clock of steady_clock
            if (steady_clock::now() >= deadline) return false;
        }
    }

private:
    sem_t calls_;
};

}  // namespace meter::core
