// Tells somebody that there may be something to do, without the one who rings knowing who that is.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace meter::run {

/// Threads: every member from any thread.
class Bell {
public:
    /// Nothing happens while nobody listens.
    void ring() {
        const std::lock_guard lock(mutex_);  // held on purpose: after listen({}) nobody is called any more
        if (listener_) listener_();
    }
    /// `listener` must neither block nor ring.
    void listen(std::function<void()> listener) {
        const std::lock_guard lock(mutex_);
        listener_ = std::move(listener);
    }

private:
    std::mutex mutex_;
    std::function<void()> listener_;  // guarded by mutex_
};

}  // namespace meter::run
