#include "meter/schema.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extract/schema_node.hpp"

namespace meter {
namespace detail {
namespace {

constexpr std::size_t schema_max_leaves = 200;
constexpr std::size_t schema_max_depth = 8;
constexpr std::size_t schema_max_name = 256;

constexpr std::array<std::pair<std::string_view, SchemaNode::Kind>, 7> schema_words{{
    {"string", SchemaNode::Kind::string},
    {"number", SchemaNode::Kind::number},
    {"float", SchemaNode::Kind::number},
    {"integer", SchemaNode::Kind::integer},
    {"int", SchemaNode::Kind::integer},
    {"boolean", SchemaNode::Kind::boolean},
    {"array", SchemaNode::Kind::array},
}};

Error schema_error(const std::string& at, const std::string& why) {
    return {ErrorCode::invalid_argument, at + ": " + why, at};
}

/// Reads schemas; counts leaves over the whole of one.
class SchemaReader {
public:
    Result<SchemaNode> read(const Value& definition, const std::string& at, std::size_t depth) {
        if (!reduced_ && is_json_schema(definition)) {
            // What comes out is the short form: its fields named "type" and "items" must not be taken for a schema.
            const Value short_form = reduce_json_schema(definition);
            reduced_ = true;
            auto node = read(short_form, at, depth);
            reduced_ = false;
            return node;
        }
        if (const std::string* word = definition.if_string()) return read_word(*word, at);
        // Objects and lists in lists count: what recurses here recurses over every item as well.
        const bool list_of_deepest = definition.is_array() && depth == schema_max_depth + 1;
        if (depth > schema_max_depth && !list_of_deepest) return schema_error(at, "at most 8 levels are allowed");
        if (const auto* list = definition.if_array()) return read_list(*list, at, depth);
        if (const Object* object = definition.if_object()) return read_object(*object, at, depth);
        return schema_error(at, "must be a type word, an object or an array of one of these");
    }

private:
    Result<SchemaNode> read_word(const std::string& word, const std::string& at) {
        for (const auto& [name, kind] : schema_words) {
            if (name != word) continue;
            if (++leaves_ > schema_max_leaves) return schema_error(at, "at most 200 fields are allowed");
            SchemaNode node;
            node.kind = kind;
            return node;
        }
        return schema_error(at, "unknown type '" + word.substr(0, 100) +
                                    "'; one of string, number, float, integer, int, boolean, array");
    }

    Result<SchemaNode> read_list(const Value::Array& list, const std::string& at, std::size_t depth) {
        if (list.size() != 1) return schema_error(at, "an array must have exactly one element");
        // The list around an object is no level of its own.
        auto element = read(list.front(), at, list.front().is_array() ? depth + 1 : depth);
        if (!element) return element.error();
        SchemaNode node;
        node.kind = SchemaNode::Kind::list;
        node.element = std::make_unique<SchemaNode>(std::move(*element));
        return node;
    }

    Result<SchemaNode> read_object(const Object& object, const std::string& at, std::size_t depth) {
        if (object.empty()) return schema_error(at, "an object must have at least one field");
        if (object.size() > schema_max_leaves) return schema_error(at, "at most 200 fields are allowed");
        SchemaNode node;
        node.kind = SchemaNode::Kind::object;
        for (const auto& [key, value] : object) {
            if (key.size() > schema_max_name) return schema_error(at, "names have at most 256 bytes");
            auto member = read(value, at + "." + key, depth + 1);
            if (!member) return member.error();
            node.members.emplace_back(key, std::move(*member));
        }
        return node;
    }

    std::size_t leaves_ = 0;
    bool reduced_ = false;  ///< inside what reduce_json_schema() made
};

/// The schema with every JSON Schema in it reduced. For schemas that SchemaReader accepted: depth is bounded.
Value to_short_form(const Value& definition) {
    if (is_json_schema(definition)) {
        // Fields named "type" and "items" can make the short form look like a JSON Schema: then the long one is
        // clearer.
        Value short_form = reduce_json_schema(definition);
        return is_json_schema(short_form) ? definition : short_form;
    }
    if (const auto* list = definition.if_array()) {
        Value::Array element;
        element.push_back(to_short_form(list->front()));
        return element;
    }
    const Object* object = definition.if_object();
    if (object == nullptr) return definition;
    Object short_form;
    for (const auto& [key, member] : *object) short_form.append(key, to_short_form(member));
    return short_form;
}

void collect_flat_keys(const SchemaNode& object, const std::string& prefix, std::vector<std::string>& keys) {
    for (const auto& [key, member] : object.members) {
        if (member.kind == SchemaNode::Kind::object)
            collect_flat_keys(member, prefix + key + "_", keys);
        else
            keys.push_back(prefix + key);
    }
}

}  // namespace

Result<SchemaNode> parse_schema(const Value& definition) {
    return SchemaReader().read(definition, "output_schema", 1);
}

}  // namespace detail

Result<OutputSchema> OutputSchema::parse(const Value& schema) {
    using Kind = detail::SchemaNode::Kind;
    if (!schema.is_object())
        return Error{ErrorCode::invalid_argument, "output_schema: must be an object", "output_schema"};
    auto root = detail::parse_schema(schema);
    if (!root) return root.error();

    auto impl = std::make_shared<Impl>();
    impl->definition = detail::to_short_form(schema);
    // A JSON Schema of "an array of objects" describes the list of items itself.
    if (root->kind == Kind::list && root->element->kind == Kind::object) {
        if (const auto* list = impl->definition.if_array()) impl->definition = Value(list->front());
        impl->root = std::move(*root->element);
        return OutputSchema(std::move(impl));
    }
    if (root->kind != Kind::object)
        return Error{ErrorCode::invalid_argument, "output_schema: must describe an object", "output_schema"};
    if (root->members.size() == 1) {
        auto& [key, member] = root->members.front();
        if (member.kind == Kind::list && member.element->kind == Kind::object) {
            impl->wrapper_key = key;
            impl->root = std::move(*member.element);
            return OutputSchema(std::move(impl));
        }
    }
    impl->root = std::move(*root);
    return OutputSchema(std::move(impl));
}

Value OutputSchema::shape(const Value& item, std::string_view base_url) const {
    return detail::shape_item(item, impl_->root, base_url);
}

const std::string& OutputSchema::wrapper_key() const noexcept {
    return impl_->wrapper_key;
}

const Value& OutputSchema::definition() const noexcept {
    return impl_->definition;
}

std::vector<std::string> OutputSchema::flat_keys() const {
    std::vector<std::string> keys;
    detail::collect_flat_keys(impl_->root, "", keys);
    return keys;
}

OutputSchema::OutputSchema(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
OutputSchema::OutputSchema(const OutputSchema&) = default;
OutputSchema& OutputSchema::operator=(const OutputSchema&) = default;
OutputSchema::OutputSchema(OutputSchema&&) noexcept = default;
OutputSchema& OutputSchema::operator=(OutputSchema&&) noexcept = default;
OutputSchema::~OutputSchema() = default;

Value make_results(const OutputSchema* schema, std::vector<Value> items) {
    if (schema == nullptr || schema->wrapper_key().empty()) return items;
    Object wrapper;
    wrapper.append(schema->wrapper_key(), std::move(items));
    Value::Array results;
    results.emplace_back(std::move(wrapper));
    return results;
}

std::vector<Value> items_of(const OutputSchema* schema, Value results) {
    Value::Array* list = results.if_array();
    if (list == nullptr) return {};
    if (schema != nullptr && !schema->wrapper_key().empty() && list->size() == 1) {
        Object* wrapper = list->front().if_object();
        Value* inner = wrapper != nullptr && wrapper->size() == 1 ? wrapper->find(schema->wrapper_key()) : nullptr;
        if (inner != nullptr && inner->if_array() != nullptr) return std::move(*inner->if_array());
    }
    return std::move(*list);
}

}  // namespace meter
