#include "meter/error.hpp"

#include <array>
#include <utility>

namespace meter {
namespace {

constexpr std::array<std::string_view, 17> names{
    "invalid_argument", "invalid_url", "not_found", "conflict",  "quota_exceeded", "unsupported", "unprocessable",
    "network",          "timeout",     "blocked",   "too_large", "parse",          "store",       "unavailable",
    "cancelled",        "internal",    "forbidden"};

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
    return names[static_cast<std::size_t>(code)];
}

std::optional<ErrorCode> parse_error_code(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<ErrorCode>(i);
    return std::nullopt;
}

Exception::Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
Exception::~Exception() = default;

}  // namespace meter
