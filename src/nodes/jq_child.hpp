// The child's side: what happens after the fork.
#pragma once

#include <cstddef>
#include <string>

#include "nodes/jq_process.hpp"

namespace meter::nodes {

/// Locks the process in, then serves messages on `socket` until its end. Called right after fork(), in the child only.
/// `memory_end` is the most address space the process may have.
[[noreturn]] void serve_jq(int socket, const std::string& program, const JqLimits& limits, std::size_t memory_end);

}  // namespace meter::nodes
