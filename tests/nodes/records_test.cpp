#include "nodes/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "nodes/bench.hpp"

namespace meter::nodes {
namespace {

/// Reads a text in pieces of `step` bytes; the items as JSON, or "code: message".
std::string read_all(RecordFormat format, std::string_view text, std::size_t step, std::size_t limit = 1000) {
    const auto reader = make_record_reader(format, limit);
    std::vector<Value> items;
    const auto emit = [&](Value item) {
        items.push_back(std::move(item));
        return Result<void>();
    };
    Result<void> outcome;
    for (std::size_t at = 0; outcome && at < text.size(); at += step)
        outcome = reader->feed(text.substr(at, step), emit);
    if (outcome) outcome = reader->finish(emit);
    if (outcome) return to_json(Value(std::move(items)));
    return std::string(to_string(outcome.error().code)) + ": " + outcome.error().message;
}

std::string write_all(RecordFormat format, const std::vector<Value>& items, std::vector<std::string> columns = {}) {
    const auto writer = make_record_writer(format, std::move(columns));
    std::string out;
    for (const Value& item : items)
        if (auto written = writer->write(item, out); !written) return "error: " + written.error().message;
    writer->finish(out);
    return out;
}

}  // namespace

TEST_SUITE("nodes.records") {
    TEST_CASE("texts are read the same in pieces of any size") {
        struct Row {
            RecordFormat format;
            std::string_view text, items;
        };
        for (const Row& row : {
                 Row{RecordFormat::csv, "a,b\r\n1,2\r\n3,4\r\n", R"([{"a":"1","b":"2"},{"a":"3","b":"4"}])"},
                 Row{RecordFormat::csv, "a,b\n1,2\n3,4", R"([{"a":"1","b":"2"},{"a":"3","b":"4"}])"},
                 Row{RecordFormat::csv, "\xEF\xBB\xBF\"a\",b\n1,", R"([{"a":"1","b":""}])"},
                 Row{RecordFormat::csv, "a\n\"x, \"\"y\"\"\r\nz\"\n", R"([{"a":"x, \"y\"\r\nz"}])"},
                 Row{RecordFormat::csv, "a,b,c\n1,2\n\n,,\n", R"([{"a":"1","b":"2"},{"a":"","b":"","c":""}])"},
                 Row{RecordFormat::csv, "a\n\"\"\nx\n", R"([{"a":""},{"a":"x"}])"},
                 Row{RecordFormat::csv, "", "[]"},
                 Row{RecordFormat::csv, "a", "[]"},
                 Row{RecordFormat::csv, "a,b\n1,2,3\n", "parse: CSV record 2 has more fields than the header"},
                 Row{RecordFormat::csv, "a,a\n1,2\n", "parse: CSV record 1 names the column \"a\" twice"},
                 Row{RecordFormat::csv, "a\nx\"y\n",
                     "parse: CSV record 2 has a quote inside of a field without quotes"},
                 Row{RecordFormat::csv, "a\n\"x\"y\n", "parse: CSV record 2 has text behind a closing quote"},
                 Row{RecordFormat::csv, "a\n\"x", "parse: CSV record 2 ends inside of quotes"},
                 Row{RecordFormat::csv, "a\nx\ry\n", "parse: CSV record 2 has a carriage return without a line feed"},
                 Row{RecordFormat::csv, "a\n\xFF\n", "parse: CSV record 2 is no UTF-8"},
                 Row{RecordFormat::jsonl, "{\"a\":1}\n\n 2 \r\n\"x\"", R"([{"a":1},2,"x"])"},
                 Row{RecordFormat::jsonl, "\xEF\xBB\xBF{}\n", "[{}]"},
                 Row{RecordFormat::jsonl, "", "[]"},
                 Row{RecordFormat::json, " [ ] ", "[]"},
                 Row{RecordFormat::json, R"([{"a":"],[\""},[1,[2]], 3 ,"x,]",null])",
                     R"([{"a":"],[\""},[1,[2]],3,"x,]",null])"},
                 Row{RecordFormat::json, R"({"a":[1,2]})", R"([{"a":[1,2]}])"},
                 Row{RecordFormat::json, "7 ", "[7]"},
                 Row{RecordFormat::json, "  ", "parse: The JSON text is empty"},
                 Row{RecordFormat::json, "[1,2", "parse: The JSON array has no end"},
                 Row{RecordFormat::json, "[1] 2", "parse: There is more after the JSON array"},
             }) {
            CAPTURE(row.text);
            for (const std::size_t step : {1u, 2u, 3u, 1000u}) {
                CAPTURE(step);
                CHECK(read_all(row.format, row.text, step) == row.items);
            }
        }
    }

    TEST_CASE("what is no JSON is refused with its record") {
        for (const std::string_view text : {"[1,,2]", "[1,]", "[,1]", "[}]", "[1 2]", "{\"a\":}", "[\"x]"}) {
            CAPTURE(text);
            CHECK(read_all(RecordFormat::json, text, 3).starts_with("parse: "));
        }
        CHECK(read_all(RecordFormat::jsonl, "{}\n{\n", 3).starts_with("parse: Record 2: Malformed JSON"));
    }

    TEST_CASE("a record longer than the limit is refused, however it is made") {
        const std::string long_text(2000, 'x');
        for (const auto& row : std::vector<std::pair<RecordFormat, std::string>>{
                 {RecordFormat::csv, "a\n" + long_text},
                 {RecordFormat::csv, "a\n\"" + long_text},
                 {RecordFormat::csv, std::string(2000, ',')},
                 {RecordFormat::jsonl, "\"" + long_text + "\"\n"},
                 {RecordFormat::json, "[\"" + long_text + "\"]"},
                 {RecordFormat::json, std::string(2000, '[')},
                 {RecordFormat::json, "\"" + long_text + "\""},
             }) {
            CAPTURE(row.second.substr(0, 5));
            CHECK(read_all(row.first, row.second, 7).starts_with("too_large: "));
        }
    }

    TEST_CASE("a CSV line of a gigabyte is refused after its first megabyte, with no more held") {
        const auto reader = make_record_reader(RecordFormat::csv, 1 << 20);
        const std::string piece(64 << 10, 'x');
        const auto emit = [](const Value&) { return Result<void>(); };
        std::size_t fed = 0;
        Result<void> outcome;
        while (outcome && fed < (1u << 30)) {
            outcome = reader->feed(piece, emit);
            fed += piece.size();
        }
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == ErrorCode::too_large);
        CHECK(fed <= (2u << 20));
    }

    TEST_CASE("items are written in each format") {
        const auto items = json_items(R"([{"a": 1, "b": "x,\"y\"\n"}, {"b": null, "a": [1]}, {"a": true}])");
        CHECK(write_all(RecordFormat::csv, items) == "a,b\r\n1,\"x,\"\"y\"\"\n\"\r\n[1],\r\ntrue,\r\n");
        CHECK(write_all(RecordFormat::jsonl, items) ==
              "{\"a\":1,\"b\":\"x,\\\"y\\\"\\n\"}\n{\"b\":null,\"a\":[1]}\n{\"a\":true}\n");
        CHECK(write_all(RecordFormat::json, {1, 2}) == "[\n1,\n2\n]\n");
        CHECK(write_all(RecordFormat::json, {}) == "[]\n");
        CHECK(write_all(RecordFormat::csv, {}, {"a", "b"}) == "a,b\r\n");
        CHECK(write_all(RecordFormat::csv, json_items(R"([{"b": 1}])"), {"a", "b"}) == "a,b\r\n,1\r\n");
        CHECK(write_all(RecordFormat::csv, json_items(R"([{"a": ""}])")) == "a\r\n\"\"\r\n");
        CHECK(write_all(RecordFormat::csv, json_items(R"([{"": "x"}])")) == "\"\"\r\nx\r\n");
        // What would be read as a byte order mark is quoted.
        CHECK(write_all(RecordFormat::csv, {Object{{"\xEF\xBB\xBF"
                                                    "a",
                                                    1}}}) ==
              "\"\xEF\xBB\xBF"
              "a\"\r\n1\r\n");
    }

    TEST_CASE("an item that CSV has no place for is refused by its member") {
        CHECK(write_all(RecordFormat::csv, json_items(R"([{"a": 1}, {"c": 2}])")) ==
              "error: Item 2 has the member \"c\", which the CSV header lacks; name all in config.columns");
        CHECK(write_all(RecordFormat::csv, json_items("[3]")).starts_with("error: Item 1 is no object"));
    }

    TEST_CASE("random tables come back as they were written") {
        std::mt19937 random(7);
        constexpr std::string_view marks = "a,\"\r\n;\t x";
        for (int round = 0; round < 200; ++round) {
            std::vector<Value> items;
            const std::size_t columns = 1 + random() % 4;
            for (std::size_t row = 0; row < random() % 6; ++row) {
                Object item;
                for (std::size_t c = 0; c < columns; ++c) {
                    std::string text;
                    for (std::size_t n = random() % 6; n > 0; --n) text += marks[random() % marks.size()];
                    item.append("c" + std::to_string(c), text);
                }
                items.emplace_back(std::move(item));
            }
            CHECK(read_all(RecordFormat::csv, write_all(RecordFormat::csv, items), 1 + random() % 9) ==
                  to_json(Value(items)));
            CHECK(read_all(RecordFormat::json, write_all(RecordFormat::json, items), 1 + random() % 9) ==
                  to_json(Value(items)));
            CHECK(read_all(RecordFormat::jsonl, write_all(RecordFormat::jsonl, items), 1 + random() % 9) ==
                  to_json(Value(items)));
        }
    }
}

}  // namespace meter::nodes
