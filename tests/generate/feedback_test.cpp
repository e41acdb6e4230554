#include "generate/feedback.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace meter;
using generate::FeedbackStep;
using generate::read_feedback;
using Kind = FeedbackStep::Kind;

std::string step_text(const FeedbackStep& step) {
    const auto joined = [](const std::vector<std::string>& words) {
        std::string text;
        for (const std::string& word : words) text += " " + word;
        return text;
    };
    switch (step.kind) {
        case Kind::add: {
            std::string text = "add";
            for (const auto& field : step.fields) text += " " + field.name;
            return text;
        }
        case Kind::drop:
            return "drop " + step.field;
        case Kind::rename:
            return "rename " + step.field + " " + step.text;
        case Kind::retype:
            return "type " + step.field + " " + step.text;
        case Kind::correct:
            return "correct " + step.field + joined(step.words);
        case Kind::currency:
            return "currency " + step.field;
        case Kind::keep:
            return "keep" + joined(step.words);
        case Kind::skip:
            return "skip" + joined(step.words);
        case Kind::limit:
            return "limit " + std::to_string(step.count);
    }
    return {};
}

std::string feedback_text(std::string_view feedback) {
    const auto steps = read_feedback(feedback, {"title", "price", "url", "date", "author", "team1"});
    if (!steps) return "! " + steps.error().message;
    std::string text;
    for (const FeedbackStep& step : *steps) text += (text.empty() ? "" : "; ") + step_text(step);
    return text;
}

}  // namespace

TEST_SUITE("generate.feedback") {
    TEST_CASE("Sentences become steps") {
        struct Row {
            std::string_view feedback, steps;
        };
        for (const Row& row : {
                 Row{"also extract images and SKU", "add image sku"},
                 Row{"Also extract the description.", "add description"},
                 Row{"add the old price", "add old_price"},
                 Row{"please include ratings too", "add rating"},
                 Row{"I also need the brand", "add brand"},
                 Row{"the brand is missing", "add brand"},
                 Row{"drop the date", "drop date"},
                 Row{"remove price and author", "drop price; drop author"},
                 Row{"without the author", "drop author"},
                 Row{"I don't need the url", "drop url"},
                 Row{"don't extract links", "drop url"},
                 Row{"no longer extract the date field", "drop date"},
                 Row{"leave out the author", "drop author"},
                 Row{"rename price to cost", "rename price cost"},
                 Row{"call the title product name", "rename title product_name"},
                 Row{"price should be called cost", "rename price cost"},
                 Row{"change the name of price to \"unit price\"", "rename price unit_price"},
                 Row{"rename team1 to home", "rename team1 home"},
                 Row{"price as a number", "type price number"},
                 Row{"the price should be a number", "type price number"},
                 Row{"convert price to numeric", "type price number"},
                 Row{"make author a list", "type author list"},
                 Row{"date as text", "type date text"},
                 Row{"the price should include the currency symbol", "currency price"},
                 Row{"price without the currency sign", "type price number"},
                 Row{"the price is wrong", "correct price"},
                 Row{"wrong title", "correct title"},
                 Row{"the date should be the published date", "correct date published date"},
                 Row{"use the second column for the date", "correct date second"},
                 Row{"take the price from .sale", "correct price .sale"},
                 Row{"skip sponsored items", "skip sponsored"},
                 Row{"ignore ads", "skip ad"},
                 Row{"exclude items with class promo", "skip promo"},
                 Row{"exclude items with class \"Promo-Box\"", "skip \"Promo-Box"},
                 Row{"only the main list, not the sidebar", "keep main; skip sidebar"},
                 Row{"only the first table", "keep first table"},
                 Row{"only items with a price", "keep price"},
                 Row{"skip items without a price", "skip without price"},
                 Row{"limit to 10", "limit 10"},
                 Row{"only the first 5 items", "limit 5"},
                 Row{"drop the date. also extract images", "drop date; add image"},
                 Row{"drop the date and rename price to cost", "drop date; rename price cost"},
             }) {
            CAPTURE(row.feedback);
            CHECK(feedback_text(row.feedback) == row.steps);
        }
    }

    TEST_CASE("What is not understood is named") {
        struct Row {
            std::string_view feedback, message;
        };
        for (const Row& row : {
                 Row{"make it better", "! Feedback not understood: make it better"},
                 Row{"hmm", "! Feedback not understood: hmm"},
                 Row{"drop the date. fnord the blurb", "! Feedback not understood: fnord the blurb"},
                 Row{"rename price", "! Feedback not understood: rename price"},
                 Row{"rename unknown to other", "! Feedback not understood: rename unknown to other"},
             }) {
            CAPTURE(row.feedback);
            CHECK(feedback_text(row.feedback) == row.message);
        }
    }

    TEST_CASE("Long feedback is read within bounds") {
        CHECK(feedback_text(std::string(100'000, 'a')).starts_with("! Feedback not understood"));
        std::string commas;
        for (int i = 0; i < 2'000; ++i) commas += "a,";
        CHECK(feedback_text(commas).starts_with("!"));
    }
}
