#include "core/url_text.hpp"

#include <algorithm>
#include <utility>

#include "core/unicode.hpp"

namespace meter::core {
namespace {

constexpr std::size_t url_max_characters = 4096;

/// Valid UTF-8, short enough, without white space and control characters (C0, DEL, C1).
bool has_url_characters(std::string_view text, std::size_t max_characters) noexcept {
    if (text.size() / 4 > max_characters || !is_valid_utf8(text)) return false;
    std::size_t characters = 0;
    for (std::size_t pos = 0; pos < text.size(); ++characters) {
        const char32_t c = next_code_point(text, pos);
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || is_space(c)) return false;
    }
    return characters <= max_characters;
}

/// Takes "http://" or "https://" off; false when the text starts otherwise.
bool take_web_scheme(std::string_view& text) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (ascii_iequals(text.substr(0, scheme.size()), scheme)) {
            text.remove_prefix(scheme.size());
            return true;
        }
    }
    return false;
}

/// "" or ":" and up to five digits, at most 65535 (RFC 3986 3.2.3 lets the digits be left out).
bool is_port_text(std::string_view text) noexcept {
    if (text.empty()) return true;
    if (text.front() != ':' || text.size() > 6) return false;
    unsigned port = 0;
    for (const char c : text.substr(1)) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    return port <= 65535;
}

/// Four numbers up to 255 without leading zeros.
bool is_dotted_ipv4_text(std::string_view text) noexcept {
    for (int part = 0; part < 4; ++part) {
        const std::string_view digits = text.substr(0, text.find('.'));
        if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return false;
        unsigned number = 0;
        for (const char c : digits) {
            if (c < '0' || c > '9') return false;
            number = number * 10 + static_cast<unsigned>(c - '0');
        }
        if (number > 255) return false;
        text.remove_prefix(digits.size());
        if (part < 3 && !text.starts_with('.')) return false;
        if (part < 3) text.remove_prefix(1);
    }
    return text.empty();
}

/// RFC 4291 section 2.2: eight groups, one run of them written as "::", the last two perhaps as an IPv4 address.
bool is_ipv6_text(std::string_view text) noexcept {
    std::size_t groups = 0;
    bool gap = false;
    if (text.starts_with("::")) {
        gap = true;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (groups <= 6 && is_dotted_ipv4_text(text)) {
            groups += 2;
            break;
        }
        const std::size_t digits = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
        if (digits == 0 || digits > 4 || ++groups > 8) return false;
        text.remove_prefix(digits);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (std::exchange(gap, true)) return false;
            text.remove_prefix(2);
        } else if (text.size() < 2 || text.front() != ':') {
            return false;
        } else {
            text.remove_prefix(1);
        }
    }
    return gap ? groups < 8 : groups == 8;
}

/// What stands between "//" and the path (RFC 3986 3.2).
bool is_authority_text(std::string_view text) {
    if (text.find('\\') != std::string_view::npos) return false;  // a slash to browsers, a letter to others
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        return close != std::string_view::npos && is_ipv6_text(text.substr(1, close - 1)) &&
               is_port_text(text.substr(close + 1));
    }
    const std::string_view host = text.substr(0, text.find(':'));
    return to_ascii_host(host) && is_port_text(text.substr(host.size()));
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

bool is_url_text(std::string_view text, std::size_t max_characters) {
    std::string_view rest = text;
    return has_url_characters(text, max_characters) && take_web_scheme(rest) &&
           is_authority_text(rest.substr(0, rest.find_first_of("/?#")));
}

Result<void> validate_url(std::string_view text) {
    if (is_url_text(text, url_max_characters)) return {};
    return Error{ErrorCode::invalid_url, "Invalid URL format", std::string(text)};
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

}  // namespace meter::core
