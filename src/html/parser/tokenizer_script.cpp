// Script data and its escaped states (HTML standard, sections 13.2.5.4 and 13.2.5.15 to 13.2.5.31).
#include <algorithm>

#include "html/parser/tokenizer_impl.hpp"

namespace meter::html::detail {

const char* Tokenizer::Impl::read_script_end_tag(const char* at) {
    const char* const next = read_tag(at + 2, true);
    if (next != nullptr) mode_ = Mode::data;
    return next;
}

const char* Tokenizer::Impl::read_script(const char* at) {
    if (*at == '<') {
        const Lookahead ends = end_tag_at(at), escapes = literal_at(at, "<!--");
        if (ends == Lookahead::undecided || escapes == Lookahead::undecided) return nullptr;
        if (ends == Lookahead::yes) return read_script_end_tag(at);
        if (escapes == Lookahead::yes) {
            mode_ = Mode::script_escaped;  // which reads these four characters too, for their dashes
            dashes_ = 0;
            return at;
        }
    }
    return read_text<'<', '\r', '\r'>(at, [this](const char* mark) {
        const bool plain = end_tag_at(mark) == Lookahead::no && literal_at(mark, "<!--") == Lookahead::no;
        return plain ? AtMark::text : AtMark::stop;
    });
}

// "-->" ends both escaped states and "</script" the first; "<script" leads from the first to the second, and there
// "</script" leads back.
const char* Tokenizer::Impl::read_escaped_script(const char* at) {
    const bool twice = mode_ == Mode::script_double_escaped;
    const auto ends_at = [&](const char* mark) { return twice ? Lookahead::no : end_tag_at(mark); };
    const std::string_view switching = twice ? "</" : "<";
    const auto switches_at = [&](const char* mark) {
        const Lookahead opens = literal_at(mark, switching);
        return opens == Lookahead::yes ? name_at(mark + switching.size(), "script") : opens;
    };
    if (*at == '-') {
        const char* const from = at;
        while (at != end_ && *at == '-') ++at;
        dashes_ = static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(dashes_ + (at - from), 2));
        give_text(from, at);
        return at;
    }
    if (*at == '>' && dashes_ == 2) {
        mode_ = Mode::script;
        return at;
    }
    if (*at == '<') {
        const Lookahead ends = ends_at(at), switches = switches_at(at);
        if (ends == Lookahead::undecided || switches == Lookahead::undecided) return nullptr;
        if (ends == Lookahead::yes) return read_script_end_tag(at);
        if (switches == Lookahead::yes) {
            const char* const name_end = at + switching.size() + 6;
            give_text(at, name_end);
            mode_ = twice ? Mode::script_escaped : Mode::script_double_escaped;
            dashes_ = 0;
            return name_end;
        }
    }
    dashes_ = 0;
    return read_text<'<', '-', '\r'>(at, [&](const char* mark) {
        const bool plain = *mark == '<' ? ends_at(mark) == Lookahead::no && switches_at(mark) == Lookahead::no
                                        : mark + 1 != end_ && mark[1] != '-';  // a single '-' means nothing
        return plain ? AtMark::text : AtMark::stop;
    });
}

}  // namespace meter::html::detail
