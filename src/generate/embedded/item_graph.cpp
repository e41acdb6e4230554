#include "generate/embedded/item_graph.hpp"

#include <utility>

#include "core/unicode.hpp"

namespace meter::generate::detail {
namespace {

constexpr std::size_t max_item_depth = 12;

/// Builds the nested form of items. Recursion is bounded by max_item_depth.
class ItemAssembler {
public:
    ItemAssembler(const std::vector<Item>& items, std::size_t budget) : items_(items), budget_(budget) {}

    bool spent() const noexcept { return budget_ == 0; }

    Value build(std::size_t index, const std::string& prefix, std::size_t depth, std::vector<PropertyOrigin>& origins) {
        const Item& item = items_[index];
        Object data;
        if (!item.types.empty()) {
            if (item.types.size() == 1) {
                data.set("@type", std::string(short_name(item.types[0])));
            } else {
                Value::Array types;
                for (const std::string& type : item.types) types.emplace_back(std::string(short_name(type)));
                data.set("@type", std::move(types));
            }
        }
        if (!item.id.empty()) data.set("@id", item.id);
        for (const ItemProperty& property : item.properties) {
            if (budget_ == 0) break;
            --budget_;
            add(data, property, prefix, depth, origins);
        }
        return data;
    }

private:
    void add(Object& data, const ItemProperty& property, const std::string& prefix, std::size_t depth,
             std::vector<PropertyOrigin>& origins) {
        const std::string name(short_name(property.name));
        if (name.empty() || name.size() > 128 || name.find('.') != std::string::npos) return;
        Value* known = data.find(name);
        if (known != nullptr && !known->is_array()) {
            // From now on the first value is the one with index 0.
            const std::string first = prefix + name;
            for (PropertyOrigin& origin : origins)
                if (origin.path == first || origin.path.starts_with(first + "."))
                    origin.path.insert(first.size(), ".0");
            Value::Array array;
            array.push_back(std::move(*known));
            *known = Value(std::move(array));
        }
        std::string path = prefix + name;
        if (known != nullptr) path += "." + std::to_string(known->if_array()->size());
        Value value;
        if (property.item == no_item) {
            value = property.text;
            origins.push_back({path, property.element, property.attribute});
        } else if (depth < max_item_depth) {
            value = build(property.item, path + ".", depth + 1, origins);
        } else {
            return;
        }
        if (known != nullptr)
            known->if_array()->push_back(std::move(value));
        else
            data.append(name, std::move(value));
    }

    const std::vector<Item>& items_;
    std::size_t budget_;
};

}  // namespace

std::string_view short_name(std::string_view name) noexcept {
    while (name.ends_with('/') || name.ends_with('#')) name.remove_suffix(1);
    const std::size_t slash = name.find_last_of("/#");
    if (slash != std::string_view::npos) return name.substr(slash + 1);
    const std::size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void append_item_objects(Syntax syntax, const std::vector<Item>& items, const EmbeddedLimits& limits,
                         std::vector<EmbeddedObject>& objects) {
    ItemAssembler assembler(items, limits.max_properties);
    for (std::size_t i = 0; i < items.size() && !assembler.spent(); ++i) {
        if (!items[i].top_level) continue;
        EmbeddedObject object;
        object.syntax = syntax;
        for (const std::string& type : items[i].types) object.types.emplace_back(short_name(type));
        object.element = items[i].element;
        object.data = assembler.build(i, "", 0, object.origins);
        objects.push_back(std::move(object));
    }
}

std::string item_text(html::Element element) {
    return element.text();
}

}  // namespace meter::generate::detail
