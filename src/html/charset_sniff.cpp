// The encoding a page declares in its first bytes (HTML standard, section 13.2.3.2).
#include <algorithm>
#include <array>

#include "core/unicode.hpp"
#include "html/charset.hpp"
#include "html/tree.hpp"

namespace meter::html::detail {
namespace {

constexpr std::size_t sniffed_bytes = 1024;

constexpr bool is_sniff_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Elements whose content is no markup.
constexpr std::array<std::string_view, 8> sniffed_raw_elements{"script", "style",  "title",   "textarea",
                                                               "xmp",    "iframe", "noembed", "noframes"};

class MetaSniffer {
public:
    MetaSniffer(std::string_view bytes, bool skips_raw_text) noexcept
        : bytes_(bytes), skips_raw_text_(skips_raw_text) {}

    std::string_view run() {
        using namespace std::string_view_literals;
        if (bytes_.starts_with("<\0?\0x\0"sv)) return "UTF-16LE";
        if (bytes_.starts_with("\0<\0?\0x"sv)) return "UTF-16BE";
        const std::string_view declared = scan_tags();
        return declared.empty() ? read_xml_declaration() : declared;
    }

private:
    std::string_view scan_tags() {
        for (; (at_ = bytes_.find('<', at_)) < bytes_.size(); ++at_) {
            const std::string_view rest = bytes_.substr(at_);
            if (rest.starts_with("<!--")) {
                const std::size_t end = bytes_.find("-->", at_ + 2);
                if (end == std::string_view::npos) return {};
                at_ = end + 2;
            } else if (rest.size() > 5 && core::ascii_iequals(rest.substr(0, 5), "<meta") &&
                       (is_html_space(rest[5]) || rest[5] == '/')) {
                at_ += 5;
                if (const auto found = read_meta(); !found.empty()) return found;
            } else if (rest.size() > 1 &&
                       (is_sniff_letter(rest[1]) || (rest[1] == '/' && rest.size() > 2 && is_sniff_letter(rest[2])))) {
                const std::size_t start = at_ + 1;
                while (at_ < bytes_.size() && !is_html_space(bytes_[at_]) && bytes_[at_] != '>') ++at_;
                const std::string_view name = bytes_.substr(start, at_ - start);
                while (read_attribute()) {
                }
                if (skips_raw_text_) skip_raw_text(name);
            } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '/' || rest[1] == '?')) {
                at_ = bytes_.find('>', at_);
                if (at_ == std::string_view::npos) return {};
            }
        }
        return {};
    }

    // Leaves at_ before the end tag's '<', or at the end.
    void skip_raw_text(std::string_view name) noexcept {
        const auto same = [&](std::string_view raw) { return core::ascii_iequals(raw, name); };
        if (std::none_of(sniffed_raw_elements.begin(), sniffed_raw_elements.end(), same)) return;
        while ((at_ = std::min(bytes_.find("</", at_), bytes_.size())) < bytes_.size()) {
            if (same(bytes_.substr(at_ + 2, name.size()))) {
                --at_;
                return;
            }
            ++at_;
        }
    }

    // "get an XML encoding"
    std::string_view read_xml_declaration() const noexcept {
        if (!bytes_.starts_with("<?xml")) return {};
        const std::string_view head = bytes_.substr(0, bytes_.find('>'));
        std::size_t i = head.find("encoding");
        if (i == std::string_view::npos || head.size() == bytes_.size()) return {};
        i += 8;
        const auto skip = [&] {
            while (i < head.size() && static_cast<unsigned char>(head[i]) <= 0x20) ++i;
        };
        skip();
        if (i >= head.size() || head[i] != '=') return {};
        ++i;
        skip();
        if (i >= head.size() || (head[i] != '"' && head[i] != '\'')) return {};
        const std::size_t end = head.find(head[i], i + 1);
        if (end == std::string_view::npos) return {};
        return of_meta(encoding_for_label(head.substr(i + 1, end - i - 1)));
    }

    // A page read as ASCII this far cannot be UTF-16.
    static std::string_view of_meta(std::string_view encoding) noexcept {
        return encoding.starts_with("UTF-16") ? std::string_view("UTF-8") : encoding;
    }

    std::string_view read_meta() {
        bool got_pragma = false, http_equiv_seen = false, content_seen = false, charset_seen = false;
        enum class Need { unknown, yes, no } need_pragma = Need::unknown;
        std::string_view charset;
        while (read_attribute()) {
            if (name_ == "http-equiv" && !http_equiv_seen) {
                http_equiv_seen = true;
                got_pragma = core::ascii_iequals(value_, "content-type");
            } else if (name_ == "content" && !content_seen) {
                content_seen = true;
                const std::string_view found = charset_of_content_type(value_);
                if (!found.empty() && charset.empty() && !charset_seen) {
                    charset = found;
                    need_pragma = Need::yes;
                }
            } else if (name_ == "charset" && !charset_seen) {
                charset_seen = true;
                charset = encoding_for_label(value_);
                if (core::ascii_iequals(value_, "x-user-defined")) charset = "windows-1252";
                need_pragma = Need::no;
            }
        }
        if (at_ >= bytes_.size()) return {};  // cut off: the declaration may be longer
        if (need_pragma == Need::unknown || (need_pragma == Need::yes && !got_pragma)) return {};
        return of_meta(charset);
    }

    // "get an attribute": false at the end of the tag. Leaves at_ on the byte after the attribute, or on the '>'.
    bool read_attribute() {
        while (at_ < bytes_.size() && (is_html_space(bytes_[at_]) || bytes_[at_] == '/')) ++at_;
        if (at_ >= bytes_.size() || bytes_[at_] == '>') return false;
        name_.clear();
        value_ = {};
        while (at_ < bytes_.size()) {
            const char c = bytes_[at_];
            if (is_html_space(c) || c == '/' || c == '>' || (c == '=' && !name_.empty())) break;
            name_ += c;
            ++at_;
        }
        name_ = core::ascii_lower(name_);
        while (at_ < bytes_.size() && is_html_space(bytes_[at_])) ++at_;
        if (at_ >= bytes_.size()) return false;
        if (bytes_[at_] != '=') return true;
        ++at_;
        while (at_ < bytes_.size() && is_html_space(bytes_[at_])) ++at_;
        if (at_ >= bytes_.size()) return false;
        const char quote = bytes_[at_];
        if (quote == '"' || quote == '\'') {
            const std::size_t end = bytes_.find(quote, at_ + 1);
            if (end == std::string_view::npos) {
                at_ = bytes_.size();
                return false;
            }
            value_ = bytes_.substr(at_ + 1, end - at_ - 1);
            at_ = end + 1;
            return true;
        }
        const std::size_t start = at_;
        while (at_ < bytes_.size() && !is_html_space(bytes_[at_]) && bytes_[at_] != '>') ++at_;
        value_ = bytes_.substr(start, at_ - start);
        return at_ < bytes_.size();
    }

    std::string_view bytes_;
    const bool skips_raw_text_;
    std::size_t at_ = 0;
    std::string name_;
    std::string_view value_;
};

}  // namespace

// HTML standard 4.2.5.4, "extracting a character encoding from a meta element"; a Content-Type header is read the same.
std::string_view charset_of_content_type(std::string_view value) noexcept {
    for (std::size_t i = 0; i + 7 <= value.size(); ++i) {
        if (!core::ascii_iequals(value.substr(i, 7), "charset")) continue;
        std::size_t at = i + 7;
        const auto skip = [&] {
            while (at < value.size() && is_html_space(value[at])) ++at;
        };
        skip();
        if (at >= value.size() || value[at] != '=') continue;
        ++at;
        skip();
        if (at >= value.size()) return {};
        if (value[at] == '"' || value[at] == '\'') {
            const std::size_t end = value.find(value[at], at + 1);
            return end == std::string_view::npos ? std::string_view{}
                                                 : encoding_for_label(value.substr(at + 1, end - at - 1));
        }
        const std::size_t end = value.find_first_of(" \t\r\n\f;", at);
        return encoding_for_label(value.substr(at, end == std::string_view::npos ? end : end - at));
    }
    return {};
}

std::string_view sniff_declared_encoding(std::string_view bytes) {
    return MetaSniffer(bytes.substr(0, sniffed_bytes), false).run();
}

std::string_view sniff_late_declaration(std::string_view bytes) {
    return MetaSniffer(bytes, true).run();
}

}  // namespace meter::html::detail
