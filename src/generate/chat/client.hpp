// One question to a chat endpoint and its answer.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "meter/fetcher.hpp"
#include "meter/generator.hpp"

namespace meter::generate {

/// Sends the messages; the body of a 200 answer. At most as long as `timeout`, when that is not zero.
/// Errors: parse when the answer is too long; cancelled; unavailable "The language model ..." for whatever else.
Result<std::string> ask_model(const ChatOptions& options, Fetcher& endpoint, Value messages,
                              std::chrono::milliseconds timeout, std::stop_token stop);

}  // namespace meter::generate
