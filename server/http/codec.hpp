// Answers to bytes. The one place that knows cpp-httplib.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace meter::server {

/// The bytes of an HTTP/1.1 answer: status line, headers, body (none for HEAD).
std::string render_answer(const Answer& answer, std::string_view method, bool close);

}  // namespace meter::server
