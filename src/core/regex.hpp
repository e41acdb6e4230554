// Regular expressions of users: RE2, linear time, bounded memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "meter/result.hpp"

namespace meter::core {

/// A compiled pattern. Cheap to copy; const calls need no lock.
class Regex {
public:
    /// At most 1000 bytes of RE2 syntax and 8 MiB of program (design limits).
    /// Errors: invalid_argument with RE2's reason; `subject` is the pattern.
    static Result<Regex> parse(std::string_view pattern, bool case_sensitive = true);

    /// Is there a match anywhere?
    bool found_in(std::string_view text) const;
    /// First capture group of the first match, or the whole match when the pattern has no group.
    std::optional<std::string> first(std::string_view text) const;
    /// `text` with every match taken out.
    std::string remove_all(std::string_view text) const;

private:
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

}  // namespace meter::core
