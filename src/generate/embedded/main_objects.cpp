// What a page about one thing is about, and where css plans find its properties.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/unicode.hpp"
#include "extract/json_items.hpp"
#include "generate/embedded/embedded.hpp"
#include "generate/embedded/item_graph.hpp"
#include "generate/values/values.hpp"
#include "html/selector.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_object_properties = 60;
/// Selectors tried on the page beyond the look-up of first elements.
constexpr std::size_t max_selector_runs = 24;

struct TypeRank {
    std::string_view type;
    double rank;
};

/// How likely an object of a type is what its page is about; types of schema.org, microformats and Open Graph.
constexpr auto type_ranks = std::to_array<TypeRank>({{"Product", 10},
                                                     {"ProductGroup", 10},
                                                     {"IndividualProduct", 10},
                                                     {"ProductModel", 10},
                                                     {"Recipe", 10},
                                                     {"JobPosting", 10},
                                                     {"Movie", 9},
                                                     {"TVSeries", 9},
                                                     {"Book", 9},
                                                     {"MusicAlbum", 9},
                                                     {"MusicRecording", 9},
                                                     {"VideoGame", 9},
                                                     {"Course", 9},
                                                     {"SoftwareApplication", 9},
                                                     {"MobileApplication", 9},
                                                     {"WebApplication", 9},
                                                     {"Vehicle", 9},
                                                     {"Car", 9},
                                                     {"RealEstateListing", 9},
                                                     {"Apartment", 8},
                                                     {"House", 8},
                                                     {"Residence", 8},
                                                     {"Accommodation", 8},
                                                     {"Restaurant", 8},
                                                     {"Hotel", 8},
                                                     {"LocalBusiness", 8},
                                                     {"Store", 7},
                                                     {"Dataset", 8},
                                                     {"HowTo", 8},
                                                     {"Article", 7},
                                                     {"NewsArticle", 7},
                                                     {"BlogPosting", 7},
                                                     {"TechArticle", 7},
                                                     {"ScholarlyArticle", 7},
                                                     {"Report", 7},
                                                     {"SocialMediaPosting", 7},
                                                     {"DiscussionForumPosting", 7},
                                                     {"Question", 7},
                                                     {"VideoObject", 6},
                                                     {"PodcastEpisode", 7},
                                                     {"AudioObject", 5},
                                                     {"Service", 5},
                                                     {"Person", 5},
                                                     {"CreativeWork", 5},
                                                     {"TouristAttraction", 7},
                                                     {"Place", 5},
                                                     {"Review", 4},
                                                     {"ImageObject", 3},
                                                     {"QAPage", 3},
                                                     {"ItemPage", 3},
                                                     {"ProfilePage", 3},
                                                     {"WebPage", 2},
                                                     {"AggregateRating", 1},
                                                     {"Offer", 3},
                                                     {"h-product", 9},
                                                     {"h-recipe", 9},
                                                     {"h-event", 8},
                                                     {"h-entry", 6},
                                                     {"h-review", 6},
                                                     {"h-card", 2},
                                                     {"product", 6},
                                                     {"product.item", 6},
                                                     {"og:product", 6},
                                                     {"article", 4}});

/// Types that describe the site, not the page.
constexpr auto site_types = std::to_array<std::string_view>(
    {"BreadcrumbList", "Organization", "WebSite", "SearchAction", "SiteNavigationElement", "ListItem", "ItemList",
     "WPHeader", "WPFooter", "WPSideBar", "Corporation", "NewsMediaOrganization", "CollectionPage", "h-feed"});

double rank_of(const EmbeddedObject& object) {
    double rank = object.syntax == Syntax::open_graph ? 2 : object.syntax == Syntax::microformat ? 0 : 3;
    if (object.types.empty() && object.syntax != Syntax::open_graph) return 0;
    for (const std::string& type : object.types) {
        if (std::find(site_types.begin(), site_types.end(), type) != site_types.end()) return .5;
        if (type.ends_with("Event")) rank = std::max(rank, 8.5);
        for (const TypeRank& row : type_ranks)
            if (row.type == type) rank = object.types.size() == 1 ? row.rank : std::max(rank, row.rank);
    }
    return rank;
}

bool is_object_blank(const Value& value) {
    if (value.is_null()) return true;
    if (const std::string* text = value.if_string()) return core::trim(*text).empty();
    const auto* array = value.if_array();
    return array != nullptr && array->empty();
}

/// Scalars and arrays of scalars of an object, by path, in order.
std::vector<ObjectProperty> flat_properties(const Value& data) {
    struct Task {
        const Value* value;
        std::string path;
        std::size_t depth;
    };
    std::vector<ObjectProperty> properties;
    std::vector<Task> tasks{{&data, "", 0}};
    for (std::size_t visited = 0; !tasks.empty() && properties.size() < max_object_properties && visited < 600;
         ++visited) {
        const Task task = std::move(tasks.back());
        tasks.pop_back();
        const std::string prefix = task.path.empty() ? "" : task.path + ".";
        const std::size_t before = tasks.size();
        if (const auto* array = task.value->if_array()) {
            const bool scalars =
                std::all_of(array->begin(), array->end(), [](const Value& member) { return member.is_scalar(); });
            if (!scalars) {
                if (task.depth < 4) tasks.push_back({&array->front(), prefix + "0", task.depth + 1});
                continue;
            }
        } else if (const Object* object = task.value->if_object()) {
            if (task.depth >= 4) continue;
            for (const auto& [key, member] : *object)
                if (!key.starts_with('@') && key.find('.') == std::string::npos && key.size() <= 100 &&
                    tasks.size() < 400)
                    tasks.push_back({&member, prefix + key, task.depth + 1});
            std::reverse(tasks.begin() + static_cast<std::ptrdiff_t>(before), tasks.end());
            continue;
        }
        if (is_object_blank(*task.value) || task.path.empty()) continue;
        ObjectProperty property;
        property.path = task.path;
        property.words = name_words(task.path);
        property.value = *task.value;
        properties.push_back(std::move(property));
    }
    return properties;
}

std::string quoted_attribute(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "\"";
}

bool is_plain_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

// Values in the text of a JSON-LD script, for css plans: a regular expression that takes them out.

/// Position past `"key"`, white space, a colon and white space, at or behind `from`; npos when there is none.
std::size_t find_json_key(std::string_view text, std::string_view key, std::size_t from) {
    const std::string quoted = '"' + std::string(key) + '"';
    for (std::size_t at = text.find(quoted, from); at != std::string_view::npos; at = text.find(quoted, at + 1)) {
        std::size_t next = text.find_first_not_of(" \t\n\f\r", at + quoted.size());
        if (next == std::string_view::npos || text[next] != ':') continue;
        next = text.find_first_not_of(" \t\n\f\r", next + 1);
        return next == std::string_view::npos ? text.size() : next;
    }
    return std::string_view::npos;
}

constexpr std::string_view bare_stops = "\"\\,}] \t\n\f\r\v";

/// What the expression of json_value_regex() captures at `at`; empty when it does not match there.
std::string_view captured_json_value(std::string_view text, std::size_t at, bool bare) {
    if (at >= text.size()) return {};
    if (bare) {
        if (text[at] == '"') ++at;
        return text.substr(at, std::min(text.find_first_of(bare_stops, at), text.size()) - at);
    }
    if (text[at] != '"') return {};
    const std::size_t end = text.find_first_of("\"\\", at + 1);
    if (end == std::string_view::npos || text[end] != '"') return {};
    return text.substr(at + 1, end - at - 1);
}

std::string json_value_regex(std::string_view key, bool bare) {
    constexpr std::string_view bare_value = R"re("\s*:\s*"?([^"\\,}\]\s]+))re";
    constexpr std::string_view text_value = R"re("\s*:\s*"([^"\\]+)")re";
    return '"' + std::string(key) + std::string(bare ? bare_value : text_value);
}

/// An expression whose first match in `text` captures `value`, for a path of one key or of two.
std::optional<std::string> json_text_regex(std::string_view text, std::string_view path, const Value& value) {
    const std::string wanted = value.is_string() ? *value.if_string() : to_json(value);
    if (wanted.empty() || wanted.size() > 2'000 || wanted.find_first_of("\"\\") != std::string::npos)
        return std::nullopt;
    const bool bare = wanted.find_first_of(bare_stops) == std::string::npos;
    std::vector<std::string_view> keys;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('.', at), path.size());
        const std::string_view key = path.substr(at, end - at);
        if (key != "0") keys.push_back(key);
        at = end + 1;
    }
    if (keys.empty() || keys.size() > 3) return std::nullopt;
    if (!std::all_of(keys.begin(), keys.end(), is_plain_name)) return std::nullopt;
    // The first place where the key has a value of this form is what the expression finds.
    for (std::size_t at = find_json_key(text, keys.back(), 0); at != std::string_view::npos;
         at = find_json_key(text, keys.back(), at)) {
        const std::string_view found = captured_json_value(text, at, bare);
        if (found.empty()) continue;
        if (found == wanted) return json_value_regex(keys.back(), bare);
        break;
    }
    if (keys.size() < 2) return std::nullopt;
    const std::string_view owner = keys[keys.size() - 2];
    for (std::size_t at = find_json_key(text, owner, 0); at != std::string_view::npos;
         at = find_json_key(text, owner, at)) {
        std::size_t open = at;
        if (open < text.size() && text[open] == '[') open = text.find_first_not_of(" \t\n\f\r", open + 1);
        if (open == std::string_view::npos || open >= text.size() || text[open] != '{') continue;
        const std::size_t end = text.find_first_of("{}", open + 1);
        const std::string_view inside = text.substr(open + 1, std::min(end, text.size()) - open - 1);
        const std::size_t key = find_json_key(inside, keys.back(), 0);
        if (key == std::string_view::npos || captured_json_value(inside, key, bare) != wanted) return std::nullopt;
        return '"' + std::string(owner) + R"re("\s*:\s*\[?\s*\{[^{}]*?)re" + json_value_regex(keys.back(), bare);
    }
    return std::nullopt;
}

class MainObjectFinder {
public:
    MainObjectFinder(const html::Document& document, const Embedded& embedded)
        : root_(document.root()), embedded_(embedded) {}

    std::vector<MainObject> run() {
        std::vector<MainObject> found;
        for (const Syntax syntax :
             {Syntax::json_ld, Syntax::microdata, Syntax::rdfa, Syntax::open_graph, Syntax::microformat})
            if (auto main = best_of(syntax)) found.push_back(std::move(*main));
        std::stable_sort(found.begin(), found.end(),
                         [](const MainObject& a, const MainObject& b) { return a.score > b.score; });
        return found;
    }

private:
    std::optional<MainObject> best_of(Syntax syntax) {
        std::unordered_map<std::string, std::size_t> counts;
        for (const EmbeddedObject& object : embedded_.objects)
            if (object.syntax == syntax && object.top_level && !object.types.empty() && !is_list_member(object))
                ++counts[object.types.front()];
        std::size_t best = embedded_.objects.size();
        double best_score = 0;
        for (std::size_t i = 0; i < embedded_.objects.size(); ++i) {
            const EmbeddedObject& object = embedded_.objects[i];
            if (object.syntax != syntax || !object.top_level || is_list_member(object)) continue;
            double score = rank_of(object);
            if (score <= 0) continue;
            if (!object.types.empty() && counts[object.types.front()] > 2) continue;  // a list
            const Object* data = object.data.if_object();
            score += .3 * std::log(1.0 + static_cast<double>(data == nullptr ? 0 : data->size()));
            if (score <= best_score) continue;
            best = i;
            best_score = score;
        }
        if (best == embedded_.objects.size()) return std::nullopt;
        const EmbeddedObject& object = embedded_.objects[best];
        MainObject main;
        main.syntax = syntax;
        main.type = object.types.empty() ? std::string() : object.types.front();
        main.object = best;
        main.score = best_score + (syntax == Syntax::json_ld ? .5 : syntax == Syntax::microdata ? .4 : 0);
        main.properties = flat_properties(object.data);
        if (main.properties.empty()) return std::nullopt;
        locate(object, main);
        return main;
    }

    static bool is_list_member(const EmbeddedObject& object) {
        return object.path.find("itemListElement") != std::string::npos;
    }

    void locate(const EmbeddedObject& object, MainObject& main) {
        switch (object.syntax) {
            case Syntax::json_ld:
                main.script_plan = is_first_item(object);
                locate_in_script(object, main);
                break;
            case Syntax::open_graph:
                locate_meta(main);
                break;
            default:
                locate_origins(object, main);
                break;
        }
    }

    /// Is the object what a plan with its path and "limit": 1 reads? Scripts of one type are read together.
    bool is_first_item(const EmbeddedObject& object) const {
        for (std::size_t i = 0; i < embedded_.scripts.size(); ++i) {
            const ScriptJson& script = embedded_.scripts[i];
            if (script.by != ScriptJson::By::type || script.name != embedded_.scripts[object.script].name) continue;
            if (i == object.script) break;
            if (object.path.empty() || leads_somewhere(script.data, object.path)) return false;
        }
        // The root of an array's script: its first member.
        return object.path.find('*') == std::string::npos;
    }

    static bool leads_somewhere(const Value& root, std::string_view path) {
        const Value* here = &root;
        while (!path.empty()) {
            const std::size_t dot = std::min(path.find('.'), path.size());
            const std::string_view segment = path.substr(0, dot);
            path.remove_prefix(std::min(dot + 1, path.size()));
            if (const auto* array = here->if_array()) {
                std::size_t index = 0;
                for (const char c : segment) {
                    if (c < '0' || c > '9' || index > array->size()) return false;
                    index = index * 10 + static_cast<std::size_t>(c - '0');
                }
                if (index >= array->size()) return false;
                here = &(*array)[index];
            } else {
                here = here->find(segment);
                if (here == nullptr) return false;
            }
        }
        return true;
    }

    void locate_in_script(const EmbeddedObject& object, MainObject& main) {
        const html::Element script = embedded_.scripts[object.script].element;
        const auto type = script.attribute("type");
        if (!type || *type != "application/ld+json" || !is_plain_name(main.type)) return;
        const std::string mark = '"' + main.type + '"';
        std::string text;
        for (const ScriptJson& other : embedded_.scripts) {
            const auto other_type = other.element.attribute("type");
            if (!other_type || *other_type != *type) continue;
            text = other.element.raw_text();
            if (text.find(mark) == std::string::npos) continue;
            if (!(other.element == script)) return;
            break;
        }
        const std::string selector = "xpath:.//script[@type='application/ld+json'][contains(., '" + mark + "')]";
        for (ObjectProperty& property : main.properties) {
            if (property.value.is_array()) continue;
            const auto regex = json_text_regex(text, property.path, property.value);
            if (!regex) continue;
            property.selector = selector;
            property.attribute = "html";
            property.regex = *regex;
        }
    }

    void locate_meta(MainObject& main) {
        for (ObjectProperty& property : main.properties) {
            const Value::Array* array = property.value.if_array();
            const Value& first = array == nullptr ? property.value : array->front();
            const std::string* wanted = first.if_string();
            for (const auto& [name, content] : embedded_.meta) {
                std::string key = name.substr(std::min(name.find(':') + 1, name.size()));
                std::replace(key.begin(), key.end(), ':', '_');
                if (key != property.path || wanted == nullptr || content != *wanted) continue;
                property.attribute = "content";
                for (const std::string_view attribute : {"property", "name"}) {
                    std::string selector = "meta[" + std::string(attribute) + "=" + quoted_attribute(name) + "]";
                    const html::Element found = first_match(selector);
                    const auto value = found ? found.attribute("content") : std::nullopt;
                    if (!value || core::trim(*value) != content) continue;
                    property.selector = std::move(selector);
                    break;
                }
                property.all = array != nullptr && !property.selector.empty();
                break;
            }
        }
    }

    void locate_origins(const EmbeddedObject& object, MainObject& main) {
        index_page();
        std::unordered_map<std::string_view, const PropertyOrigin*> origins;
        for (const PropertyOrigin& origin : object.origins) origins.emplace(origin.path, &origin);
        for (ObjectProperty& property : main.properties) {
            const bool array = property.value.is_array();
            const auto found = origins.find(array ? property.path + ".0" : property.path);
            if (found == origins.end() || found->second->attribute.empty()) continue;
            const PropertyOrigin& origin = *found->second;
            for (std::string& selector : candidates(object, origin.element)) {
                if (!finds(selector, origin.element)) continue;
                property.selector = std::move(selector);
                property.attribute = origin.attribute;
                property.all = array;
                break;
            }
        }
    }

    /// Selectors for the element of a property, the most lasting first.
    static std::vector<std::string> candidates(const EmbeddedObject& object, html::Element element) {
        std::vector<std::string> selectors;
        if (object.syntax == Syntax::microformat) {
            const auto classes = element.attribute("class");
            const std::string scope = object.types.empty() ? "" : "." + object.types.front() + " ";
            if (!classes || classes->size() > 512) return selectors;
            for (std::size_t at = 0; at < classes->size();) {
                const std::size_t end = std::min(classes->find_first_of(" \t\n\r\f", at), classes->size());
                const std::string_view name = classes->substr(at, end - at);
                at = end + 1;
                const bool property = name.starts_with("p-") || name.starts_with("u-") || name.starts_with("dt-") ||
                                      name.starts_with("e-");
                if (!property || !is_plain_name(name)) continue;
                selectors.push_back("." + std::string(name));
                selectors.push_back(scope + "." + std::string(name));
            }
            return selectors;
        }
        const bool microdata = object.syntax == Syntax::microdata;
        const std::string_view attribute = microdata ? "itemprop" : "property";
        const auto name = element.attribute(attribute);
        if (!name || name->empty() || name->size() > 128) return selectors;
        const std::string own = "[" + std::string(attribute) + "=" + quoted_attribute(*name) + "]";
        selectors.push_back(own);
        if (microdata && !object.types.empty() && is_plain_name(object.types.front()))
            selectors.push_back("[itemtype$=" + quoted_attribute("/" + object.types.front()) + "] " + own);
        html::Element up = element.parent();
        for (int level = 0; up && level < 6; up = up.parent(), ++level) {
            const auto owner = up.attribute(attribute);
            if (!owner || owner->empty() || owner->size() > 128) continue;
            selectors.push_back("[" + std::string(attribute) + "=" + quoted_attribute(*owner) + "] " + own);
            break;
        }
        return selectors;
    }

    /// First element of each itemprop and property value: what most selectors would find, in one walk.
    void index_page() {
        if (indexed_) return;
        indexed_ = true;
        for (html::Element at = root_; at; at = at.next_in(root_))
            for (const std::string_view attribute : {"itemprop", "property"})
                if (const auto value = at.attribute(attribute); value && value->size() <= 128)
                    first_.emplace("[" + std::string(attribute) + "=" + quoted_attribute(*value) + "]", at);
    }

    bool finds(const std::string& selector, html::Element element) {
        const auto known = first_.find(selector);
        if (known != first_.end()) return known->second == element;
        return first_match(selector) == element;
    }

    html::Element first_match(const std::string& selector) {
        if (runs_ >= max_selector_runs * 2) return {};
        ++runs_;
        const auto parsed = html::Selector::parse(selector);
        if (!parsed) return {};
        const auto found = parsed->first(root_);
        return found && *found ? (*found)->element : html::Element();
    }

    html::Element root_;
    const Embedded& embedded_;
    bool indexed_ = false;
    std::unordered_map<std::string, html::Element> first_;
    std::size_t runs_ = 0;
};

}  // namespace

std::vector<MainObject> find_main_objects(const html::Document& document, const Embedded& embedded) {
    if (!document.root()) return {};
    return MainObjectFinder(document, embedded).run();
}

}  // namespace meter::generate
