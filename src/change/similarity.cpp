// How much two results have in common (wire contract 12.4).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokens.hpp"
#include "json/number_text.hpp"
#include "meter/change.hpp"

namespace meter {
namespace {

/// Tokens of all scalars of a value and how often each occurs, sorted: a table keyed by tokens could be made to
/// collide.
class TokenCounts {
public:
    struct Entry {
        std::string_view token;
        double count;
    };

    explicit TokenCounts(const Value& value) {
        core::each_scalar(value, [&](const Value& scalar) {
            add(scalar);
            return true;
        });
        std::vector<std::string_view> tokens;
        for (std::size_t from = 0; from < text_.size();) {
            const std::size_t end = text_.find(' ', from);
            tokens.push_back(std::string_view(text_).substr(from, end - from));
            from = end + 1;
        }
        std::sort(tokens.begin(), tokens.end());
        for (const std::string_view token : tokens) {
            if (entries_.empty() || entries_.back().token != token) entries_.push_back({token, 0});
            ++entries_.back().count;
        }
    }
    TokenCounts(const TokenCounts&) = delete;
    TokenCounts& operator=(const TokenCounts&) = delete;

    const std::vector<Entry>& entries() const noexcept { return entries_; }
    double square() const noexcept {
        double sum = 0;
        for (const Entry& entry : entries_) sum += entry.count * entry.count;
        return sum;
    }

private:
    void add(const Value& scalar) {
        std::string number;
        if (const std::string* text = scalar.if_string()) {
            core::append_tokens(text_, *text);
        } else if (const bool* truth = scalar.if_bool()) {
            text_.append(*truth ? "true " : "false ");
        } else if (const std::int64_t* integer = scalar.if_integer()) {
            json::append_number(number, *integer);
            core::append_tokens(text_, number);
        } else if (scalar.is_number()) {
            json::append_number(number, scalar.to_double());
            core::append_tokens(text_, number);
        }
    }

    std::string text_;  ///< every token with a space after it; the entries point into it
    std::vector<Entry> entries_;
};

}  // namespace

double similarity(const Value& a, const Value& b) {
    const TokenCounts x(a), y(b);
    if (x.entries().empty() || y.entries().empty()) return x.entries().empty() && y.entries().empty() ? 1.0 : 0.0;
    double dot = 0;
    for (auto p = x.entries().begin(), q = y.entries().begin(); p != x.entries().end() && q != y.entries().end();) {
        const int way = p->token.compare(q->token);
        if (way == 0) dot += p->count * q->count;
        if (way <= 0) ++p;
        if (way >= 0) ++q;
    }
    const double cosine = dot / (std::sqrt(x.square()) * std::sqrt(y.square()));
    return std::clamp(std::round(cosine * 1e4) / 1e4, 0.0, 1.0);
}

}  // namespace meter
