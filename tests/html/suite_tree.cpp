#include "html/suite_tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "html/parser/parser.hpp"
#include "html/tree_dump.hpp"

namespace meter::html::test {
namespace {

// The lines of a section up to the next line that starts with '#' (or, for data, the line "#errors").
std::string take_lines(std::string_view& text, bool up_to_errors) {
    std::string lines;
    bool first = true;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (up_to_errors ? line == "#errors" : line.starts_with('#')) break;
        lines.append(first ? "" : "\n").append(line);
        first = false;
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return lines;
}

TreeTest read_test(std::string_view text) {
    TreeTest test;
    test.data = take_lines(text, true);
    while (!text.empty()) {
        const std::string_view heading = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), heading.size() + 1));
        if (heading == "#document") {
            while (text.ends_with('\n')) text.remove_suffix(1);
            test.expected = text;
            break;
        }
        const std::string lines = take_lines(text, false);
        if (heading == "#document-fragment") test.context = lines;
        if (heading == "#script-on") test.script_on = true;
    }
    return test;
}

}  // namespace

std::vector<TreeTest> read_tree_tests(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    std::vector<TreeTest> tests;
    constexpr std::string_view start = "#data\n";
    std::size_t at = content.starts_with(start) ? 0 : std::string::npos;
    while (at != std::string::npos) {
        at += start.size();
        const std::size_t end = content.find("\n#data\n", at);
        tests.push_back(read_test(std::string_view(content).substr(at, end - at)));
        at = end == std::string::npos ? end : end + 1;
    }
    return tests;
}

std::string dump_of(const TreeTest& test, bool bytewise) {
    const ParseOptions options{.content_type = "text/html; charset=utf-8"};
    detail::FragmentContext context{test.context};
    if (context.name.starts_with("svg ")) context = {context.name.substr(4), detail::Space::svg};
    if (context.name.starts_with("math ")) context = {context.name.substr(5), detail::Space::math};
    const auto parse = [&](Parser&& parser) -> std::string {
        const std::size_t piece = bytewise ? 1 : std::max<std::size_t>(test.data.size(), 1);
        for (std::size_t i = 0; i < test.data.size(); i += piece)
            if (auto fed = parser.feed(std::string_view(test.data).substr(i, piece)); !fed) return fed.error().message;
        const auto document = parser.finish();
        return document ? dump_tree(*document, !test.context.empty()) : document.error().message;
    };
    return test.context.empty() ? parse(Parser(options)) : parse(Parser(options, context));
}

SuiteResult run_tree_suite(const std::filesystem::path& folder) {
    SuiteResult result;
    result.part = "tree construction";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".dat") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::size_t number = 0;
        for (const TreeTest& test : read_tree_tests(file)) {
            ++number;
            if (test.script_on || file.parent_path().filename() == "scripted") {
                ++result.skipped["scripting on"];
                continue;
            }
            ++result.total;
            const std::string whole = dump_of(test, false), bytewise = dump_of(test, true);
            if (whole == test.expected && bytewise == test.expected) {
                ++result.passed;
                continue;
            }
            result.failures.push_back(file.filename().string() + " test " + std::to_string(number) +
                                      (whole == test.expected ? " (byte by byte)" : "") + "\ndata:\n" + test.data +
                                      (test.context.empty() ? "" : "\ncontext: " + test.context) + "\nexpected:\n" +
                                      test.expected + "\ngot:\n" + (whole == test.expected ? bytewise : whole));
        }
    }
    return result;
}

}  // namespace meter::html::test
