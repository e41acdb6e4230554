// The pages of the extruct project with the data they carry (BSD-3-Clause; read by path, never copied).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/suites.hpp"
#include "core/unicode.hpp"
#include "generate/embedded/embedded.hpp"
#include "generate/embedded/item_graph.hpp"
#include "meter/json.hpp"

namespace {

namespace fs = std::filesystem;
using meter::Value;
using meter::generate::EmbeddedObject;
using meter::generate::Syntax;
using meter::generate::detail::short_name;

/// Properties as "path = value", paths of names without indexes.
using Leaves = std::multiset<std::string>;

std::string leaf_text(const Value& value) {
    const std::string* text = value.if_string();
    return meter::core::collapse_space(text != nullptr ? *text : meter::to_json(value));
}

/// JSON as it is.
void add_leaves(const Value& value, const std::string& path, Leaves& leaves) {
    if (const auto* array = value.if_array()) {
        for (const Value& member : *array) add_leaves(member, path, leaves);
    } else if (const auto* object = value.if_object()) {
        for (const auto& [key, member] : *object) add_leaves(member, path + "/" + key, leaves);
    } else {
        leaves.insert(path + " = " + leaf_text(value));
    }
}

/// Our objects: @type is a property like others, @id and @context are none.
void add_ours(const Value& value, const std::string& path, Leaves& leaves) {
    if (const auto* array = value.if_array()) {
        for (const Value& member : *array) add_ours(member, path, leaves);
    } else if (const auto* object = value.if_object()) {
        for (const auto& [key, member] : *object)
            if (key != "@id") add_ours(member, path + "/" + (key == "children" ? "" : key), leaves);
    } else {
        leaves.insert(path + " = " + leaf_text(value));
    }
}

/// extruct's form of microdata and microformats: {"type", "properties", "children"}.
void add_expected(const Value& value, const std::string& path, Leaves& leaves) {
    if (const auto* array = value.if_array()) {
        for (const Value& member : *array) add_expected(member, path, leaves);
        return;
    }
    const auto* object = value.if_object();
    if (object == nullptr) {
        leaves.insert(path + " = " + leaf_text(value));
        return;
    }
    if (object->find("properties") == nullptr && object->find("type") == nullptr) {
        // {"value", "html"} of e-*, {"value", "alt"} of a photo
        if (const Value* inner = object->find("value")) leaves.insert(path + " = " + leaf_text(*inner));
        return;
    }
    if (const Value* type = object->find("type")) {
        Leaves types;
        add_leaves(*type, "", types);
        for (const std::string& text : types)
            leaves.insert(path + "/@type = " + std::string(short_name(text.substr(3))));
    }
    if (const Value* properties = object->find("properties"))
        for (const auto& [key, member] : *properties->if_object()) add_expected(member, path + "/" + key, leaves);
    if (const Value* children = object->find("children")) add_expected(*children, path + "/", leaves);
}

struct Tally {
    int passed = 0, total = 0;
    std::string missed;

    /// Expected leaves that are there. A URL may be relative where the page's address is not known.
    void count(const std::string& file, const Leaves& expected, Leaves ours) {
        for (const std::string& leaf : expected) {
            ++total;
            auto found = ours.find(leaf);
            if (found == ours.end()) {
                const std::size_t cut = leaf.find(" = ") + 3;
                found = std::find_if(ours.begin(), ours.end(), [&](const std::string& other) {
                    return other.compare(0, cut, leaf, 0, cut) == 0 && other.size() > cut + 3 &&
                           leaf.find("://") != std::string::npos && leaf.ends_with("/" + other.substr(cut));
                });
            }
            if (found != ours.end()) {
                ours.erase(found);
                ++passed;
            } else {
                missed += "\n  " + file + ": " + leaf.substr(0, 200);
            }
        }
    }

    void report(const char* part) const {
        MESSAGE("extruct, ", std::string(part), ": ", passed, "/", total, " properties");
        if (std::getenv("METER_VERBOSE") != nullptr && !missed.empty()) MESSAGE("missed:", missed);
        CHECK(total > 0);
        CHECK(passed * 100 >= total * 95);
    }
};

meter::html::Document page(const fs::path& path, std::string& bytes) {
    bytes = meter::testing::read_file(path);
    auto document = meter::html::Document::parse(bytes);
    REQUIRE(document);
    return std::move(*document);
}

fs::path beside(fs::path path, std::string_view extension) {
    return path.replace_extension(extension);
}

Value json_of(const fs::path& path) {
    auto value = meter::parse_json(meter::testing::read_file(path));
    REQUIRE_MESSAGE(value, path.string());
    return std::move(*value);
}

std::vector<fs::path> pages_in(const fs::path& folder) {
    std::vector<fs::path> pages;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".html") pages.push_back(entry.path());
    std::sort(pages.begin(), pages.end());
    return pages;
}

Leaves our_leaves(const meter::generate::Embedded& embedded, Syntax syntax) {
    Leaves leaves;
    for (const EmbeddedObject& object : embedded.objects)
        if (object.syntax == syntax && object.top_level) add_ours(object.data, "", leaves);
    return leaves;
}

Leaves script_leaves(const meter::generate::Embedded& embedded) {
    Leaves leaves;
    for (const auto& script : embedded.scripts)
        if (script.name == "application/ld+json") add_leaves(script.data, "", leaves);
    return leaves;
}

}  // namespace

TEST_SUITE("generate.embedded.suite") {
    TEST_CASE("JSON-LD of the published pages is read to at least 95 of 100 properties") {
        const auto folder = meter::testing::suite_folder("extruct");
        if (!folder) return;
        Tally tally;
        for (const fs::path& path : pages_in(*folder)) {
            const bool beside_it = fs::exists(beside(path, ".jsonld"));
            Value expected = beside_it ? json_of(beside(path, ".jsonld")) : Value();
            if (!beside_it && fs::exists(beside(path, ".json"))) {
                const Value all = json_of(beside(path, ".json"));
                if (const Value* part = all.find("json-ld")) expected = *part;
            }
            if (expected.is_null()) continue;
            if (const Value* items = expected.find("items")) expected = Value(*items);
            std::string bytes;
            const auto document = page(path, bytes);
            Leaves leaves;
            add_leaves(expected, "", leaves);
            tally.count(path.filename().string(), leaves,
                        script_leaves(meter::generate::collect_embedded(document, "")));
        }
        tally.report("JSON-LD");
    }

    TEST_CASE("microdata of the published pages is read to at least 95 of 100 properties") {
        const auto folder = meter::testing::suite_folder("extruct");
        if (!folder) return;
        Tally tally;
        for (const fs::path& path : pages_in(*folder)) {
            if (!fs::exists(beside(path, ".json"))) continue;
            const std::string text = path.string();
            const Value all = json_of(beside(path, ".json"));
            const Value* expected = all.find("microdata");
            const bool whole =
                expected == nullptr && all.is_array() &&
                (text.find("/w3c/") != std::string::npos || text.find("/schema.org/") != std::string::npos ||
                 text.find("microdata") != std::string::npos);
            if (whole) expected = &all;
            if (expected == nullptr) continue;
            std::string bytes;
            const auto document = page(path, bytes);
            Leaves leaves;
            add_expected(*expected, "", leaves);
            const std::string url = text.find("microdata.7.1") != std::string::npos
                                        ? "http://blog.example.com/progress-report"
                                        : std::string("http://www.example.com/microdata/");
            tally.count(path.filename().string(), leaves,
                        our_leaves(meter::generate::collect_embedded(document, whole ? "" : url), Syntax::microdata));
        }
        tally.report("microdata");
    }

    TEST_CASE("RDFa of the published pages is read to at least 95 of 100 statements") {
        const auto folder = meter::testing::suite_folder("extruct");
        if (!folder) return;
        Tally tally;
        for (const fs::path& path : pages_in(*folder)) {
            fs::path expanded = beside(path, ".expanded.json");
            if (path.filename() == "expanded_OG_support_test.html") expanded = beside(path, ".json");
            if (!fs::exists(expanded)) continue;
            std::string bytes;
            const auto document = page(path, bytes);
            const std::string base = document.base_url("http://www.example.com/index.html");
            Leaves leaves, ours;
            // Nodes without an address are "_:" in both: their names differ.
            const auto node = [](std::string text) { return text.starts_with("_:") ? std::string("_:") : text; };
            const Value subjects = json_of(expanded);
            for (const Value& subject : *subjects.if_array()) {
                const Value* id = subject.find("@id");
                const std::string name = id == nullptr ? "" : node(*id->if_string());
                for (const auto& [key, values] : *subject.if_object()) {
                    if (!values.is_array()) continue;
                    for (const Value& value : *values.if_array()) {
                        const Value* content = value.find("@value");
                        if (content == nullptr) content = value.find("@id");
                        leaves.insert(
                            name + " " + key + " = " +
                            meter::core::collapse_space(node(leaf_text(content == nullptr ? value : *content))));
                    }
                }
            }
            for (const auto& triple : meter::generate::detail::read_rdfa(document.root(), base, {})) {
                const bool type = triple.predicate.ends_with("22-rdf-syntax-ns#type");
                ours.insert(node(triple.subject) + " " + (type ? "@type" : triple.predicate) + " = " +
                            meter::core::collapse_space(triple.literal ? triple.object : node(triple.object)));
            }
            tally.count(path.filename().string(), leaves, ours);
        }
        tally.report("RDFa");
    }

    TEST_CASE("Open Graph and Dublin Core members of the published pages are read to at least 95 of 100") {
        const auto folder = meter::testing::suite_folder("extruct");
        if (!folder) return;
        Tally tally;
        for (const char* name : {"opengraph_test", "opengraph_ns_product_test", "dublincore_test"}) {
            const fs::path path = *folder / "tests/samples/misc" / (std::string(name) + ".html");
            if (!fs::exists(path)) continue;
            std::string bytes;
            const auto document = page(path, bytes);
            Leaves leaves, ours;
            const Value expected = json_of(beside(path, ".json"));
            for (const Value& part : *expected.if_array()) {
                if (const Value* pairs = part.find("properties"))
                    for (const Value& pair : *pairs->if_array())
                        leaves.insert(leaf_text((*pair.if_array())[0]) + " = " + leaf_text((*pair.if_array())[1]));
                for (const char* list : {"elements", "terms"})
                    if (const Value* members = part.find(list))
                        for (const Value& member : *members->if_array())
                            if (member.find("name") != nullptr)
                                leaves.insert(meter::core::ascii_lower(leaf_text(*member.find("name"))) + " = " +
                                              leaf_text(*member.find("content")));
            }
            for (const auto& [key, content] : meter::generate::collect_embedded(document, "").meta)
                ours.insert(key + " = " + meter::core::collapse_space(content));
            tally.count(name, leaves, ours);
        }
        tally.report("Open Graph and Dublin Core");
    }

    TEST_CASE("microformats of the published pages are read to at least 95 of 100 properties") {
        const auto folder = meter::testing::suite_folder("extruct");
        if (!folder) return;
        Tally tally;
        const fs::path path = *folder / "tests/samples/misc/microformat_test.html";
        if (!fs::exists(path)) return;
        std::string bytes;
        const auto document = page(path, bytes);
        Leaves leaves;
        add_expected(json_of(beside(path, ".json")), "", leaves);
        tally.count("microformat_test", leaves,
                    our_leaves(meter::generate::collect_embedded(document, ""), Syntax::microformat));
        tally.report("microformats");
    }
}
