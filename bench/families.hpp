// Inputs that make parsers slow: one family each, of any size.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Family {
    const char* name;
    std::function<std::string(std::size_t)> make;  ///< about as many bytes
};

inline std::string repeated(std::string_view piece, std::size_t bytes) {
    std::string text;
    text.reserve(bytes + piece.size());
    while (text.size() < bytes) text += piece;
    return text;
}

inline std::vector<Family> hostile_families() {
    const auto of = [](const char* name, std::string_view piece, std::string_view before = {},
                       std::string_view after = {}) {
        return Family{
            name, [=](std::size_t bytes) { return std::string(before) + repeated(piece, bytes) + std::string(after); }};
    };
    return {
        {"attributes of one tag",
         [](std::size_t bytes) {
             std::string text = "<p";
             for (int i = 0; text.size() < bytes; ++i) text += " a" + std::to_string(i) + "=" + std::to_string(i);
             return text + ">x";
         }},
        of("nested ul/li", "<ul><li>"),
        of("nested div", "<div>"),
        of("unclosed b, i, a and p", "<b><i><a href=x><p>x"),
        {"unclosed b, all different",
         [](std::size_t bytes) {
             std::string text = "<p>";
             for (int i = 0; text.size() < bytes / 2; ++i) text += "<b id=" + std::to_string(i % 400) + ">";
             while (text.size() < bytes) text += "<p>x</p>";
             return text;
         }},
        of("adoption agency", "<b><div>x</b>"),
        of("adoption agency, a in a", "<a><div><i></a></i>"),
        of("foster parenting", "x<tr>y", "<table>"),
        of("nested tables", "<table><tr><td>x"),
        of("& runs", "&"),
        of("&a runs", "&a"),
        of("< runs", "<"),
        of("<!- runs", "<!-"),
        of("huge text", "text and words ", "<p>"),
        of("huge attribute", "value and words ", "<p title='", "'>x"),
        of("deep svg and math", "<svg><g><math><mi>"),
        of("template nesting", "<template>x"),
    };
}

}  // namespace bench
