// Random selectors: against a naive evaluator on random trees, and random bytes that must only never crash.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "html/support.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;

struct RandomList;

struct RandomSimple {
    std::string text;  // "a", ".x", "[q]"; empty for a function
    std::string function;
    std::shared_ptr<RandomList> list;
};

struct RandomCompound {
    char combinator = 0;  // to the left: ' ', '>', '+', '~'; 0 for the first of a selector
    std::vector<RandomSimple> simples;
};

using RandomComplex = std::vector<RandomCompound>;
struct RandomList {
    std::vector<RandomComplex> alternatives;
};

std::string to_text(const RandomList& list) {
    std::string text;
    for (const auto& complex : list.alternatives) {
        if (!text.empty()) text += ", ";
        for (const auto& compound : complex) {
            if (compound.combinator != 0)
                text += compound.combinator == ' ' ? " " : std::string(" ") + compound.combinator + " ";
            for (const auto& simple : compound.simples)
                text += simple.list ? ":" + simple.function + "(" + to_text(*simple.list) + ")" : simple.text;
        }
    }
    return text;
}

RandomList random_list(Random& random, int depth, bool relative);

RandomCompound random_compound(Random& random, int depth) {
    constexpr std::string_view types[] = {"a", "b", "i", "*", "x-y"};
    constexpr std::string_view simples[] = {".x",           ".y",          "[q]",           "[q=x]",
                                            ":first-child", ":last-child", ":only-of-type", ":empty"};
    constexpr std::string_view functions[] = {"is", "not", "has", "where"};
    RandomCompound compound;
    if (random.below(3) != 0) compound.simples.push_back({std::string(random.pick(types)), {}, nullptr});
    while (compound.simples.empty() || random.below(4) == 0) {
        if (depth < 2 && random.below(4) == 0) {
            const auto function = random.pick(functions);
            compound.simples.push_back(
                {{},
                 std::string(function),
                 std::make_shared<RandomList>(random_list(random, depth + 1, function == "has"))});
        } else {
            compound.simples.push_back({std::string(random.pick(simples)), {}, nullptr});
        }
    }
    return compound;
}

RandomList random_list(Random& random, int depth, bool relative) {
    constexpr char combinators[] = {' ', '>', '+', '~'};
    RandomList list;
    do {
        RandomComplex& complex = list.alternatives.emplace_back();
        do {
            RandomCompound compound = random_compound(random, depth);
            if (!complex.empty())
                compound.combinator = random.pick(combinators);
            else if (relative)
                compound.combinator = random.pick(combinators);
            complex.push_back(std::move(compound));
        } while (random.below(2) == 0 && complex.size() < 4);
    } while (random.below(4) == 0);
    return list;
}

bool naive_matches(const RandomList& list, Element element, Element anchor, Element root);

bool naive_simple(const RandomSimple& simple, Element e, Element root) {
    if (simple.list) {
        if (simple.function == "not") return !naive_matches(*simple.list, e, {}, root);
        if (simple.function != "has") return naive_matches(*simple.list, e, {}, root);
        for (Element candidate = root; candidate; candidate = candidate.next_in(root))
            if (naive_matches(*simple.list, candidate, e, root)) return true;
        return false;
    }
    if (simple.text == "*") return true;
    if (simple.text == ".x" || simple.text == ".y")
        return e.attribute("class").value_or("").find(simple.text[1]) != std::string_view::npos;
    if (simple.text == "[q]") return e.has_attribute("q");
    if (simple.text == "[q=x]") return e.attribute("q") == "x";
    if (simple.text == ":first-child") return !e.previous_sibling();
    if (simple.text == ":last-child") return !e.next_sibling();
    if (simple.text == ":empty") return !e.first_child() && e.raw_text().empty();
    if (simple.text == ":only-of-type") {
        for (Element s = e.previous_sibling(); s; s = s.previous_sibling())
            if (s.name() == e.name()) return false;
        for (Element s = e.next_sibling(); s; s = s.next_sibling())
            if (s.name() == e.name()) return false;
        return true;
    }
    return e.name() == simple.text;
}

// Tries everything: exponential, and right by inspection.
bool naive_complex(const RandomComplex& complex, std::size_t last, Element e, Element anchor, Element root) {
    for (const RandomSimple& simple : complex[last].simples)
        if (!naive_simple(simple, e, root)) return false;
    const auto left = [&](Element candidate) {
        return last == 0 ? candidate == anchor : naive_complex(complex, last - 1, candidate, anchor, root);
    };
    switch (complex[last].combinator) {
        case 0:
            return true;
        case '>':
            return e.parent() && left(e.parent());
        case '+':
            return e.previous_sibling() && left(e.previous_sibling());
        case '~':
            for (Element s = e.previous_sibling(); s; s = s.previous_sibling())
                if (left(s)) return true;
            return false;
        default:
            for (Element up = e.parent(); up; up = up.parent())
                if (left(up)) return true;
            return false;
    }
}

bool naive_matches(const RandomList& list, Element element, Element anchor, Element root) {
    for (const RandomComplex& complex : list.alternatives)
        if (naive_complex(complex, complex.size() - 1, element, anchor, root)) return true;
    return false;
}

void random_tree(Random& random, std::string& html, int depth, std::size_t most) {
    const std::size_t children = random.below(most);
    constexpr std::string_view names[] = {"a", "b", "i", "x-y"};
    for (std::size_t i = 0; i < children; ++i) {
        // div keeps libxml2 from closing an open <a> at the next one
        const std::string name = std::string(random.pick(names)) == "a" ? "u" : std::string(random.pick(names));
        html += "<" + name;
        constexpr std::string_view classes[] = {"", " class=x", " class=y", " class='y x'"};
        constexpr std::string_view attributes[] = {"", "", " q", " q=x"};
        html += std::string(random.pick(classes)) + std::string(random.pick(attributes)) + ">";
        if (random.below(4) == 0) html += "t";
        if (depth < 5) random_tree(random, html, depth + 1, 4);
        html += "</" + name + ">";
    }
}

TEST_SUITE("html.css_random") {
    TEST_CASE("random selectors find what a naive evaluator finds") {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            Random random(seed);
            std::string html = "<body>";
            random_tree(random, html, 0, seed % 4 == 0 ? 60 : 6);
            const auto document = page(html);
            std::size_t elements = 0;
            for (Element e = document.root(); e; e = e.next_in(document.root())) ++elements;
            for (int round = 0; round < (elements > 200 ? 10 : 40); ++round) {
                const RandomList list = random_list(random, elements > 200 ? 1 : 0, false);
                const std::string text = to_text(list);
                CAPTURE(seed);
                CAPTURE(text);
                const auto selector = Selector::parse(text);
                REQUIRE(selector);
                const auto found = selector->all(document.root());
                REQUIRE(found);
                std::size_t next = 0;
                bool equal = true;
                for (Element e = document.root(); e; e = e.next_in(document.root())) {
                    const bool expected = naive_matches(list, e, {}, document.root());
                    const bool is_found = next < found->size() && (*found)[next].element == e;
                    next += is_found ? 1 : 0;
                    equal = equal && expected == is_found && selector->matches(e) == expected;
                }
                CHECK(equal);
                CHECK(next == found->size());
            }
        }
    }

    TEST_CASE("random bytes and random tokens never crash the parser or the matcher") {
        Random random(20'240'601);
        const auto document =
            page("<div id=a class=x><p lang=en>one<b>two</b><p>three<input type=checkbox checked></div>");
        constexpr std::string_view tokens[] = {"div",         "p",
                                               "*",           ".x",
                                               "#a",          "[",
                                               "]",           "=",
                                               "~=",          "'",
                                               "\"",          "(",
                                               ")",           ":",
                                               "::",          ",",
                                               " ",           ">",
                                               "+",           "~",
                                               "|",           ":is(",
                                               ":not(",       ":has(",
                                               ":nth-child(", ":nth-last-of-type(",
                                               "2n+1",        "of",
                                               "even",        ":contains(",
                                               ":lang(",      "en",
                                               "\\",          "\\31 ",
                                               "/*",          "*/",
                                               "-",           "--",
                                               "1",           "é",
                                               "\n",          ":scope",
                                               ":root",       "i]",
                                               "\xff",        "xpath:",
                                               "^=",          ":empty"};
        std::size_t parsed = 0;
        for (int round = 0; round < 30'000; ++round) {
            std::string text;
            const std::size_t length = random.below(14);
            for (std::size_t i = 0; i < length; ++i) {
                if (random.below(12) == 0)
                    text += static_cast<char>(random.below(256));
                else
                    text += random.pick(tokens);
            }
            const auto selector = Selector::parse(text);
            if (!selector) {
                const bool has_position = selector.error().message.find("at position ") != std::string::npos;
                CHECK((has_position || text.starts_with("xpath:")));
                CHECK(selector.error().subject == text);
                continue;
            }
            ++parsed;
            const auto found = selector->all(document.root());
            CHECK((found || selector->is_xpath()));
        }
        CHECK(parsed > 500);
    }
}

}  // namespace
