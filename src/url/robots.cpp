#include "url/robots.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/unicode.hpp"

namespace meter::url {
namespace {

constexpr std::size_t max_rules = 20'000;
constexpr std::size_t max_pattern_bytes = 2048;
constexpr std::size_t max_sitemaps = 1000;
constexpr double max_crawl_delay_seconds = 3600;

constexpr bool is_robots_space(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view trim_spaces(std::string_view text) {
    while (!text.empty() && is_robots_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_robots_space(text.back())) text.remove_suffix(1);
    return text;
}

/// The product token: letters, "_" and "-" at the start (RFC 9309 section 2.2.1).
std::string_view product_token(std::string_view user_agent) {
    std::size_t length = 0;
    const auto is_token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    };
    while (length < user_agent.size() && is_token(user_agent[length])) ++length;
    return user_agent.substr(0, length);
}

constexpr int hex_value(char c) noexcept {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/// One spelling for one path (section 2.2.2): escapes are upper case, bytes beyond ASCII are escaped. Escapes of
/// unreserved characters stay, as in Google's reference parser: its published cases decide "/%62" against "/b" as no
/// match.
std::string normalized_path(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    const auto escape = [&](unsigned char byte) {
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            escape(static_cast<unsigned char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
            i += 2;
        } else if (static_cast<signed char>(c) < 0) {
            escape(static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out;
}

/// `*` and a final `$`, anchored at the start. Greedy with one point to return to: each star's earliest end is as good
/// as any later one, so the cost is the product of the lengths at most.
bool pattern_matches(std::string_view pattern, std::string_view path) {
    const bool anchored = !pattern.empty() && pattern.back() == '$';
    if (anchored) pattern.remove_suffix(1);
    std::size_t p = 0, s = 0, star = std::string_view::npos, resume = 0;
    for (;;) {
        if (p == pattern.size() && (!anchored || s == path.size())) return true;
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = s;
        } else if (p < pattern.size() && s < path.size() && pattern[p] == path[s]) {
            ++p;
            ++s;
        } else if (star != std::string_view::npos && resume < path.size()) {
            p = star + 1;
            s = ++resume;
        } else {
            return false;
        }
    }
}

std::string without_repeated_stars(std::string_view pattern) {
    std::string out;
    for (const char c : pattern)
        if (c != '*' || out.empty() || out.back() != '*') out += c;
    return out;
}

enum class Key { user_agent, allow, disallow, crawl_delay, sitemap, other };

/// Field names as crawlers read them: in any case.
Key key_of(std::string_view name) {
    if (core::ascii_iequals(name, "user-agent")) return Key::user_agent;
    if (core::ascii_iequals(name, "allow")) return Key::allow;
    if (core::ascii_iequals(name, "disallow")) return Key::disallow;
    if (core::ascii_iequals(name, "crawl-delay")) return Key::crawl_delay;
    if (core::ascii_iequals(name, "sitemap")) return Key::sitemap;
    return Key::other;
}

struct Line {
    Key key = Key::other;
    std::string_view value;
};

/// "name: value # comment"; the colon may be missing when white space stands in its place, as Google's parser has it.
std::optional<Line> read_line(std::string_view line) {
    line = trim_spaces(line.substr(0, line.find('#')));
    std::size_t end = line.find(':');
    if (end == std::string_view::npos) {
        end = line.find_first_of(" \t");
        if (end == std::string_view::npos) return std::nullopt;
        if (trim_spaces(line.substr(end)).find_first_of(" \t") != std::string_view::npos) return std::nullopt;
    }
    const auto name = trim_spaces(line.substr(0, end));
    if (name.empty()) return std::nullopt;
    return Line{key_of(name), trim_spaces(line.substr(end + 1))};
}

std::optional<std::chrono::milliseconds> read_delay(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!(seconds >= 0 && seconds <= max_crawl_delay_seconds)) return std::nullopt;
    return std::chrono::milliseconds(std::llround(seconds * 1000));
}

}  // namespace

Robots Robots::parse(std::string_view text, std::string_view user_agent) {
    struct Group {
        std::vector<Rule> rules;
        std::optional<std::chrono::milliseconds> crawl_delay;
        bool named = false;
    };
    const std::string_view me = product_token(user_agent);
    Group mine, everyones;
    bool in_mine = false, in_everyones = false, naming = false;
    Robots robots;

    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text = text.substr(0, max_bytes);
    while (!text.empty()) {
        const auto end = text.find_first_of("\r\n");
        const auto line = read_line(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line) continue;
        switch (line->key) {
            case Key::user_agent: {
                if (!naming) in_mine = in_everyones = false;
                naming = true;
                // "*" may be followed by anything after white space; other values count up to their product token.
                if (line->value == "*" ||
                    (line->value.size() > 1 && line->value[0] == '*' && is_robots_space(line->value[1])))
                    in_everyones = everyones.named = true;
                else if (const auto token = product_token(line->value);
                         !token.empty() && core::ascii_iequals(token, me))
                    in_mine = mine.named = true;
                break;
            }
            case Key::allow:
            case Key::disallow: {
                naming = false;
                if (line->value.empty() || line->value.size() > max_pattern_bytes) break;
                for (Group* group : {in_mine ? &mine : nullptr, in_everyones ? &everyones : nullptr})
                    if (group != nullptr && group->rules.size() < max_rules)
                        group->rules.push_back(
                            {without_repeated_stars(normalized_path(line->value)), line->key == Key::allow});
                break;
            }
            case Key::crawl_delay:
                naming = false;
                if (const auto delay = read_delay(line->value)) {
                    if (in_mine) mine.crawl_delay = std::max(mine.crawl_delay.value_or(*delay), *delay);
                    if (in_everyones) everyones.crawl_delay = std::max(everyones.crawl_delay.value_or(*delay), *delay);
                }
                break;
            case Key::sitemap:  // belongs to no group and does not end one (section 2.2.4)
                if (!line->value.empty() && robots.sitemaps_.size() < max_sitemaps)
                    robots.sitemaps_.emplace_back(line->value);
                break;
            case Key::other:
                break;
        }
    }
    Group& chosen = mine.named ? mine : everyones;
    robots.rules_ = std::move(chosen.rules);
    robots.crawl_delay_ = chosen.crawl_delay;
    return robots;
}

bool Robots::allows(std::string_view path_and_query) const {
    const std::string path = path_and_query.empty() ? "/" : normalized_path(path_and_query);
    if (path == "/robots.txt") return true;
    const Rule* best = nullptr;
    for (const Rule& rule : rules_) {
        const bool better = best == nullptr || rule.pattern.size() > best->pattern.size() ||
                            (rule.pattern.size() == best->pattern.size() && rule.allow && !best->allow);
        if (better && pattern_matches(rule.pattern, path)) best = &rule;
    }
    return best == nullptr || best->allow;
}

}  // namespace meter::url
