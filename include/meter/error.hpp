// What can go wrong, as a value: a stable code, a sentence, the input at fault.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "meter/export.hpp"

namespace meter {

/// Kind of a failure. Each implies a decision of the caller; names are stored and sent, so the list only grows.
enum class ErrorCode {
    invalid_argument,  ///< the caller gave something malformed, missing or out of range
    invalid_url,       ///< a URL member is text but not an absolute http or https URL
    not_found,         ///< no such object, or it belongs to another account
    conflict,          ///< the state of an object does not allow the call
    quota_exceeded,    ///< the account has used up an allowance
    unsupported,       ///< valid, but this build or configuration cannot do it
    unprocessable,     ///< understood, but nothing usable came out of it (an empty extraction while generating)
    network,           ///< the other side could not be reached or broke the connection
    timeout,           ///< a limit of time ran out
    blocked,           ///< refused by policy here (egress gate, robots) or there (captcha, login wall)
    too_large,         ///< a limit of size ran out
    parse,             ///< bytes from outside are not what they should be
    store,             ///< the storage back end failed
    unavailable,       ///< starting, stopping or overloaded: try again later
    cancelled,         ///< the caller or a stop token ended it
    internal,          ///< a seam threw, or something else that should not happen
    forbidden,         ///< there, and visible, but not the caller's to change
};

/// The wire name of a code, equal to the enumerator ("invalid_argument").
METER_EXPORT std::string_view to_string(ErrorCode code) noexcept;

/// The code with this wire name; nullopt for any other text.
METER_EXPORT std::optional<ErrorCode> parse_error_code(std::string_view name) noexcept;

/// A failure. Regular value: copyable, comparable, safe to hand between threads.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message = {};  ///< one sentence a user can act on
    std::string subject = {};  ///< the input at fault: URL, field, expression; empty when there is none
    bool retryable = false;    ///< may the same call succeed later?

    bool operator==(const Error&) const = default;
};

/// Thrown by Result::value() on a failure; what() is the message.
class METER_EXPORT Exception : public std::runtime_error {
public:
    explicit Exception(Error error);
    Exception(const Exception&) = default;
    ~Exception() override;

    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

}  // namespace meter
