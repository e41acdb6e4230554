#include <string>
#include <string_view>

#include "support.hpp"

using meter::ErrorCode;
using meter::ExtractLimits;
using meter::Object;
using meter::Plan;
using meter::Value;
using meter::test::plan_of;

namespace {

std::string repeated(std::size_t count, std::string_view text) {
    std::string out;
    out.reserve(count * text.size());
    for (std::size_t i = 0; i < count; ++i) out.append(text);
    return out;
}

/// "" for success, else the message; too_large is the only error allowed.
std::string outcome(std::string_view page, const Plan& plan, const ExtractLimits& limits = {}) {
    const auto found = meter::extract({.body = page, .url = "https://s.test/"}, plan, limits);
    if (found) return "";
    CHECK(found.error().code == ErrorCode::too_large);
    return found.error().message;
}

constexpr std::string_view too_many = "Extraction failed: too many results";

}  // namespace

TEST_SUITE("extract.limits") {
    TEST_CASE("One item more than allowed fails the extraction, for every kind of plan") {
        const ExtractLimits limits{.max_items = 10};
        const Plan css = plan_of(R"({"container":{"selector":"li"},"fields":{"t":{}}})");
        const Plan cut = plan_of(R"({"container":{"selector":"li","limit":10},"fields":{"t":{}}})");
        const Plan api = plan_of(R"({"type":"api","request":{"url":"https://a.test/"}})");
        const Plan embedded = plan_of(R"({"container":{"script":{"id":"d"}}})");
        const Plan content = plan_of(R"({"type":"content"})");
        for (const std::size_t n : {std::size_t{10}, std::size_t{11}}) {
            CAPTURE(n);
            const std::string_view message = n > 10 ? too_many : std::string_view();
            const std::string list = "[" + repeated(n - 1, "{\"a\":1},") + "{}]";
            CHECK(outcome(repeated(n, "<li>x"), css, limits) == message);
            CHECK(outcome(repeated(n, "<li>x"), cut, limits) == "");
            CHECK(outcome(list, api, limits) == message);
            CHECK(outcome("<script id=d>" + list + "</script>", embedded, limits) == message);
            CHECK(outcome(repeated(n, "<h2>x</h2>"), content, limits) == message);
        }
    }

    TEST_CASE("Results beyond max_result_bytes fail the extraction") {
        const ExtractLimits limits{.max_result_bytes = 4096};
        const std::string text(3'000, 'x'), more(4'096, 'x');
        const Plan css = plan_of(R"({"container":{"selector":"li"},"fields":{"t":{}}})");
        CHECK(outcome("<li>" + text, css, limits) == "");
        CHECK(outcome("<li>" + text + "<li>" + text, css, limits) == too_many);
        const Plan api = plan_of(R"({"type":"api","request":{"url":"https://a.test/"},"fields":{}})");
        CHECK(outcome("[{\"a\":\"" + text + "\"}]", api, limits) == "");
        CHECK(outcome("[{\"a\":\"" + more + "\"}]", api, limits) == too_many);
        CHECK(outcome("[{\"" + more + "\":1}]", api, limits) == too_many);
        CHECK(outcome("[[" + repeated(2'000, "0,") + "0]]", api, limits) == too_many);
        const Plan content = plan_of(R"({"type":"content"})");
        CHECK(outcome("<p>" + text, content, limits) == "");
        CHECK(outcome("<p>" + text + "<p>" + text, content, limits) == too_many);
    }

    TEST_CASE("Documents beyond max_document_bytes are refused before they are parsed") {
        const ExtractLimits limits{.max_document_bytes = 1024};
        for (const Plan& plan : {plan_of(R"({"container":{"selector":"li"},"fields":{"t":{}}})"),
                                 plan_of(R"({"type":"api","request":{"url":"https://a.test/"}})")}) {
            CHECK(outcome("[" + std::string(1'022, ' ') + "]", plan, limits) == "");
            CHECK(outcome("[" + std::string(1'023, ' ') + "]", plan, limits) == "Page too large");
        }
    }

    TEST_CASE("Limits out of range name the limit") {
        const Plan plan = plan_of(R"({"type":"content"})");
        for (const auto& [limits, subject] :
             {std::pair{ExtractLimits{.max_items = 0}, "max_items"},
              std::pair{ExtractLimits{.max_items = 1'000'001}, "max_items"},
              std::pair{ExtractLimits{.max_result_bytes = 1023}, "max_result_bytes"},
              std::pair{ExtractLimits{.max_document_bytes = (1u << 30) + 1}, "max_document_bytes"}}) {
            const auto found = meter::extract({.body = "x"}, plan, limits);
            REQUIRE_FALSE(found);
            CHECK(found.error().code == ErrorCode::invalid_argument);
            CHECK(found.error().subject == subject);
        }
    }

    TEST_CASE("Two hundred fields over a large page end within the limits") {
        Object fields;
        for (int i = 0; i < 200; ++i) fields.append("f" + std::to_string(i), Object{{"selector", "*"}, {"all", true}});
        const auto plan = Plan::parse(Object{{"container", Object{{"selector", "body"}}}, {"fields", fields}});
        REQUIRE(plan);
        CHECK(outcome(repeated(100'000, "<b>x</b>"), *plan) == too_many);
    }

    TEST_CASE("Nested containers, matches and patterns that keep nothing end within the work budget") {
        // 250 containers in each other around 100 kB of text: every field alone reads 25 MB of text and keeps none.
        const std::string page = repeated(250, "<div>") + repeated(20'000, "<b>abcd</b>");
        Object fields;
        for (int i = 0; i < 200; ++i)
            fields.append("f" + std::to_string(i), Object{{"selector", "div, b"}, {"all", true}, {"regex", "nothing"}});
        const auto plan = Plan::parse(Object{{"container", Object{{"selector", "div"}}}, {"fields", fields}});
        REQUIRE(plan);
        CHECK(outcome(page, *plan) == too_many);

        Object self;
        for (int i = 0; i < 200; ++i) self.append("f" + std::to_string(i), Object{{"regex", "nothing"}});
        const auto texts = Plan::parse(Object{{"container", Object{{"selector", "div"}}}, {"fields", self}});
        REQUIRE(texts);
        CHECK(outcome(repeated(250, "<div>") + std::string(1'000'000, 'x'), *texts) == too_many);

        const Plan roaming = plan_of(R"({"container":{"selector":"b"},"fields":{"x":{"selector":"xpath:count(//b)=1"},
                                         "y":{"selector":"xpath://i"}}})");
        const auto found = meter::extract({.body = repeated(30'000, "<b>x</b>")}, roaming);
        CHECK_FALSE(found);
    }

    TEST_CASE("An ordinary large page is far from the work budget") {
        const std::string page = repeated(
            9'000,
            "<li class=p><div><h2><a href=/x>Name of it</a></h2><p class=price>$ 9.99</p><i>a</i><i>b</i></div>");
        const auto found =
            meter::extract({.body = page, .url = "https://s.test/"},
                           plan_of(R"({"container":{"selector":"li.p"},"fields":{"name":{"selector":"h2"},
            "url":{"selector":"h2 a","attribute":"href"},"price":{"selector":".price","regex":"[0-9.]+"},
            "tags":{"selector":"i","all":true},"in":{"selector":"xpath:.//p[@class='price']"}}})"));
        REQUIRE(found);
        CHECK(found->items.size() == 9'000);
    }

    TEST_CASE("Records over two rows of a large table are far from the work budget") {
        const std::string page =
            "<table>" + repeated(2'000, "<tr class=story><td>1<td><a>t</a><tr><td><td><span class=score>5</span>");
        const auto found = meter::extract({.body = page}, plan_of(R"({"container":{"selector":"tr.story"},"fields":{
            "title":{"selector":"a"},"points":{"selector":"xpath:following-sibling::tr[1]//span[@class='score']"}}})"));
        REQUIRE(found);
        CHECK(found->items.size() == 2'000);
        CHECK(found->warnings.empty());
    }

    TEST_CASE("Deep JSON is no answer, and deep pages lose what is too deep with a warning") {
        const Plan api = plan_of(R"({"type":"api","request":{"url":"https://a.test/"}})");
        const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
        CHECK(meter::extract({.body = nested(60)}, api));
        const auto deep = meter::extract({.body = nested(61)}, api);
        REQUIRE_FALSE(deep);
        CHECK(deep.error().message == "Extraction failed: response is not JSON");

        const auto page = meter::extract({.body = repeated(5'000, "<div>") + "x"},
                                         plan_of(R"({"container":{"selector":"body"},"fields":{"t":{}}})"));
        REQUIRE(page);
        CHECK(page->warnings == std::vector<std::string>{"Content nested too deeply was left out."});
    }
}
