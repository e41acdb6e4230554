#include "html/suite_tokenizer.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "core/unicode.hpp"
#include "html/parser/tokenizer.hpp"
#include "html/token_log.hpp"
#include "meter/json.hpp"

namespace meter::html::test {
namespace {

// The number of "\uHHHH" at the start of the text; -1 when there is none.
long escape_at(std::string_view text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
    const std::string digits(text.substr(2, 4));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return -1;
    return std::stol(digits, nullptr, 16);
}

bool is_high(long unit) {
    return unit >= 0xd800 && unit <= 0xdbff;
}
bool is_low(long unit) {
    return unit >= 0xdc00 && unit <= 0xdfff;
}

// The text with its "\uHHHH" resolved.
std::string unescaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const long unit = escape_at(text);
        if (unit < 0) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        text.remove_prefix(6);
        const long second = is_high(unit) ? escape_at(text) : -1;
        if (is_low(second)) {
            text.remove_prefix(6);
            core::append_utf8(out, static_cast<char32_t>(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00)));
        } else {
            core::append_utf8(out, static_cast<char32_t>(unit));
        }
    }
    return out;
}

void unescape_all(Value& value) {
    if (std::string* text = value.if_string()) *text = unescaped(*text);
    if (Value::Array* list = value.if_array()) std::for_each(list->begin(), list->end(), unescape_all);
    if (Object* object = value.if_object()) {
        Object members;
        for (auto& [name, member] : *object) {
            unescape_all(member);
            members.set(unescaped(name), member);
        }
        *object = std::move(members);
    }
}

// Lone surrogates become "\uFFFD" before the JSON reader, which refuses them, sees them.
std::string without_lone_surrogates(std::string_view json) {
    std::string out;
    while (!json.empty()) {
        const long unit = escape_at(json);
        std::size_t taken = json.front() == '\\' && json.size() > 1 ? 2 : 1;
        std::string_view by;
        if (is_high(unit) && is_low(escape_at(json.substr(6)))) {
            taken = 12;
        } else if (is_high(unit) || is_low(unit)) {
            taken = 6;
            by = "\\uFFFD";
        }
        out += by.empty() ? json.substr(0, taken) : by;
        json.remove_prefix(taken);
    }
    return out;
}

struct StateRow {
    std::string_view name;
    detail::ContentModel model;
    bool cdata = false;
};
constexpr StateRow state_rows[] = {{"Data state", detail::ContentModel::data},
                                   {"PLAINTEXT state", detail::ContentModel::plaintext},
                                   {"RCDATA state", detail::ContentModel::rcdata},
                                   {"RAWTEXT state", detail::ContentModel::rawtext},
                                   {"Script data state", detail::ContentModel::script_data},
                                   {"CDATA section state", detail::ContentModel::data, true}};

Value::Array tokens_of(std::string_view input, const StateRow& state, std::string_view last_start_tag,
                       std::size_t piece) {
    TokenLog log;
    detail::Tokenizer tokenizer(log);
    tokenizer.start_in(state.model, last_start_tag);
    log.cdata = state.cdata;
    if (state.cdata) tokenizer.feed("<![CDATA[");
    while (!input.empty()) {
        std::size_t size = std::min(piece, input.size());
        while (size < input.size() && (static_cast<unsigned char>(input[size]) & 0xc0u) == 0x80u) ++size;
        tokenizer.feed(input.substr(0, size));
        input.remove_prefix(size);
    }
    tokenizer.finish();
    return log.tokens;
}

void run_test(const Value& test, const std::string& file, SuiteResult& result) {
    Value input = *test.find("input"), output = *test.find("output");
    if (const Value* twice = test.find("doubleEscaped"); twice != nullptr && *twice == Value(true)) {
        unescape_all(input);
        unescape_all(output);
    }
    Value::Array states{"Data state"};
    if (const Value* given = test.find("initialStates")) states = *given->if_array();
    const Value* last_start_tag = test.find("lastStartTag");
    for (const Value& state : states) {
        const auto row = std::find_if(std::begin(state_rows), std::end(state_rows),
                                      [&](const StateRow& candidate) { return candidate.name == *state.if_string(); });
        if (row == std::end(state_rows)) {
            ++result.skipped["initial state " + *state.if_string()];
            continue;
        }
        ++result.total;
        const std::string name = last_start_tag == nullptr ? std::string() : *last_start_tag->if_string();
        const Value whole(tokens_of(*input.if_string(), *row, name, static_cast<std::size_t>(-1)));
        const Value bytes(tokens_of(*input.if_string(), *row, name, 1));
        if (whole == output && bytes == output) {
            ++result.passed;
        } else {
            result.failures.push_back(file + ": " + to_json(*test.find("description")) + " in " + *state.if_string() +
                                      "\n  input    " + to_json(input) + "\n  expected " + to_json(output) +
                                      "\n  whole    " + to_json(whole) + "\n  pieces   " + to_json(bytes));
        }
    }
}

}  // namespace

SuiteResult run_tokenizer_suite(const std::filesystem::path& folder) {
    SuiteResult result;
    result.part = "tokenizer";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".test") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(in), {});
        const auto parsed = parse_json(without_lone_surrogates(text));
        const Value* tests = parsed ? parsed->find("tests") : nullptr;
        const Value* coerced = parsed ? parsed->find("xmlViolationTests") : nullptr;
        if (coerced != nullptr && coerced->if_array() != nullptr)
            result.skipped["output coerced to an XML infoset, which is no tokeniser's"] += coerced->if_array()->size();
        if (tests == nullptr || tests->if_array() == nullptr) {
            if (coerced != nullptr) continue;
            ++result.total;
            result.failures.push_back(file.filename().string() + ": unreadable");
            continue;
        }
        for (const Value& test : *tests->if_array()) run_test(test, file.filename().string(), result);
    }
    return result;
}

}  // namespace meter::html::test
