#include "html/parser/tokenizer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "html/slow_tokenizer.hpp"
#include "html/support.hpp"
#include "html/token_log.hpp"
#include "meter/json.hpp"

namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;
using meter::Value;
using meter::html::detail::ContentModel;
using meter::html::detail::TagToken;
using meter::html::detail::Tokenizer;
using meter::html::test::Random;
using meter::html::test::TokenLog;

// Answers start tags as a tree builder does.
class PageLog : public TokenLog {
public:
    ContentModel start_tag(const TagToken& tag) override {
        TokenLog::start_tag(tag);
        if (tag.name == "script") return ContentModel::script_data;
        if (tag.name == "style") return ContentModel::rawtext;
        if (tag.name == "title") return ContentModel::rcdata;
        return tag.name == "plaintext" ? ContentModel::plaintext : ContentModel::data;
    }
};

std::size_t cut_between_characters(std::string_view text, std::size_t size) {
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) ++size;
    return std::min(size, text.size());
}

// Pieces of `piece` bytes, or of random sizes up to -piece.
template <class Log>
void feed_in_pieces(Log& log, std::string_view page, long piece, Random& random) {
    Tokenizer tokenizer(log);
    while (!page.empty()) {
        const std::size_t wanted =
            piece > 0 ? static_cast<std::size_t>(piece) : 1 + random.below(static_cast<std::size_t>(-piece));
        const std::size_t size = cut_between_characters(page, wanted);
        if (random.below(2) == 0) {
            tokenizer.feed(page.substr(0, size), true);
        } else {
            const std::string copy(page.substr(0, size));  // of its own, so that reading beyond it is seen
            tokenizer.feed(copy);
        }
        page.remove_prefix(size);
    }
    tokenizer.finish();
}

std::string tokens_of(std::string_view page, bool cdata = false) {
    PageLog log;
    log.cdata = cdata;
    Tokenizer tokenizer(log);
    tokenizer.feed(page);
    tokenizer.finish();
    return meter::to_json(Value(log.tokens));
}

constexpr std::array random_parts{"<"sv,
                                  "</"sv,
                                  ">"sv,
                                  "/>"sv,
                                  "<!--"sv,
                                  "-->"sv,
                                  "--!>"sv,
                                  "--"sv,
                                  "-"sv,
                                  "!"sv,
                                  "<!"sv,
                                  "<?"sv,
                                  "script"sv,
                                  "<script>"sv,
                                  "</script"sv,
                                  "</script>"sv,
                                  "<script"sv,
                                  "<style>"sv,
                                  "</style>"sv,
                                  "</STYLE "sv,
                                  "<title>"sv,
                                  "</title>"sv,
                                  "<plaintext>"sv,
                                  "<a "sv,
                                  "<B"sv,
                                  "</p>"sv,
                                  " "sv,
                                  "\t"sv,
                                  "\n"sv,
                                  "\r"sv,
                                  "\r\n"sv,
                                  "\f"sv,
                                  "\0"sv,
                                  "="sv,
                                  "'"sv,
                                  "\""sv,
                                  "a"sv,
                                  "A=1"sv,
                                  "x='y'"sv,
                                  "x=\""sv,
                                  "\xc3\xa9"sv,
                                  "\xf0\x9f\x98\x80"sv,
                                  "&"sv,
                                  "&amp;"sv,
                                  "&amp"sv,
                                  "&notit;"sv,
                                  "&notin;"sv,
                                  "&not="sv,
                                  "&#"sv,
                                  "&#x"sv,
                                  "&#128;"sv,
                                  "&#0"sv,
                                  "&#xD800;"sv,
                                  "&#13;"sv,
                                  "&nGt;"sv,
                                  "&CounterClockwiseContourIntegral;"sv,
                                  "&CounterClockwiseContourIntegra"sv,
                                  ";"sv,
                                  "#"sv,
                                  "<!DOCTYPE"sv,
                                  "<!doctype html"sv,
                                  "PUBLIC"sv,
                                  "system"sv,
                                  "<![CDATA["sv,
                                  "]]>"sv,
                                  "]]"sv,
                                  "]"sv,
                                  "/"sv,
                                  "<!-"sv};

TEST_SUITE("html.tokenizer") {
    TEST_CASE("random pages give the tokens of the standard's state machine, whole and in pieces") {
        Random random(20261122);
        for (int round = 0; round < 50'000; ++round) {
            std::string page;
            for (std::size_t parts = 1 + random.below(24); parts > 0; --parts) page += random.pick(random_parts);
            PageLog expected;
            expected.cdata = round % 2 == 0;
            meter::html::test::tokenize_slowly(page, expected, ContentModel::data, "");
            for (const long piece : {1'000'000L, 1L, -12L}) {
                PageLog log;
                log.cdata = expected.cdata;
                feed_in_pieces(log, page, piece, random);
                if (log.tokens == expected.tokens && log.ended) continue;
                CAPTURE(page);
                CAPTURE(piece);
                REQUIRE(meter::to_json(Value(log.tokens)) == meter::to_json(Value(expected.tokens)));
            }
        }
    }

    TEST_CASE("tokens are what the standard says where it surprises") {
        struct Row {
            std::string_view page, tokens;
        };
        for (
            const Row& row :
            {Row{"<a href=?a=1&copy=2&lt;>", R"([["StartTag","a",{"href":"?a=1&copy=2<"}]])"},
             Row{"&copy=2", R"([["Character","©=2"]])"}, Row{"a<b", R"([["Character","a"]])"},
             Row{"a < b <3", R"([["Character","a < b <3"]])"},
             Row{"</>x</ y>", R"([["Character","x"],["Comment"," y"]])"},
             Row{"<a/b='1'c=2/>", R"([["StartTag","a",{"b":"1","c":"2/"}]])"},
             Row{"<a B=1 b=2 =c>", R"([["StartTag","a",{"b":"1","=c":""}]])"},
             Row{"<br/><br / ><br /x>",
                 R"([["StartTag","br",{},true],["StartTag","br",{}],["StartTag","br",{"x":""}]])"},
             Row{"<!--a--!>b<!-->c<!--->d<!--e",
                 R"([["Comment","a"],["Character","b"],["Comment",""],["Character","c"],["Comment",""],["Character","d"],["Comment","e"]])"},
             Row{"<script><!--<script></script>--></script>x",
                 R"([["StartTag","script",{}],["Character","<!--<script></script>-->"],["EndTag","script"],["Character","x"]])"},
             Row{"<title>a</titles></TITLE\n>b",
                 R"([["StartTag","title",{}],["Character","a</titles>"],["EndTag","title"],["Character","b"]])"},
             Row{"<style>&amp;</style>", R"([["StartTag","style",{}],["Character","&amp;"],["EndTag","style"]])"},
             Row{"<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" 'u'>",
                 R"([["DOCTYPE","html","-//W3C//DTD HTML 4.01//EN","u",true]])"},
             Row{"<!DOCTYPE>", R"([["DOCTYPE",null,null,null,false]])"}, Row{"<?xml x?>", R"([["Comment","?xml x?"]])"},
             Row{"<![CDATA[x]]>", R"([["Comment","[CDATA[x]]"]])"}, Row{"a\r\nb\rc", R"([["Character","a\nb\nc"]])"}}) {
            CAPTURE(row.page);
            CHECK(tokens_of(row.page) == row.tokens);
        }
        CHECK(tokens_of("<![CDATA[x]]]>y", true) == R"([["Character","x]y"]])");
    }

    TEST_CASE("references stand for the standard's characters") {
        struct Row {
            std::string_view reference, text;
        };
        for (const Row& row :
             {Row{"&nbsp;", "\xc2\xa0"}, Row{"&nbsp", "\xc2\xa0"}, Row{"&NotEqualTilde;", "\xe2\x89\x82\xcc\xb8"},
              Row{"&semi;", ";"}, Row{"&Tab;&NewLine;", "\t\n"}, Row{"&AElig&AMP&yuml", "\xc3\x86&\xc3\xbf"},
              Row{"&zwnj;", "\xe2\x80\x8c"}, Row{"&zwnj", "&zwnj"}, Row{"&notin;&notit;", "\xe2\x88\x89\xc2\xacit;"},
              Row{"&amp;lt;", "&lt;"}, Row{"&unheard;&;&", "&unheard;&;&"}, Row{"&#65;&#x42&#X43;", "ABC"},
              Row{"&#128;&#x9f;&#129;", "\xe2\x82\xac\xc5\xb8\xc2\x81"},
              Row{"&#0;&#xD800;&#x110000;&#99999999999999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
              Row{"&#;&#x;&#xg", "&#;&#x;&#xg"}, Row{"&#13;", "\r"}}) {
            CAPTURE(row.reference);
            Value::Array tokens;
            tokens.emplace_back(Value::Array{"Character", row.text});
            CHECK(tokens_of(row.reference) == meter::to_json(tokens));
        }
    }

    TEST_CASE("attributes beyond the limit are dropped and repeated ones are found among many") {
        std::string page = "<a";
        for (int i = 0; i < 2'000; ++i) page += " n" + std::to_string(i % 700) + "=" + std::to_string(i) + " N7";
        PageLog many;
        Random random(1);
        feed_in_pieces(many, page + ">", 1'000'000, random);
        REQUIRE(many.tokens.size() == 1);
        const meter::Object& attributes = *(*many.tokens[0].if_array())[2].if_object();
        CHECK(attributes.size() == 700);
        CHECK(*attributes.find("n699") == Value("699"));
        CHECK(*attributes.find("n7") == Value(""));  // N7 came first

        page = "<a";
        for (int i = 0; i < 3'000; ++i) page += " n" + std::to_string(i);
        PageLog capped;
        feed_in_pieces(capped, page + ">x", 100, random);
        REQUIRE(capped.tokens.size() == 2);
        CHECK((*capped.tokens[0].if_array())[2].if_object()->size() == 1'000);
    }

    TEST_CASE("nothing is called any more once the sink has stopped") {
        PageLog log;
        log.stop_after = 3;
        Tokenizer tokenizer(log);
        tokenizer.feed("<a><b>c<d>e<f");
        tokenizer.feed("g><h>");
        tokenizer.finish();
        CHECK(log.calls == 3);
        CHECK_FALSE(log.ended);
    }

    TEST_CASE("text is handed over as it comes") {
        PageLog log;
        Tokenizer tokenizer(log);
        tokenizer.feed("abc");
        CHECK(log.tokens.size() == 1);
        tokenizer.feed("<p class='x");
        CHECK(log.tokens.size() == 1);
        tokenizer.feed("'>yyyyyyyyyyyyy &am");
        CHECK(meter::to_json(Value(log.tokens)) ==
              R"([["Character","abc"],["StartTag","p",{"class":"x"}],["Character","yyyyyyyyyyyyy "]])");
        tokenizer.feed("p; z");
        tokenizer.finish();
        CHECK((*log.tokens.back().if_array())[1] == Value("yyyyyyyyyyyyy & z"));
    }

    TEST_CASE("a tokeniser can start in raw text") {
        PageLog log;
        Tokenizer tokenizer(log);
        tokenizer.start_in(ContentModel::rcdata, "textarea");
        tokenizer.feed("<b>&lt;</textarea><b>");
        tokenizer.finish();
        CHECK(meter::to_json(Value(log.tokens)) ==
              R"([["Character","<b><"],["EndTag","textarea"],["StartTag","b",{}]])");
    }

    // Quadratic time here takes minutes and ends in the program's time limit.
    TEST_CASE("hostile pages give the same tokens byte by byte, in linear time") {
        struct Digest : meter::html::detail::TokenSink {
            ContentModel start_tag(const TagToken& tag) override {
                calls += 1 + tag.attributes.size();
                return tag.name == "script" ? ContentModel::script_data : ContentModel::data;
            }
            void end_tag(const TagToken&) override { ++calls; }
            void characters(std::string_view text) override { bytes += text.size(); }
            void null_character() override { ++calls; }
            void comment(std::string_view text) override { bytes += text.size(); }
            void doctype(const meter::html::detail::DoctypeToken&) override { ++calls; }
            void end_of_file() override { ++calls; }
            bool cdata_allowed() const override { return true; }
            bool stopped() const override { return false; }
            std::size_t bytes = 0, calls = 0;
        };
        std::string names;
        for (int i = 0; i < 5'000; ++i) names += " n" + std::to_string(i) + "=1";
        for (const std::string& unit :
             {"<"s,         "<!-"s,        "<!--"s,         "&"s,   "&a"s,     "&#1"s,
              "1"s,         "&notit"s,     "</"s,           "<a "s, "<a b='"s, "\r"s,
              "]]"s,        "-"s,          "- "s,           "\0"s,  names,     "<script><!--<script>"s,
              "<![CDATA["s, "<!doctype "s, "a=\"&amp;\" "s, "A"s}) {
            for (const std::string& start : {""s, "<a "s, "<a b=\""s, "<!--"s, "&#"s, "<script>"s, "<script><!--"s}) {
                std::string page = start;
                while (page.size() < 60'000) page += unit;
                CAPTURE(start);
                CAPTURE(unit.substr(0, 30));
                Random random(1);
                Digest whole, bytes;
                feed_in_pieces(whole, page, 1'000'000, random);
                feed_in_pieces(bytes, page, 1, random);
                CHECK(whole.calls == bytes.calls);
                CHECK(whole.bytes == bytes.bytes);
            }
        }
    }
}

}  // namespace
