// Fewer records: those that words describe, or all but those.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "generate/structure.hpp"

namespace meter::generate {

/// Finds the container selector for part of a region's records: by class or id of the records or of what is in them,
/// by what stands around them, by the heading above, by their text, or by place ("first table", "main list").
/// `words` as in FeedbackStep. nullopt when the words describe none or all of the records.
std::optional<std::string> narrowed_container(PageFacts& facts, const Region& region, const std::string& container,
                                              const std::vector<std::string>& words, bool keep);

/// "second" is 2; nullopt when no word is an ordinal.
std::optional<std::size_t> ordinal_in(const std::vector<std::string>& words);

/// The words as text, quotation marks left out.
std::string words_joined(const std::vector<std::string>& words);

}  // namespace meter::generate
