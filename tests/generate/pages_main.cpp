// Makes and runs a plan for each case of a folder of pages, for scoring: generate_pages CASES OUT [CASE...]
// Writes OUT/<case>.json ({"records", "ms", "plan", "warnings"}), and OUT/<case>.2.json for the case's second page.
// OUT/full/<case>.json holds the records of a plan for the field names alone, OUT/again/<case>.json those of one for
// all names but the last, to which "also extract <the last>" was said.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "meter/extract.hpp"
#include "meter/generator.hpp"
#include "meter/json.hpp"
#include "meter/schema.hpp"

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write_file(const fs::path& path, const meter::Value& value) {
    std::ofstream(path, std::ios::binary) << meter::to_pretty_json(value) << '\n';
}

std::string text_member(const meter::Value& object, std::string_view name) {
    const meter::Value* member = object.find(name);
    const std::string* text = member != nullptr ? member->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

/// The cases say "url" for links; to the library they are strings.
meter::Value schema_words(const meter::Value& schema) {
    meter::Object out;
    for (const auto& [key, value] : *schema.if_object())
        out.set(key, value == meter::Value("url") ? meter::Value("string") : value);
    return out;
}

meter::Value shaped(std::vector<meter::Value> items, const meter::OutputSchema* schema, const std::string& url) {
    meter::Value::Array records;
    for (meter::Value& item : items) records.push_back(schema != nullptr ? schema->shape(item, url) : std::move(item));
    return records;
}

/// Of this thread, so that other programs do not count.
double cpu_ms() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void run_case(const fs::path& folder, const fs::path& out) {
    const std::string name = folder.filename().string();
    const auto parsed = meter::parse_json(read_file(folder / "case.json"));
    if (!parsed) return;
    const meter::Value& about = *parsed;
    const std::string page = read_file(folder / "page.html");
    const std::string url = text_member(about, "url"), description = text_member(about, "description");
    std::optional<meter::OutputSchema> schema;
    if (const meter::Value* given = about.find("output_schema"); given != nullptr && given->is_object())
        schema = meter::OutputSchema::parse(schema_words(*given)).value();
    const meter::OutputSchema* const shape = schema ? &*schema : nullptr;

    double best = 1e9;
    meter::Result<meter::GeneratedPlan> plan = meter::Error{};
    for (int i = 0; i < 3; ++i) {
        const double start = cpu_ms();
        plan = meter::generate_strategy(page, url, description, shape);
        best = std::min(best, cpu_ms() - start);
    }
    meter::Object result{{"records", meter::Value::Array{}}, {"ms", best}, {"description", description}};
    meter::Value::Array second;
    if (plan) {
        result.set("records", shaped(plan->items, shape, url));
        result.set("plan", plan->definition);
        result.set("score", plan->score);
        meter::Value::Array warnings(plan->warnings.begin(), plan->warnings.end());
        result.set("warnings", std::move(warnings));
        if (fs::exists(folder / "page2.html")) {
            const std::string url2 = about.find("url2") != nullptr ? text_member(about, "url2") : url;
            const std::string page2 = read_file(folder / "page2.html");
            const auto found = meter::extract({.body = page2, .url = url2, .content_type = "text/html; charset=utf-8"},
                                              meter::Plan::parse(plan->definition).value());
            if (found) write_file(out / (name + ".2.json"), shaped(found->items, shape, url2));
        }
    } else {
        result.set("error", plan.error().message);
    }
    write_file(out / (name + ".json"), result);
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

/// One field is left out and asked for afterwards.
void run_again(const fs::path& folder, const fs::path& out) {
    const auto about = meter::parse_json(read_file(folder / "case.json"));
    const auto expected = meter::parse_json(read_file(folder / "expected.json"));
    if (!about || !expected) return;
    std::vector<std::string> names;
    for (const auto& [name, value] : *expected->if_array()->front().if_object()) names.push_back(name);
    if (names.size() < 3) return;
    const std::string page = read_file(folder / "page.html"), url = text_member(*about, "url");
    const std::string file = folder.filename().string() + ".json";
    const auto full = meter::generate_strategy(page, url, joined(names));
    const std::string last = joined({names.back()});
    names.pop_back();
    const auto less = meter::generate_strategy(page, url, joined(names));
    const auto write = [&](const char* kind, const meter::Result<meter::GeneratedPlan>& plan) {
        fs::create_directories(out / kind);
        meter::Object result{{"records", meter::Value::Array{}}};
        if (plan) {
            result.set("records", meter::Value::Array(plan->items));
            result.set("plan", plan->definition);
        } else {
            result.set("error", plan.error().message);
        }
        write_file(out / kind / file, result);
    };
    write("full", full);
    if (!less) {
        write("again", less);
        return;
    }
    const std::string description = joined(names), feedback = "also extract " + last;
    meter::RefineInput input;
    input.original.page = {.body = page, .url = url, .content_type = "text/html; charset=utf-8"};
    input.original.description = description;
    input.plan = &less->definition;
    input.feedback = feedback;
    write("again", meter::make_generator()->refine(input, {}));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::cerr << "usage: generate_pages CASES OUT [CASE...]\n";
        return 2;
    }
    const fs::path cases = arguments[1], out = arguments[2];
    fs::create_directories(out);
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(cases))
        if (fs::exists(entry.path() / "case.json")) folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
        const std::string name = folder.filename().string();
        bool wanted = count == 3;
        for (int i = 3; i < count; ++i) wanted = wanted || name == arguments[i];
        if (!wanted) continue;
        run_case(folder, out);
        run_again(folder, out);
    }
    return 0;
}
