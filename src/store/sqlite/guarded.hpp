// Where every exception of the SQLite driver, and of the work done on it, ends.
#pragma once

#include <SQLiteCpp/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "meter/result.hpp"

namespace meter::sqlite {

/// What SQLite's failure means to a caller; `subject` is the operation or the file.
Error error_of(const SQLite::Exception& failure, std::string_view subject);

/// Runs fn and turns what it throws into an Error.
template <class Fn>
auto guarded(std::string_view subject, Fn&& fn) -> decltype(fn()) {
    try {
        return std::forward<Fn>(fn)();
    } catch (const SQLite::Exception& failure) {
        return error_of(failure, subject);
    } catch (const Exception& failure) {
        return failure.error();
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::store, "Out of memory", std::string(subject), true};
    } catch (const std::exception& failure) {
        return Error{ErrorCode::internal, failure.what(), std::string(subject)};
    }
}

}  // namespace meter::sqlite
