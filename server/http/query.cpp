#include "http/query.hpp"

#include <algorithm>

namespace meter::server {
namespace {

int query_hex(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The byte that "%XX" at `at` stands for; -1 when it is no escape.
int escaped_byte(std::string_view text, std::size_t at) noexcept {
    if (at + 2 >= text.size()) return -1;
    const int high = query_hex(text[at + 1]), low = query_hex(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int byte = text[i] == '%' ? escaped_byte(text, i) : -1;
        if (byte >= 0) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    if (path.empty() || path.front() != '/') return parts;
    for (std::size_t start = 1; start <= path.size();) {
        const auto end = std::min(path.find('/', start), path.size());
        parts.push_back(decode(path.substr(start, end - start), false));
        start = end + 1;
    }
    return parts;
}

Query::Query(std::string_view text) {
    for (std::size_t start = 0; start < text.size();) {
        const auto end = std::min(text.find('&', start), text.size());
        const auto member = text.substr(start, end - start);
        start = end + 1;
        if (member.empty()) continue;
        const auto equals = std::min(member.find('='), member.size());
        const auto value = equals < member.size() ? member.substr(equals + 1) : std::string_view{};
        members_.emplace_back(decode(member.substr(0, equals), true), decode(value, true));
    }
}

const std::string* Query::find(std::string_view name) const noexcept {
    for (auto member = members_.rbegin(); member != members_.rend(); ++member)
        if (member->first == name) return &member->second;
    return nullptr;
}

}  // namespace meter::server
