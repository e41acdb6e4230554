#include "generate/embedded/script_sources.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/unicode.hpp"
#include "extract/script_json.hpp"
#include "generate/embedded/item_graph.hpp"

namespace meter::generate::detail {
namespace {

/// Assignments tried in one script.
constexpr std::size_t max_assignments = 8;

std::string script_media_type(html::Element script) {
    const auto type = script.attribute("type");
    return type ? core::ascii_lower(core::trim(type->substr(0, type->find(';')))) : std::string();
}

bool is_json_type(std::string_view type) noexcept {
    return type == "application/json" || type == "text/json" || type.ends_with("+json") || type == "text/x-json";
}

bool is_program_type(std::string_view type) noexcept {
    return type.empty() || type == "text/javascript" || type == "application/javascript" || type == "module" ||
           type == "text/ecmascript" || type == "application/x-javascript";
}

bool is_name_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

std::size_t skip_script_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    return at;
}

/// May JSON of more than nothing begin here? `{a: 1}` and `[]` may not.
bool begins_json(std::string_view script, std::size_t at) noexcept {
    if (script.substr(at).starts_with("JSON.parse(")) return true;
    if (at >= script.size() || (script[at] != '{' && script[at] != '[')) return false;
    const std::size_t inner = skip_script_space(script, at + 1);
    if (inner >= script.size()) return false;
    return script[at] == '{' ? script[inner] == '"' : script[inner] == '{' || script[inner] == '[';
}

/// The name that `script` assigns to at the '=' at `at`: "X" of `var X =`, `window.X =` and `window["X"] =`.
std::string_view assigned_name(std::string_view script, std::size_t at) noexcept {
    while (at > 0 && (script[at - 1] == ' ' || script[at - 1] == '\t')) --at;
    std::size_t end = at;
    char quote = '\0';
    if (end > 2 && script[end - 1] == ']' && (script[end - 2] == '"' || script[end - 2] == '\'')) {
        quote = script[end - 2];
        end -= 2;
    }
    std::size_t begin = end;
    while (begin > 0 && is_name_char(script[begin - 1]) && end - begin < 80) --begin;
    if (begin == end || (script[begin] >= '0' && script[begin] <= '9')) return {};
    if (quote != '\0' && (begin == 0 || script[begin - 1] != quote)) return {};
    if (quote == '\0' && begin > 0 && script[begin - 1] == '.') {
        const std::string_view before = script.substr(0, begin);
        const bool global = before.ends_with("window.") || before.ends_with("self.") || before.ends_with("globalThis.");
        if (!global) return {};
    }
    return script.substr(begin, end - begin);
}

class ScriptReader {
public:
    explicit ScriptReader(const EmbeddedLimits& limits) : limits_(limits), room_(limits.max_json_bytes) {}

    std::vector<ScriptJson> run(html::Element root) {
        for (html::Element at = root; at && scripts_.size() < limits_.max_scripts; at = at.next_in(root))
            if (at.name() == "script" && !at.has_attribute("src")) read(at);
        return std::move(scripts_);
    }

private:
    void read(html::Element script) {
        const std::string type = script_media_type(script);
        if (is_json_type(type)) {
            read_whole(script, type);
        } else if (is_program_type(type)) {
            read_assignments(script);
        }
    }

    void read_whole(html::Element script, const std::string& type) {
        ScriptJson found;
        found.element = script;
        found.by = ScriptJson::By::type;
        found.name = type;
        found.index = by_type_[type]++;
        const std::string text = script.raw_text();
        if (text.size() > room_) return;
        room_ -= text.size();
        auto value = meter::detail::parse_script_json(text);
        if (!value || value->is_scalar()) return;
        const auto id = script.attribute("id");
        // An id names one script only; the JSON-LD of a page belongs together.
        if (id && !id->empty() && type != "application/ld+json") {
            found.by = ScriptJson::By::id;
            found.name = std::string(*id);
            found.index = 0;
            if (!names_.insert({"#" + found.name, 0}).second) return;
        }
        found.data = std::move(*value);
        scripts_.push_back(std::move(found));
    }

    void read_assignments(html::Element script) {
        const std::string text = script.raw_text();
        if (text.size() < 16 || text.size() > room_) return;
        room_ -= text.size();
        std::size_t tried = 0;
        for (std::size_t at = text.find('='); at != std::string::npos && tried < max_assignments;
             at = text.find('=', at + 1)) {
            if (scripts_.size() >= limits_.max_scripts) return;
            const std::size_t right = skip_script_space(text, at + 1);
            if (!begins_json(text, right)) continue;
            const std::string name(assigned_name(text, at));
            // Short names are those of functions' own variables, and change from build to build.
            if (name.size() < 3 || !names_.insert({name, 0}).second) continue;
            ++tried;
            auto value = meter::detail::find_assigned_json(text, name);
            if (!value || value->is_scalar()) continue;
            ScriptJson found;
            found.by = ScriptJson::By::variable;
            found.name = name;
            found.element = script;
            found.data = std::move(*value);
            scripts_.push_back(std::move(found));
        }
    }

    const EmbeddedLimits& limits_;
    std::size_t room_;
    std::vector<ScriptJson> scripts_;
    std::map<std::string, std::size_t> by_type_;
    std::map<std::string, int> names_;  ///< variables and ids that were seen: a plan reads the first
};

/// Members that hold objects of their own.
constexpr std::string_view json_ld_holders[] = {"@graph", "mainEntity", "itemListElement", "item"};

std::vector<std::string> json_ld_types(const Value& object) {
    std::vector<std::string> types;
    const Value* type = object.find("@type");
    if (type == nullptr) return types;
    if (const std::string* text = type->if_string()) types.emplace_back(short_name(*text));
    if (const auto* array = type->if_array())
        for (const Value& member : *array)
            if (const std::string* text = member.if_string(); text != nullptr && types.size() < 8)
                types.emplace_back(short_name(*text));
    return types;
}

struct JsonLdTask {
    const Value* value;
    std::string path;
    std::size_t level;
    bool list_item;
};

}  // namespace

std::vector<ScriptJson> read_scripts(html::Element root, const EmbeddedLimits& limits) {
    return ScriptReader(limits).run(root);
}

void append_json_ld(const std::vector<ScriptJson>& scripts, const EmbeddedLimits& limits,
                    std::vector<EmbeddedObject>& objects) {
    std::size_t count = 0;
    for (std::size_t index = 0; index < scripts.size(); ++index) {
        if (scripts[index].by != ScriptJson::By::type || scripts[index].name != "application/ld+json") continue;
        std::vector<JsonLdTask> tasks{{&scripts[index].data, "", 0, false}};
        for (std::size_t next = 0; next < tasks.size() && count < limits.max_objects; ++next) {
            const JsonLdTask task = tasks[next];
            if (const auto* array = task.value->if_array()) {
                for (std::size_t i = 0; i < array->size() && tasks.size() < limits.max_objects; ++i)
                    tasks.push_back({&(*array)[i], task.path + (task.path.empty() ? "" : ".") + std::to_string(i),
                                     task.level, task.list_item});
                continue;
            }
            const Object* object = task.value->if_object();
            if (object == nullptr) continue;
            EmbeddedObject found;
            found.syntax = Syntax::json_ld;
            found.script = index;
            found.path = task.path;
            found.types = json_ld_types(*task.value);
            Object data;
            for (const auto& [key, member] : *object) {
                const bool holder = member.is_scalar()
                                        ? false
                                        : std::find(std::begin(json_ld_holders), std::end(json_ld_holders), key) !=
                                              std::end(json_ld_holders);
                if (holder && task.level < 4)
                    tasks.push_back({&member, task.path + (task.path.empty() ? "" : ".") + key, task.level + 1, true});
                else
                    data.append(key, member);
            }
            found.data = std::move(data);
            objects.push_back(std::move(found));
            ++count;
        }
    }
}

}  // namespace meter::generate::detail
