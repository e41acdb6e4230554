#include "migrate/foreign.hpp"

#include <algorithm>
#include <utility>

#include "meter/change.hpp"
#include "meter/json.hpp"
#include "meter/strategy.hpp"
#include "meter/webhook.hpp"

namespace meter::server {
namespace {

constexpr std::int64_t shortest_interval = 60;
constexpr std::int64_t longest_interval = 31'536'000;
constexpr std::size_t longest_name = 200;  // characters of a strategy's name
constexpr std::size_t most_rules = 100;    // conditions of a filter, values of noise rules
constexpr std::size_t most_pairs = 50;     // headers, cookies

/// Cuts UTF-8 text after so many characters.
std::string cut_characters(std::string_view text, std::size_t most) {
    std::size_t at = 0;
    for (std::size_t characters = 0; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
        if (begins && characters++ == most) break;
    }
    return std::string(text.substr(0, at));
}

std::string shown(std::string_view text) {
    return to_json(Value(cut_characters(text, 80)));
}

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
}

/// Steps of a plain path; "*" for every element. nullopt when it is more than a path.
std::optional<std::vector<std::string>> path_steps(std::string_view path) {
    if (path.starts_with('$')) path.remove_prefix(1);
    if (path == ".") path = {};
    std::vector<std::string> steps;
    while (!path.empty()) {
        if (path.front() == '.') path.remove_prefix(1);
        if (path.starts_with('[')) {
            const auto end = path.find(']');
            if (end == std::string_view::npos) return std::nullopt;
            std::string_view inner = path.substr(1, end - 1);
            path.remove_prefix(end + 1);
            if (inner.size() >= 2 && (inner.front() == '"' || inner.front() == '\'') && inner.back() == inner.front()) {
                inner = inner.substr(1, inner.size() - 2);
                if (inner.find_first_of(".*'\"\\") != std::string_view::npos) return std::nullopt;
            } else if (!inner.empty() && inner != "*" &&
                       inner.find_first_not_of("0123456789") != std::string_view::npos) {
                return std::nullopt;
            }
            steps.emplace_back(inner.empty() ? "*" : inner);  // jq: "[]"
            continue;
        }
        std::size_t length = 0;
        while (length < path.size() && is_name_byte(path[length])) ++length;
        if (length == 0 && path.starts_with('*')) length = 1;
        if (length == 0) return std::nullopt;
        steps.emplace_back(path.substr(0, length));
        path.remove_prefix(length);
        if (!path.empty() && path.front() != '.' && path.front() != '[') return std::nullopt;
    }
    return steps;
}

std::string joined_steps(std::vector<std::string>::const_iterator begin, std::vector<std::string>::const_iterator end) {
    std::string path;
    for (; begin != end; ++begin) path += (path.empty() ? "" : ".") + *begin;
    return path;
}

/// What Apprise calls "discord://id/token" and the like. nullopt: no equivalent.
std::optional<std::string> webhook_url_of(std::string_view apprise) {
    const auto colon = apprise.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view scheme = apprise.substr(0, colon);
    std::string_view rest = apprise.substr(colon + 3);
    const std::string_view path = rest.substr(0, rest.find('?'));
    std::vector<std::string_view> parts;
    for (std::string_view left = path; !left.empty();) {
        const auto slash = std::min(left.find('/'), left.size());
        if (slash != 0) parts.push_back(left.substr(0, slash));
        left.remove_prefix(std::min(slash + 1, left.size()));
    }
    const auto after_at = [](std::string_view text) { return text.substr(text.find('@') + 1); };  // a bot's name
    if (scheme == "json" || scheme == "form") return "http://" + std::string(rest);
    if (scheme == "jsons" || scheme == "forms") return "https://" + std::string(rest);
    if (scheme == "http" || scheme == "https") return std::string(apprise);
    if (scheme == "discord" && parts.size() >= 2)
        return "https://discord.com/api/webhooks/" + std::string(after_at(parts[0])) + "/" + std::string(parts[1]);
    if (scheme == "slack" && parts.size() >= 3)
        return "https://hooks.slack.com/services/" + std::string(after_at(parts[0])) + "/" + std::string(parts[1]) +
               "/" + std::string(parts[2]);
    return std::nullopt;
}

Object& fetch_of(ForeignWatch& watch) {
    Value* fetch = watch.body.find("fetch");
    return *(fetch != nullptr ? *fetch : watch.body.set("fetch", Object{})).if_object();
}

/// Adds a member to an object of the fetch settings when the library takes it.
void add_pair(ForeignWatch& watch, std::string_view group, const std::string& name, const std::string& text) {
    const Value probe = Object{{std::string(group), Object{{name, text}}}};
    if (const auto valid = validate_fetch_settings(probe); !valid) {
        watch.notes.push_back(std::string(group) + ": " + valid.error().message);
        return;
    }
    Object& fetch = fetch_of(watch);
    Value* pairs = fetch.find(group);
    (pairs != nullptr ? *pairs : fetch.set(std::string(group), Object{})).if_object()->set(name, text);
}

}  // namespace

void PlanDraft::select(std::string_view selector, ForeignWatch& watch) {
    constexpr std::string_view xpath = "xpath:", xpath1 = "xpath1:";
    const bool is_xpath = selector.starts_with(xpath) || selector.starts_with(xpath1) || selector.starts_with('/') ||
                          selector.starts_with("(/");
    if (json_ || (is_xpath ? !css_.empty() : !xpath_.empty())) {
        watch.notes.push_back("filter " + shown(selector) + ": one plan reads by CSS, XPath or JSON; the first stays");
        return;
    }
    if (!is_xpath) {
        css_ += (css_.empty() ? "" : ", ") + std::string(selector);
        return;
    }
    for (const auto prefix : {xpath, xpath1})
        if (selector.starts_with(prefix)) selector.remove_prefix(prefix.size());
    // Records are elements: their text is read, or the attribute that the path ends in.
    if (selector.ends_with("/text()")) selector.remove_suffix(std::string_view("/text()").size());
    if (const auto at = selector.rfind("/@");
        at != std::string_view::npos && at + 2 < selector.size() &&
        std::all_of(selector.begin() + static_cast<std::ptrdiff_t>(at) + 2, selector.end(), is_name_byte)) {
        attribute_ = selector.substr(at + 2);
        selector = selector.substr(0, at);
    }
    xpath_ += (xpath_.empty() ? "" : " | ") + std::string(selector);
}

void PlanDraft::select_json(std::string_view path, ForeignWatch& watch) {
    if (json_ || !css_.empty() || !xpath_.empty()) {
        watch.notes.push_back("filter " + shown(path) + ": one plan reads by CSS, XPath or JSON; the first stays");
        return;
    }
    json_ = true;
    const auto steps = path_steps(path);
    if (!steps) {
        watch.notes.push_back("filter " + shown(path) + ": more than a path; the whole answer is read");
        return;
    }
    // Up to the last "every element" it leads to the items, behind it to what of them is wanted.
    const auto star = std::find(steps->rbegin(), steps->rend(), "*").base();
    if (star != steps->begin()) items_path_ = joined_steps(steps->begin(), star - 1);
    if (star != steps->end()) member_path_.emplace(star, steps->end());
}

void PlanDraft::extract(std::string_view regex, ForeignWatch& watch) {
    std::string text(regex);
    if (regex.size() > 2 && regex.front() == '/') {  // "/pattern/flags", as in Perl
        if (const auto end = regex.rfind('/'); end != 0) {
            text = regex.substr(1, end - 1);
            if (end + 1 < regex.size()) text.insert(0, "(?" + std::string(regex.substr(end + 1)) + ")");
        }
    }
    if (is_usable_regex(text))
        regexes_.push_back(std::move(text));
    else
        watch.notes.push_back("extract " + shown(regex) + ": not a regular expression that RE2 reads");
}

void PlanDraft::keep(std::string_view op, std::string_view value, bool case_sensitive, ForeignWatch& watch) {
    if (conditions_.size() == most_rules) {
        watch.notes.push_back("text " + shown(value) + ": there are 100 conditions already");
        return;
    }
    Object condition{{"field", ""}, {"operator", op}, {"value", value}};
    if (case_sensitive) condition.append("case_sensitive", true);
    conditions_.emplace_back(std::move(condition));
}

void PlanDraft::ignore(std::string_view regex, ForeignWatch& watch) {
    if (ignored_.size() == most_rules)
        watch.notes.push_back("ignored text " + shown(regex) + ": there are 100 rules already");
    else if (!is_usable_regex(regex))
        watch.notes.push_back("ignored text " + shown(regex) + ": not a regular expression that RE2 reads");
    else
        ignored_.emplace_back(Object{{"regex", regex}});
}

void PlanDraft::post(std::string_view body_type, Value body) {
    body_type_ = body_type;
    post_body_ = std::move(body);
}

void PlanDraft::finish(ForeignWatch& watch) && {
    const Value* url = watch.body.find("url");
    Object plan;
    std::string field = "text";
    if (json_) {
        Object request{{"url", *url}};
        if (body_type_) {
            request.append("method", "POST");
            request.append("body_type", *body_type_);
            request.append("body", std::move(post_body_));
        }
        plan.append("type", "api");
        plan.append("request", std::move(request));
        plan.append("items_path", items_path_);
        if (member_path_) {
            field = member_path_->back();
            plan.append("fields",
                        Object{{field, Object{{"path", joined_steps(member_path_->begin(), member_path_->end())}}}});
        }
    } else if (!css_.empty() || !xpath_.empty() || !regexes_.empty()) {
        const std::string selector = !css_.empty() ? css_ : !xpath_.empty() ? "xpath:" + xpath_ : "html";
        Object container{{"selector", selector}};
        if (limit_ > 0) container.append("limit", limit_);
        Object fields;
        for (std::size_t i = 0; i < std::max<std::size_t>(regexes_.size(), 1); ++i) {
            Object how{{"selector", ":self"}};
            if (!attribute_.empty()) how.append("attribute", attribute_);
            if (i < regexes_.size()) how.append("regex", regexes_[i]);
            fields.append(i == 0 ? "text" : "text" + std::to_string(i + 1), std::move(how));
        }
        plan.append("container", std::move(container));
        plan.append("fields", std::move(fields));
    } else {
        field = "content";
        plan.append("type", "content");
        if (!excluded_.empty()) {
            Value::Array selectors;
            for (const std::string& selector : excluded_) selectors.emplace_back(selector);
            plan.append("exclude_selectors", std::move(selectors));
            excluded_.clear();
        }
    }
    for (const std::string& selector : excluded_)
        watch.notes.push_back("removed elements " + shown(selector) + ": content plans only; narrow the selector");
    watch.body.set("strategy", std::move(plan));
    if (!conditions_.empty() && json_ && !member_path_) {
        watch.notes.push_back("conditions on text: the plan reads whole JSON records; give the fields they are about");
        conditions_.clear();
    }
    if (!conditions_.empty()) {
        for (Value& condition : conditions_) condition.if_object()->set("field", field);
        watch.body.set("filter_config", Object{{"mode", any_ ? "any" : "all"}, {"conditions", std::move(conditions_)}});
    }
    if (!ignored_.empty()) watch.body.set("ignore", Object{{"values", std::move(ignored_)}});
}

bool is_usable_regex(std::string_view regex) {
    return ChangeRules::parse(Object{{"values", Value::Array{Object{{"regex", regex}}}}}, {}).has_value();
}

std::string literal_regex(std::string_view text) {
    std::string regex;
    for (const char c : text) {
        if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) regex += '\\';
        regex += c;
    }
    return regex;
}

bool is_literal(std::string_view text) noexcept {
    return text.find_first_of(R"(\.+*?()|[]{}^$)") == std::string_view::npos;
}

void set_headers(const Object& headers, ForeignWatch& watch) {
    if (headers.size() > most_pairs) {
        watch.notes.emplace_back("headers: there are more than 50");
        return;
    }
    for (const auto& [name, value] : headers) {
        const auto text = scalar_text(value);
        if (!text) {
            watch.notes.push_back("header " + shown(name) + ": has no text");
            continue;
        }
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        if (lower != "cookie") {
            add_pair(watch, "headers", name, *text);
            continue;
        }
        std::size_t pairs = 0;
        for (std::string_view left = *text; !left.empty() && pairs < most_pairs; ++pairs) {
            const auto end = std::min(left.find(';'), left.size());
            std::string_view pair = left.substr(0, end);
            left.remove_prefix(std::min(end + 1, left.size()));
            while (pair.starts_with(' ')) pair.remove_prefix(1);
            if (const auto equals = pair.find('='); equals != std::string_view::npos && equals != 0)
                add_pair(watch, "cookies", std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1)));
        }
    }
}

void set_cookies(const Object& cookies, ForeignWatch& watch) {
    if (cookies.size() > most_pairs) {
        watch.notes.emplace_back("cookies: there are more than 50");
        return;
    }
    for (const auto& [name, value] : cookies)
        if (const auto text = scalar_text(value)) add_pair(watch, "cookies", name, *text);
}

void set_timeout(double seconds, ForeignWatch& watch) {
    if (seconds <= 0) return;
    if (seconds > 600) watch.notes.push_back("timeout: 600 seconds are the longest there is");
    const auto whole = static_cast<std::int64_t>(std::min(seconds, 600.0));
    fetch_of(watch).set("timeout_seconds", std::max<std::int64_t>(whole, 1));
}

void set_notifications(const Value::Array& urls, ForeignWatch& watch) {
    for (const Value& value : urls) {
        const std::string* apprise = value.if_string();
        if (apprise == nullptr || apprise->empty()) continue;
        const std::string scheme = apprise->substr(0, apprise->find(':'));  // the rest may be a secret
        const auto url = webhook_url_of(*apprise);
        if (!url || !validate_webhook_url(*url, detect_webhook_type(*url)))
            watch.notes.push_back("notification by " + shown(scheme) + ": no equivalent; point a webhook at Apprise");
        else if (watch.body.contains("webhook_url"))
            watch.notes.push_back("notification by " + shown(scheme) + ": a schedule has one webhook; the first stays");
        else {
            watch.body.set("webhook_url", *url);
            watch.body.set("webhook_on", "changes");
        }
    }
}

void set_interval(std::int64_t seconds, ForeignWatch& watch) {
    if (seconds < shortest_interval || seconds > longest_interval)
        watch.notes.push_back("interval of " + std::to_string(seconds) + " seconds: it is " +
                              std::to_string(seconds < shortest_interval ? shortest_interval : longest_interval) +
                              " now");
    watch.body.set("interval_seconds", std::clamp(seconds, shortest_interval, longest_interval));
}

void set_tags(const std::vector<std::string>& tags, ForeignWatch& watch) {
    for (const std::string& tag : tags) {
        if (tag.empty()) continue;
        if (watch.group.empty())
            watch.group = cut_characters(tag, longest_name);
        else
            watch.notes.push_back("tag " + shown(tag) + ": a strategy is in one group, " + shown(watch.group));
    }
}

void set_name(std::string_view name, ForeignWatch& watch) {
    if (!name.empty()) watch.body.set("name", cut_characters(name, longest_name));
}

std::optional<std::string> scalar_text(const Value& value) {
    if (const std::string* text = value.if_string()) return *text;
    if (value.is_number() || value.is_bool()) return to_json(value);
    return std::nullopt;
}

std::vector<std::string> text_list(const Value* value) {
    std::vector<std::string> texts;
    if (value == nullptr) return texts;
    if (const auto text = scalar_text(*value)) texts.push_back(*text);
    if (const Value::Array* array = value->if_array())
        for (const Value& member : *array)
            if (auto text = scalar_text(member); text && !text->empty()) texts.push_back(*std::move(text));
    return texts;
}

}  // namespace meter::server
