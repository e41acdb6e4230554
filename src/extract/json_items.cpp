#include "extract/json_items.hpp"

#include <string>
#include <utility>
#include <vector>

#include "core/path.hpp"
#include "core/unicode.hpp"
#include "extract/script_json.hpp"
#include "meter/json.hpp"

namespace meter::detail {
namespace {

/// Values an items_path leads to, in document order. Each value is reached at most once, so the frontier never
/// outgrows the document.
std::vector<const Value*> follow_items_path(const Value& root, std::string_view path) {
    std::vector<const Value*> here{&root};
    while (!path.empty() && !here.empty()) {
        const std::size_t dot = path.find('.');
        const std::string_view segment = path.substr(0, dot);
        const std::string_view rest = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
        std::vector<const Value*> next;
        for (const Value* value : here) {
            if (const auto* array = value->if_array()) {
                if (segment == "*") {
                    for (const Value& member : *array) next.push_back(&member);
                } else if (const auto index = core::array_index(segment); index && *index < array->size()) {
                    next.push_back(&(*array)[*index]);
                }
            } else if (const Value* member = value->find(segment)) {
                next.push_back(member);
            }
        }
        here = std::move(next);
        path = rest;
    }
    return here;
}

Result<void> add_json_item(const Value& item, const JsonSource& source, bool drop_empty, ItemSink& sink) {
    if (item.is_null() || sink.full()) return {};
    if (source.fields.empty()) {
        // Measured before it is copied: a document may be far larger than what results may take.
        if (value_size(item, sink.room()) > sink.room()) return too_many_results();
        return sink.add(item.is_object() ? item : Value(Object{{"value", item}}));
    }
    const Value wrapped = item.is_scalar() ? Value(Object{{"value", item}}) : Value();
    const Value& from = item.is_scalar() ? wrapped : item;
    std::vector<Value> values;
    values.reserve(source.fields.size());
    std::size_t size = 0;
    for (const auto& [name, path] : source.fields) {
        const Value* found = core::find_path(from, path);
        if (found == nullptr) {
            values.emplace_back();
            continue;
        }
        size += value_size(*found, sink.room());
        if (size > sink.room()) return too_many_results();
        values.push_back(*found);
    }
    return sink.add_fields(std::move(values), drop_empty);
}

}  // namespace

Result<void> collect_json_items(const Value& root, const JsonSource& source, bool drop_empty, ItemSink& sink) {
    // A key that is the whole path, dots included, goes first, as in fields.
    const Value* literal = source.items_path.empty() ? nullptr : root.find(source.items_path);
    const bool elements = literal == nullptr && (source.items_path == "*" || source.items_path.ends_with(".*"));
    const std::vector<const Value*> found =
        literal != nullptr ? std::vector{literal} : follow_items_path(root, source.items_path);
    for (const Value* value : found) {
        if (sink.full()) break;
        const auto* array = value->if_array();
        if (array == nullptr) {
            // A number or text at a path that was to lead to items is none; one that `*` stepped to is.
            if (value->is_scalar() && !elements) continue;
            auto added = add_json_item(*value, source, drop_empty, sink);
            if (!added) return added;
            continue;
        }
        for (const Value& item : *array) {
            auto added = add_json_item(item, source, drop_empty, sink);
            if (!added) return added;
        }
    }
    return {};
}

Result<Value> parse_json_answer(std::string_view body) {
    if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
    const JsonLimits limits{.max_depth = json_max_depth, .max_bytes = body.size()};
    auto parsed = parse_json(body, limits);
    if (!parsed && parsed.error().code == ErrorCode::parse) {
        // Texts cut in the middle of a character are common, and no reason to lose the rest of an answer.
        const std::string repaired = repair_json_text(core::sanitize_utf8(body));
        parsed = parse_json(repaired, JsonLimits{.max_depth = json_max_depth, .max_bytes = repaired.size()});
    }
    if (!parsed) return Error{ErrorCode::parse, "Extraction failed: response is not JSON", parsed.error().message};
    return parsed;
}

}  // namespace meter::detail
