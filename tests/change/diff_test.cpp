#include <doctest/doctest.h>

#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::ChangeRules;
using meter::ChangeSet;
using meter::Value;

namespace {

std::vector<Value> items(std::string_view json) {
    return *meter::parse_json(json).value().if_array();
}

ChangeSet diff(std::string_view older, std::string_view newer, const ChangeRules& rules = {}) {
    return meter::diff(items(older), items(newer), rules);
}

std::string texts(std::string_view older, std::string_view newer) {
    std::string joined;
    for (const std::string& text : diff(older, newer).texts) joined += (joined.empty() ? "" : "; ") + text;
    return joined;
}

std::string json(const std::vector<Value>& list) {
    return meter::to_json(Value(list));
}

}  // namespace

TEST_SUITE("change.diff") {
    TEST_CASE("the comparison of the contract gives its texts and its lists") {
        // Wire contract, appendix C (11.7).
        const auto changes = diff(R"([{"name":"A","price":"1"},{"name":"B","price":"2"}])",
                                  R"([{"name":"A","price":"9"},{"name":"B","price":"2"},{"name":"C","price":"3"}])");
        CHECK(changes.changed);
        CHECK(changes.texts == std::vector<std::string>{"Item count changed: 2 -> 3", "1 item added",
                                                        "Field 'price' changed in 1 item"});
        CHECK(json(changes.new_items) == R"([{"name":"A","price":"9"},{"name":"C","price":"3"}])");
        CHECK(json(changes.removed_items) == R"([{"name":"A","price":"1"}])");
        REQUIRE(changes.modified_items.size() == 1);
        CHECK(changes.modified_items[0].item == *meter::parse_json(R"({"name":"A","price":"9"})"));
        CHECK(changes.modified_items[0].fields == std::vector<meter::FieldChange>{{"price", "1", "9"}});
        CHECK_FALSE(changes.order_changed);
    }

    TEST_CASE("texts say what happened, in the contract's order") {
        struct Row {
            const char *older, *newer, *texts;
        };
        for (const Row& row : {
                 Row{"[]", "[]", ""},
                 Row{R"([{"a":1}])", R"([{"a":1.0}])", ""},
                 Row{R"([{"a":"x  y "}])", R"([{"a":" x y"}])", ""},
                 Row{R"([{"a":1,"b":2}])", R"([{"b":2,"a":1}])", ""},
                 Row{R"([{"a":1},{"a":2}])", R"([{"a":2},{"a":1}])", "Item order changed"},
                 Row{R"([{"a":1},{"a":1},{"a":2}])", R"([{"a":1},{"a":2},{"a":1}])", "Item order changed"},
                 Row{"[]", R"([{"a":1}])", "Item count changed: 0 -> 1; 1 item added"},
                 Row{R"([{"a":1},{"a":2}])", "[]", "Item count changed: 2 -> 0; 2 items removed"},
                 Row{R"([{"a":1},{"a":1}])", R"([{"a":1}])", "Item count changed: 2 -> 1; 1 item removed"},
                 Row{R"([{"id":1,"p":1}])", R"([{"id":2,"p":1}])", "1 item added; 1 item removed"},
                 Row{R"([{"a":1}])", R"([{"a":2}])", "Field 'a' changed in 1 item"},
                 Row{R"([{"a":1},{"a":5}])", R"([{"a":2},{"a":6}])", "Field 'a' changed in 2 items"},
                 Row{R"([{"a":1}])", R"([{"a":"1"}])", "Field 'a' changed in 1 item"},
                 Row{R"([{"a":1}])", R"([{"a":null}])", "Field 'a' changed in 1 item"},
                 Row{R"([{"id":1}])", R"([{"id":1,"x":null}])", "Field 'x' added"},
                 Row{R"([{"id":1,"x":null}])", R"([{"id":1}])", "Field 'x' removed"},
                 Row{R"([{"id":1,"z":1,"b":1,"o":1}])", R"([{"id":1,"z":2,"b":2,"n":1}])",
                     "Field 'b' changed in 1 item; Field 'z' changed in 1 item; Field 'n' added; Field 'o' removed"},
                 // present elsewhere on both sides: neither added nor removed
                 Row{R"([{"id":1,"x":1},{"id":2}])", R"([{"id":1},{"id":2,"x":1}])", "Field 'x' changed in 2 items"},
                 Row{R"([{"id":1,"n":{"a":1,"b":2}}])", R"([{"id":1,"n":{"a":1,"b":3}}])",
                     "Field 'n' changed in 1 item"},
                 Row{R"([1,2])", R"([1,3])", "1 item added; 1 item removed"},
                 Row{R"([{"id":1}])", R"([7])", "1 item added; 1 item removed"},
                 Row{R"([{"id":1,"p":1},{"id":2,"p":2}])", R"([{"id":2,"p":2},{"id":1,"p":3}])",
                     "Field 'p' changed in 1 item"},
             }) {
            CAPTURE(row.older);
            CAPTURE(row.newer);
            CHECK(texts(row.older, row.newer) == row.texts);
            CHECK(meter::differs(items(row.older), items(row.newer)) == (row.texts[0] != '\0'));
        }
    }

    TEST_CASE("items are paired by the first identity field that all of the rest have and that is unique") {
        struct Row {
            const char *older, *newer, *texts;
        };
        for (const Row& row : {
                 // id before url
                 Row{R"([{"id":1,"url":"a","p":1},{"id":2,"url":"b","p":2}])",
                     R"([{"id":2,"url":"a","p":2},{"id":1,"url":"b","p":1}])", "Field 'url' changed in 2 items"},
                 // id is not unique: url
                 Row{R"([{"id":1,"url":"a","p":1},{"id":1,"url":"b","p":2}])",
                     R"([{"id":1,"url":"b","p":3},{"id":1,"url":"a","p":4}])", "Field 'p' changed in 2 items"},
                 // id is missing in one of the rest: name
                 Row{R"([{"id":1,"name":"a","p":1},{"name":"b","p":2}])",
                     R"([{"id":1,"name":"b","p":3},{"name":"a","p":4}])",
                     "Field 'id' changed in 2 items; Field 'p' changed in 2 items"},
                 // null is no identity
                 Row{R"([{"id":null,"name":"a","p":1}])", R"([{"id":null,"name":"b","p":1}])",
                     "1 item added; 1 item removed"},
                 Row{R"([{"product_id":1,"title":"x"},{"product_id":2,"title":"y"}])",
                     R"([{"product_id":2,"title":"x"},{"product_id":1,"title":"y"}])",
                     "Field 'title' changed in 2 items"},
                 // _id before _url
                 Row{R"([{"x_url":1,"y_id":1},{"x_url":2,"y_id":2}])", R"([{"x_url":2,"y_id":1},{"x_url":1,"y_id":2}])",
                     "Field 'x_url' changed in 2 items"},
                 Row{R"([{"heading":1,"name":1},{"heading":2,"name":2}])",
                     R"([{"heading":2,"name":1},{"heading":1,"name":2}])", "Field 'name' changed in 2 items"},
                 // identity values compare as they count: white space does not
                 Row{R"([{"name":"a  b","p":1}])", R"([{"name":"a b ","p":2}])", "Field 'p' changed in 1 item"},
                 // equal items are out of the way first, so a value that was twice there may identify what is left
                 Row{R"([{"name":"a","p":1},{"name":"a","p":2}])", R"([{"name":"a","p":1},{"name":"a","p":3}])",
                     "Field 'p' changed in 1 item"},
                 // no identity: by position among the rest
                 Row{R"([{"p":1},{"p":2},{"p":3}])", R"([{"p":2},{"p":9},{"p":8}])", "Field 'p' changed in 2 items"},
             }) {
            CAPTURE(row.older);
            CAPTURE(row.newer);
            CHECK(texts(row.older, row.newer) == row.texts);
        }
    }

    TEST_CASE("lists hold what is not in the other side as multisets, in their own order") {
        const auto changes =
            diff(R"([{"a":3},{"a":1},{"a":1},{"a":2}])", R"([{"a":1},{"a":4},{"a":5},{"a":1},{"a":1}])");
        CHECK(json(changes.new_items) == R"([{"a":4},{"a":5},{"a":1}])");
        CHECK(json(changes.removed_items) == R"([{"a":3},{"a":2}])");
        CHECK(changes.modified_items.size() == 2);
    }

    TEST_CASE("the value of a field that is not there is null") {
        const auto changes = diff(R"([{"id":1,"gone":5}])", R"([{"id":1,"came":6}])");
        REQUIRE(changes.modified_items.size() == 1);
        CHECK(changes.modified_items[0].fields ==
              std::vector<meter::FieldChange>{{"came", nullptr, 6}, {"gone", 5, nullptr}});
    }

    TEST_CASE("a stored change reads back as it was") {
        for (const auto& changes : {diff(R"([{"id":1,"p":1},{"id":3}])", R"([{"id":1,"p":[2]},{"id":2}])"),
                                    diff(R"([{"a":1},{"a":2}])", R"([{"a":2},{"a":1}])"), diff("[]", "[]")}) {
            const auto text = meter::to_json(to_value(changes));
            CHECK(meter::parse_change_set(*meter::parse_json(text)).value() == changes);
        }
        for (
            const char* text :
            {"null", "{}",
             R"({"changed":true,"new_items":1,"removed_items":[],"modified_items":[],"order_changed":true,"texts":[]})",
             R"({"changed":true,"new_items":[],"removed_items":[],"modified_items":[1],"order_changed":true,"texts":[]})",
             R"({"changed":true,"new_items":[],"removed_items":[],"modified_items":[],"order_changed":true,"texts":[1]})"})
            CHECK_FALSE(meter::parse_change_set(*meter::parse_json(text)));
    }

    TEST_CASE("the delta of a webhook has the lists of the contract") {
        CHECK(
            meter::to_json(meter::change_delta(diff(R"([{"id":1,"p":1}])", R"([{"id":1,"p":2}])"))) ==
            R"({"added":[{"id":1,"p":2}],"removed":[{"id":1,"p":1}],"modified":[{"item":{"id":1,"p":2},"fields":{"p":{"old":1,"new":2}}}],"order_changed":false})");
    }

    TEST_CASE("sections pair by level, heading and occurrence") {
        const auto delta = meter::section_delta(
            items(R"([{"heading":"A","level":1,"content":"one"},{"heading":"B","level":2,"content":"x"},
                      {"heading":"B","level":2,"content":"y"},{"heading":"C","level":2,"content":"z"}])"),
            items(R"([{"heading":"A","level":1,"content":"one "},{"heading":"B","level":2,"content":"x"},
                      {"heading":"B","level":2,"content":"w"},{"heading":"C","level":3,"content":"z"}])"));
        CHECK(
            meter::to_json(delta) ==
            R"({"added":[{"heading":"C","level":3,"content":"z"}],"removed":[{"heading":"C","level":2,"content":"z"}],"modified":[{"heading":"B","level":2,"old_content":"y","new_content":"w"}],"order_changed":false})");
        const auto moved = meter::section_delta(
            items(R"([{"heading":"A","level":1,"content":"a"},{"heading":"B","level":1,"content":"b"}])"),
            items(R"([{"heading":"B","level":1,"content":"b"},{"heading":"A","level":1,"content":"a"}])"));
        CHECK(meter::to_json(moved) == R"({"added":[],"removed":[],"modified":[],"order_changed":true})");
    }

    TEST_CASE("an entry of the changelog has the keys of the contract") {
        meter::ChangelogEntry entry{"j",  "https://a.test/", meter::TimePoint{std::chrono::seconds{0}}, 3, {}, {}, {},
                                    false};
        const auto changes = diff(R"([{"id":1,"p":1}])", R"([{"id":1,"p":2}])");
        entry.new_items = changes.new_items;
        entry.removed_items = changes.removed_items;
        entry.modified_items = changes.modified_items;
        CHECK(
            meter::to_json(entry) ==
            R"({"job_id":"j","url":"https://a.test/","completed_at":"1970-01-01T00:00:00Z","item_count":3,"new_items_count":1,"removed_items_count":1,"new_items":[{"id":1,"p":2}],"removed_items":[{"id":1,"p":1}],"modified_items":[{"item":{"id":1,"p":2},"fields":{"p":{"old":1,"new":2}}}],"order_changed":false})");
        CHECK(
            meter::to_json(entry, false) ==
            R"({"job_id":"j","url":"https://a.test/","completed_at":"1970-01-01T00:00:00Z","item_count":3,"new_items_count":1,"removed_items_count":1,"order_changed":false})");
    }

    TEST_CASE("objects with very many members cost no more than their size") {
        // Each lookup by walking through the members would make this minutes of work.
        meter::Object a, b;
        for (int i = 0; i < 60'000; ++i) {
            a.append("field" + std::to_string(i) + "_id", i % 2);
            b.append("field" + std::to_string(i) + "_id", i % 3);
        }
        const auto changes = meter::diff({a, a}, {b, b});
        CHECK(changes.modified_items.size() == 2);
    }
}
