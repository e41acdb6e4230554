// changedetection.io keeps its watches in url-watches.json; docs/from-changedetection.md says what becomes of them.
#include <algorithm>
#include <map>
#include <utility>

#include "meter/json.hpp"
#include "migrate/foreign.hpp"

namespace meter::server {
namespace {

constexpr std::int64_t default_interval = 3 * 3600;

/// Members that say how a watch went, how it is shown, or that stay without effect here: nothing is lost with them.
constexpr std::string_view silent_members[] = {"browser_steps_last_error_step",
                                               "check_count",
                                               "consecutive_filter_failures",
                                               "content-type",
                                               "date_created",
                                               "favicon",
                                               "fetch_time",
                                               "filter_failure_notification_send",
                                               "has_ldjson_price_data",
                                               "history_n",
                                               "jitter_seconds",
                                               "last_changed",
                                               "last_check_status",
                                               "last_checked",
                                               "last_error",
                                               "last_notification_error",
                                               "last_viewed",
                                               "newest_history_key",
                                               "notification_alert_count",
                                               "notification_screenshot",
                                               "page_title",
                                               "previous_md5",
                                               "previous_md5_before_filters",
                                               "remote_server_reply",
                                               "remove_duplicate_lines",
                                               "restock",
                                               "sort_text_alphabetically",
                                               "track_ldjson_price_data",
                                               "trim_text_whitespace",
                                               "use_page_title_in_list",
                                               "uuid",
                                               "viewed",
                                               "__check_status",
                                               "fetch_backend_last_used",
                                               "llm",
                                               "last_filter_config_hash",
                                               "content_type",
                                               "history_snapshot_max_length"};

struct UnmappedMember {
    std::string_view name;
    std::string_view note;
};

/// Members without an equivalent, when they are set.
constexpr UnmappedMember unmapped_members[] = {
    {"browser_steps", "browser steps: there is no browser"},
    {"webdriver_js_execute_code", "script to execute: there is no browser"},
    {"webdriver_delay", "delay of the browser: there is no browser"},
    {"proxy", "proxy: requests are sent directly"},
    {"conditions", "conditions: give them as filter_config"},
    {"check_unique_lines", "only unique lines: records are paired by key instead"},
    {"ignore_status_codes", "ignored status codes: an error page is a failed job, never a change"},
    {"notification_title", "notification title: bodies are fixed; webhook_metadata carries your own"},
    {"notification_body", "notification body: bodies are fixed; webhook_metadata carries your own"},
    {"price_change_threshold_percent", "price threshold: see ignore.tolerance"},
    {"price_change_custom_include_filters", "price filters: give a plan with a field price"},
};

/// Set, and not to what is as good as nothing.
bool says_something(const Value& value) {
    if (value.is_null() || value == Value(false)) return false;
    if (const std::string* text = value.if_string()) return !text->empty();
    if (const Value::Array* array = value.if_array()) return !array->empty();
    if (const Object* object = value.if_object()) return !object->empty();
    return true;
}

struct CdSettings {
    std::int64_t interval_seconds = default_interval;
    std::map<std::string, std::string, std::less<>> tags;  ///< id -> title
    Value::Array notification_urls;
    std::vector<std::string> ignore_text, subtractive_selectors;
    double timeout = 0;
};

const Value* member_at(const Value& value, std::initializer_list<std::string_view> path) {
    const Value* at = &value;
    for (const auto name : path)
        if (at != nullptr) at = at->find(name);
    return at;
}

/// {"weeks","days","hours","minutes","seconds"}; 0 when nothing is set.
std::int64_t seconds_of(const Value* parts) {
    constexpr std::pair<std::string_view, std::int64_t> units[] = {
        {"weeks", 604'800}, {"days", 86'400}, {"hours", 3'600}, {"minutes", 60}, {"seconds", 1}};
    double total = 0;
    for (const auto& [name, seconds] : units) {
        const Value* count = parts == nullptr ? nullptr : parts->find(name);
        if (count != nullptr && count->is_number()) total += count->to_double() * static_cast<double>(seconds);
    }
    return static_cast<std::int64_t>(std::clamp(total, 0.0, 1e9));
}

CdSettings read_settings(const Value& document) {
    CdSettings settings;
    if (const auto seconds = seconds_of(member_at(document, {"settings", "requests", "time_between_check"}));
        seconds > 0)
        settings.interval_seconds = seconds;
    if (const Value* timeout = member_at(document, {"settings", "requests", "timeout"});
        timeout != nullptr && timeout->is_number())
        settings.timeout = timeout->to_double();
    if (const Value* tags = member_at(document, {"settings", "application", "tags"});
        tags != nullptr && tags->is_object())
        for (const auto& [id, tag] : *tags->if_object())
            if (const Value* title = tag.find("title"); title != nullptr && title->is_string())
                settings.tags.emplace(id, *title->if_string());
    if (const Value* urls = member_at(document, {"settings", "application", "notification_urls"});
        urls != nullptr && urls->is_array())
        settings.notification_urls = *urls->if_array();
    settings.ignore_text = text_list(member_at(document, {"settings", "application", "global_ignore_text"}));
    settings.subtractive_selectors =
        text_list(member_at(document, {"settings", "application", "global_subtractive_selectors"}));
    // Every watch gets them, so what is more than any watch may have is cut here.
    settings.ignore_text.resize(std::min<std::size_t>(settings.ignore_text.size(), 101));
    settings.subtractive_selectors.resize(std::min<std::size_t>(settings.subtractive_selectors.size(), 101));
    settings.notification_urls.resize(std::min<std::size_t>(settings.notification_urls.size(), 20));
    return settings;
}

/// "/pattern/flags" is a regular expression, anything else text to be found in any case.
std::string text_or_regex(std::string_view text) {
    const auto end = text.rfind('/');
    if (text.size() > 2 && text.front() == '/' && end != 0) {
        const std::string flags(text.substr(end + 1));
        return (flags.empty() ? "" : "(?" + flags + ")") + std::string(text.substr(1, end - 1));
    }
    return "(?i)" + literal_regex(text);
}

bool is_regex(std::string_view text) {
    return text.size() > 2 && text.front() == '/' && text.rfind('/') != 0;
}

void read_filters(const Object& members, PlanDraft& plan, ForeignWatch& watch) {
    auto filters = text_list(members.find("include_filters"));
    for (const std::string& old : text_list(members.find("css_filter"))) filters.push_back(old);
    for (const std::string_view filter : filters) {
        if (filter.empty()) continue;
        if (filter.starts_with("json:"))
            plan.select_json(filter.substr(5), watch);
        else if (filter.starts_with("jq:"))
            plan.select_json(filter.substr(3), watch);
        else if (filter.starts_with("jqraw:"))
            plan.select_json(filter.substr(6), watch);
        else
            plan.select(filter.starts_with("css:") ? filter.substr(4) : filter, watch);
    }
}

/// A line that matches is left out as a whole.
std::string whole_line(const std::string& text) {
    return is_regex(text) ? text_or_regex(text) : "(?i)[^\n]*" + literal_regex(text) + "[^\n]*";
}

void read_texts(const Object& members, const CdSettings& settings, PlanDraft& plan, ForeignWatch& watch) {
    for (const std::string& text : settings.ignore_text) plan.ignore(whole_line(text), watch);
    for (const std::string& text : text_list(members.find("ignore_text"))) plan.ignore(whole_line(text), watch);
    const auto triggers = text_list(members.find("trigger_text"));
    for (const std::string& text : triggers) {
        const std::string regex = text_or_regex(text);
        if (!is_regex(text))
            plan.keep("contains", text, false, watch);
        else if (is_usable_regex(regex))
            plan.keep("regex_match", regex, true, watch);
        else
            watch.notes.push_back("trigger text " + to_json(Value(text)) + ": not a regular expression that RE2 reads");
    }
    const bool any = plan.conditions() > 1;
    if (any) plan.keep_any();
    for (const std::string& text : text_list(members.find("text_should_not_be_present"))) {
        if (is_regex(text) || any)
            watch.notes.push_back("text that must not be there, " + to_json(Value(text)) +
                                  (any ? ": beside several trigger texts" : ": a regular expression") +
                                  " it cannot be said in a filter");
        else
            plan.keep("not_contains", text, false, watch);
    }
    const auto extracted = text_list(members.find("extract_text"));
    for (const std::string& regex : extracted) plan.extract(regex, watch);
    if (!extracted.empty()) watch.notes.push_back("extracted text: the first match in each record, not every one");
}

void read_request(const Object& members, const CdSettings& settings, PlanDraft& plan, ForeignWatch& watch) {
    if (const Value* headers = members.find("headers"); headers != nullptr && headers->is_object())
        set_headers(*headers->if_object(), watch);
    if (settings.timeout > 0) set_timeout(settings.timeout, watch);
    const Value* method = members.find("method");
    const std::string name = method == nullptr ? "GET" : scalar_text(*method).value_or("GET");
    if (name == "GET" || name.empty()) return;
    if (name != "POST" || !plan.reads_json()) {
        watch.refused = "method " + name + ": pages are read with GET; only JSON answers may be asked for with POST";
        return;
    }
    const Value* body = members.find("body");
    const std::string text = body == nullptr ? "" : scalar_text(*body).value_or("");
    auto json = parse_json(text);
    if (json && json->is_object())
        plan.post("json", *std::move(json));
    else
        watch.refused = "method POST: the body is no JSON object";
}

void read_tags(const Object& members, const CdSettings& settings, ForeignWatch& watch) {
    std::vector<std::string> titles;
    for (const std::string& id : text_list(members.find("tags")))
        if (const auto found = settings.tags.find(id); found != settings.tags.end())
            titles.push_back(found->second);
        else
            titles.push_back(id);
    for (const std::string_view old : text_list(members.find("tag")))  // "a, b"
        for (std::string_view left = old; !left.empty();) {
            const auto end = std::min(left.find(','), left.size());
            std::string_view tag = left.substr(0, end);
            left.remove_prefix(std::min(end + 1, left.size()));
            while (tag.starts_with(' ')) tag.remove_prefix(1);
            while (tag.ends_with(' ')) tag.remove_suffix(1);
            if (!tag.empty()) titles.emplace_back(tag);
        }
    set_tags(titles, watch);
}

void note_unmapped(const Object& members, ForeignWatch& watch) {
    for (const auto& [name, note] : unmapped_members)
        if (const Value* value = members.find(name); value != nullptr && says_something(*value))
            watch.notes.emplace_back(note);
    const auto text = [&](std::string_view name) {
        const Value* value = members.find(name);
        return value == nullptr ? std::string() : scalar_text(*value).value_or("");
    };
    if (const std::string backend = text("fetch_backend");
        backend.starts_with("html_webdriver") || backend.starts_with("extra_browser"))
        watch.notes.emplace_back("browser: pages are read as they are sent; look for embedded JSON or an API");
    if (text("processor") == "restock_diff")
        watch.notes.emplace_back("restock and price: give a plan with fields price and availability");
    for (const std::string_view name : {"filter_text_added", "filter_text_removed", "filter_text_replaced"})
        if (text(name) == "false")
            watch.notes.push_back(std::string(name) + ": every change counts; see new_items and removed_items");
    if (const Value* limit = members.find("time_schedule_limit"))
        if (const Value* enabled = limit->find("enabled"); enabled != nullptr && *enabled == Value(true))
            watch.notes.emplace_back("schedule by days and hours: give a cron_expression");
}

/// Names that nothing above reads: a newer version may mean something by them.
void note_unknown(const Object& members, ForeignWatch& watch) {
    constexpr std::string_view read_members[] = {"url",
                                                 "title",
                                                 "tags",
                                                 "tag",
                                                 "paused",
                                                 "include_filters",
                                                 "css_filter",
                                                 "subtractive_selectors",
                                                 "ignore_text",
                                                 "trigger_text",
                                                 "text_should_not_be_present",
                                                 "extract_text",
                                                 "headers",
                                                 "body",
                                                 "method",
                                                 "notification_urls",
                                                 "notification_muted",
                                                 "notification_format",
                                                 "time_between_check",
                                                 "time_between_check_use_default",
                                                 "time_schedule_limit",
                                                 "fetch_backend",
                                                 "processor",
                                                 "filter_text_added",
                                                 "filter_text_removed",
                                                 "filter_text_replaced",
                                                 "conditions_match_logic",
                                                 "follow_price_changes",
                                                 "in_stock_only",
                                                 "strip_ignored_lines"};
    for (const auto& member : members) {
        const std::string& name = member.first;
        const auto is_name = [&](std::string_view known) { return known == name; };
        const bool known = std::any_of(std::begin(read_members), std::end(read_members), is_name) ||
                           std::any_of(std::begin(silent_members), std::end(silent_members), is_name) ||
                           std::any_of(std::begin(unmapped_members), std::end(unmapped_members),
                                       [&](const UnmappedMember& one) { return one.name == name; });
        if (!known && says_something(member.second)) watch.notes.push_back(name.substr(0, 100) + ": not known");
    }
}

ForeignWatch read_watch(const std::string& id, const Value& value, const CdSettings& settings) {
    ForeignWatch watch;
    watch.where = "watch " + id.substr(0, 100);
    const Object* members = value.if_object();
    const Value* url = members == nullptr ? nullptr : members->find("url");
    if (url == nullptr || !url->is_string()) {
        watch.refused = "it has no url";
        return watch;
    }
    watch.where += ": " + *url->if_string();
    if (url->if_string()->find("{{") != std::string::npos || url->if_string()->find("{%") != std::string::npos) {
        watch.refused = "its URL is a template";
        return watch;
    }
    watch.body = Object{{"url", *url}, {"description", ""}};
    if (const Value* title = members->find("title"); title != nullptr && title->is_string())
        set_name(*title->if_string(), watch);
    PlanDraft plan;
    read_filters(*members, plan, watch);
    for (const std::string& selector : settings.subtractive_selectors) plan.exclude(selector);
    for (const std::string& selector : text_list(members->find("subtractive_selectors"))) plan.exclude(selector);
    read_texts(*members, settings, plan, watch);
    read_request(*members, settings, plan, watch);
    read_tags(*members, settings, watch);
    const Value* use_default = members->find("time_between_check_use_default");
    const auto own = seconds_of(members->find("time_between_check"));
    set_interval(own > 0 && (use_default == nullptr || *use_default != Value(true)) ? own : settings.interval_seconds,
                 watch);
    if (const Value* paused = members->find("paused")) watch.enabled = *paused != Value(true);
    const Value* muted = members->find("notification_muted");
    if (muted == nullptr || *muted != Value(true)) {
        const Value* urls = members->find("notification_urls");
        const bool has_own = urls != nullptr && urls->is_array() && !urls->if_array()->empty();
        set_notifications(has_own ? *urls->if_array() : settings.notification_urls, watch);
    }
    note_unmapped(*members, watch);
    note_unknown(*members, watch);
    std::move(plan).finish(watch);
    return watch;
}

}  // namespace

Result<std::vector<ForeignWatch>> read_changedetection(std::string_view text) {
    if (text.size() > most_foreign_bytes) return Error{ErrorCode::too_large, "The file is longer than 32 MiB"};
    const auto document = parse_json(text);
    if (!document) return document.error();
    const Value* watching = document->find("watching");
    if (watching == nullptr || !watching->is_object())
        return Error{ErrorCode::invalid_argument, "This is no url-watches.json: it has no object \"watching\"",
                     "watching"};
    if (watching->if_object()->size() > most_foreign_watches)
        return Error{ErrorCode::too_large, "The file has more than 100000 watches"};
    const CdSettings settings = read_settings(*document);
    std::vector<ForeignWatch> watches;
    for (const auto& [id, watch] : *watching->if_object()) watches.push_back(read_watch(id, watch, settings));
    return watches;
}

}  // namespace meter::server
