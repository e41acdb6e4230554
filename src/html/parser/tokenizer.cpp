// Feeding the tokeniser, and the states outside tags: data, RCDATA, RAWTEXT, PLAINTEXT, CDATA sections.
#include "html/parser/tokenizer.hpp"

#include <algorithm>
#include <utility>

#include "html/parser/tokenizer_impl.hpp"

namespace meter::html::detail {

Tokenizer::Tokenizer(TokenSink& sink, TokenizerLimits limits) : impl_(std::make_unique<Impl>(sink, limits)) {}

Tokenizer::~Tokenizer() = default;

void Tokenizer::start_in(ContentModel model, std::string_view last_start_tag) {
    impl_->set_model(model, last_start_tag);
}

void Tokenizer::feed(std::string_view text, bool lasting) {
    impl_->feed(text, lasting);
}

void Tokenizer::keep() {
    impl_->keep();
}

void Tokenizer::finish() {
    impl_->finish();
}

Tokenizer::Impl::Impl(TokenSink& token_sink, TokenizerLimits token_limits) : sink_(token_sink), limits_(token_limits) {}

void Tokenizer::Impl::feed(std::string_view text, bool lasting) {
    if (lasting && !lent_.empty() && lent_.data() + lent_.size() == text.data()) {
        text = {lent_.data(), lent_.size() + text.size()};
        if (text.size() < retry_at_) {
            lent_ = text;
            return;
        }
        lent_ = {};
    }
    keep();
    while (!text.empty() && !stopped_) {
        if (pending_.empty()) {
            lent_ = text.substr(scan(text));
            retry_at_ = 2 * lent_.size();
            if (!lasting) keep();
            return;
        }
        // The unfinished token is completed with a little of the new text, and the rest is read where it stands.
        const std::size_t old_size = pending_.size();
        std::size_t taken = std::min(text.size(), std::max<std::size_t>(old_size, 256));
        while (taken < text.size() && (static_cast<unsigned char>(text[taken]) & 0xc0u) == 0x80u) ++taken;
        pending_.append(text.substr(0, taken));
        if (pending_.size() < retry_at_) return;
        const std::size_t used = scan(pending_);
        if (used >= old_size) {
            text.remove_prefix(used - old_size);
            pending_.clear();
        } else {
            text.remove_prefix(taken);
            pending_.erase(0, used);
            retry_at_ = 2 * pending_.size();
        }
    }
}

void Tokenizer::Impl::keep() {
    if (!lent_.empty()) pending_ = std::exchange(lent_, {});
}

void Tokenizer::Impl::finish() {
    final_ = true;
    if (!stopped_) scan(lent_.empty() ? std::string_view(pending_) : lent_);
    lent_ = {};
    pending_.clear();
    if (!stopped_) sink_.end_of_file();
}

std::size_t Tokenizer::Impl::scan(std::string_view text) {
    const char* at = text.data();
    end_ = at + text.size();
    while (at != end_ && !stopped_) {
        const char* next = nullptr;
        switch (mode_) {
            case Mode::data:
                next = read_data(at);
                break;
            case Mode::rcdata:
            case Mode::rawtext:
                next = read_raw(at);
                break;
            case Mode::script:
                next = read_script(at);
                break;
            case Mode::script_escaped:
            case Mode::script_double_escaped:
                next = read_escaped_script(at);
                break;
            case Mode::plaintext:
                next = read_plaintext(at);
                break;
            case Mode::cdata:
                next = read_cdata(at);
                break;
        }
        if (next == nullptr) break;
        at = next;
    }
    return static_cast<std::size_t>(at - text.data());
}

void Tokenizer::Impl::set_model(ContentModel model, std::string_view name) {
    switch (model) {
        case ContentModel::data:
            mode_ = Mode::data;
            return;
        case ContentModel::rcdata:
            mode_ = Mode::rcdata;
            break;
        case ContentModel::rawtext:
            mode_ = Mode::rawtext;
            break;
        case ContentModel::script_data:
            mode_ = Mode::script;
            break;
        case ContentModel::plaintext:
            mode_ = Mode::plaintext;
            break;
    }
    raw_name_ = name;
}

void Tokenizer::Impl::give_text(const char* from, const char* to) {
    std::string_view text(from, static_cast<std::size_t>(to - from));
    if (!text_.empty()) text = text_.append(text);
    if (!text.empty()) {
        sink_.characters(text);
        stopped_ = sink_.stopped();
    }
    text_.clear();
}

// The input with line ends normalised and U+0000 replaced: itself where nothing changes.
std::string_view Tokenizer::Impl::cleaned(std::string_view text, std::string& storage) const {
    const char* from = text.data();
    const char* const end = from + text.size();
    const char* at = find_any<'\r', '\0', '\0', '\0'>(from, end);
    if (at == end) return text;
    storage.clear();
    for (; at != end; at = find_any<'\r', '\0', '\0', '\0'>(at, end)) {
        storage.append(from, at);
        if (*at == '\0')
            storage += replacement_character;
        else if (at + 1 == end || at[1] != '\n')
            storage += '\n';
        from = ++at;
    }
    return storage.append(from, end);
}

// `lower_case` in any case.
Lookahead Tokenizer::Impl::literal_at(const char* at, std::string_view lower_case) const noexcept {
    for (const char expected : lower_case) {
        if (at == end_) return final_ ? Lookahead::no : Lookahead::undecided;
        if (lower_ascii(*at) != expected) return Lookahead::no;
        ++at;
    }
    return Lookahead::yes;
}

// The same as a whole name: followed by white space, '/' or '>'.
Lookahead Tokenizer::Impl::name_at(const char* at, std::string_view lower_case) const noexcept {
    const Lookahead match = literal_at(at, lower_case);
    if (match != Lookahead::yes) return match;
    at += lower_case.size();
    if (at == end_) return final_ ? Lookahead::no : Lookahead::undecided;
    return is_byte(*at, byte_space | byte_slash | byte_close) ? Lookahead::yes : Lookahead::no;
}

// An appropriate end tag token (13.2.5), that is one that ends the raw text.
Lookahead Tokenizer::Impl::end_tag_at(const char* at) const noexcept {
    if (at + 1 == end_) return final_ ? Lookahead::no : Lookahead::undecided;
    return at[1] == '/' && !raw_name_.empty() ? name_at(at + 2, raw_name_) : Lookahead::no;
}

// 13.2.5.6 and 13.2.5.7: what a '<' opens in the data state.
Lookahead Tokenizer::Impl::markup_at(const char* at) const noexcept {
    const Lookahead too_short = final_ ? Lookahead::no : Lookahead::undecided;
    if (at + 1 == end_) return too_short;
    const char next = at[1];
    if (is_byte(next, byte_lower | byte_upper) || next == '!' || next == '?') return Lookahead::yes;
    if (next != '/') return Lookahead::no;
    return at + 2 == end_ ? too_short : Lookahead::yes;
}

const char* Tokenizer::Impl::read_data(const char* at) {
    if (*at == '<') {
        const Lookahead markup = markup_at(at);
        if (markup == Lookahead::yes) return read_markup(at);
        if (markup == Lookahead::undecided) return nullptr;
    }
    return read_text<'<', '&', '\r'>(
        at, [this](const char* mark) { return markup_at(mark) == Lookahead::no ? AtMark::text : AtMark::stop; });
}

const char* Tokenizer::Impl::read_markup(const char* at) {
    const char next = at[1];
    if (next == '!') return read_declaration(at + 2);
    if (next == '?') return read_bogus_comment(at + 1);
    if (next != '/') return read_tag(at + 1, false);
    if (at[2] == '>') return at + 3;  // "</>" is nothing
    return is_byte(at[2], byte_lower | byte_upper) ? read_tag(at + 2, true) : read_bogus_comment(at + 2);
}

// 13.2.5.2, 13.2.5.3 and the end tags 13.2.5.9 to 13.2.5.14.
const char* Tokenizer::Impl::read_raw(const char* at) {
    if (*at == '<') {
        const Lookahead ends = end_tag_at(at);
        if (ends == Lookahead::undecided) return nullptr;
        if (ends == Lookahead::yes) {
            const char* const next = read_tag(at + 2, true);
            if (next != nullptr) mode_ = Mode::data;
            return next;
        }
    }
    const auto decide = [this](const char* mark) {
        return end_tag_at(mark) == Lookahead::no ? AtMark::text : AtMark::stop;
    };
    return mode_ == Mode::rcdata ? read_text<'<', '&', '\r'>(at, decide) : read_text<'<', '\r', '\r'>(at, decide);
}

const char* Tokenizer::Impl::read_plaintext(const char* at) {
    return read_text<'\r', '\r', '\r'>(at, [](const char*) { return AtMark::text; });
}

// 13.2.5.69 to 13.2.5.71.
const char* Tokenizer::Impl::read_cdata(const char* at) {
    const auto ends = [this](const char* mark) { return literal_at(mark, "]]>"); };
    if (*at == ']') {
        const Lookahead match = ends(at);
        if (match == Lookahead::undecided) return nullptr;
        if (match == Lookahead::yes) {
            mode_ = Mode::data;
            return at + 3;
        }
    }
    return read_text<']', '\r', '\r'>(
        at, [&](const char* mark) { return ends(mark) == Lookahead::no ? AtMark::text : AtMark::stop; });
}

}  // namespace meter::html::detail
