// Result<T>: a T or an Error.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "meter/error.hpp"

namespace meter {

/// Outcome of a call that can fail: exactly one of a T and an Error. Converts from both.
///   auto plan = Plan::parse(text);
///   if (!plan) return plan.error();
///   use(*plan);
/// Threads: as T.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value; throws meter::Exception with the error when there is none.
    T& value() & { return check(), *std::get_if<0>(&state_); }
    const T& value() const& { return check(), *std::get_if<0>(&state_); }
    /// By value, so that `for (auto& x : call().value())` keeps what it walks over alive.
    T value() && {
        check();
        return std::move(*std::get_if<0>(&state_));
    }

    /// The value; undefined when there is none.
    T& operator*() & noexcept { return assert(has_value()), *std::get_if<0>(&state_); }
    const T& operator*() const& noexcept { return assert(has_value()), *std::get_if<0>(&state_); }
    T operator*() && noexcept {
        assert(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T* operator->() noexcept { return assert(has_value()), std::get_if<0>(&state_); }
    const T* operator->() const noexcept { return assert(has_value()), std::get_if<0>(&state_); }

    /// The error; undefined when there is a value.
    const Error& error() const& noexcept { return assert(!has_value()), *std::get_if<1>(&state_); }
    Error&& error() && noexcept { return assert(!has_value()), std::move(*std::get_if<1>(&state_)); }

private:
    void check() const {
        if (!has_value()) throw Exception(*std::get_if<1>(&state_));
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return !failed_; }
    void value() const {
        if (failed_) throw Exception(error_);
    }
    const Error& error() const noexcept { return assert(failed_), error_; }

private:
    Error error_;
    bool failed_ = false;
};

}  // namespace meter
