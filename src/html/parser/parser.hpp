// Parses a page while its bytes arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "html/document.hpp"
#include "html/parser/fragment.hpp"

namespace meter::html {

/// Bytes in, in pieces of any size; a Document out, the same whatever the pieces. Used once, by one thread at a time.
///   Parser parser({.content_type = header});
///   while (...) if (auto fed = parser.feed(piece); !fed) return fed.error();
///   Result<Document> document = parser.finish();
class Parser {
public:
    /// The options' views must live as long as the constructor runs. ParseOptions::parser is always html5 here.
    explicit Parser(const ParseOptions& options = {});
    /// A fragment in UTF-8 (Document::parse_fragment).
    Parser(const ParseOptions& options, const detail::FragmentContext& context);
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// Errors: those of Document::parse; every later call repeats them.
    Result<void> feed(std::string_view bytes);
    Result<Document> finish();
    /// feed() and finish() of the last piece, or of the whole page: cheaper, for nothing of it has to be kept.
    Result<Document> finish(std::string_view last);

    /// Work done so far, in steps that do not depend on the machine.
    std::uint64_t steps() const noexcept;

private:
    Result<void> read(std::string_view bytes);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::html
