// A jq program in a process of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

#include "meter/node.hpp"

namespace meter::nodes {

struct JqLimits {
    std::chrono::milliseconds time;  ///< computing time for one message
    std::size_t memory;              ///< beyond what this process has when the child is made
    std::size_t max_outputs;         ///< for one message
    std::size_t max_output_bytes;    ///< of one of them
};

/// Runs the program on each item, or with `slurp` once on the array of all, and hands over what it emits, in order. The
/// child has no environment, can open no file or socket, and dies with this call.
/// Errors: invalid_argument "config.program" (does not compile), unprocessable (the program's own error), timeout,
/// too_large (memory, outputs), parse (an output that is no JSON: nested too deep), internal, cancelled, those of `in`
/// and `emit`.
Result<void> run_jq(const std::string& program, bool slurp, const JqLimits& limits, ItemSource& in,
                    const std::function<Result<void>(Value)>& emit, const std::stop_token& stop);

}  // namespace meter::nodes
