#include "core/regex.hpp"

#include <re2/re2.h>
#include <re2/stringpiece.h>

namespace meter::core {
namespace {

constexpr std::size_t regex_max_pattern = 1000;
constexpr std::int64_t regex_max_memory = 8 << 20;

RE2::Options regex_options(bool case_sensitive) {
    RE2::Options options;
    options.set_max_mem(regex_max_memory);
    options.set_case_sensitive(case_sensitive);
    options.set_log_errors(false);
    return options;
}

re2::StringPiece regex_piece(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

struct Regex::Impl {
    Impl(std::string_view pattern, bool case_sensitive) : re(regex_piece(pattern), regex_options(case_sensitive)) {}
    RE2 re;
};

Result<Regex> Regex::parse(std::string_view pattern, bool case_sensitive) {
    if (pattern.size() > regex_max_pattern)
        return Error{ErrorCode::invalid_argument, "Invalid regular expression: longer than 1000 bytes",
                     std::string(pattern)};
    auto impl = std::make_shared<Impl>(pattern, case_sensitive);
    if (!impl->re.ok())
        return Error{ErrorCode::invalid_argument, "Invalid regular expression: " + impl->re.error(),
                     std::string(pattern)};
    Regex regex;
    regex.impl_ = std::move(impl);
    return regex;
}

bool Regex::found_in(std::string_view text) const {
    return RE2::PartialMatch(regex_piece(text), impl_->re);
}

std::optional<std::string> Regex::first(std::string_view text) const {
    const bool grouped = impl_->re.NumberOfCapturingGroups() > 0;
    re2::StringPiece parts[2];
    if (!impl_->re.Match(regex_piece(text), 0, text.size(), RE2::UNANCHORED, parts, grouped ? 2 : 1))
        return std::nullopt;
    const re2::StringPiece& part = parts[grouped ? 1 : 0];
    if (part.data() == nullptr) return std::nullopt;  // the group took no part in the match
    return std::string(part.data(), part.size());
}

std::string Regex::remove_all(std::string_view text) const {
    std::string out(text);
    RE2::GlobalReplace(&out, impl_->re, "");
    return out;
}

}  // namespace meter::core
