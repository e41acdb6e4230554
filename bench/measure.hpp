// Measures two ways of doing the same work in alternating rounds of one run.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

/// CPU time of the whole process, all threads, in seconds.
inline double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline double wall_seconds() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Memory of the process that is in use now.
inline double resident_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return 0;
}

struct Summary {
    double min = 0, median = 0, max = 0;
};

inline Summary summary(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    return {samples.front(), samples[samples.size() / 2], samples.back()};
}

/// Runs both once to warm up, then `rounds` times in turn, and prints CPU time each and the ratio of each round.
template <class Ours, class Peer>
void compare(const std::string& title, const std::string& ours_name, Ours ours, const std::string& peer_name, Peer peer,
             int rounds = 5) {
    ours();
    peer();
    std::vector<double> a, b, ratio;
    for (int i = 0; i < rounds; ++i) {
        double start = cpu_seconds();
        ours();
        a.push_back(cpu_seconds() - start);
        start = cpu_seconds();
        peer();
        b.push_back(cpu_seconds() - start);
        ratio.push_back(a.back() / b.back());
    }
    const Summary x = summary(a), y = summary(b), r = summary(ratio);
    std::printf("%s (%d rounds, CPU time: min / median / max)\n", title.c_str(), rounds);
    std::printf("  %-34s %9.2f %9.2f %9.2f ms\n", ours_name.c_str(), x.min * 1e3, x.median * 1e3, x.max * 1e3);
    std::printf("  %-34s %9.2f %9.2f %9.2f ms\n", peer_name.c_str(), y.min * 1e3, y.median * 1e3, y.max * 1e3);
    std::printf("  ratio                              %9.2f %9.2f %9.2f\n\n", r.min, r.median, r.max);
}

}  // namespace bench
