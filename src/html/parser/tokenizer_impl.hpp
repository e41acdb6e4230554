// The inside of the tokeniser. It scans contiguous text: a token that the text ends within is given up and read again
// from its start when more has come, so the standard's states are places in the code and nothing is kept between calls
// but the content model. Text is handed over as far as it goes. A token is tried again only when the text kept for it
// has doubled, so it costs twice its length at most, however small the pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "html/parser/references.hpp"
#include "html/parser/tokenizer.hpp"
#include "html/parser/tokenizer_scan.hpp"

namespace meter::html::detail {

inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

/// Whether the text at hand is what is asked for; `undecided` when it ends too early to tell.
enum class Lookahead : std::uint8_t { no, yes, undecided };

struct Tokenizer::Impl {
    /// ContentModel and the states it leads to that outlast a token.
    enum class Mode : std::uint8_t {
        data,
        rcdata,
        rawtext,
        script,
        script_escaped,         // after "<!--"
        script_double_escaped,  // after "<!--" and "<script"
        plaintext,
        cdata,
    };
    /// What a text reader does at a byte that may end the text.
    enum class AtMark : std::uint8_t { text, stop };

    Impl(TokenSink& token_sink, TokenizerLimits token_limits);

    void feed(std::string_view text, bool lasting);
    void keep();
    void finish();
    void set_model(ContentModel model, std::string_view name);

    /// Reads tokens; returns how much of the text is done with.
    std::size_t scan(std::string_view text);

    // Readers return the end of what they have read, or null when the text ends within the token and `final_` is false.
    const char* read_data(const char* at);
    const char* read_markup(const char* at);
    const char* read_raw(const char* at);
    const char* read_plaintext(const char* at);
    const char* read_cdata(const char* at);
    const char* read_script(const char* at);
    const char* read_escaped_script(const char* at);
    const char* read_script_end_tag(const char* at);
    const char* read_tag(const char* name, bool is_end_tag);
    const char* read_declaration(const char* at);
    const char* read_comment(const char* body);
    const char* read_bogus_comment(const char* body);
    const char* read_doctype(const char* at);

    // Parts of a tag: null also at the end of the input, where the tag is dropped.
    template <unsigned Stops>
    const char* read_name(const char* at, std::string_view& name, std::uint32_t& hash, std::size_t owner);
    template <char Quote>
    const char* read_value(const char* at, std::size_t owner);
    const char* read_attribute(const char* at, bool wanted);
    const char* skip_space(const char* at) const noexcept;

    template <char MarkA, char MarkB, char MarkC, class Decide>
    const char* read_text(const char* at, Decide decide);

    Lookahead markup_at(const char* at) const noexcept;
    Lookahead literal_at(const char* at, std::string_view lower_case) const noexcept;
    Lookahead name_at(const char* at, std::string_view lower_case) const noexcept;
    Lookahead end_tag_at(const char* at) const noexcept;

    void give_text(const char* from, const char* to);
    void give_comment(std::string_view text);
    std::string_view cleaned(std::string_view text, std::string& storage) const;

    // Names and values that differ from the input stand in rewritten_; views into it follow when it moves.
    struct Rewritten {
        std::size_t owner, offset, size;  // index of the attribute, or of_tag
        bool is_value;
    };
    static constexpr std::size_t flushed_text = 8192;
    static constexpr std::size_t of_tag = static_cast<std::size_t>(-1);
    void make_room(std::size_t bytes);
    void append_rewritten(std::string_view text);
    std::string_view keep_rewritten(std::size_t owner, std::size_t offset, bool is_value);
    bool is_repeated(std::size_t index);
    bool find_or_add_name(std::size_t index);  // true when it was new

    TokenSink& sink_;
    const TokenizerLimits limits_;
    Mode mode_ = Mode::data;
    bool final_ = false;         // no more text comes
    bool stopped_ = false;       // the sink wants no more
    std::uint8_t dashes_ = 0;    // '-' before this place in an escaped script, at most 2
    std::string raw_name_;       // the end tag that ends raw text
    const char* end_ = nullptr;  // of the text being scanned

    std::string pending_;       // the unfinished token
    std::string_view lent_;     // or where it stands in a lasting text
    std::size_t retry_at_ = 0;  // its length when it is tried again
    std::string text_;          // a run of text that differs from the input

    std::vector<AttributeToken> attributes_;
    std::uint64_t seen_hashes_ = 0;          // a bit for the hash of each attribute
    std::vector<std::uint32_t> name_slots_;  // open addressing: attribute + 1; in use above a few dozen
    std::string rewritten_, reference_;
    std::vector<Rewritten> rewritten_parts_;
    std::string_view tag_name_;
};

/// Reads text up to the input's end or to a mark at which `decide` says to stop; '&' starts a reference where it is one
/// of the marks. Line ends become LF (13.2.3.5); U+0000 is told apart where the standard leaves it to the tree builder.
/// Null when not one character is certain yet.
template <char MarkA, char MarkB, char MarkC, class Decide>
const char* Tokenizer::Impl::read_text(const char* const begin, Decide decide) {
    const char* from = begin;  // not yet in text_
    const char* at = begin;
    const auto rewrite = [&](std::string_view by, const char* next) {
        text_.append(from, at).append(by);
        from = at = next;
    };
    for (;;) {
        at = find_any<MarkA, MarkB, MarkC, '\0'>(at, end_);
        if (at == end_) break;
        if (*at == '\r') {
            if (at + 1 == end_ && !final_) break;
            if (at + 1 != end_ && at[1] == '\n') {
                text_.append(from, at);
                from = at + 1;
                at += 2;
            } else {
                rewrite("\n", at + 1);
            }
        } else if (*at == '\0') {
            if (mode_ != Mode::data && mode_ != Mode::cdata) {
                rewrite(replacement_character, at + 1);
            } else {
                give_text(from, at);
                if (!stopped_) {
                    sink_.null_character();
                    stopped_ = sink_.stopped();
                }
                return at + 1;
            }
        } else if (*at == '&' && (MarkA == '&' || MarkB == '&')) {
            reference_.clear();
            const std::size_t taken =
                read_reference({at, static_cast<std::size_t>(end_ - at)}, false, final_, reference_);
            if (taken == reference_undecided) break;
            if (taken == 0)
                ++at;
            else
                rewrite(reference_, at + taken);
        } else {
            if (decide(at) == AtMark::stop) break;
            ++at;
        }
        if (text_.size() > flushed_text) break;
    }
    if (at == begin) return nullptr;
    give_text(from, at);
    return at;
}

}  // namespace meter::html::detail
