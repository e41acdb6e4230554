#include "generate/embedded/embedded.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "generate/embedded/list_mapping.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"

namespace {

using namespace meter;
using namespace meter::generate;

html::Document parsed_page(std::string_view page) {
    auto document = html::Document::parse(page);
    REQUIRE(document);
    return std::move(*document);
}

std::vector<Value> run_plan(std::string_view page, const Value& definition) {
    const auto plan = Plan::parse(definition);
    REQUIRE_MESSAGE(plan, to_json(definition));
    const auto found = extract(page, *plan, "https://shop.test/p/1");
    REQUIRE(found);
    return found->items;
}

const ObjectProperty* property(const MainObject& main, std::string_view path) {
    for (const ObjectProperty& each : main.properties)
        if (each.path == path) return &each;
    return nullptr;
}

/// Runs the selector of a property as a css plan over the whole page.
Value read_property(std::string_view page, const ObjectProperty& from) {
    Object field{{"selector", from.selector}, {"attribute", from.attribute}};
    if (!from.regex.empty()) field.set("regex", from.regex);
    if (from.all) field.set("all", true);
    const auto items = run_plan(
        page, Object{{"container", Object{{"selector", "html"}}}, {"fields", Object{{"x", std::move(field)}}}});
    REQUIRE(items.size() == 1);
    return *items[0].find("x");
}

std::string products(int count, std::string_view before = "") {
    std::string text(before);
    text +=
        "<script id='__NEXT_DATA__' type='application/json'>{\"props\":{\"nav\":[{\"href\":\"/a\"},{\"href\":\"/b\"}],"
        "\"products\":[";
    for (int i = 0; i < count; ++i)
        text += std::string(i > 0 ? "," : "") + R"({"sku":"K-)" + std::to_string(i) + R"(","name":"Kettle number )" +
                std::to_string(i) + R"(","price":{"amount":)" + std::to_string(10 + i) +
                R"(,"currency":"EUR"},"images":["/img/)" + std::to_string(i) + R"(.jpg"],"url":"/kettle/)" +
                std::to_string(i) + "\"}";
    return text + "]}}</script>";
}

}  // namespace

TEST_SUITE("generate.embedded") {
    TEST_CASE("JSON is found in scripts by type, by id and by assignment") {
        const auto document = parsed_page(
            "<script type='application/ld+json'><!-- note --> {\"@type\":\"Product\",\"name\":\"A\tB\",};</script>"
            "<script id=state type='application/json'>{\"a\":[1]}</script>"
            "<script>var q = {a: 1}; window.__NUXT__ = {\"b\": {\"c\": 2}}; x.y = {\"d\": 1}</script>"
            "<script>window['APP'] = JSON.parse('{\"e\":\"f\"}')</script>"
            "<script type='text/template'>{\"no\": 1}</script><script type='application/json'>not json</script>");
        const Embedded embedded = collect_embedded(document, "https://shop.test/");
        REQUIRE(embedded.scripts.size() == 4);
        CHECK(embedded.scripts[0].name == "application/ld+json");
        CHECK(embedded.scripts[1].by == ScriptJson::By::id);
        CHECK(embedded.scripts[2].name == "__NUXT__");
        CHECK(embedded.scripts[3].name == "APP");
        REQUIRE(embedded.objects.size() == 1);
        CHECK(*embedded.objects[0].data.find("name")->if_string() == "A\tB");
    }

    TEST_CASE("@graph, mainEntity and list elements are objects of their own") {
        const auto document = parsed_page(R"(<script type="application/ld+json">[{"@graph":[
            {"@type":"WebPage","mainEntity":{"@type":"http://schema.org/Recipe","name":"Soup"}},
            {"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":{"@type":"Movie","name":"M"}}]}]}]</script>)");
        const Embedded embedded = collect_embedded(document, "");
        REQUIRE(embedded.find("Recipe") != nullptr);
        CHECK(embedded.find("Recipe")->path == "0.@graph.0.mainEntity");
        REQUIRE(embedded.find("Movie") != nullptr);
        CHECK(embedded.find("Nothing") == nullptr);
    }

    TEST_CASE("the best list of a page's JSON is the one with records, and its plan reads it") {
        const std::string page = products(5);
        const auto document = parsed_page(page);
        const Embedded embedded = collect_embedded(document, "");
        const auto lists = find_record_lists(embedded);
        REQUIRE(!lists.empty());
        CHECK(lists[0].items_path == "props.products");
        CHECK(lists[0].records.size() == 5);
        const Intent intent = read_intent("product names, prices, images and links", nullptr);
        const auto mapping = best_list(lists, intent);
        REQUIRE(mapping);
        CHECK(mapping->missing.empty());
        const auto items = run_plan(page, list_plan(embedded, lists[mapping->list], mapping->paths(intent.fields)));
        REQUIRE(items.size() == 5);
        CHECK(to_json(items[1]) == R"({"name":"Kettle number 1","price":11,"image":"/img/1.jpg","link":"/kettle/1"})");
    }

    TEST_CASE("lists inside the members of lists are one list") {
        const auto value = parse_json(R"({"groups":[{"items":[{"name":"a","url":"/a"},{"name":"b","url":"/b"}]},
                                                    {"items":[{"name":"c","url":"/c"}]}]})");
        REQUIRE(value);
        const auto lists = find_record_lists(*value);
        REQUIRE(!lists.empty());
        CHECK(lists[0].items_path == "groups.*.items");
        CHECK(lists[0].records.size() == 3);
    }

    TEST_CASE("objects that have too little in common are no list") {
        const auto value = parse_json(R"([{"a":1,"b":2,"c":3},{"d":1,"e":2,"f":3},{"g":1,"h":2,"i":1}])");
        REQUIRE(value);
        CHECK(find_record_lists(*value).empty());
    }

    TEST_CASE("the main object's properties can be read by selectors, in every syntax") {
        struct Row {
            std::string_view what, page, path, value;
            Syntax syntax;
        };
        for (
            const Row& row : {
                Row{"JSON-LD behind another script",
                    R"(<script type="application/ld+json">{"@type":"Organization","name":"Shop"}</script>
                        <script type="application/ld+json">{"@type":"Product","name":"Kettle","brand":{"name":"Acme"},
                        "offers":[{"price": 39.9,"priceCurrency":"EUR"}]}</script>)",
                    "brand.name", "Acme", Syntax::json_ld},
                Row{"a number in JSON-LD",
                    R"(<script type="application/ld+json">{"@type":"Product","name":"Kettle","offers":{"price": 39.9}}</script>)",
                    "offers.price", "39.9", Syntax::json_ld},
                Row{"microdata with content",
                    R"(<div itemscope itemtype="http://schema.org/Product"><h1 itemprop=name>Kettle</h1>
                        <div itemprop=offers itemscope itemtype="http://schema.org/Offer"><b itemprop=price content="39.90">
                        39,90</b></div></div>)",
                    "offers.price", "39.90", Syntax::microdata},
                Row{"the second of two names in microdata",
                    R"(<div itemscope itemtype="http://schema.org/Product"><div itemprop=brand itemscope
                        itemtype="http://schema.org/Brand"><i itemprop=name>Acme</i></div><b itemprop=sku>K-7</b></div>)",
                    "brand.name", "Acme", Syntax::microdata},
                Row{"RDFa",
                    R"(<div vocab="http://schema.org/" typeof="Product"><h1 property=name>Kettle</h1><i property=sku>K-7</i></div>)",
                    "sku", "K-7", Syntax::rdfa},
                Row{"Open Graph",
                    R"(<meta property="og:title" content="Kettle"><meta property="product:price:amount" content="39.90">)",
                    "price_amount", "39.90", Syntax::open_graph},
                Row{"a microformat",
                    R"(<div class=h-product><h1 class=p-name>Kettle</h1><data class="p-price" value="39.90">39,90</data></div>)",
                    "price", "39.90", Syntax::microformat},
            }) {
            CAPTURE(row.what);
            const auto document = parsed_page(row.page);
            const Embedded embedded = collect_embedded(document, "https://shop.test/p/1");
            const auto mains = find_main_objects(document, embedded);
            REQUIRE(!mains.empty());
            CHECK(mains[0].syntax == row.syntax);
            const ObjectProperty* found = property(mains[0], row.path);
            if (found == nullptr) found = property(mains[0], "offers.0.price");
            REQUIRE(found != nullptr);
            REQUIRE(!found->selector.empty());
            CHECK(*read_property(row.page, *found).if_string() == row.value);
        }
    }

    TEST_CASE("a script plan is offered only for the object it would read") {
        const std::string product =
            R"(<script type="application/ld+json">{"@type":"Product","name":"Kettle","sku":"K-7"}</script>)";
        const std::string other =
            R"(<script type="application/ld+json">{"@type":"Organization","name":"Shop"}</script>)";
        for (const bool first : {true, false}) {
            CAPTURE(first);
            const std::string page = first ? product + other : other + product;
            const auto document = parsed_page(page);
            const Embedded embedded = collect_embedded(document, "");
            const auto mains = find_main_objects(document, embedded);
            REQUIRE(!mains.empty());
            CHECK(mains[0].type == "Product");
            CHECK(mains[0].script_plan == first);
            const Value plan = object_plan(embedded, mains[0], {{"name", "name"}, {"sku", "sku"}});
            CHECK(plan.is_null() != first);
            if (first) CHECK(to_json(run_plan(page, plan).at(0)) == R"({"name":"Kettle","sku":"K-7"})");
        }
    }

    TEST_CASE("several objects of one type are a list and no main object") {
        std::string page;
        for (int i = 0; i < 4; ++i)
            page += "<div itemscope itemtype='http://schema.org/Product'><b itemprop=name>A" + std::to_string(i) +
                    "</b></div>";
        const auto document = parsed_page(page);
        const Embedded embedded = collect_embedded(document, "");
        CHECK(embedded.objects.size() == 4);
        CHECK(find_main_objects(document, embedded).empty());
    }

    TEST_CASE("hostile pages cost no more than the limits") {
        SUBCASE("items nested and referring to each other") {
            std::string page;
            for (int i = 0; i < 400; ++i)
                page += "<div itemscope itemtype='http://schema.org/Product' id=a" + std::to_string(i) +
                        " itemprop=x itemref='a" + std::to_string((i + 1) % 400) + " a" +
                        std::to_string((i + 7) % 400) + "'>";
            const auto document = parsed_page("<div itemscope itemref='a0 a1 a2'></div>" + page);
            const Embedded embedded = collect_embedded(document, "", {.max_properties = 5'000});
            CHECK(embedded.objects.size() <= 5'000);
        }
        SUBCASE("JSON nested as deep as it is read, many times over") {
            std::string json;
            for (int i = 0; i < 25; ++i) json += "{\"@graph\":[";
            for (int i = 0; i < 25; ++i) json += "]}";
            std::string page;
            for (int i = 0; i < 200; ++i) page += "<script type='application/ld+json'>" + json + "</script>";
            const auto document = parsed_page(page);
            const Embedded embedded = collect_embedded(document, "");
            CHECK(embedded.scripts.size() == 64);
            CHECK(find_record_lists(embedded).size() <= 24);
        }
        SUBCASE("assignments without end") {
            std::string script;
            for (int i = 0; i < 20'000; ++i) script += "abc" + std::to_string(i) + "={\"a\":[";
            const auto document = parsed_page("<script>" + script + "</script>");
            CHECK(collect_embedded(document, "").scripts.empty());
        }
        SUBCASE("a property inside a property inside a property") {
            std::string page = "<div itemscope vocab='http://schema.org/' typeof=Thing class=h-entry>";
            for (int i = 0; i < 5'000; ++i) page += "<p itemprop=a property=a class=p-a>some text that is repeated<b>";
            const auto document = parsed_page(page);
            const Embedded embedded = collect_embedded(document, "");
            CHECK(!embedded.objects.empty());
        }
    }

    TEST_CASE("a page without any data has none") {
        const auto document = parsed_page("<p>hello");
        const Embedded embedded = collect_embedded(document, "");
        CHECK(embedded.scripts.empty());
        CHECK(embedded.objects.empty());
        CHECK(find_main_objects(document, embedded).empty());
        CHECK(find_record_lists(embedded).empty());
    }
}
