// Comments and doctypes (HTML standard, sections 13.2.5.41 to 13.2.5.68).
#include "html/parser/tokenizer_impl.hpp"

namespace meter::html::detail {
namespace {

// The inside of a doctype, after its keyword and up to its '>': that ends it in every state, in quotes too.
class DoctypeReader {
public:
    DoctypeReader(std::string_view text, bool cut_off) noexcept : rest_(text), cut_off_(cut_off) {}

    void read(DoctypeToken& doctype) { doctype.force_quirks = !read_all(doctype) || (cut_off_ && !bogus_); }

private:
    // False for what the standard says to set the force-quirks flag at.
    bool read_all(DoctypeToken& doctype) {
        skip_space();
        if (rest_.empty()) return false;
        std::size_t size = 0;
        while (size < rest_.size() && !is_byte(rest_[size], byte_space)) ++size;
        doctype.name = rest_.substr(0, size);
        doctype.has_name = true;
        rest_.remove_prefix(size);
        skip_space();
        if (rest_.empty()) return true;
        if (take_keyword("public")) {
            skip_space();
            if (!read_quoted(doctype.public_id, doctype.has_public_id)) return false;
            skip_space();
            if (rest_.empty()) return true;
        } else if (take_keyword("system")) {
            skip_space();
        } else {
            return is_bogus(false);
        }
        if (!read_quoted(doctype.system_id, doctype.has_system_id)) return false;
        skip_space();
        return rest_.empty() || is_bogus(true);
    }

    bool read_quoted(std::string_view& value, bool& has_value) {
        if (rest_.empty()) return false;
        const char quote = rest_.front();
        if (quote != '"' && quote != '\'') return is_bogus(false);
        has_value = true;
        const std::size_t end = rest_.find(quote, 1);
        value = rest_.substr(1, end == std::string_view::npos ? end : end - 1);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return end != std::string_view::npos;
    }

    // 13.2.5.68: whatever follows, the end of the input too, changes nothing more.
    bool is_bogus(bool good_so_far) noexcept {
        bogus_ = true;
        return good_so_far;
    }

    bool take_keyword(std::string_view lower_case) noexcept {
        if (rest_.size() < lower_case.size()) return false;
        for (std::size_t i = 0; i < lower_case.size(); ++i)
            if (lower_ascii(rest_[i]) != lower_case[i]) return false;
        rest_.remove_prefix(lower_case.size());
        return true;
    }

    void skip_space() noexcept {
        while (!rest_.empty() && is_byte(rest_.front(), byte_space)) rest_.remove_prefix(1);
    }

    std::string_view rest_;
    const bool cut_off_;
    bool bogus_ = false;
};

}  // namespace

// 13.2.5.42, after "<!".
const char* Tokenizer::Impl::read_declaration(const char* at) {
    const Lookahead comment = literal_at(at, "--");
    if (comment == Lookahead::yes) return read_comment(at + 2);
    const Lookahead doctype = literal_at(at, "doctype");
    if (doctype == Lookahead::yes) return read_doctype(at + 7);
    const Lookahead cdata = literal_at(at, "[cdata[");
    if (comment == Lookahead::undecided || doctype == Lookahead::undecided || cdata == Lookahead::undecided)
        return nullptr;
    if (cdata == Lookahead::yes && std::string_view(at + 1, 5) == "CDATA" && sink_.cdata_allowed()) {
        mode_ = Mode::cdata;
        return at + 7;
    }
    return read_bogus_comment(at);
}

void Tokenizer::Impl::give_comment(std::string_view text) {
    sink_.comment(cleaned(text, text_));
    text_.clear();
    stopped_ = sink_.stopped();
}

// 13.2.5.43 to 13.2.5.52, after "<!--". It ends at "-->" or "--!>", and at a ">" or "->" that comes first.
const char* Tokenizer::Impl::read_comment(const char* const body) {
    const auto give = [&](const char* to, const char* next) {
        give_comment({body, static_cast<std::size_t>(to - body)});
        return next;
    };
    for (const char* at = find_byte(body, end_, '>'); at != end_; at = find_byte(at + 1, end_, '>')) {
        const std::string_view before(body, static_cast<std::size_t>(at - body));
        if (before.empty() || before == "-") return give(body, at + 1);
        if (before.ends_with("--")) return give(at - 2, at + 1);
        if (before.ends_with("--!")) return give(at - 3, at + 1);
    }
    if (!final_) return nullptr;
    const std::string_view all(body, static_cast<std::size_t>(end_ - body));
    const int cut = all.ends_with("--!") ? 3 : all.ends_with("--") ? 2 : all.ends_with("-") ? 1 : 0;
    return give(end_ - cut, end_);
}

// 13.2.5.41.
const char* Tokenizer::Impl::read_bogus_comment(const char* const body) {
    const char* const close = find_byte(body, end_, '>');
    if (close == end_ && !final_) return nullptr;
    give_comment({body, static_cast<std::size_t>(close - body)});
    return close == end_ ? end_ : close + 1;
}

// 13.2.5.53 to 13.2.5.68, after "<!DOCTYPE".
const char* Tokenizer::Impl::read_doctype(const char* at) {
    const char* const close = find_byte(at, end_, '>');
    if (close == end_ && !final_) return nullptr;
    DoctypeToken doctype;
    DoctypeReader({at, static_cast<std::size_t>(close - at)}, close == end_).read(doctype);
    std::string name, public_id, system_id;
    name = std::string(cleaned(doctype.name, name));
    for (char& c : name) c = lower_ascii(c);
    doctype.name = name;
    doctype.public_id = cleaned(doctype.public_id, public_id);
    doctype.system_id = cleaned(doctype.system_id, system_id);
    sink_.doctype(doctype);
    stopped_ = sink_.stopped();
    return close == end_ ? end_ : close + 1;
}

}  // namespace meter::html::detail
