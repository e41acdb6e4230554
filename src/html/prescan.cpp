#include "html/prescan.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/unicode.hpp"
#include "html/references.hpp"
#include "html/tree.hpp"

namespace meter::html::detail {
namespace {

constexpr std::size_t longest_name = 99;  // libxml2's HTML_PARSER_BUFFER_SIZE is 100

constexpr bool is_ascii_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Bytes libxml2 reads as part of a name (htmlParseHTMLName).
constexpr bool is_name_byte(char c) noexcept {
    return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':' || c == '.';
}

constexpr bool ends_attribute_name(char c) noexcept {
    return is_html_space(c) || c == '/' || c == '>' || c == '=';
}

bool is_readable_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > longest_name) return false;
    const char first = name.front();
    if (!is_ascii_letter(first) && first != '_' && first != ':' && first != '.') return false;
    return std::all_of(name.begin(), name.end(), is_name_byte);
}

struct SeenAttribute {
    std::string_view name, value;
    bool has_value = false;
};

// Bytes of text that need a look: everything else is skipped over.
constexpr std::array<bool, 256> text_stops = [] {
    std::array<bool, 256> table{};
    table['<'] = table['&'] = true;
    return table;
}();

bool needs_reference_fix(std::string_view value) {
    std::string ignored;
    for (std::size_t at = value.find('&'); at != std::string_view::npos; at = value.find('&', at + 1))
        if (fix_reference(value.substr(at), true, ignored) != 0) return true;
    return false;
}

void append_attribute_value(std::string& out, std::string_view value) {
    std::string replacement;
    for (std::size_t i = 0; i < value.size();) {
        std::size_t length = 0;
        if (value[i] == '"') {
            out += "&quot;";
            ++i;
        } else if (value[i] == '&' && (length = fix_reference(value.substr(i), true, replacement)) != 0) {
            out += replacement;
            i += length;
        } else {
            out += value[i++];
        }
    }
}

}  // namespace

Prescan::Prescan(std::string_view utf8, const PrescanLimits& limits) : input_(utf8), limits_(limits) {
    limits_.max_nodes = std::min(limits_.max_nodes, SIZE_MAX / 4);
    if (utf8.find('\0') != std::string_view::npos) {  // libxml2 takes one for the end of a script
        clean_.reserve(utf8.size());
        std::copy_if(utf8.begin(), utf8.end(), std::back_inserter(clean_), [](char c) { return c != 0; });
        input_ = clean_;
    }
    run();
    if (copied_ && taken_ < input_.size()) out_.append(input_.substr(taken_));
}

void Prescan::run() {
    while (!too_large_) {
        while (at_ < input_.size() && !text_stops[static_cast<unsigned char>(input_[at_])]) ++at_;
        if (at_ >= input_.size()) return;
        if (input_[at_] == '&')
            read_reference(false, input_.size());
        else
            read_markup();
    }
}

void Prescan::replace(std::size_t start, std::size_t end, std::string_view by) {
    if (!copied_) {
        copied_ = true;
        out_.reserve(input_.size() + input_.size() / 16);
    }
    out_.append(input_.substr(taken_, start - taken_)).append(by);
    taken_ = end;
}

void Prescan::drop_to(std::size_t end) {
    end = std::min(end, input_.size());
    replace(at_, end, {});
    at_ = end;
}

void Prescan::read_reference(bool in_attribute, std::size_t end) {
    std::string replacement;
    const std::size_t length = fix_reference(input_.substr(at_, end - at_), in_attribute, replacement);
    if (length != 0) replace(at_, at_ + length, replacement);
    at_ += std::max<std::size_t>(length, 1);
}

void Prescan::read_markup() {
    const char next = at_ + 1 < input_.size() ? input_[at_ + 1] : '\0';
    const auto after = [&](std::size_t found, std::size_t length) {
        return found == std::string_view::npos ? input_.size() : found + length;
    };
    if (is_ascii_letter(next)) {
        read_start_tag();
    } else if (next == '/') {
        read_end_tag();
    } else if (next == '!') {
        if (input_.substr(at_, 4) == "<!--")
            read_comment();
        else
            drop_to(after(input_.find('>', at_), 1));  // doctype, CDATA and other bogus comments
    } else if (next == '?') {
        drop_to(after(input_.find('>', at_), 1));
    } else {
        replace(at_, at_ + 1, "&lt;");
        ++at_;
    }
}

// HTML standard 13.2.5.43 on: "<!-->" and "<!--->" are whole comments, "--!>" ends one, the end of the page too. Only
// what ends in "-->" is left for libxml2 to read.
void Prescan::read_comment() {
    for (std::size_t i = input_.find("--", at_ + 2); i != std::string_view::npos; i = input_.find("--", i + 1)) {
        if (input_.substr(i + 2, 1) == ">") {
            if (i < at_ + 4) return drop_to(i + 3);
            at_ = i + 3;
            return;
        }
        if (i >= at_ + 4 && input_.substr(i + 2, 2) == "!>") return drop_to(i + 4);
    }
    drop_to(input_.size());
}

void Prescan::read_end_tag() {
    const std::size_t end = input_.find('>', at_);
    if (end == std::string_view::npos) return drop_to(input_.size());
    const std::size_t start = at_ + 2;
    if (start >= end || !is_ascii_letter(input_[start])) return drop_to(end + 1);
    too_large_ = ++tags_ > limits_.max_nodes * 4;
    std::size_t stop = start;
    while (stop < end && is_name_byte(input_[stop])) ++stop;
    const bool plain =
        stop - start <= longest_name && (stop == end || is_html_space(input_[stop]) || input_[stop] == '/');
    if (!plain) {
        std::string tag = "</";
        tag.append(input_.substr(start, std::min(stop - start, longest_name))).append(1, '>');
        replace(at_, end + 1, tag);
    }
    at_ = end + 1;
}

void Prescan::read_start_tag() {
    const std::size_t size = input_.size();
    const std::size_t start = at_ + 1;
    std::size_t i = start;
    while (i < size && !is_html_space(input_[i]) && input_[i] != '/' && input_[i] != '>') ++i;
    std::size_t stop = start;
    while (stop < i && is_name_byte(input_[stop])) ++stop;
    bool plain = stop == i && i - start <= longest_name;
    const std::string_view name = input_.substr(start, std::min(stop - start, longest_name));

    std::vector<SeenAttribute> attributes;
    bool self_closing = false;
    while (true) {  // HTML standard 13.2.5.32 to 13.2.5.40
        while (i < size && (is_html_space(input_[i]) || input_[i] == '/')) {
            plain = plain && input_[i] != '\f' && (input_[i] != '/' || (i + 1 < size && input_[i + 1] == '>'));
            self_closing = input_[i] == '/';
            ++i;
        }
        if (i >= size) return drop_to(size);  // a page that ends inside a tag: the tag is dropped
        if (input_[i] == '>') break;
        self_closing = false;
        const std::size_t name_start = i++;
        while (i < size && !ends_attribute_name(input_[i])) ++i;
        SeenAttribute attribute{input_.substr(name_start, i - name_start), {}, false};
        std::size_t value_at = i;
        while (value_at < size && is_html_space(input_[value_at])) ++value_at;
        if (value_at < size && input_[value_at] == '=') {
            plain = plain && input_.substr(i, value_at - i).find('\f') == std::string_view::npos;
            i = value_at + 1;
            while (i < size && is_html_space(input_[i])) {
                plain = plain && input_[i] != '\f';
                ++i;
            }
            attribute.has_value = true;
            if (i < size && (input_[i] == '"' || input_[i] == '\'')) {
                const std::size_t quote = input_.find(input_[i], i + 1);
                if (quote == std::string_view::npos) return drop_to(size);
                attribute.value = input_.substr(i + 1, quote - i - 1);
                i = quote + 1;
            } else {
                const std::size_t value_start = i;
                while (i < size && !is_html_space(input_[i]) && input_[i] != '>') ++i;
                attribute.value = input_.substr(value_start, i - value_start);
                plain = plain && !attribute.value.empty() && (i >= size || input_[i] != '\f');
            }
        }
        if (!is_readable_name(attribute.name)) {
            plain = false;
        } else if (attributes.size() >= limits_.max_attributes_per_tag) {
            ++dropped_attributes_;
            plain = false;
        } else {
            plain = plain && !(attribute.has_value && needs_reference_fix(attribute.value));
            attributes.push_back(attribute);
        }
    }
    ++tags_;
    units_ += 2 + attributes.size();
    too_large_ = units_ > limits_.max_nodes * 2;
    const std::size_t end = i + 1;
    if (!plain) {
        std::string tag = "<";
        tag.append(name);
        for (const SeenAttribute& attribute : attributes) {
            tag.append(1, ' ').append(attribute.name);
            if (!attribute.has_value) continue;
            tag += "=\"";
            append_attribute_value(tag, attribute.value);
            tag += '"';
        }
        replace(at_, end, tag + (self_closing ? " />" : ">"));
    }
    at_ = end;
    if (self_closing) return;  // libxml2 closes the element at once
    if (core::ascii_iequals(name, "script") || core::ascii_iequals(name, "style")) {
        // libxml2 reads raw text up to the end tag's name, or to the end of the page.
        at_ = find_end_tag(name, end);
    } else if (core::ascii_iequals(name, "title") || core::ascii_iequals(name, "textarea")) {
        bool& unclosed = name.size() == 5 ? title_unclosed_ : textarea_unclosed_;
        if (unclosed) return;  // then it is read as other elements are, rather than lose the page
        const std::size_t end_tag = find_end_tag(name, end);
        unclosed = end_tag == input_.size();
        if (!unclosed) read_rcdata(end_tag);
    }
}

void Prescan::read_rcdata(std::size_t end_tag) {
    for (; at_ < end_tag; ++at_) {
        if (input_[at_] == '<') {
            replace(at_, at_ + 1, "&lt;");
        } else if (input_[at_] == '&') {
            read_reference(false, end_tag);
            --at_;
        }
    }
}

// Start of "</name", not followed by another letter of a name; the end of the input when there is none.
std::size_t Prescan::find_end_tag(std::string_view name, std::size_t from) const noexcept {
    for (std::size_t at = input_.find("</", from); at != std::string_view::npos; at = input_.find("</", at + 2)) {
        const std::size_t after = at + 2 + name.size();
        if (core::ascii_iequals(input_.substr(at + 2, name.size()), name) &&
            (after >= input_.size() || !is_name_byte(input_[after])))
            return at;
    }
    return input_.size();
}

}  // namespace meter::html::detail
