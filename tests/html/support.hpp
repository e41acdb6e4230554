// What the tests of src/html share.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "html/document.hpp"
#include "html/selector.hpp"

namespace meter::html::test {

inline Document page(std::string_view bytes, const ParseOptions& options = {}) {
    return Document::parse(bytes, options).value();
}

/// What a selector finds: ids, or names in angle brackets where there is no id; XPath texts as they are.
inline std::vector<std::string> found_in(Element scope, std::string_view selector) {
    std::vector<std::string> names;
    const auto parsed = Selector::parse(selector);
    if (!parsed) return {"error: " + parsed.error().message};
    const auto matches = parsed->all(scope);
    if (!matches) return {"error: " + matches.error().message};
    for (const Match& match : *matches) {
        if (match.text)
            names.push_back(*match.text);
        else if (const auto id = match.element.attribute("id"))
            names.emplace_back(*id);
        else
            names.push_back("<" + std::string(match.element.name()) + ">");
    }
    return names;
}

inline std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : " ") + part;
    return text;
}

inline std::string find_all(const Document& document, std::string_view selector) {
    return joined(found_in(document.root(), selector));
}

/// First element with this id.
inline Element by_id(const Document& document, std::string_view id) {
    for (Element e = document.root(); e; e = e.next_in(document.root()))
        if (e.attribute("id") == id) return e;
    return {};
}

/// splitmix64: the same numbers everywhere for the same seed.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }
    template <class List>
    const auto& pick(const List& list) noexcept {
        return list[below(std::size(list))];
    }

private:
    std::uint64_t state_;
};

}  // namespace meter::html::test
