#include <algorithm>
#include <array>
#include <exception>
#include <set>
#include <utility>

#include "json/object_writer.hpp"
#include "meter/json.hpp"
#include "meter/node.hpp"
#include "nodes/builtin.hpp"
#include "nodes/config_schema.hpp"

namespace meter {
namespace {

constexpr std::size_t node_id_length = 100;

bool node_id_fits(std::string_view name) {
    return !name.empty() && name.size() <= node_id_length && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Error node_type_error(const NodeType& type, std::string message) {
    return {ErrorCode::invalid_argument, "Node type " + type.node_id + ": " + std::move(message), type.node_id};
}

Result<void> check_ports(const NodeType& type, const std::vector<NodePort>& ports) {
    std::set<std::string_view> seen;
    for (const NodePort& port : ports)
        if (port.id.empty() || !seen.insert(port.id).second)
            return node_type_error(type, "each port needs an id of its own");
    return {};
}

Result<void> check_type(const NodeType& type) {
    if (!node_id_fits(type.node_id)) return node_type_error(type, "a name has 1 to 100 characters of a-z, 0-9 and -");
    for (const auto& alias : type.aliases)
        if (!node_id_fits(alias)) return node_type_error(type, "an alias has 1 to 100 characters of a-z, 0-9 and -");
    if (!type.run && type.missing.empty()) return node_type_error(type, "a run function is missing");
    if (auto ok = check_ports(type, type.inputs); !ok) return ok;
    if (auto ok = check_ports(type, type.outputs); !ok) return ok;
    if (!type.default_config.is_object()) return node_type_error(type, "default_config must be an object");
    if (auto ok = nodes::check_schema(type.config_schema); !ok) return node_type_error(type, ok.error().message);
    return {};
}

/// Keeps a node to its word: it pushes to ports it has, and ends when asked to.
class CheckedSink final : public ItemSink {
public:
    CheckedSink(const NodeType& type, const NodeContext& context, ItemSink& inner)
        : type_(type), context_(context), inner_(inner) {}

    Result<void> push(std::string_view port, Value item) override {
        if (context_.stop.stop_requested()) return nodes::cancelled_error();
        if (std::none_of(type_.outputs.begin(), type_.outputs.end(), [&](const auto& one) { return one.id == port; }))
            return Error{ErrorCode::internal, "Node type " + type_.node_id + " has no port " + std::string(port)};
        return inner_.push(port, std::move(item));
    }

private:
    const NodeType& type_;
    const NodeContext& context_;
    ItemSink& inner_;
};

Result<void> run_guarded(const NodeType& type, NodeContext& context, ItemSource& in, ItemSink& out) {
    CheckedSink sink(type, context, out);
    try {
        return type.run(context, in, sink);
    } catch (const std::exception& e) {
        return Error{ErrorCode::internal, "Node type " + type.node_id + " threw: " + e.what()};
    } catch (...) {
        return Error{ErrorCode::internal, "Node type " + type.node_id + " threw"};
    }
}

Value ports_value(const std::vector<NodePort>& ports) {
    Value::Array list;
    for (const NodePort& port : ports)
        list.emplace_back(Object{{"id", port.id}, {"label", port.label}, {"type", "items"}});
    return Value(std::move(list));
}

}  // namespace

std::string_view to_string(NodeKind kind) noexcept {
    constexpr std::array<std::string_view, 5> names{"trigger", "source", "transform", "sink", "action"};
    return names[static_cast<std::size_t>(kind)];
}

std::string to_json(const NodeType& type) {
    json::ObjectWriter out;
    out.text("id", type.node_id).text("nodeId", type.node_id).text("label", type.label).text("name", type.node_id);
    out.text("description",
             type.missing.empty() ? type.description : type.description + " Not available: " + type.missing + ".");
    out.text("category", type.category).text("type", to_string(type.kind)).text("nodeType", to_string(type.kind));
    out.text("version", type.version).flag("isSystem", type.is_system).flag("isActive", type.missing.empty());
    out.json("configSchema", to_json(type.config_schema)).json("defaultConfig", to_json(type.default_config));
    out.text_or_null("icon", type.icon.empty() ? std::nullopt : std::optional(type.icon));
    out.json("inputs", to_json(ports_value(type.inputs))).json("outputs", to_json(ports_value(type.outputs)));
    out.texts("tags", type.tags);
    return std::move(out).finish();
}

Result<void> validate(const NodeOptions& options) {
    struct Row {
        std::string_view field;
        std::int64_t value, least, most;
    };
    const auto count = [](std::size_t n) { return static_cast<std::int64_t>(std::min<std::size_t>(n, INT64_MAX)); };
    const std::array rows{
        Row{"max_record_bytes", count(options.max_record_bytes), 1 << 10, 512 << 20},
        Row{"transform_time", options.transform_time.count(), 100, 3'600'000},
        Row{"transform_memory", count(options.transform_memory), 16 << 20, std::int64_t{64} << 30},
        Row{"max_outputs", count(options.max_outputs), 1, 100'000'000},
        Row{"max_distinct", count(options.max_distinct), 1, 100'000'000},
        Row{"part_bytes", count(options.part_bytes), 5 << 20, 16 << 20},
        Row{"connect_timeout", options.connect_timeout.count(), 1'000, 300'000},
    };
    for (const Row& row : rows)
        if (row.value < row.least || row.value > row.most)
            return Error{ErrorCode::invalid_argument, std::string(row.field) + " is out of range",
                         std::string(row.field)};
    return {};
}

NodeRegistry::NodeRegistry() = default;
NodeRegistry::NodeRegistry(const NodeRegistry&) = default;
NodeRegistry& NodeRegistry::operator=(const NodeRegistry&) = default;
NodeRegistry::NodeRegistry(NodeRegistry&&) noexcept = default;
NodeRegistry& NodeRegistry::operator=(NodeRegistry&&) noexcept = default;
NodeRegistry::~NodeRegistry() = default;

Result<NodeRegistry> NodeRegistry::with_builtins(const NodeOptions& options) {
    if (auto valid = validate(options); !valid) return valid.error();
    NodeRegistry registry;
    for (NodeType& type : nodes::builtin_types(options)) {
        type.is_system = true;
        if (auto added = registry.add(std::move(type)); !added) return added.error();
    }
    return registry;
}

Result<void> NodeRegistry::add(NodeType type) {
    if (auto valid = check_type(type); !valid) return valid;
    const auto shared = std::make_shared<const NodeType>(std::move(type));
    std::set<std::string> names(shared->aliases.begin(), shared->aliases.end());
    names.insert(shared->node_id);
    for (const auto& name : names)
        if (by_name_.contains(name))
            return Error{ErrorCode::conflict, "There is a node type " + name + " already", name};
    for (const auto& name : names) by_name_.emplace(name, shared);
    return {};
}

const NodeType* NodeRegistry::find(std::string_view node_id) const noexcept {
    const auto found = by_name_.find(node_id);
    return found == by_name_.end() ? nullptr : found->second.get();
}

std::vector<const NodeType*> NodeRegistry::list() const {
    std::vector<const NodeType*> types;
    for (const auto& [name, type] : by_name_)
        if (name == type->node_id) types.push_back(type.get());
    return types;
}

std::vector<Error> NodeRegistry::check_config(std::string_view node_id, const Value& config,
                                              const Connections* connections) const {
    const NodeType* type = find(node_id);
    if (type == nullptr)
        return {Error{ErrorCode::invalid_argument, "Unknown node type: " + std::string(node_id), "nodeId"}};
    if (!type->missing.empty())
        return {Error{ErrorCode::unsupported, "Node type " + type->node_id + " is not available: " + type->missing,
                      "nodeId"}};
    std::vector<Error> errors;
    nodes::check_value(type->config_schema, config, "config", errors);
    if (!errors.empty()) return errors;
    if (type->check)
        if (auto ok = type->check(config); !ok) errors.push_back(ok.error());
    const std::string name = nodes::config_text(config, "connection");
    if (!type->connection_type.empty() && connections != nullptr && !name.empty()) {
        const Connection* connection = connections->find(name);
        if (connection == nullptr)
            errors.push_back(nodes::config_error("connection", "names no configured connection: " + name));
        else if (connection->type() != type->connection_type)
            errors.push_back(nodes::config_error(
                "connection",
                "must name a connection of type " + type->connection_type + ", not " + connection->type()));
    }
    return errors;
}

Result<void> NodeRegistry::run(std::string_view node_id, NodeContext& context, ItemSource& in, ItemSink& out) const {
    const auto errors = check_config(node_id, context.config, &context.connections);
    auto outcome = errors.empty() ? run_guarded(*find(node_id), context, in, out) : Result<void>(errors.front());
    if (outcome) return outcome;
    Error error = outcome.error();
    error.message = context.connections.redact(std::move(error.message));
    error.subject = context.connections.redact(std::move(error.subject));
    return error;
}

}  // namespace meter
