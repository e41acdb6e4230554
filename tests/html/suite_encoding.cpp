#include "html/suite_encoding.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "core/unicode.hpp"
#include "html/charset.hpp"
#include "html/parser/input.hpp"

namespace meter::html::test {
namespace {

std::string detected_encoding(std::string_view page, std::size_t piece) {
    detail::InputDecoder decoder;
    const auto ignore = [](std::string_view) {};
    for (; !page.empty(); page.remove_prefix(std::min(piece, page.size()))) decoder.feed(page.substr(0, piece), ignore);
    decoder.finish(ignore);
    return std::string(decoder.encoding());
}

bool declares_nothing(std::string_view page) {
    for (const std::string_view bom : {"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"})
        if (page.starts_with(bom)) return false;
    return detail::sniff_declared_encoding(page).empty() && detail::sniff_late_declaration(page).empty();
}

void run_encoding_test(const std::string& file, std::string_view page, std::string_view label, SuiteResult& result) {
    std::string expected(detail::encoding_for_label(label));
    if (expected.empty()) {
        ++result.skipped["encoding not supported: " + std::string(label)];
        return;
    }
    ++result.total;
    if (expected == "windows-1252" && declares_nothing(page) && core::is_valid_utf8(page)) expected = "UTF-8";
    const std::string whole = detected_encoding(page, page.size() + 1), bytes = detected_encoding(page, 1);
    if (whole == expected && bytes == expected)
        ++result.passed;
    else
        result.failures.push_back(file + ": expected " + expected + ", whole " + whole + ", byte by byte " + bytes +
                                  "\n" + core::sanitize_utf8(page.substr(0, 400)));
}

}  // namespace

SuiteResult run_encoding_suite(const std::filesystem::path& folder) {
    SuiteResult result;
    result.part = "encoding";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".dat") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(in), {});
        constexpr std::string_view data = "#data\n", encoding = "\n#encoding\n";
        for (std::size_t at = text.find(data); at != std::string::npos; at = text.find(data, at)) {
            at += data.size();
            const std::size_t end = text.find(encoding, at);
            if (end == std::string::npos) break;
            const std::size_t label = end + encoding.size(), label_end = std::min(text.find('\n', label), text.size());
            run_encoding_test(file.filename().string(), std::string_view(text).substr(at, end - at),
                              std::string_view(text).substr(label, label_end - label), result);
            at = label_end;
        }
    }
    return result;
}

}  // namespace meter::html::test
