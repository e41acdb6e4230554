#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "nodes/bench.hpp"

using namespace meter;
namespace fs = std::filesystem;

namespace {

/// A folder with a root in it and a secret beside it.
struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "meter-nodes-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        top = name;
        root = top / "root";
        fs::create_directory(root);
        write(top / "secret.jsonl", "{\"secret\":1}\n");
    }
    ~Folder() { fs::remove_all(top); }

    static void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
    static std::string read(const fs::path& path) {
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        return text.str();
    }
    NodeOptions options() const {
        NodeOptions options;
        options.file_root = root.string();
        options.max_record_bytes = 4096;
        return options;
    }

    fs::path top, root;
};

}  // namespace

TEST_SUITE("nodes.file") {
    TEST_CASE("what file-sink writes file-source reads, in each format") {
        const Folder folder;
        NodeBench bench(folder.options());
        const auto items = json_items(R"([{"a": "1", "b": "x"}, {"a": "2", "b": "ä\"\n"}])");
        for (const std::string path : {"out.csv", "sub/folder/out.jsonl", "out.json"}) {
            CAPTURE(path);
            REQUIRE(bench.run("file-sink", R"({"path": ")" + path + "\"}", items));
            REQUIRE(bench.out.at().size() == 1);
            const Value report = bench.out.at().front();
            CHECK(*report.find("path") == Value(path));
            CHECK(*report.find("rowCount") == Value(2));
            CHECK(*report.find("bytes") == Value(fs::file_size(folder.root / path)));
            REQUIRE(bench.run("file-source", R"({"path": ")" + path + "\"}"));
            CHECK(bench.json() == to_json(Value(items)));
        }
        REQUIRE(bench.run("file-sink", R"({"path": "{{date}}/{{ executionId }}", "format": "json"})"));
        CHECK(Folder::read(folder.root / "2025-01-15/exec_1") == "[]\n");
    }

    TEST_CASE("paths out of the folder are refused before anything is opened") {
        const Folder folder;
        NodeBench bench(folder.options());
        for (const std::string path : {"../secret.jsonl", "/etc/passwd", "a/../../secret.jsonl", "./x.json",
                                       "a//b.json", "a/", ".", "..", "x\\u0000.json"}) {
            CAPTURE(path);
            for (const std::string_view type : {"file-source", "file-sink"}) {
                const auto outcome = bench.run(type, R"({"format": "jsonl", "path": ")" + path + "\"}");
                REQUIRE_FALSE(outcome);
                CHECK(outcome.error().subject == "config.path");
                CHECK(outcome.error().code == ErrorCode::invalid_argument);
            }
        }
        CHECK(Folder::read(folder.top / "secret.jsonl") == "{\"secret\":1}\n");
    }

    TEST_CASE("links are not followed, neither as files nor as folders") {
        const Folder folder;
        NodeBench bench(folder.options());
        fs::create_symlink(folder.top / "secret.jsonl", folder.root / "file.jsonl");
        fs::create_directory_symlink(folder.top, folder.root / "folder");
        for (const std::string path : {"file.jsonl", "folder/secret.jsonl"}) {
            CAPTURE(path);
            for (const std::string_view type : {"file-source", "file-sink"}) {
                const auto outcome = bench.run(type, R"({"path": ")" + path + "\"}");
                REQUIRE_FALSE(outcome);
                CHECK(outcome.error().code == ErrorCode::blocked);
                CHECK(outcome.error().message.find(folder.top.string()) == std::string::npos);
            }
        }
        CHECK(Folder::read(folder.top / "secret.jsonl") == "{\"secret\":1}\n");
    }

    TEST_CASE("what is no regular file is refused and holds nobody up") {
        const Folder folder;
        NodeBench bench(folder.options());
        REQUIRE(::mkfifo((folder.root / "fifo.jsonl").c_str(), 0600) == 0);
        fs::create_directory(folder.root / "dir.jsonl");
        for (const std::string_view config : {R"({"path": "fifo.jsonl"})", R"({"path": "dir.jsonl"})"}) {
            CAPTURE(config);
            CHECK(bench.run("file-source", config).error().code == ErrorCode::blocked);
            CHECK(bench.run("file-sink", config).error().code == ErrorCode::blocked);
        }
        CHECK(bench.run("file-source", R"({"path": "none.jsonl"})").error().code == ErrorCode::not_found);
    }

    TEST_CASE("a sink that fails leaves the old file as it was and nothing else behind") {
        const Folder folder;
        NodeBench bench(folder.options());
        Folder::write(folder.root / "out.csv", "old");
        CHECK_FALSE(bench.run("file-sink", R"({"path": "out.csv"})", json_items(R"([{"a": 1}, {"b": 2}])")));
        CHECK(Folder::read(folder.root / "out.csv") == "old");
        CHECK(std::distance(fs::directory_iterator(folder.root), fs::directory_iterator()) == 1);
    }

    TEST_CASE("without a folder file nodes say so, and a config that does not fit names its member") {
        NodeBench bench;
        CHECK(bench.run("file-source", R"({"path": "a.json"})").error().code == ErrorCode::unsupported);
        CHECK(bench.run("file-source", R"({})").error().subject == "config.path");
        CHECK(bench.run("file-source", R"({"path": "a.txt"})").error().subject == "config.format");
        CHECK(bench.run("file-source", R"({"path": "a.json", "format": "xml"})").error().subject == "config.format");
        CHECK(bench.run("file-source", R"({"path": "{{secret}}.json"})").error().subject == "config.path");
        CHECK(bench.run("file-source", R"({"path": "{{date.json"})").error().subject == "config.path");
    }

    TEST_CASE("a record that is too long ends the reading") {
        const Folder folder;
        NodeBench bench(folder.options());
        Folder::write(folder.root / "long.csv", "a\n" + std::string(5000, 'x'));
        const auto outcome = bench.run("file-source", R"({"path": "long.csv"})");
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == ErrorCode::too_large);
    }
}
