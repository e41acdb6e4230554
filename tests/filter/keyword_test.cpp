#include "meter/keyword_filter.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <random>

#include "core/unicode.hpp"
#include "meter/json.hpp"

using meter::KeywordFilter;
using meter::Object;
using meter::Value;

namespace {

bool matches(std::string_view filter, const Value& item) {
    return KeywordFilter::parse(filter).value().matches(item);
}

/// A second implementation: lists of tokens, compared one by one.
struct NaiveFilter {
    struct Clause {
        char role = ' ';
        std::vector<std::string> tokens;
        bool prefix = false;
    };
    std::vector<Clause> clauses;

    static std::vector<std::string> tokens(const std::string& text) {
        std::vector<std::string> found;
        bool inside = false;
        for (const char c : text) {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
                if (!inside) found.emplace_back();
                found.back().push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
                inside = true;
            } else {
                inside = false;
            }
        }
        return found;
    }

    void add(char role, const std::string& text, bool quoted) {
        Clause clause{role, tokens(text), false};
        if (!quoted && text.size() > 1 && text.back() == '*') {
            auto end = text.find_last_not_of('*');
            clause.prefix = end != std::string::npos && std::isalnum(static_cast<unsigned char>(text[end])) != 0;
        }
        if (!clause.tokens.empty()) clauses.push_back(clause);
    }

    explicit NaiveFilter(const std::string& text) {
        std::size_t i = 0;
        while (i < text.size()) {
            if (text[i] == ' ') {
                ++i;
                continue;
            }
            const char role = text[i] == '+' || text[i] == '-' ? text[i++] : ' ';
            std::string part;
            if (i < text.size() && text[i] == '"') {
                for (++i; i < text.size() && text[i] != '"'; ++i) part.push_back(text[i]);
                ++i;
                add(role, part, true);
            } else {
                for (; i < text.size() && text[i] != ' '; ++i) part.push_back(text[i]);
                add(role, part, false);
            }
        }
    }

    static bool found(const Clause& clause, const std::vector<std::string>& in) {
        for (std::size_t from = 0; from + clause.tokens.size() <= in.size(); ++from) {
            bool same = true;
            for (std::size_t i = 0; i < clause.tokens.size() && same; ++i)
                same = clause.prefix && i + 1 == clause.tokens.size() ? in[from + i].rfind(clause.tokens[i], 0) == 0
                                                                      : in[from + i] == clause.tokens[i];
            if (same) return true;
        }
        return false;
    }

    bool matches(const std::vector<std::string>& values) const {
        bool any_required = false, any_optional = false, some_optional = false;
        for (const Clause& clause : clauses) {
            bool hit = false;
            for (const std::string& value : values) hit = hit || found(clause, tokens(value));
            if (clause.role == '-' && hit) return false;
            if (clause.role == '+' && !hit) return false;
            any_required = any_required || clause.role == '+';
            any_optional = any_optional || clause.role == ' ';
            some_optional = some_optional || (clause.role == ' ' && hit);
        }
        return any_required || !any_optional || some_optional;
    }
};

}  // namespace

TEST_SUITE("filter.keyword") {
    TEST_CASE("the filters of the contract match what it says") {
        // Wire contract, appendix C.
        const Value rubio = Object{{"title", "Rubio backs tariff plan"}};
        const Value melon = Object{{"title", "Melon prices, says Elon Musk"}};
        struct Row {
            const char* filter;
            bool rubio, melon;
        };
        for (const Row& row :
             {Row{"+rubio +tariff", true, false}, Row{"rubio elon", true, true}, Row{"elon", false, true},
              Row{"-tariff", false, true}, Row{"\"elon musk\"", false, true}, Row{"\"musk elon\"", false, false},
              Row{"+elon rubio", false, true}, Row{"tarif*", true, false}, Row{"+", true, true}, Row{"", true, true},
              Row{" \t ", true, true}}) {
            CAPTURE(row.filter);
            CHECK(matches(row.filter, rubio) == row.rubio);
            CHECK(matches(row.filter, melon) == row.melon);
        }
    }

    TEST_CASE("clauses are read as the grammar says") {
        struct Row {
            const char *filter, *text;
            bool match;
        };
        for (const Row& row : {
                 Row{"foo-bar", "a foo bar b", true},
                 Row{"foo-bar", "foo b bar", false},
                 Row{"\"foo bar", "foo bar", true},  // a quote that stays open
                 Row{"\"foo bar", "bar foo", false},
                 Row{"+\"foo bar\"baz", "foo bar baz", true},  // what follows a quote is a clause of its own
                 Row{"+\"foo bar\"-baz", "foo bar baz", false},
                 Row{"AND", "this AND that", true},  // operators of other languages are text
                 Row{"a AND b", "b", true},
                 Row{"title:foo", "title foo", true},
                 Row{"title:foo", "foo", false},
                 Row{"(foo)", "foo", true},
                 Row{"--foo", "foo", false},
                 Row{"+-foo", "foo", true},
                 Row{"foo*", "foo", true},
                 Row{"foo*", "food", true},
                 Row{"foo*", "afood", false},
                 Row{"fo*od", "food", false},
                 Row{"fo*od", "fo od", true},
                 Row{"foo-b*", "foo bar", true},
                 Row{"foo-b*", "foo x bar", false},
                 Row{"foo-*", "food", false},
                 Row{"\"foo b*\"", "foo bar", false},  // a star in quotes is punctuation
                 Row{"*", "anything", true},
                 Row{"\"\"", "anything", true},
                 Row{"- +", "anything", true},
                 Row{"-zzz", "anything", true},
                 Row{"STRASSE", "strasse", true},
                 Row{"\xC3\xA9l\xC3\xA8ve", "\xC3\x89L\xC3\x88VE", true},
                 Row{"caf\xC3\xA9", "cafe\xCC\x81", true},  // both in NFC
                 Row{"\xC3\xA9*", "\xC3\xA9t\xC3\xA9", true},
                 Row{"foo\xC2\xA0+bar", "foo", false},  // white space is Unicode's
                 Row{"19.99", "$19.99", true},
                 Row{"19.99", "19 or 99", false},
             }) {
            CAPTURE(row.filter);
            CAPTURE(row.text);
            CHECK(matches(row.filter, Object{{"x", row.text}}) == row.match);
        }
    }

    TEST_CASE("every scalar at any depth counts, keys and null do not, and a phrase stays within one value") {
        const Value item = *meter::parse_json(
            R"({"title": "one two", "n": 42, "price": 19.5, "ok": true, "no": null, "in": {"deep": [["three"], "four"]}})");
        for (const char* hit : {"one", "two", "42", "19.5", "true", "three", "four", "\"one two\"", "+42 +four"})
            CHECK_MESSAGE(matches(hit, item), hit);
        for (const char* miss : {"title", "null", "deep", "\"two 42\"", "\"three four\"", "1", "+one +five"})
            CHECK_FALSE_MESSAGE(matches(miss, item), miss);
        CHECK(matches("-five", item));
        CHECK(matches("x", Value("x")));
        CHECK_FALSE(matches("x", Value{}));
        CHECK(matches("", Value{}));
    }

    TEST_CASE("a filter is blank exactly when no clause is left") {
        for (const char* text : {"", " ", "+", "-", "+ -", "\"\"", "*", "...", "\"", "+\"  \""})
            CHECK_MESSAGE(KeywordFilter::parse(text).value().blank(), text);
        for (const char* text : {"a", "-a", "+1", "\"a", "\xC3\xA4"})
            CHECK_FALSE_MESSAGE(KeywordFilter::parse(text).value().blank(), text);
        CHECK(KeywordFilter::parse("+a  b").value().text() == "+a  b");
    }

    TEST_CASE("what is no filter is refused with its position") {
        CHECK(KeywordFilter::parse(std::string(2000, 'a')));
        std::string two_thousand;
        for (int i = 0; i < 2000; ++i) two_thousand += "\xF0\x9F\x98\x80";
        CHECK(KeywordFilter::parse(two_thousand));
        const auto too_long = KeywordFilter::parse(two_thousand + "a");
        REQUIRE_FALSE(too_long);
        CHECK(too_long.error().subject == "filter");
        CHECK(too_long.error().message == "filter must have at most 2000 characters");
        CHECK_FALSE(KeywordFilter::parse(std::string(2001, 'a')));
        CHECK_FALSE(KeywordFilter::parse(std::string(1'000'000, 'a')));
        const auto malformed = KeywordFilter::parse("abc \xFF");
        REQUIRE_FALSE(malformed);
        CHECK(malformed.error().message == "filter is malformed UTF-8 at byte 4");
        CHECK(malformed.error().code == meter::ErrorCode::invalid_argument);
    }

    TEST_CASE("random filters match random items as a naive implementation does") {
        std::mt19937 random(42);
        const auto pick = [&](int n) { return static_cast<std::size_t>(random() % static_cast<unsigned>(n)); };
        const std::vector<std::string> words{"a",   "b",  "ab",  "aa",   "ba", "abb", "A",
                                             "a-b", "a*", "ab*", "b-a*", "*",  "."};
        int hits = 0;
        for (int round = 0; round < 20'000; ++round) {
            std::string text;
            for (std::size_t n = 1 + pick(4); n > 0; --n) {
                text += std::vector<std::string>{"", "", "+", "-"}[pick(4)];
                if (pick(3) == 0) {
                    text += "\"" + words[pick(13)] + " " + words[pick(13)] + (pick(9) == 0 ? "" : "\" ");
                } else {
                    text += words[pick(13)] + " ";
                }
            }
            std::vector<std::string> values;
            Value::Array list;
            for (std::size_t n = pick(4); n > 0; --n) {
                std::string value;
                for (std::size_t m = pick(5); m > 0; --m) value += words[pick(7)] + (pick(5) == 0 ? "," : " ");
                values.push_back(value);
                list.emplace_back(value);
            }
            const bool expected = NaiveFilter(text).matches(values);
            CAPTURE(text);
            CAPTURE(meter::to_json(Value(list)));
            REQUIRE(matches(text, Object{{"v", list}}) == expected);
            hits += expected ? 1 : 0;
        }
        CHECK(hits > 2000);
        CHECK(hits < 18'000);
    }

    TEST_CASE("changelog entries are cut to what matches, and left out when nothing does") {
        meter::ChangelogEntry entry;
        entry.item_count = 7;
        entry.new_items = {Object{{"t", "red apple"}}, Object{{"t", "pear"}}};
        entry.removed_items = {Object{{"t", "green apple"}}};
        entry.modified_items = {{Object{{"t", "red apple"}}, {{"t", "green apple", "red apple"}}},
                                {Object{{"t", "pear"}}, {{"t", "", "pear"}}}};
        const auto apples = meter::matching_entry(KeywordFilter::parse("apple").value(), entry);
        REQUIRE(apples);
        CHECK(apples->new_items.size() == 1);
        CHECK(apples->removed_items.size() == 1);
        CHECK(apples->modified_items.size() == 1);
        CHECK(apples->item_count == 7);
        CHECK_FALSE(meter::matching_entry(KeywordFilter::parse("plum").value(), entry));
        CHECK(meter::matching_entry(KeywordFilter::parse(" ").value(), entry) == entry);
        meter::ChangelogEntry reordered;
        reordered.order_changed = true;
        CHECK_FALSE(meter::matching_entry(KeywordFilter::parse("-plum").value(), reordered));
        CHECK(meter::matching_entry(KeywordFilter::parse("").value(), reordered) == reordered);
    }

    TEST_CASE("hostile filters on long texts stay linear") {
        // Every position of the text begins a phrase that fails only at its end; a naive search would take minutes.
        std::string phrase = "\"";
        for (int i = 0; i < 990; ++i) phrase += "a ";
        std::string text;
        for (int i = 0; i < 500'000; ++i) text += "a ";
        CHECK_FALSE(matches(phrase + "b\"", Object{{"t", text}}));
        std::string many;
        for (int i = 1; i < 40; ++i) many += "+\"" + std::string(static_cast<std::size_t>(i), 'a') + " b\" ";
        CHECK_FALSE(matches(many, Object{{"t", text}}));
    }
}
