// The HTML standard's tokeniser as it is written there, character by character: the second opinion on ours.
#pragma once

#include <string>
#include <string_view>

#include "html/parser/token.hpp"

namespace meter::html::test {

/// Reads a whole page, CR and U+0000 still in it. Bytes above 0x7F are characters that mean nothing.
void tokenize_slowly(std::string_view page, detail::TokenSink& sink, detail::ContentModel model,
                     std::string_view last_start_tag);

}  // namespace meter::html::test
