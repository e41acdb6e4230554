// :nth-* against a naive count over the siblings, on generated trees.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

struct NthText {
    std::string_view text;
    int a, b;
};

constexpr NthText nth_texts[] = {
    {"even", 2, 0},   {"ODD", 2, 1},       {"1", 0, 1},      {"+3", 0, 3},     {"-2", 0, -2},
    {"0", 0, 0},      {"n", 1, 0},         {"-n", -1, 0},    {"+n", 1, 0},     {"2n", 2, 0},
    {"3N+1", 3, 1},   {"2n + 3", 2, 3},    {"4n- 1", 4, -1}, {"4n -1", 4, -1}, {"-n+5", -1, 5},
    {"-2n+7", -2, 7}, {"n-3", 1, -3},      {"n+4", 1, 4},    {"0n+2", 0, 2},   {"-3n-1", -3, -1},
    {"20n", 20, 0},   {"-n + 40", -1, 40}, {"+5n-2", 5, -2}, {"-0n+1", 0, 1},  {"99999999999", 0, 1'000'000'000},
    {" 2n+1 ", 2, 1}, {"/**/2/**/", 0, 2}};

bool counts(int a, int b, int position) {
    for (int n = 0; n <= 3'000; ++n)
        if (a * n + b == position) return true;
    return false;
}

// A tree whose families are of all sizes around the matcher's short walk, some with three hundred children.
void grow(Random& random, std::string& html, int depth, int& next_id) {
    const std::size_t sizes[] = {0, 1, 2, 3, 5, 15, 16, 17, 18, 40, 300};
    const std::size_t size = sizes[random.below(depth > 1 ? 5 : std::size(sizes))];
    const std::string_view names[] = {"div", "span", "x-a", "x-b", "section"};
    for (std::size_t i = 0; i < size; ++i) {
        const auto name = random.pick(names);
        html += "<" + std::string(name) + " id=n" + std::to_string(next_id++);
        if (random.below(3) == 0) html += " class=s";
        html += ">";
        if (depth < 3 && random.below(4) == 0) grow(random, html, depth + 1, next_id);
        if (random.below(3) == 0) html += "text <!-- c -->";
        html += "</" + std::string(name) + ">";
    }
}

bool naive(Element element, std::string_view pseudo, const NthText& nth, bool of_s) {
    const bool last = pseudo.starts_with("nth-last");
    const bool of_type = pseudo.ends_with("type");
    if (of_s && element.attribute("class") != "s") return false;
    int position = 1;
    for (Element s = last ? element.next_sibling() : element.previous_sibling(); s;
         s = last ? s.next_sibling() : s.previous_sibling()) {
        if (of_type && s.name() != element.name()) continue;
        if (of_s && s.attribute("class") != "s") continue;
        ++position;
    }
    return counts(nth.a, nth.b, position);
}

TEST_SUITE("html.nth") {
    TEST_CASE("every :nth-* selector finds what counting finds") {
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            Random random(seed);
            std::string html = "<body>";
            int next_id = 0;
            grow(random, html, 0, next_id);
            const auto document = page(html);
            for (const NthText& nth : nth_texts) {
                for (const std::string_view pseudo :
                     {"nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"}) {
                    for (const bool of_s : {false, true}) {
                        if (of_s && pseudo.ends_with("type")) continue;
                        const std::string selector =
                            ":" + std::string(pseudo) + "(" + std::string(nth.text) + (of_s ? " of .s)" : ")");
                        CAPTURE(seed);
                        CAPTURE(selector);
                        std::vector<std::string> expected;
                        for (Element e = document.root(); e; e = e.next_in(document.root()))
                            if (naive(e, pseudo, nth, of_s))
                                expected.push_back(e.has_attribute("id") ? std::string(*e.attribute("id"))
                                                                         : "<" + std::string(e.name()) + ">");
                        CHECK(joined(found_in(document.root(), selector)) == joined(expected));
                    }
                }
            }
        }
    }
}

}  // namespace
