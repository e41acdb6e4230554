// What running a part of a public conformance suite gives.
#pragma once

#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace meter::html::test {

struct SuiteResult {
    std::string part;  ///< "tokenizer"
    std::size_t passed = 0, total = 0;
    std::map<std::string, std::size_t> skipped;  ///< tests not counted, by reason
    std::vector<std::string> failures;           ///< where and what, for people

    double percent() const noexcept {
        return total == 0 ? 0 : 100.0 * static_cast<double>(passed) / static_cast<double>(total);
    }
    /// "tokenizer: 3300 of 3300 (100.00 %)", then a line for each reason to skip.
    std::string summary() const {
        char line[160];
        std::snprintf(line, sizeof line, "%s: %zu of %zu (%.2f %%)", part.c_str(), passed, total, percent());
        std::string text = line;
        for (const auto& [reason, count] : skipped) text += "\n  skipped " + std::to_string(count) + ": " + reason;
        return text;
    }
};

}  // namespace meter::html::test
