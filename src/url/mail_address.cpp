#include "url/mail_address.hpp"

#include <algorithm>

#include "core/unicode.hpp"
#include "core/url_text.hpp"

namespace meter::url {
namespace {

constexpr std::size_t most_mail_addresses = 10;
constexpr std::size_t longest_mail_address = 254;  // RFC 5321 4.5.3.1.3, without the angle brackets
constexpr std::size_t longest_mail_local_part = 64;

/// RFC 5322 3.2.3 "dot-atom": what every server takes. Quoted local parts are refused.
bool is_mail_local_part(std::string_view text) {
    if (text.empty() || text.size() > longest_mail_local_part || text.front() == '.' || text.back() == '.')
        return false;
    constexpr std::string_view signs = "!#$%&'*+-/=?^_`{|}~.";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && signs.find(c) == std::string_view::npos) return false;
        if (c == '.' && text[i - 1] == '.') return false;
    }
    return true;
}

/// The address with its domain as sent, or empty text.
std::string mail_address(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || !is_mail_local_part(text.substr(0, at))) return {};
    const std::string_view name = text.substr(at + 1);
    if (name.empty() || name.find_first_of(":/[]%") != std::string_view::npos) return {};
    const auto domain = core::to_ascii_host(name);
    if (!domain || domain->empty() || domain->front() == '.') return {};
    std::string address = std::string(text.substr(0, at + 1)) + *domain;
    return address.size() <= longest_mail_address ? address : std::string();
}

}  // namespace

std::vector<std::string> mail_addresses(std::string_view url) {
    constexpr std::string_view scheme = "mailto:";
    const bool is_uri = core::ascii_iequals(url.substr(0, scheme.size()), scheme);
    if (is_uri) {
        url.remove_prefix(scheme.size());
        url = url.substr(0, std::min(url.find('?'), url.size()));
    }
    if (url.size() > most_mail_addresses * 3 * longest_mail_address) return {};
    std::vector<std::string> addresses;
    for (std::size_t start = 0; start <= url.size();) {
        const auto end = is_uri ? std::min(url.find(',', start), url.size()) : url.size();
        const std::string_view part = url.substr(start, end - start);
        auto address = mail_address(is_uri ? core::percent_decode(part) : std::string(part));
        if (address.empty() || addresses.size() == most_mail_addresses) return {};
        addresses.push_back(std::move(address));
        start = end + 1;
    }
    return addresses;
}

}  // namespace meter::url
