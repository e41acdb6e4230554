// Threads that work on requests, and the bounded queue before them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace meter::server {

/// Threads start when they are needed and stay. Tasks must not throw.
/// Threads: every member from any thread, except that stop() is called once.
class WorkerPool {
public:
    WorkerPool(std::size_t max_threads, std::size_t max_queued);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when all threads are busy and the queue is full, or after stop().
    bool submit(std::function<void()> task);
    /// Runs what is queued, then ends the threads.
    void stop();

private:
    void work();

    const std::size_t max_threads_, max_queued_;
    std::mutex mutex_;
    std::condition_variable wake_;
    // guarded by mutex_
    std::deque<std::function<void()>> queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
};

}  // namespace meter::server
