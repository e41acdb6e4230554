#include "notify/summary.hpp"

#include <set>
#include <unordered_set>

#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "notify/text.hpp"

namespace meter::notify {
namespace {

constexpr std::size_t summary_lines = 10;
constexpr std::size_t summary_line_length = 300;
constexpr std::size_t summary_name_length = 200;
constexpr std::size_t summary_error_length = 1'000;
constexpr std::size_t summary_fields_named = 5;

const Value::Array& array_member(const Value& object, std::string_view name) {
    static const Value::Array none;
    const Value* member = object.find(name);
    const Value::Array* array = member != nullptr ? member->if_array() : nullptr;
    return array != nullptr ? *array : none;
}

std::string text_member(const Value& object, std::string_view name) {
    const Value* member = object.find(name);
    const std::string* text = member != nullptr ? member->if_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

/// The names of the fields that differ in a modified item; a section of a content strategy has its content.
std::vector<std::string> fields_of(const Value& modified) {
    const Value* fields = modified.find("fields");
    const Object* object = fields != nullptr ? fields->if_object() : nullptr;
    if (object == nullptr) return {"content"};
    std::vector<std::string> names;
    for (const auto& [name, change] : *object) names.push_back(name);
    return names;
}

/// The item as it was: as it is, with the old values put back.
Value item_before(const Value& modified) {
    const Value* item = modified.find("item");
    if (item == nullptr || item->if_object() == nullptr) return {};
    Object before = *item->if_object();
    if (const Value* fields = modified.find("fields"); fields != nullptr && fields->if_object() != nullptr)
        for (const auto& [name, change] : *fields->if_object()) {
            const Value* old = change.find("old");
            before.set(name, old != nullptr ? *old : Value());
        }
    return before;
}

std::string modified_line(const Value& modified) {
    const Value* item = modified.find("item");
    if (item == nullptr) {  // a section
        const std::string heading = text_member(modified, "heading");
        return cut("~ " + (heading.empty() ? std::string("section") : heading) + ": " +
                       value_text(Value(text_member(modified, "new_content")), summary_line_length),
                   summary_line_length);
    }
    std::string line = "~ " + item_line(*item, 120) + " (";
    bool first = true;
    if (const Value* fields = modified.find("fields"); fields != nullptr && fields->if_object() != nullptr)
        for (const auto& [name, change] : *fields->if_object()) {
            const Value* old = change.find("old");
            if (!first) line += ", ";
            first = false;
            line += cut(name, 40) + " was " + (old != nullptr ? value_text(*old, 60) : "null");
            if (line.size() > 4 * summary_line_length) break;
        }
    return cut(line + ")", summary_line_length);
}

void add_change_lines(const Value& changes, std::vector<std::string>& lines) {
    const auto& modified = array_member(changes, "modified");
    // A modified item stands in `added` and `removed` too (wire contract 12.6); here it is told once.
    std::unordered_multiset<std::string> now, before;
    for (const Value& one : modified) {
        if (const Value* item = one.find("item")) now.insert(to_json(*item));
        if (const Value item = item_before(one); !item.is_null()) before.insert(to_json(item));
    }
    const auto add = [&](std::string_view mark, const Value& item, std::unordered_multiset<std::string>& told) {
        if (lines.size() >= summary_lines) return;
        if (const auto found = told.find(to_json(item)); found != told.end()) {
            told.erase(found);
            return;
        }
        lines.push_back(std::string(mark) + item_line(item, summary_line_length - mark.size()));
    };
    for (const Value& item : array_member(changes, "added")) add("+ ", item, now);
    for (const Value& one : modified)
        if (lines.size() < summary_lines) lines.push_back(modified_line(one));
    for (const Value& item : array_member(changes, "removed")) add("- ", item, before);
}

std::string changed_text(const Value& changes) {
    const auto& modified = array_member(changes, "modified");
    std::set<std::string> names;
    std::size_t of_items = 0;
    for (const Value& one : modified) {
        if (one.find("item") != nullptr) ++of_items;
        for (auto& name : fields_of(one)) names.insert(std::move(name));
    }
    const auto pure = [&](std::string_view list) {
        const std::size_t count = array_member(changes, list).size();
        return count - std::min(count, of_items);
    };
    std::string text;
    const auto add = [&](std::size_t count, std::string_view what) {
        if (count == 0) return;
        if (!text.empty()) text += ", ";
        text += std::to_string(count) + " " + std::string(what);
    };
    add(pure("added"), "added");
    add(pure("removed"), "removed");
    add(modified.size(), "modified");
    if (!names.empty()) {
        std::size_t named = 0;
        for (const auto& name : names) {
            if (named == summary_fields_named) {
                text += ", \xE2\x80\xA6";
                break;
            }
            text += (named++ == 0 ? " (" : ", ") + cut(core::collapse_space(name), 40);
        }
        text += ")";
    }
    if (const Value* order = changes.find("order_changed");
        order != nullptr && order->if_bool() != nullptr && *order->if_bool() && text.empty())
        text = "order";
    return text;
}

std::string count_text(std::int64_t items) {
    return "(" + std::to_string(items) + (items == 1 ? " item)" : " items)");
}

}  // namespace

Result<EventSummary> summarize(std::string_view event, std::string_view name, std::string_view payload) {
    const auto body = parse_json(payload, {.max_depth = 512, .max_bytes = std::size_t{1} << 30});
    if (!body) return body.error();
    EventSummary summary;
    summary.event = event;
    summary.name = cut(core::collapse_space(name), summary_name_length);
    if (summary.name.empty()) summary.name = "meter";
    summary.status = text_member(*body, "status");
    summary.url = text_member(*body, "url");
    summary.job_id = text_member(*body, "job_id");
    summary.schedule_id = text_member(*body, "schedule_id");
    summary.completed_at = text_member(*body, "completed_at");
    summary.error = cut(core::collapse_space(text_member(*body, "error")), summary_error_length);
    if (const Value* metadata = body->find("metadata")) summary.metadata = *metadata;
    if (const Value* count = body->find("item_count"); count != nullptr && count->if_integer() != nullptr)
        summary.item_count = *count->if_integer();
    if (const Value* changed = body->find("has_changes"); changed != nullptr && changed->if_bool() != nullptr)
        summary.has_changes = *changed->if_bool();

    const std::string where = summary.url.empty() ? std::string() : " - " + summary.url;
    const std::string_view thing = event.starts_with("workflow_run.") ? "run" : "job";
    if (summary.status == "failed") {
        summary.kind = EventSummary::Kind::failed;
        summary.line = summary.name + ": " + std::string(thing) + " failed: " + summary.error + where;
        return summary;
    }
    summary.kind = summary.has_changes ? EventSummary::Kind::changed : EventSummary::Kind::unchanged;
    summary.line = summary.name + ": " + (summary.has_changes ? "content changed " : "no changes ") +
                   count_text(summary.item_count) + where;
    if (const Value* changes = body->find("changes"); changes != nullptr && !changes->is_null()) {
        summary.changed = changed_text(*changes);
        add_change_lines(*changes, summary.items);
    }
    if (summary.items.empty())
        for (const Value& item : array_member(*body, "results")) {
            if (summary.items.size() == summary_lines) break;
            summary.items.push_back(item_line(item, summary_line_length));
        }
    if (summary.has_changes && summary.changed.empty()) summary.changed = "yes";
    return summary;
}

}  // namespace meter::notify
