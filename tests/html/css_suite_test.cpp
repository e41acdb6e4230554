// The public selector suites, read by path.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "core/suites.hpp"
#include "html/support.hpp"
#include "meter/json.hpp"

namespace {

using namespace meter::html;
using namespace meter::html::test;
using meter::Value;

std::string text_member(const Value& row, std::string_view key) {
    const Value* member = row.find(key);
    return member != nullptr && member->if_string() != nullptr ? *member->if_string() : std::string();
}

// Ids as the suite writes them: "nil" where there is none.
std::vector<std::string> suite_ids(Element scope, std::string_view selector) {
    std::vector<std::string> ids = found_in(scope, selector);
    for (std::string& id : ids)
        if (id.starts_with('<')) id = "nil";
    return ids;
}

// Rows where cssselect and we differ by design.
const std::set<std::string> cssselect_differs{
    "*:contains(\"LInk\")",  // our :contains ignores case (wire contract 8.5)
    "*:contains(\"E\")",
    "*[lang|=\"en\"]",  // the HTML standard compares values of lang without case (4.16.2)
    "[lang|=\"en-US\"]",
    ":link",      // link elements are no hyperlinks for :link in HTML
    ":disabled",  // hidden inputs can be disabled
    "div:contains(CELIA)",
    ":enabled",            // and are neither enabled nor disabled
    "div[class!=madeup]",  // not CSS
    "p:only-of-type",      // the </p> behind a fieldset makes a second p in HTML
};

// In cssselect's error tests these are the ones without an error, or refused only by its translation to XPath.
const std::set<std::string> valid_for_us{"[rel=stylesheet]",
                                         ":lang(fr)",
                                         ":not(:not(a))",
                                         ":is(a b)",
                                         ":where(a b)",
                                         "> div p",
                                         "  > div p",
                                         "  > div",
                                         ":has(a, b)",
                                         "div :scope header",
                                         ":scope > div :scope header"};

TEST_SUITE("html.css_suite") {
    TEST_CASE("cssselect's cases select what they list") {
        const auto folder = meter::testing::suite_folder("css-selectors");
        if (!folder) return;
        const Value suite = meter::parse_json(meter::testing::read_file(*folder / "cssselect-cases.json")).value();
        std::size_t checked = 0;
        for (const Value& row : *suite.find("cases")->if_array()) {
            const std::string selector = text_member(row, "selector");
            const std::string name = text_member(row, "document");
            if (cssselect_differs.contains(selector)) continue;
            CAPTURE(selector);
            const auto document = page(meter::testing::read_file(*folder / name));
            if (const auto* count = row.find("expect")->if_integer()) {
                // Counted with <body> as the context of lxml's descendant-or-self.
                auto found = found_in(document.body(), selector);
                const auto of_body = Selector::parse(selector);
                REQUIRE(of_body);
                const bool body_too = of_body->matches(document.body(), document.body());
                CHECK((static_cast<std::int64_t>(found.size()) == *count ||
                       static_cast<std::int64_t>(found.size()) + (body_too ? 1 : 0) == *count));
            } else {
                std::vector<std::string> expected;
                for (const Value& id : *row.find("expect")->if_array()) expected.push_back(*id.if_string());
                CHECK(suite_ids(document.root(), selector) == expected);
            }
            ++checked;
        }
        CHECK(checked > 100);
    }

    TEST_CASE("what cssselect refuses is refused") {
        const auto folder = meter::testing::suite_folder("css-selectors");
        if (!folder) return;
        const Value suite = meter::parse_json(meter::testing::read_file(*folder / "cssselect-cases.json")).value();
        for (const Value& row : *suite.find("must_error")->if_array()) {
            const std::string& selector = *row.if_string();
            CAPTURE(selector);
            CHECK(static_cast<bool>(Selector::parse(selector)) == valid_for_us.contains(selector));
        }
    }

    TEST_CASE("of the selectors css-what reads those of CSS are read, all others refused") {
        const auto folder = meter::testing::suite_folder("css-selectors");
        if (!folder) return;
        const Value suite = meter::parse_json(meter::testing::read_file(*folder / "css-what-out.json")).value();
        // jQuery's pseudo-classes and operators, names that nobody knows, arguments where there are none or bad ones,
        // unquoted values that are no identifiers.
        const auto is_css = [](std::string_view text) {
            for (const std::string_view mark :
                 {"!=",         " < ",           ":selected",    ":input",       ":button",     ":submit",
                  ":checkbox",  ":radio",        ":parent",      ":reset",       ":header",     ":Header",
                  ":image",     ":text",         ":humanoid",    ":visble",      "last-last",   "first-last",
                  "only-last",  ":first-child(", ":last-child(", ":only-child(", "(- ",         "(-)",
                  "(-1 n",      "(2+0)",         "(2n+-0)",      "(asdf)",       "=#]",         "test=]",
                  "=-1]",       "=1]",           ":contains(!)", ":contains(])", ":contains((", "(Google Groups",
                  "(This link", ":contains(id="})
                if (text.find(mark) != std::string_view::npos) return false;
            return !text.ends_with(":nth-child") && text.find_first_not_of(" \t\r\n\f") != std::string_view::npos;
        };
        std::size_t read = 0, refused = 0;
        for (const auto& member : *suite.if_object()) {
            const std::string& selector = member.first;
            CAPTURE(selector);
            const auto ours = Selector::parse(selector);
            CHECK_MESSAGE(ours.has_value() == is_css(selector), (ours ? "" : ours.error().message));
            ++(ours ? read : refused);
        }
        MESSAGE(read << " read, " << refused << " refused");
        CHECK(read > 350);
    }
}

}  // namespace
