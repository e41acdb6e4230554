// What a language model is asked: what is wanted, and compact tables of what repeats on the page. Never the page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "generate/intent.hpp"
#include "generate/structure.hpp"
#include "meter/generator.hpp"

namespace meter::generate {

/// A place of a table, as the plan that reads it has it.
struct ChatPlace {
    PlannedField field;
    double coverage = 0;  ///< share of the records that have it
};

/// Records that may be meant.
struct ChatTable {
    std::string container;
    Value print;  ///< the container's fingerprint
    std::size_t count = 0;
    std::vector<ChatPlace> places;
};

/// The tables of the best candidates for an intent, or of the page as one record where nothing repeats or the page is
/// about one thing.
std::vector<ChatTable> make_chat_tables(const html::Document& document, const Intent& intent, bool one_record);

/// What the model may cost: an upper guess at the tokens of a text, for any usual tokenizer.
std::size_t estimated_tokens(std::string_view text);
constexpr std::size_t max_question_tokens = 1700;
constexpr std::size_t max_question_bytes = 6400;

/// The messages of a chat, as the endpoint takes them. `plan` and `feedback`: what is to be changed, null and empty
/// when a plan is to be made. As many places as fit, the likeliest first.
Value chat_messages(const Intent& intent, std::string_view description, const std::vector<ChatTable>& tables,
                    const Value* plan, std::string_view feedback);

}  // namespace meter::generate
