// urlwatch keeps its jobs in urls.yaml, one document each; docs/from-urlwatch.md says what becomes of them.
#include <algorithm>
#include <utility>

#include "meter/json.hpp"
#include "migrate/foreign.hpp"
#include "migrate/yaml.hpp"

namespace meter::server {
namespace {

using FilterList = std::vector<std::pair<std::string, Value>>;

struct UrlwatchNote {
    std::string_view name;
    std::string_view note;
};

constexpr UrlwatchNote unmapped_keys[] = {
    {"ssl_no_verify", "ssl_no_verify: certificates are always verified"},
    {"http_proxy", "http_proxy: requests are sent directly"},
    {"https_proxy", "https_proxy: requests are sent directly"},
    {"encoding", "encoding: it is read from the page"},
    {"max_tries", "max_tries: see --fetch-max-retries and --jobs-max-attempts"},
    {"diff_tool", "diff_tool: no programs are started"},
    {"diff_filter", "diff_filter: see new_items and removed_items of the changelog"},
    {"additions_only", "additions_only: see new_items of the changelog"},
    {"deletions_only", "deletions_only: see removed_items of the changelog"},
    {"treat_new_as_changed", "treat_new_as_changed: set webhook_on to all"},
    {"compared_versions", "compared_versions: the last good result is what counts"},
    {"user_visible_url", "user_visible_url: events name the page's own URL"},
    {"no_redirects", "no_redirects: redirects are followed"},
};

/// Keys that are read elsewhere here, or that say what happens anyway.
constexpr std::string_view quiet_keys[] = {"name",
                                           "url",
                                           "kind",
                                           "filter",
                                           "headers",
                                           "cookies",
                                           "timeout",
                                           "method",
                                           "data",
                                           "tags",
                                           "enabled",
                                           "ignore_connection_errors",
                                           "ignore_http_error_codes",
                                           "ignore_timeout_errors",
                                           "ignore_too_many_redirects",
                                           "ignore_cached",
                                           "ignore_incomplete_reads",
                                           "note",
                                           "ssl_verify"};

/// Filters that change nothing here: records are texts without markup and white space, and are paired by key.
constexpr std::string_view void_filters[] = {"html2text",
                                             "strip",
                                             "striplines",
                                             "beautify",
                                             "pretty-xml",
                                             "format-json",
                                             "sort",
                                             "reverse",
                                             "remove-duplicate-lines",
                                             "remove-empty-lines",
                                             "reformat-whitespace"};

/// What they read is no page.
constexpr std::string_view refused_filters[] = {"pdf2text", "ocr", "ical2text", "csv2text", "xlsx2text"};

Result<FilterList> filters_of(const Value& filter) {
    FilterList list;
    const auto add = [&](const Value& one) -> bool {
        if (const std::string* text = one.if_string()) {  // "css:ul > li", or a name alone
            const auto colon = text->find(':');
            list.emplace_back(text->substr(0, colon),
                              colon == std::string::npos ? Value() : Value(text->substr(colon + 1)));
            return true;
        }
        const Object* object = one.if_object();
        if (object == nullptr) return false;
        for (const auto& [name, value] : *object) list.emplace_back(name, value);
        return true;
    };
    bool fine = true;
    if (const Value::Array* array = filter.if_array()) {
        for (const Value& one : *array) fine = fine && add(one);
    } else if (const std::string* text = filter.if_string()) {  // "html2text,grep:price", as it once was
        for (std::string_view left = *text; !left.empty();) {
            const auto end = std::min(left.find(','), left.size());
            add(Value(left.substr(0, end)));
            left.remove_prefix(std::min(end + 1, left.size()));
        }
    } else {
        fine = add(filter);
    }
    if (!fine) return Error{ErrorCode::invalid_argument, "filter is neither a list nor a text"};
    return list;
}

/// The value of a filter that is a text, or an object with the text under one of the names.
std::string main_text(const Value& value, std::initializer_list<std::string_view> names) {
    if (const auto text = scalar_text(value)) return *text;
    for (const auto name : names)
        if (const Value* member = value.find(name)) return scalar_text(*member).value_or("");
    return {};
}

std::string css_word(std::string_view text) {
    std::string word;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
        if (!plain) word += '\\';
        word += c;
    }
    return word;
}

void read_selection(const std::string& name, const Value& value, PlanDraft& plan, bool& selected, ForeignWatch& watch) {
    if (selected) {
        watch.notes.push_back("filter " + name + ": one selection is read; the first stays");
        return;
    }
    std::string text = main_text(value, {"selector", "path", "id", "class", "tag", "query"});
    if (text.empty()) {
        watch.notes.push_back("filter " + name + ": it says nothing");
        return;
    }
    selected = true;
    if (name == "xpath")
        text.insert(0, "xpath:");
    else if (name == "element-by-id")
        text = "[id=" + to_json(Value(text)) + "]";
    else if (name == "element-by-class")
        text = "." + css_word(text);
    else if (name == "element-by-tag")
        text = css_word(text);
    plan.select(text, watch);
    for (const std::string_view more : {"exclude", "skip", "namespaces"})
        if (value.find(more) != nullptr)
            watch.notes.push_back("filter " + name + ": " + std::string(more) + " has no equivalent");
    if (const Value* method = value.find("method"); method != nullptr && *method == Value("xml"))
        watch.notes.push_back("filter " + name + ": the page is read as HTML");
    if (const Value* most = value.find("maxitems"); most != nullptr && most->if_integer() != nullptr)
        plan.limit(*most->if_integer());
}

void read_text_filter(const std::string& name, const Value& value, PlanDraft& plan, ForeignWatch& watch) {
    if (name == "grep" || name == "grepi") {
        const std::string regex = main_text(value, {"re", "text"});
        if (name == "grep" && is_usable_regex(regex))
            plan.keep("regex_match", regex, true, watch);
        else if (name == "grepi" && is_literal(regex) && !regex.empty())
            plan.keep("not_contains", regex, true, watch);
        else
            watch.notes.push_back("filter " + name + " " + to_json(Value(regex)) +
                                  (name == "grep" ? ": not a regular expression that RE2 reads"
                                                  : ": records cannot be left out by a regular expression"));
        return;
    }
    const std::string regex = main_text(value, {"pattern"});
    const Value* replacement = value.find("repl");
    if (replacement != nullptr && scalar_text(*replacement).value_or("") != "")
        watch.notes.push_back("filter " + name + ": replacements have no equivalent; what is matched can be ignored");
    else
        plan.ignore(regex, watch);
}

void read_job_filters(const Object& members, PlanDraft& plan, ForeignWatch& watch) {
    const Value* filter = members.find("filter");
    if (filter == nullptr || filter->is_null()) return;
    const auto list = filters_of(*filter);
    if (!list) {
        watch.refused = list.error().message;
        return;
    }
    bool selected = false;
    for (const auto& [name, value] : *list) {
        const auto is_name = [&name = name](std::string_view one) { return one == name; };
        if (name == "css" || name == "xpath" || name == "element-by-id" || name == "element-by-class" ||
            name == "element-by-tag")
            read_selection(name, value, plan, selected, watch);
        else if (name == "jq" || name == "jsonpath")
            plan.select_json(main_text(value, {"query", "path"}), watch);
        else if (name == "grep" || name == "grepi" || name == "re.sub" || name == "remove_regex")
            read_text_filter(name, value, plan, watch);
        else if (std::any_of(std::begin(refused_filters), std::end(refused_filters), is_name))
            watch.refused = "filter " + name + ": only HTML and JSON are read";
        else if (std::none_of(std::begin(void_filters), std::end(void_filters), is_name))
            watch.notes.push_back("filter " + name.substr(0, 100) + ": no equivalent");
    }
}

void read_job_request(const Object& members, PlanDraft& plan, ForeignWatch& watch) {
    if (const Value* headers = members.find("headers"); headers != nullptr && headers->is_object())
        set_headers(*headers->if_object(), watch);
    if (const Value* cookies = members.find("cookies"); cookies != nullptr && cookies->is_object())
        set_cookies(*cookies->if_object(), watch);
    if (const Value* timeout = members.find("timeout"); timeout != nullptr && timeout->is_number())
        set_timeout(timeout->to_double(), watch);
    const Value* data = members.find("data");
    const Value* method = members.find("method");
    const std::string name = method != nullptr ? scalar_text(*method).value_or("GET")
                             : data != nullptr ? "POST"
                                               : "GET";
    if (name == "GET" && data == nullptr) return;
    if (name != "POST" || !plan.reads_json()) {
        watch.refused = "method " + name + ": pages are read with GET; only JSON answers may be asked for with POST";
        return;
    }
    if (data != nullptr && data->is_object()) {
        plan.post("form", *data);
        return;
    }
    auto json = parse_json(data == nullptr ? "" : scalar_text(*data).value_or(""));
    if (json && json->is_object())
        plan.post("json", *std::move(json));
    else
        watch.refused = "method POST: data is neither an object nor the text of one";
}

ForeignWatch read_job(YamlDocument document, std::int64_t interval_seconds) {
    ForeignWatch watch;
    watch.where = "line " + std::to_string(document.line);
    const Object* members = document.value.if_object();
    const auto text = [&](std::string_view name) {
        const Value* value = members == nullptr ? nullptr : members->find(name);
        return value == nullptr ? std::string() : scalar_text(*value).value_or("");
    };
    const std::string url = text("url");
    if (const std::string name = text("name"); !name.empty() || !url.empty())
        watch.where += ": " + (name.empty() ? url : name).substr(0, 200);
    if (!document.refused.empty())
        watch.refused = document.refused;
    else if (members == nullptr)
        watch.refused = "it is no job";
    else if (members->contains("navigate"))
        watch.refused = "navigate: there is no browser";
    else if (members->contains("command"))
        watch.refused = "command: no programs are started";
    else if (url.empty())
        watch.refused = "it has no url";
    if (watch.refused) return watch;

    watch.body = Object{{"url", url}, {"description", ""}};
    set_name(text("name"), watch);
    set_interval(interval_seconds, watch);
    PlanDraft plan;
    read_job_filters(*members, plan, watch);
    read_job_request(*members, plan, watch);
    set_tags(text_list(members->find("tags")), watch);
    if (const Value* enabled = members->find("enabled")) watch.enabled = *enabled != Value(false);
    for (const auto& [name, value] : *members) {
        const auto unmapped = std::find_if(std::begin(unmapped_keys), std::end(unmapped_keys),
                                           [&name = name](const UrlwatchNote& one) { return one.name == name; });
        if (unmapped != std::end(unmapped_keys)) {
            if (!value.is_null() && value != Value(false)) watch.notes.emplace_back(unmapped->note);
        } else if (std::find(std::begin(quiet_keys), std::end(quiet_keys), name) == std::end(quiet_keys)) {
            watch.notes.push_back(name.substr(0, 100) + ": not known");
        }
    }
    std::move(plan).finish(watch);
    return watch;
}

}  // namespace

Result<std::vector<ForeignWatch>> read_urlwatch(std::string_view text, std::int64_t interval_seconds) {
    if (text.size() > most_foreign_bytes) return Error{ErrorCode::too_large, "The file is longer than 32 MiB"};
    auto documents = read_yaml(text);
    if (!documents) return documents.error();
    std::vector<ForeignWatch> watches;
    for (YamlDocument& document : *documents) {
        if (document.value.is_null() && document.refused.empty()) continue;  // "---" twice
        watches.push_back(read_job(std::move(document), interval_seconds));
    }
    return watches;
}

}  // namespace meter::server
