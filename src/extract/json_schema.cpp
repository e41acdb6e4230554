// JSON Schema to the short form of output schemas (wire contract 9).
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/path.hpp"
#include "extract/schema_node.hpp"

namespace meter::detail {
namespace {

// More than a valid schema can have (200 leaves, 8 levels); they end references that lead in circles.
constexpr std::size_t json_schema_max_depth = 24;
constexpr std::size_t json_schema_max_nodes = 4'000;

bool json_schema_type_is(const Value& schema, std::string_view name) {
    const Value* type = schema.find("type");
    if (type == nullptr) return false;
    if (const auto* text = type->if_string()) return *text == name;
    const auto* list = type->if_array();
    return list != nullptr && std::any_of(list->begin(), list->end(), [&](const Value& member) {
               return member.if_string() != nullptr && *member.if_string() == name;
           });
}

/// "null" alone: the branch that makes a member optional.
bool json_schema_is_null(const Value& schema) {
    const Value* type = schema.find("type");
    return type != nullptr && type->if_string() != nullptr && *type->if_string() == "null";
}

class JsonSchemaReducer {
public:
    explicit JsonSchemaReducer(const Value& root) : root_(root) {}

    Value reduce(const Value& given, std::size_t depth) {
        if (++nodes_ > json_schema_max_nodes || depth > json_schema_max_depth) return nullptr;
        if (given.is_string()) return given;  // a type word of the short form inside `properties`
        const Value& schema = follow(given);
        if (!schema.is_object()) return "string";

        const Value* properties = schema.find("properties");
        const Value* items = schema.find("items");
        if (properties != nullptr && properties->is_object() && !properties->if_object()->empty()) {
            Object object;
            for (const auto& [key, member] : *properties->if_object()) {
                object.append(key, reduce(member, depth + 1));
                if (nodes_ > json_schema_max_nodes) break;
            }
            return object;
        }
        if (json_schema_type_is(schema, "array") || (items != nullptr && schema.find("type") == nullptr)) {
            if (items == nullptr || !items->is_object() || items->if_object()->empty()) return "array";
            Value::Array list;
            list.push_back(reduce(*items, depth + 1));
            return list;
        }
        return word(schema);
    }

private:
    /// The schema behind references and alternatives.
    const Value& follow(const Value& given) const {
        const Value* schema = &given;
        for (std::size_t step = 0; step < json_schema_max_depth && schema->is_object(); ++step) {
            const Value* next = next_of(*schema);
            if (next == nullptr) break;
            schema = next;
        }
        return *schema;
    }

    const Value* next_of(const Value& schema) const {
        if (const Value* reference = schema.find("$ref"); reference != nullptr && reference->if_string() != nullptr)
            return target(*reference->if_string());
        for (const std::string_view name : {"anyOf", "oneOf", "allOf"}) {
            const Value* branches = schema.find(name);
            const auto* list = branches == nullptr ? nullptr : branches->if_array();
            if (list == nullptr) continue;
            for (const Value& branch : *list)
                if (!json_schema_is_null(branch)) return &branch;
        }
        return nullptr;
    }

    /// A JSON pointer in a fragment (RFC 6901 section 6), into this schema only.
    const Value* target(std::string_view reference) const {
        if (!reference.starts_with("#/")) return nullptr;
        reference.remove_prefix(2);
        const Value* here = &root_;
        while (here != nullptr) {
            const std::size_t slash = reference.find('/');
            std::string segment(reference.substr(0, slash));
            for (const auto& [escape, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}})
                for (std::size_t at = 0; (at = segment.find(escape, at)) != std::string::npos; ++at)
                    segment.replace(at, 2, plain);
            const auto index = core::array_index(segment);
            if (const auto* list = here->if_array())
                here = index && *index < list->size() ? &(*list)[*index] : nullptr;
            else
                here = here->find(segment);
            if (slash == std::string_view::npos) break;
            reference.remove_prefix(slash + 1);
        }
        return here;
    }

    static Value word(const Value& schema) {
        const Value* type = schema.find("type");
        if (type == nullptr) return "string";
        if (const auto* list = type->if_array()) {
            for (const Value& member : *list)
                if (const auto* name = member.if_string(); name != nullptr && *name != "null")
                    return *name == "object" ? Value("string") : member;
            return "string";
        }
        const std::string* name = type->if_string();
        // An object of unknown members has no shape to give: its JSON text is kept.
        if (name != nullptr && (*name == "object" || *name == "null")) return "string";
        return *type;
    }

    const Value& root_;
    std::size_t nodes_ = 0;
};

}  // namespace

bool is_json_schema(const Value& schema) {
    const Value* properties = schema.find("properties");
    const Value* items = schema.find("items");
    return (json_schema_type_is(schema, "object") && properties != nullptr && properties->is_object()) ||
           (json_schema_type_is(schema, "array") && items != nullptr && items->is_object());
}

Value reduce_json_schema(const Value& schema) {
    return JsonSchemaReducer(schema).reduce(schema, 0);
}

}  // namespace meter::detail
