// Counters of requests, and the Prometheus text of everything there is to count.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "meter/engine.hpp"

namespace meter::server {

/// Threads: every member from any thread.
class RequestMetrics {
public:
    /// `route` is a path template or empty: never text of the client's, so the number of series is bounded. The
    /// template must outlive this.
    void count(std::string_view method, std::string_view route, int status, double seconds);
    /// Prometheus text exposition format 0.0.4.
    std::string text() const;

private:
    static constexpr std::array<double, 9> bounds{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600};
    struct Durations {
        std::array<std::uint64_t, bounds.size()> buckets{};  ///< each counts what is at most its bound
        std::uint64_t count = 0;
        double sum = 0;
    };

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::map<std::tuple<std::string_view, std::string_view, int>, std::uint64_t> requests_;
    std::map<std::string_view, Durations> durations_;
};

/// What the engine counts, in the same format.
std::string metrics_text(const EngineMetrics& metrics);
/// One gauge with its header.
std::string gauge_text(std::string_view name, std::string_view help, std::int64_t value);

}  // namespace meter::server
