// Arrays of similar objects in JSON: the records of a list.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/unicode.hpp"
#include "generate/embedded/embedded.hpp"
#include "generate/values/values.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_profiled_records = 60;
constexpr std::size_t max_record_keys = 80;
constexpr std::size_t max_record_depth = 4;
constexpr std::size_t max_list_paths = 2'000;
constexpr std::size_t max_list_path_bytes = 240;

/// Can a dotted path name this key?
bool is_path_key(std::string_view key) noexcept {
    return !key.empty() && key.size() <= 100 && key.find('.') == std::string_view::npos && key != "*";
}

/// Objects found under one path of one script (or of all scripts that a plan reads together).
struct ListGroup {
    std::size_t script = 0;
    std::string path;
    std::vector<const Value*> records;
};

class ListFinder {
public:
    explicit ListFinder(const EmbeddedLimits& limits) : limits_(limits) {}

    void look(const Value& root, std::size_t script, const std::string& source) {
        std::vector<Task> tasks{{&root, "", 0}};
        while (!tasks.empty() && visited_ < limits_.max_objects * 4) {
            const Task task = std::move(tasks.back());
            tasks.pop_back();
            ++visited_;
            if (task.depth > 40 || task.path.size() > max_list_path_bytes) continue;
            const std::size_t before = tasks.size();
            const std::string prefix = task.path.empty() ? "" : task.path + ".";
            if (const auto* array = task.value->if_array()) {
                ListGroup* group = nullptr;
                for (const Value& member : *array) {
                    if (member.is_scalar()) continue;
                    if (member.is_object()) {
                        if (group == nullptr) group = group_of(source, script, task.path);
                        if (group != nullptr && records_ < limits_.max_objects) {
                            group->records.push_back(&member);
                            ++records_;
                        }
                    }
                    tasks.push_back({&member, prefix + "*", task.depth + 1});
                }
            } else if (const Object* object = task.value->if_object()) {
                for (const auto& [key, member] : *object)
                    if (!member.is_scalar() && is_path_key(key))
                        tasks.push_back({&member, prefix + key, task.depth + 1});
            }
            std::reverse(tasks.begin() + static_cast<std::ptrdiff_t>(before), tasks.end());
        }
    }

    std::vector<ListGroup> take() && { return std::move(groups_); }

private:
    struct Task {
        const Value* value;
        std::string path;
        std::size_t depth;
    };

    ListGroup* group_of(const std::string& source, std::size_t script, const std::string& path) {
        const auto [at, added] = by_path_.emplace(source + '\n' + path, groups_.size());
        if (!added) return &groups_[at->second];
        if (groups_.size() >= max_list_paths) {
            by_path_.erase(at);
            return nullptr;
        }
        groups_.push_back({script, path, {}});
        return &groups_.back();
    }

    const EmbeddedLimits& limits_;
    std::vector<ListGroup> groups_;
    std::unordered_map<std::string, std::size_t> by_path_;
    std::size_t visited_ = 0;
    std::size_t records_ = 0;
};

/// Of an array the first member: a picture of several stands for all.
std::string scalar_text(const Value& leaf) {
    const auto* array = leaf.if_array();
    const Value& value = array != nullptr && !array->empty() ? array->front() : leaf;
    const std::string* text = value.if_string();
    return text != nullptr ? *text : to_json(value);
}

bool is_blank(const Value& value) {
    if (value.is_null()) return true;
    if (const std::string* text = value.if_string()) return core::trim(*text).empty();
    const auto* array = value.if_array();
    return array != nullptr && array->empty();
}

/// A leaf of a record: a scalar, or an array of scalars.
struct RecordLeaf {
    std::string path;
    const Value* value;
};

void add_leaves(const Value& record, std::vector<RecordLeaf>& leaves) {
    struct Task {
        const Value* value;
        std::string path;
        std::size_t depth;
    };
    std::vector<Task> tasks{{&record, "", 0}};
    std::size_t visited = 0;
    while (!tasks.empty() && leaves.size() < max_record_keys && ++visited < 4 * max_record_keys) {
        const Task task = std::move(tasks.back());
        tasks.pop_back();
        const std::string prefix = task.path.empty() ? "" : task.path + ".";
        if (const auto* array = task.value->if_array()) {
            const bool scalars =
                std::all_of(array->begin(), array->end(), [](const Value& member) { return member.is_scalar(); });
            if (scalars)
                leaves.push_back({task.path, task.value});
            else if (task.depth < max_record_depth)
                tasks.push_back({&array->front(), prefix + "0", task.depth + 1});
        } else if (const Object* object = task.value->if_object()) {
            if (task.depth >= max_record_depth) continue;
            const std::size_t before = tasks.size();
            for (const auto& [key, member] : *object)
                if (is_path_key(key) && tasks.size() < 4 * max_record_keys)
                    tasks.push_back({&member, prefix + key, task.depth + 1});
            std::reverse(tasks.begin() + static_cast<std::ptrdiff_t>(before), tasks.end());
        } else {
            leaves.push_back({task.path, task.value});
        }
    }
}

struct KeyProfile {
    RecordKey key;
    std::size_t present = 0;
    std::map<Value::Kind, std::size_t> kinds;
    std::unordered_set<std::string> values;
    std::size_t text = 0;
};

bool has_word(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Profiles the keys and scores the list; nullopt when its objects have too little in common.
std::optional<RecordList> profile_list(ListGroup group, std::size_t least = 2) {
    if (group.records.size() < least) return std::nullopt;
    const std::size_t looked = std::min(group.records.size(), max_profiled_records);
    std::vector<KeyProfile> profiles;
    std::unordered_map<std::string, std::size_t> by_path;
    std::unordered_map<std::string, std::size_t> top_keys;
    for (std::size_t i = 0; i < looked; ++i) {
        std::vector<RecordLeaf> leaves;
        add_leaves(*group.records[i], leaves);
        for (const auto& [key, member] : *group.records[i]->if_object())
            if (top_keys.size() < 1'000) ++top_keys[key];
        for (const RecordLeaf& leaf : leaves) {
            const auto [at, added] = by_path.emplace(leaf.path, profiles.size());
            if (added) {
                if (profiles.size() >= 2 * max_record_keys) {
                    by_path.erase(at);
                    continue;
                }
                profiles.emplace_back();
                profiles.back().key.path = leaf.path;
                profiles.back().key.words = name_words(leaf.path);
            }
            KeyProfile& profile = profiles[at->second];
            if (is_blank(*leaf.value)) continue;
            ++profile.present;
            ++profile.kinds[leaf.value->kind()];
            const std::string text = scalar_text(*leaf.value).substr(0, 400);
            profile.text += std::min<std::size_t>(text.size(), 80);
            if (profile.values.insert(text).second && profile.key.samples.size() < 5)
                profile.key.samples.push_back(text);
        }
    }

    // At least 60 % of the keys of most records are those that most records have.
    std::size_t alike = 0;
    for (std::size_t i = 0; i < looked; ++i) {
        std::size_t shared = 0, all = 0;
        for (const auto& [key, member] : *group.records[i]->if_object()) {
            ++all;
            const auto found = top_keys.find(key);
            shared += found != top_keys.end() && found->second * 10 >= looked * 6 ? 1 : 0;
        }
        alike += all > 0 && shared * 10 >= all * 6 ? 1 : 0;
    }
    if (alike * 10 < looked * 6) return std::nullopt;

    RecordList list;
    list.script = group.script;
    list.items_path = std::move(group.path);
    list.records = std::move(group.records);
    double text = 0, full = 0;
    bool title = false, link = false;
    for (KeyProfile& profile : profiles) {
        if (profile.present == 0) continue;
        profile.key.coverage = static_cast<double>(profile.present) / static_cast<double>(looked);
        profile.key.distinct = static_cast<double>(profile.values.size()) / static_cast<double>(profile.present);
        profile.key.kind =
            std::max_element(profile.kinds.begin(), profile.kinds.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            })->first;
        if (profile.key.coverage >= .6) {
            full += 1;
            text += profile.key.distinct > .3 ? static_cast<double>(profile.text) / static_cast<double>(looked) : 0;
            const bool varied = profile.key.kind == Value::Kind::string && profile.key.distinct > .5;
            for (const std::string_view word : {"name", "title", "headline", "label", "subject"})
                title = title || (varied && has_word(profile.key.words, word));
            for (const std::string_view word : {"url", "link", "href", "slug", "permalink", "handle"})
                link = link || (varied && has_word(profile.key.words, word));
        }
        list.keys.push_back(std::move(profile.key));
    }
    if (list.keys.empty()) return std::nullopt;
    list.score = .6 * std::log(static_cast<double>(list.records.size())) + .4 * std::log(1 + text) +
                 .4 * std::log(1 + full) + (title ? 1.0 : 0) + (link ? .5 : 0);
    return list;
}

std::vector<RecordList> rank_lists(std::vector<ListGroup> groups, const EmbeddedLimits& limits) {
    std::vector<RecordList> lists;
    for (ListGroup& group : groups)
        if (auto list = profile_list(std::move(group))) lists.push_back(std::move(*list));
    std::stable_sort(lists.begin(), lists.end(),
                     [](const RecordList& a, const RecordList& b) { return a.score > b.score; });
    if (lists.size() > limits.max_lists) lists.resize(limits.max_lists);
    return lists;
}

std::string_view script_key(ScriptJson::By by) noexcept {
    return by == ScriptJson::By::id ? "id" : by == ScriptJson::By::variable ? "variable" : "type";
}

}  // namespace

std::vector<RecordList> find_record_lists(const Embedded& embedded, const EmbeddedLimits& limits) {
    ListFinder finder(limits);
    for (std::size_t i = 0; i < embedded.scripts.size(); ++i) {
        const ScriptJson& script = embedded.scripts[i];
        // A plan reads all scripts of a type together.
        finder.look(script.data, i, std::string(script_key(script.by)) + ' ' + script.name);
    }
    return rank_lists(std::move(finder).take(), limits);
}

std::vector<RecordList> find_record_lists(const Value& root, const EmbeddedLimits& limits) {
    ListFinder finder(limits);
    finder.look(root, 0, "");
    return rank_lists(std::move(finder).take(), limits);
}

std::vector<RecordList> find_single_records(const Value& root) {
    std::vector<RecordList> found;
    const Object* object = root.if_object();
    if (object == nullptr) return found;
    if (auto list = profile_list({0, "", {&root}}, 1)) found.push_back(std::move(*list));
    for (const auto& [key, member] : *object) {
        if (!member.is_object() || !is_path_key(key) || found.size() >= 16) continue;
        if (auto list = profile_list({0, key, {&member}}, 1)) found.push_back(std::move(*list));
    }
    return found;
}

namespace {

Value embedded_plan(const ScriptJson& script, std::string items_path, const FieldPaths& fields, bool first_only) {
    Object source;
    source.append(std::string(script_key(script.by)), script.name);
    Object container;
    container.append("script", std::move(source));
    if (first_only) container.append("limit", 1);
    Object members;
    for (const auto& [name, path] : fields) members.set(name, Object{{"path", path}});
    Object plan;
    plan.append("type", "css");
    plan.append("container", std::move(container));
    plan.append("items_path", std::move(items_path));
    plan.append("fields", std::move(members));
    return plan;
}

}  // namespace

Value list_plan(const Embedded& embedded, const RecordList& list, const FieldPaths& fields) {
    return embedded_plan(embedded.scripts[list.script], list.items_path, fields, false);
}

Value object_plan(const Embedded& embedded, const MainObject& main, const FieldPaths& fields) {
    if (!main.script_plan) return {};
    const EmbeddedObject& object = embedded.objects[main.object];
    return embedded_plan(embedded.scripts[object.script], object.path, fields, true);
}

}  // namespace meter::generate
