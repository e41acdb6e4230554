// A program with a RapidJSON, libcurl and SQLite of its own, compiled with other flags than those inside libmeter: what
// each side links must not end up in the other.
#define RAPIDJSON_HAS_STDSTRING 1
#define RAPIDJSON_48BITPOINTER_OPTIMIZATION 0
#define RAPIDJSON_PARSE_DEFAULT_FLAGS kParseCommentsFlag
#define RAPIDJSON_ASSERT(x) \
    do {                    \
        if (!(x)) throw 1;  \
    } while (false)
#include <curl/curl.h>
#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <sqlite3.h>

#include <cstdio>
#include <string>

#include "meter/meter.hpp"

int main() {
    rapidjson::Document mine;
    mine.Parse("/* a comment, which libmeter refuses */ {\"a\": [1, 2, 3]}");
    const bool asserts = [&] {
        try {
            return mine["a"]["no array has members"].IsNull();
        } catch (int) {
            return true;
        }
    }();
    const auto theirs = meter::parse_json("/* a comment */ {}");
    const auto value = meter::parse_json(R"({"a": [1, 2, 3], "b": "c"})");

    CURL* curl = curl_easy_init();
    sqlite3* database = nullptr;
    const bool opened = sqlite3_open(":memory:", &database) == SQLITE_OK;
    auto store = meter::open_store("memory:");
    const bool stored = store && (*store)->ping();
    sqlite3_close(database);
    curl_easy_cleanup(curl);

    std::printf("%d %d %d %d %d %d %d\n", !mine.HasParseError(), asserts, !theirs, bool(value), curl != nullptr, opened,
                stored);
    return !mine.HasParseError() && asserts && !theirs && value && curl && opened && stored ? 0 : 1;
}
