#include "store/sql/columns.hpp"

#include <utility>

#include "json/wire_names.hpp"
#include "meter/json.hpp"

namespace meter::sql {
namespace {

[[noreturn]] void throw_damaged(std::string_view what, std::string_view stored) {
    throw Exception(Error{ErrorCode::store,
                          "The database holds an unknown " + std::string(what) + "; check it for damage",
                          std::string(stored.substr(0, 100))});
}

}  // namespace

std::string stored_list(const std::vector<std::string>& texts) {
    std::string json = "[";
    for (const auto& text : texts) {
        if (json.size() > 1) json += ',';
        append_json_string(json, text);
    }
    return json += ']';
}

std::vector<std::string> Columns::list() {
    const std::string_view stored = row_.text(next_);
    if (stored == "[]") {  // the usual case, not worth a parser
        ++next_;
        return {};
    }
    const Value parsed = json();
    const auto* array = parsed.if_array();
    if (array == nullptr) throw_damaged("list", stored);
    std::vector<std::string> texts;
    texts.reserve(array->size());
    for (const auto& element : *array) {
        const auto* text = element.if_string();
        if (text == nullptr) throw_damaged("list", stored);
        texts.push_back(*text);
    }
    return texts;
}

Value Columns::json() {
    const std::string_view stored = row_.text(next_++);
    auto parsed = parse_json(stored);
    if (!parsed) throw_damaged("JSON text", stored);
    return *std::move(parsed);
}

JobStatus Columns::job_status() {
    const std::string_view stored = row_.text(next_++);
    if (const auto status = parse_job_status(stored)) return *status;
    throw_damaged("job status", stored);
}

std::optional<Outcome> Columns::optional_outcome() {
    if (skip_null()) return std::nullopt;
    const std::string_view stored = row_.text(next_++);
    if (const auto outcome = json::parse_outcome(stored)) return outcome;
    throw_damaged("outcome", stored);
}

ScraperType Columns::scraper_type() {
    const std::string_view stored = row_.text(next_++);
    if (const auto type = json::parse_scraper_type(stored)) return *type;
    throw_damaged("scraper type", stored);
}

Result<void> validate(const ListRange& range) {
    if (range.limit < 1 || range.limit > 1000)
        return Error{ErrorCode::invalid_argument, "limit must be between 1 and 1000", "limit"};
    if (range.offset < 0) return Error{ErrorCode::invalid_argument, "offset must be at least 0", "offset"};
    return {};
}

}  // namespace meter::sql
