// The HTML tokeniser (HTML standard, section 13.2.5), scripting off.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "html/parser/token.hpp"

namespace meter::html::detail {

struct TokenizerLimits {
    std::size_t max_attributes_per_tag = 1'000;  ///< more are dropped
};

/// Turns decoded text into tokens, in pieces of any size: the same tokens whatever the pieces.
/// Cost: linear in the input, also where a token arrives byte by byte. Memory: one unfinished token.
class Tokenizer {
public:
    Tokenizer(TokenSink& sink, TokenizerLimits limits = {});
    ~Tokenizer();
    Tokenizer(const Tokenizer&) = delete;
    Tokenizer& operator=(const Tokenizer&) = delete;

    /// Starts elsewhere than in the data state, as fragment parsing does. `last_start_tag` decides which end tag is
    /// the appropriate one (13.2.5).
    void start_in(ContentModel model, std::string_view last_start_tag);

    /// Valid UTF-8, as the decoder leaves it: CR still in it, U+0000 still in it, cut between characters.
    /// `text` need not outlive the call, unless it is `lasting`: then it stays where it is until keep(), and a token
    /// that goes on in the next text, right behind it in memory, is read without a copy.
    void feed(std::string_view text, bool lasting = false);
    /// Texts that were lasting may go.
    void keep();
    /// The end of the input: what was unfinished is handed over as the standard says, then end_of_file().
    void finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::html::detail
