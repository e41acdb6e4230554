#include <doctest/doctest.h>

#include <cstdlib>

#include "nodes/bench.hpp"

using namespace meter;

#if METER_WITH_JQ

namespace {

std::string transform(NodeBench& bench, std::string_view program, std::string_view items, bool slurp = false) {
    const std::string config = to_json(Value(Object{{"program", program}, {"slurp", slurp}}));
    const auto outcome = bench.run("transform", config, json_items(items));
    return outcome ? bench.json() : std::string(to_string(outcome.error().code)) + ": " + outcome.error().message;
}

NodeOptions quick() {
    NodeOptions options;
    options.transform_time = std::chrono::milliseconds(400);
    options.transform_memory = 64u << 20;
    options.max_outputs = 1000;
    options.max_record_bytes = 1u << 20;
    return options;
}

}  // namespace

TEST_SUITE("nodes.transform") {
    TEST_CASE("a program runs on each item, or on the list of all") {
        NodeBench bench;
        CHECK(transform(bench, ".", R"([1, "ä", null, {"a": [true, 1.5]}])") == R"([1,"ä",null,{"a":[true,1.5]}])");
        CHECK(transform(bench, ".a, .b", R"([{"a": 1, "b": 2}, {"a": 3}])") == "[1,2,3,null]");
        CHECK(transform(bench, "select(.a > 1) | {n: .a}", R"([{"a": 1}, {"a": 3}])") == R"([{"n":3}])");
        CHECK(transform(bench, "group_by(.k)[] | {k: .[0].k, n: length}", R"([{"k": "a"}, {"k": "b"}, {"k": "a"}])",
                        true) == R"([{"k":"a","n":2},{"k":"b","n":1}])");
        CHECK(transform(bench, "length", "[]", true) == "[0]");
        CHECK(transform(bench, ".", "[]") == "[]");
        CHECK(transform(bench, "empty", "[1]") == "[]");
    }

    TEST_CASE("many items keep their order") {
        NodeBench bench;
        std::vector<Value> items;
        for (int i = 0; i < 20'000; ++i) items.emplace_back(Object{{"n", i}, {"t", "some text to fill the line"}});
        REQUIRE(bench.run("transform", R"({"program": "{m: (.n + 1)}"})", items));
        REQUIRE(bench.out.at().size() == items.size());
        bool in_order = true;
        for (int i = 0; i < 20'000; ++i)
            in_order = in_order && *bench.out.at()[static_cast<std::size_t>(i)].find("m") == Value(i + 1);
        CHECK(in_order);
    }

    TEST_CASE("a program that does not compile is refused before a run") {
        NodeBench bench;
        for (const std::string_view program : {"{", ".a |", "nosuchfunction", "$missing", "import \"a\" as a; ."}) {
            CAPTURE(program);
            const auto errors =
                bench.registry.check_config("transform", Object{{"program", program}}, &bench.connections);
            REQUIRE_FALSE(errors.empty());
            CHECK(errors.front().code == ErrorCode::invalid_argument);
            CHECK(errors.front().subject == "config.program");
        }
        CHECK(bench.registry.check_config("transform", Object{}, nullptr).front().subject == "config.program");
    }

    TEST_CASE("a program's own error ends the node with its words") {
        NodeBench bench;
        CHECK(transform(bench, "error(\"my words\")", "[1]") == "unprocessable: transform: my words");
        CHECK(transform(bench, ".a", "[1]").starts_with("unprocessable: transform: Cannot index number"));
        CHECK(transform(bench, "halt_error", R"(["bye"])").starts_with("unprocessable: transform: halted: bye"));
    }

    TEST_CASE("the program sees no environment, no files and no other input") {
        ::setenv("METER_PLANTED", "planted-secret", 1);
        NodeBench bench;
        CHECK(transform(bench, "env", "[1]") == "[{}]");
        CHECK(transform(bench, "$ENV", "[1]") == "[{}]");
        CHECK(transform(bench, "env.METER_PLANTED", "[1]") == "[null]");
        CHECK(transform(bench, "input", "[1, 2]").starts_with("unprocessable: "));
        CHECK(transform(bench, "input_filename", "[1]") == "[null]");
        CHECK(transform(bench, "include \"/etc/passwd\"; .", "[1]").starts_with("invalid_argument: "));
        CHECK(transform(bench, "import \"/etc/hostname\" as $x {raw: true}; $x", "[1]")
                  .starts_with("invalid_argument: "));
    }

    TEST_CASE("endless programs end within their computing time") {
        NodeBench bench(quick());
        for (const std::string_view program : {"def f: f; f", "[range(1e15)] | length", "last(range(1e15))",
                                               "until(false; .)", "while(true; .) | empty"}) {
            CAPTURE(program);
            const std::string outcome = transform(bench, program, "[1]");
            CAPTURE(outcome);
            const bool ended = outcome.starts_with("timeout: ") || outcome.starts_with("too_large: ") ||
                               outcome.starts_with("unprocessable: ");
            CHECK(ended);
        }
        CHECK(transform(bench, "def f: f; f", "[1]").starts_with("timeout: "));
    }

    TEST_CASE("programs that want more memory than there is end, and the process goes on") {
        NodeBench bench(quick());
        for (const std::string_view program :
             {"[limit(1e9; repeat(\"xxxxxxxxxxxxxxxx\"))]", "reduce range(100) as $i (\"x\"; . + .)", "def f: [f]; f",
              "\"x\" * 1000000000", "[recurse([., .])]"}) {
            CAPTURE(program);
            const std::string outcome = transform(bench, program, "[1]");
            CAPTURE(outcome);
            const bool ended = outcome.starts_with("timeout: ") || outcome.starts_with("too_large: ") ||
                               outcome.starts_with("unprocessable: ");
            CHECK(ended);
        }
        CHECK(transform(bench, ".", "[1]") == "[1]");
    }

    TEST_CASE("too many and too long outputs are refused") {
        NodeBench bench(quick());
        CHECK(transform(bench, "range(1000)", "[1, 2]").starts_with("[0,1,"));
        CHECK(transform(bench, "range(1001)", "[1]") == "too_large: transform: more than 1000 outputs for one input");
        CHECK(transform(bench, "repeat(1)", "[1]").starts_with("too_large: "));
        CHECK(transform(bench, "[range(300000)]", "[1]").starts_with("too_large: "));
        CHECK(transform(bench, "reduce range(70) as $i (1; [.])", "[1]").starts_with("too_large: "));
        CHECK(transform(bench, "reduce range(10000) as $i (1; [.])", "[1]") != "[]");
    }

    TEST_CASE("a stop ends a program in the middle") {
        NodeOptions options;
        options.transform_time = std::chrono::minutes(10);
        NodeBench bench(options);
        class Stopping final : public ItemSource {
        public:
            explicit Stopping(std::stop_source stop) : stop_(std::move(stop)) {}
            Result<std::optional<Value>> next() override {
                if (given_) stop_.request_stop();
                if (given_) return std::optional<Value>();
                given_ = true;
                return std::optional<Value>(1);
            }

        private:
            std::stop_source stop_;
            bool given_ = false;
        } source(bench.stop);
        testing::CollectedItems out;
        CHECK(bench.run_on("transform", R"({"program": "def f: f; f"})", source, out).error().code ==
              ErrorCode::cancelled);
    }
}

#else

TEST_SUITE("nodes.transform") {
    TEST_CASE("a build without libjq lists the type and says what is missing") {
        const auto registry = NodeRegistry::with_builtins().value();
        REQUIRE(registry.find("transform") != nullptr);
        const auto errors = registry.check_config("transform", Object{{"program", "."}}, nullptr);
        REQUIRE(errors.size() == 1);
        CHECK(errors.front().code == ErrorCode::unsupported);
        CHECK(errors.front().message.find("METER_WITH_JQ") != std::string::npos);
    }
}

#endif
