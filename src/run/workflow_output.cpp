#include "run/workflow_output.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "meter/json.hpp"
#include "workflow/states.hpp"

namespace meter::run {
namespace {

/// Appends the elements of stored results, without the brackets around them.
void append_items(std::string& out, std::string_view results) {
    if (results.size() <= 2) return;
    if (!out.empty()) out += ',';
    out += results.substr(1, results.size() - 2);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    out += value;
}

std::string as_array(const std::string& items) {
    return "[" + items + "]";
}

/// The items of one URL under their labels; of all labels under "" when the output is flat.
struct UrlItems {
    std::string url;
    std::vector<std::pair<std::string, std::string>> by_label;

    std::string& of(const std::string& label) {
        for (auto& [name, items] : by_label)
            if (name == label) return items;
        return by_label.emplace_back(label, std::string()).second;
    }
};

/// Sums digests modulo 2^256: a hash of a set, whatever the order of its members.
class DigestSum {
public:
    void add(const std::string& digest_hex) {
        std::uint64_t carry = 0;
        for (std::size_t limb = 4; limb-- > 0;) {
            std::uint64_t value = 0;
            for (std::size_t i = limb * 16; i < limb * 16 + 16; ++i) value = value << 4 | digit(digest_hex[i]);
            const std::uint64_t partial = limbs_[limb] + value;
            const std::uint64_t sum = partial + carry;
            carry = (partial < value ? 1U : 0U) | (sum < partial ? 1U : 0U);
            limbs_[limb] = sum;
        }
        ++count_;
    }
    std::string hex() const {
        std::string text = std::to_string(count_);
        for (const std::uint64_t limb : limbs_) text.append(":").append(std::to_string(limb));
        return core::sha256_hex(text);
    }

private:
    static std::uint64_t digit(char hex) { return static_cast<std::uint64_t>(hex <= '9' ? hex - '0' : hex - 'a' + 10); }

    std::array<std::uint64_t, 4> limbs_{};
    std::uint64_t count_ = 0;
};

}  // namespace

Result<void> for_each_output(WorkflowStore& store, NodeOutputQuery query,
                             const std::function<Result<void>(const NodeOutput&)>& each) {
    for (;;) {
        const auto page = store.outputs(query);
        if (!page) return page.error();
        if (page->empty()) return {};
        for (const NodeOutput& output : *page)
            if (auto taken = each(output); !taken) return taken;
        query.first_sequence = page->back().sequence + 1;
    }
}

Result<workflow::Graph> graph_of(const Workflow& definition) {
    std::vector<std::string> names;
    std::unordered_map<std::string, std::size_t> places;
    for (const WorkflowNode& node : definition.nodes) {
        places.emplace(node.node_key, names.size());
        names.push_back(node.node_key);
    }
    std::vector<workflow::Arc> arcs;
    for (const WorkflowEdge& edge : definition.edges) {
        const auto from = places.find(edge.source_node_key);
        const auto to = places.find(edge.target_node_key);
        if (from == places.end() || to == places.end())
            return Error{ErrorCode::invalid_argument, "An edge names a node that is not there", edge.edge_id};
        arcs.push_back({from->second, to->second});
    }
    return workflow::Graph::make(names, arcs);
}

Result<std::string> results_by_url(WorkflowStore& store, const Workflow& definition, const workflow::Graph& graph,
                                   std::string_view run_id, bool flat) {
    std::vector<UrlItems> urls;  // in the order they appear
    std::unordered_map<std::string, std::size_t> places;
    for (const workflow::LeafLabel& leaf : workflow::leaf_labels(graph, definition.nodes)) {
        const std::string label = flat ? std::string() : leaf.label;
        const auto read =
            for_each_output(store, {.run_id = std::string(run_id), .node_id = definition.nodes[leaf.node].node_id},
                            [&](const NodeOutput& output) -> Result<void> {
                                const auto [place, added] = places.emplace(output.url, urls.size());
                                if (added) urls.push_back({output.url, {}});
                                append_items(urls[place->second].of(label), output.results);
                                return {};
                            });
        if (!read) return read.error();
    }
    std::string text = "{";
    for (UrlItems& url : urls) {
        std::string value;
        if (flat) {
            value = as_array(url.of({}));
        } else {
            value = "{";
            for (const auto& [label, items] : url.by_label) append_member(value, label, as_array(items));
            value += '}';
        }
        append_member(text, url.url, value);
        url = {};  // the text takes its place
    }
    return text += '}';
}

Result<std::string> outputs_by_node(WorkflowStore& store, const Workflow& definition, std::string_view run_id) {
    std::string text = "{";
    for (const WorkflowNode& node : definition.nodes) {
        std::string items;
        const auto read = for_each_output(store, {.run_id = std::string(run_id), .node_id = node.node_id},
                                          [&](const NodeOutput& output) -> Result<void> {
                                              append_items(items, output.results);
                                              return {};
                                          });
        if (!read) return read.error();
        append_member(text, node.node_key, as_array(items));
    }
    return text += '}';
}

Result<std::string> leaf_hash(WorkflowStore& store, const Workflow& definition, const workflow::Graph& graph,
                              std::string_view run_id) {
    DigestSum sum;
    for (std::size_t node = 0; node < graph.size(); ++node) {
        if (!graph.is_leaf(node)) continue;
        std::optional<std::string> url;  // of the outputs that are being hashed
        std::optional<core::Sha256> hash;
        const auto close = [&] {
            if (url) sum.add(hash->finish_hex());
        };
        const auto read = for_each_output(store,
                                          {.run_id = std::string(run_id),
                                           .node_id = definition.nodes[node].node_id,
                                           .limit = 1'000,
                                           .with_results = false},
                                          [&](const NodeOutput& output) -> Result<void> {
                                              if (url != output.url) {
                                                  close();
                                                  url = output.url;
                                                  hash.emplace();
                                                  hash->update(definition.nodes[node].node_key + '\n' + *url + '\n');
                                              }
                                              hash->update(output.content_hash + '\n');
                                              return {};
                                          });
        if (!read) return read.error();
        close();
    }
    return sum.hex();
}

}  // namespace meter::run
