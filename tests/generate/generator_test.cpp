#include "meter/generator.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "meter/json.hpp"

namespace {

using namespace meter;

std::string shop_page(int products, std::string_view extra = {}) {
    std::string page =
        "<html><body><nav><ul><li><a href=/a>Home page</a><li><a href=/b>About us all</a>"
        "<li><a href=/c>Contact form</a></ul></nav><main><h1>Kettles</h1><div class=grid>";
    for (int i = 1; i <= products; ++i) {
        const std::string n = std::to_string(i);
        page += "<div class=\"product" + std::string(i % 3 == 0 ? " sale" : "") + "\"><a class=link href=\"/p/" + n +
                "\"><img src=\"/img/" + n + ".jpg\"></a><h3><a href=\"/p/" + n + "\">Enamel kettle number " + n +
                "</a></h3><span class=price>$" + n + "9.90</span>";
        if (i % 3 == 0) page += "<span class=badge>Sponsored</span>";
        page += "<p class=sku>SKU: K-" + n + "</p></div>";
    }
    page += "</div></main>";
    page += extra;
    return page + "<footer><p>All rights reserved</p></footer></body></html>";
}

const std::string& text_of(const Value& item, std::string_view field) {
    static const std::string none = "(none)";
    const Value* value = item.find(field);
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : none;
}

GeneratedPlan made(const std::string& page, std::string_view description, const OutputSchema* schema = nullptr) {
    auto plan = generate_strategy(page, "https://shop.test/list", description, schema);
    REQUIRE_MESSAGE(plan, plan.error().message);
    return std::move(*plan);
}

Result<GeneratedPlan> refined(const std::string& page, std::string_view description, const Value& plan,
                              std::string_view feedback) {
    RefineInput input;
    input.original.page = {.body = page, .url = "https://shop.test/list", .content_type = "text/html"};
    input.original.description = description;
    input.plan = &plan;
    input.feedback = feedback;
    return make_generator()->refine(input, {});
}

}  // namespace

TEST_SUITE("generate.generator") {
    TEST_CASE("A list of products becomes a plan that reads it, with names as asked") {
        const GeneratedPlan plan = made(shop_page(9), "Extract product names, prices, links and images");
        REQUIRE(plan.items.size() == 9);
        CHECK(text_of(plan.items[1], "name") == "Enamel kettle number 2");
        CHECK(text_of(plan.items[1], "price") == "$29.90");
        CHECK(text_of(plan.items[1], "link") == "https://shop.test/p/2");
        CHECK(text_of(plan.items[1], "image") == "https://shop.test/img/2.jpg");
        CHECK(plan.warnings.empty());
        const auto found = extract(shop_page(20), Plan::parse(plan.definition).value(), "https://shop.test/list");
        REQUIRE(found);
        CHECK(found->items.size() == 20);
    }

    TEST_CASE("Every field says how sure it is and why, and leaves a print of itself") {
        const GeneratedPlan plan = made(shop_page(9), "product names and prices");
        for (const std::string_view name : {"name", "price"}) {
            CAPTURE(name);
            const Value* explain = plan.definition.find("explain")->find(name);
            REQUIRE(explain != nullptr);
            CHECK(explain->find("confidence")->to_double() > 0.3);
            CHECK(explain->find("confidence")->to_double() <= 1);
            CHECK(!explain->find("evidence")->if_array()->empty());
            CHECK(plan.definition.find("fingerprint")->find("fields")->find(name)->find("samples") != nullptr);
        }
        CHECK(plan.definition.find("fingerprint")->find("container")->find("records")->to_double() == 9);
    }

    TEST_CASE("The same page and words give the same bytes; banners and other order of attributes the same selectors") {
        const std::string page = shop_page(8);
        const std::string first = to_json(made(page, "product names and prices").definition);
        CHECK(first == to_json(made(page, "product names and prices").definition));
        const GeneratedPlan banner =
            made(shop_page(8, "<div class=cookie-banner><p>We use cookies</p><button>OK</button></div>"),
                 "product names and prices");
        CHECK(to_json(*banner.definition.find("fields")) ==
              to_json(*made(page, "product names and prices").definition.find("fields")));
        CHECK(to_json(*banner.definition.find("container")) ==
              to_json(*made(page, "product names and prices").definition.find("container")));
    }

    TEST_CASE("Numbers with a decimal comma are read as such where the schema wants numbers") {
        std::string page = "<ul>";
        for (int i = 1; i < 8; ++i)
            page += "<li class=item><h3>Jas nummer " + std::to_string(i) + "</h3><b class=price>€ 1.29" +
                    std::to_string(i) + ",95</b></li>";
        const auto schema = OutputSchema::parse(Object{{"name", "string"}, {"price", "number"}}).value();
        const GeneratedPlan plan = made(page + "</ul>", "name and price of every coat", &schema);
        CHECK(schema.shape(plan.items[0]).find("price")->to_double() == doctest::Approx(1291.95));
    }

    TEST_CASE("Records of several table rows and definition lists are read whole") {
        std::string page = "<table>";
        for (int i = 0; i < 8; ++i)
            page += "<tr class=story><td><a href=/s/" + std::to_string(i) + ">Story with number " + std::to_string(i) +
                    "</a></td></tr><tr><td><span class=points>" + std::to_string(i + 10) +
                    " points</span> by <a class=user href=/u>ann" + std::to_string(i) + "</a></td></tr>";
        const GeneratedPlan plan = made(page + "</table>", "story titles, points and author");
        REQUIRE(plan.items.size() == 8);
        CHECK(text_of(plan.items[3], "points") == "13 points");
        CHECK(text_of(plan.items[3], "author") == "ann3");
    }

    TEST_CASE("Columns of a table are found by their headers") {
        std::string page = "<table><thead><tr><th>Member</th><th>Joined</th><th>Posts</th></tr></thead><tbody>";
        for (int i = 0; i < 7; ++i)
            page += "<tr><td>user" + std::to_string(i) + "</td><td>0" + std::to_string(i + 1) + "-03-2014</td><td>" +
                    std::to_string(i * 7 + 1) + "</td></tr>";
        const GeneratedPlan plan = made(page + "</tbody></table>", "username, join date and number of posts");
        REQUIRE(plan.items.size() == 7);
        CHECK(text_of(plan.items[2], "posts") == "15");
        CHECK(text_of(plan.items[2], "join_date") == "03-03-2014");
    }

    TEST_CASE("A header of ordinary cells names the columns and is no record, wherever the table has a title") {
        std::string page =
            "<main><table><tr><td colspan=3>Members of the club</td></tr>"
            "<tr><td>Username</td><td>Joined</td><td>Post Count</td></tr>";
        for (int i = 1; i <= 6; ++i) {
            const std::string n = std::to_string(i);
            page += "<tr><td><a href=/u/" + n + ">member" + n + "</a></td><td>0" + n + "-05-2014</td><td>1" + n +
                    "</td></tr>";
        }
        const GeneratedPlan plan = made(page + "</table></main>", "username, join date, posts");
        REQUIRE(plan.items.size() == 6);
        CHECK(text_of(plan.items[0], "username") == "member1");
        CHECK(text_of(plan.items[0], "join_date") == "01-05-2014");
        CHECK(text_of(plan.items[0], "posts") == "11");
    }

    TEST_CASE("A price is what reads as one, whatever else is called so") {
        std::string page = "<main><ul>";
        for (int i = 1; i <= 6; ++i) {
            const std::string n = std::to_string(i);
            page += "<li id=productlist_" + n + "><h3><a href=/p/" + n + ">Garden plant " + n + "</a></h3>";
            page += i % 3 == 0 ? "<p class=price>instead of 2" + n + ".50 CHF</p>"
                               : "<p class=price>Delivery in 3-5 days</p>";
            page += "<a class=cart href=/add/" + n + ">1" + n + ".50 CHF</a></li>";
        }
        const GeneratedPlan plan = made(page + "</ul></main>", "plant names and prices");
        REQUIRE(plan.items.size() == 6);
        CHECK(text_of(plan.items[0], "price") == "11.50 CHF");
        CHECK(text_of(plan.items[2], "price") == "13.50 CHF");
    }

    TEST_CASE("Titles and dates are read without what stands beside them") {
        std::string page = "<main><table><tr><th>Subject / Started by</th><th>Last reply</th></tr>";
        for (int i = 1; i <= 5; ++i) {
            const std::string n = std::to_string(i);
            page += "<tr><td><div class=subject><span><a href=/t/" + n + ">How to wire a fan, part " + n +
                    "</a></span><p>Started by <a href=/u/" + n + ">somebody" + n + "</a></p></div></td><td><p><span>" +
                    n + " hours ago</span> <a href=/c/" + n + ">go to reply " + n + "</a></p></td></tr>";
        }
        const GeneratedPlan plan = made(page + "</table></main>", "subject and time");
        REQUIRE(plan.items.size() == 5);
        CHECK(text_of(plan.items[0], "subject") == "How to wire a fan, part 1");
        CHECK(text_of(plan.items[0], "time") == "1 hours ago");
    }

    TEST_CASE("What is called a count but has no digits is none") {
        std::string page = "<main><table><tr><th>Title</th><th>Views</th></tr>";
        for (const std::string name : {"one", "two", "three", "four"})
            page += "<tr><td><a href=/t/" + name + ">How to build part " + name + "</a></td><td>many</td></tr>";
        const GeneratedPlan plan = made(page + "</table></main>", "titles, links and views");
        REQUIRE(plan.items.size() == 4);
        CHECK(plan.items[0].find("views") == nullptr);
        REQUIRE(plan.warnings.size() == 1);
        CHECK(plan.warnings[0] == "The field views was not found on the page.");
    }

    TEST_CASE("A product's page becomes one record") {
        const std::string page =
            R"(<html><head><meta property="og:type" content="product"><script type="application/ld+json">{"@type":
            "Product","name":"Kettle","sku":"K-7","offers":{"price":"39.90","priceCurrency":"EUR"}}</script></head>
            <body><h1>Enamel Kettle</h1><p>Nice</p></body></html>)";
        const GeneratedPlan plan = made(page, "product name, price and sku");
        REQUIRE(plan.items.size() == 1);
        CHECK(text_of(plan.items[0], "name") == "Enamel Kettle");
        CHECK(text_of(plan.items[0], "price") == "39.90");
        CHECK(text_of(plan.items[0], "sku") == "K-7");
    }

    TEST_CASE("A field that is not on the page is warned of and never guessed; a page with nothing of it is refused") {
        const GeneratedPlan plan = made(shop_page(9), "product names, prices and phone number");
        REQUIRE(plan.warnings.size() == 1);
        CHECK(plan.warnings[0] == "The field phone_number was not found on the page.");
        CHECK(plan.items[0].find("phone_number") == nullptr);
        for (const std::string_view page :
             {"", "<p>Hello", "<h1>404</h1><p>Not found</p>", "plain text", "<div></div>"}) {
            CAPTURE(page);
            const auto none = generate_strategy(page, "https://shop.test/", "job titles and salaries");
            REQUIRE(!none);
            CHECK(none.error().code == ErrorCode::unprocessable);
            CHECK(none.error().subject.find("looked for title, salary") != std::string::npos);
        }
    }

    TEST_CASE("Feedback changes the plan as it says") {
        const std::string page = shop_page(9);
        const std::string_view description = "product names and prices";
        const Value plan = made(page, description).definition;
        struct Row {
            std::string_view feedback, field, value;
            std::size_t items;
        };
        for (const Row& row : {
                 Row{"also extract images", "image", "https://shop.test/img/1.jpg", 9},
                 Row{"also extract the SKU", "sku", "K-1", 9},
                 Row{"drop the price", "price", "(none)", 9},
                 Row{"rename price to cost", "cost", "$19.90", 9},
                 Row{"skip sponsored items", "name", "Enamel kettle number 1", 6},
                 Row{"exclude items with class sale", "name", "Enamel kettle number 1", 6},
                 Row{"only items containing sponsored", "name", "Enamel kettle number 3", 3},
                 Row{"limit to 4", "name", "Enamel kettle number 1", 4},
                 Row{"name as link", "name", "https://shop.test/p/1", 9},
             }) {
            CAPTURE(row.feedback);
            const auto changed = refined(page, description, plan, row.feedback);
            REQUIRE_MESSAGE(changed, changed.error().message);
            CHECK(changed->items.size() == row.items);
            CHECK(text_of(changed->items[0], row.field) == row.value);
        }
        const auto number = refined(page, description, plan, "price as a number");
        REQUIRE(number);
        CHECK(number->items[0].find("price")->to_double() == doctest::Approx(19.9));
        const auto back = refined(page, description, number->definition, "the price should include the currency");
        REQUIRE(back);
        CHECK(text_of(back->items[0], "price") == "$19.90");
    }

    TEST_CASE("Feedback that cannot be followed is refused with its words") {
        const std::string page = shop_page(9);
        const Value plan = made(page, "product names and prices").definition;
        const auto message = [&](std::string_view feedback) {
            const auto changed = refined(page, "product names and prices", plan, feedback);
            REQUIRE(!changed);
            CHECK(changed.error().code == ErrorCode::unprocessable);
            return changed.error().message;
        };
        CHECK(message("frobnicate it") == "Feedback not understood: frobnicate it");
        CHECK(message("") == "Feedback not understood: ");
        CHECK(message("skip purple monkeys") == "Feedback not understood: purple monkey");
        CHECK(message("rename price to name").find("already") != std::string::npos);
    }

    TEST_CASE("Hostile pages end in a plan or a refusal") {
        std::string deep, wide, classes, cells;
        for (int i = 0; i < 3'000; ++i) deep += "<div class=a>";
        for (int i = 0; i < 20'000; ++i)
            wide += "<li class=x" + std::to_string(i) + "><a href=/" + std::to_string(i) + ">t</a>";
        for (int i = 0; i < 2'000; ++i) {
            classes += "<p class=\"";
            for (int j = 0; j < 40; ++j) classes += "c" + std::string(1, static_cast<char>('a' + j % 26)) + "q ";
            classes += "\">text here " + std::to_string(i) + "</p>";
        }
        for (int i = 0; i < 300; ++i) cells += "<tr>" + std::string(100 * 4, ' ') + "<td>1<td>2<td>3";
        for (const std::string& page :
             {deep + "x", "<ul>" + wide, classes, "<table>" + cells, std::string(1'000'000, '<')}) {
            const auto plan = generate_strategy(page, "https://x.test/", "title, price and date");
            if (!plan) CHECK(plan.error().code == ErrorCode::unprocessable);
        }
    }
}
