// Substring search in linear time whatever the needle: both sides of a filter come from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace meter::detail {

/// A needle prepared once (Knuth, Morris, Pratt 1977). std::string::find is quadratic on needles like "aaaa...b".
class TextSearch {
public:
    TextSearch() = default;
    explicit TextSearch(std::string needle) : needle_(std::move(needle)), borders_(needle_.size(), 0) {
        for (std::size_t at = 1, border = 0; at < needle_.size(); ++at) {
            while (border > 0 && needle_[at] != needle_[border]) border = borders_[border - 1];
            if (needle_[at] == needle_[border]) ++border;
            borders_[at] = border;
        }
    }

    /// The empty needle is in every text.
    bool found_in(std::string_view text) const noexcept {
        if (needle_.empty()) return true;
        std::size_t matched = 0;
        for (const char c : text) {
            while (matched > 0 && c != needle_[matched]) matched = borders_[matched - 1];
            if (c == needle_[matched] && ++matched == needle_.size()) return true;
        }
        return false;
    }

    const std::string& needle() const noexcept { return needle_; }

private:
    std::string needle_;
    std::vector<std::size_t> borders_;  ///< longest proper border of each prefix
};

}  // namespace meter::detail
