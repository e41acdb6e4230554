// Lists of node types (wire contract 20.6).
#include <algorithm>
#include <string>
#include <utility>

#include "core/unicode.hpp"
#include "json/object_writer.hpp"
#include "json/sort_text.hpp"
#include "meter/node.hpp"

namespace meter {
namespace {

bool type_list_shows(const NodeType& type, const NodeTypeQuery& query, std::string_view folded_search) {
    if (query.only_active && !type.missing.empty()) return false;
    if (query.category && type.category != *query.category) return false;
    if (query.kind && to_string(type.kind) != *query.kind) return false;
    if (query.is_system && type.is_system != *query.is_system) return false;
    if (folded_search.empty()) return true;
    for (const std::string* text : {&type.node_id, &type.label, &type.description})
        if (core::fold_case(*text).find(folded_search) != std::string::npos) return true;
    return false;
}

std::string type_list_key(const NodeType& type, NodeTypeQuery::Sort sort) {
    switch (sort) {
        case NodeTypeQuery::Sort::label:
            return core::fold_case(type.label);
        case NodeTypeQuery::Sort::category:
            return type.category;
        case NodeTypeQuery::Sort::kind:
            return std::string(to_string(type.kind));
        case NodeTypeQuery::Sort::name:
            break;
    }
    return type.node_id;
}

}  // namespace

Result<void> read_node_type_sort(std::string_view text, NodeTypeQuery& query) {
    static constexpr json::SortFields<NodeTypeQuery::Sort, 5> fields{{
        {"label", NodeTypeQuery::Sort::label},
        {"name", NodeTypeQuery::Sort::name},
        {"nodeId", NodeTypeQuery::Sort::name},
        {"category", NodeTypeQuery::Sort::category},
        {"type", NodeTypeQuery::Sort::kind},
    }};
    return json::read_sort(fields, text, query);
}

std::string node_types_json(const NodeRegistry& registry, const NodeTypeQuery& query) {
    const std::string search = core::fold_case(query.search.value_or(""));
    std::vector<std::pair<std::string, const NodeType*>> found;
    for (const NodeType* type : registry.list())
        if (type_list_shows(*type, query, search)) found.emplace_back(type_list_key(*type, query.sort), type);
    std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
        return query.ascending ? a.first < b.first : b.first < a.first;
    });
    std::string nodes = "[";
    const auto size = static_cast<std::int64_t>(found.size());
    for (std::int64_t i = query.range.offset; i < size && i - query.range.offset < query.range.limit; ++i) {
        if (nodes.size() > 1) nodes += ',';
        nodes += to_json(*found[static_cast<std::size_t>(i)].second);
    }
    json::ObjectWriter out;
    out.integer("count", size).integer("limit", query.range.limit).integer("offset", query.range.offset);
    out.json("nodes", nodes.append("]"));
    return std::move(out).finish();
}

}  // namespace meter
