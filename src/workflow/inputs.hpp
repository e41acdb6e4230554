// From the items that reach a node to the inputs of its jobs (wire contract 19.2 to 19.4). Pure, one item at a time.
// The items in the stored results of a job are those of items_of() (meter/schema.hpp), which takes the wrapper of the
// strategy's output schema off; without the schema it cannot be told from an item with one list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/strategy.hpp"
#include "meter/value.hpp"
#include "meter/workflow.hpp"

namespace meter::workflow {

/// What one job of a node runs on.
struct PlannedInput {
    std::string url = {};
    std::optional<std::string> parameters = {};  ///< JSON object text, sorted names; api strategies only, none: nullopt
    /// Over URL, parameters and the feeding item; without per_item() over all items that passed instead. Hex.
    std::string feed_hash = {};
};

/// Makes the inputs of one node of one run. The same items in the same order give the same inputs, so that planning
/// that was cut off begins anew and skips what is stored. Memory: 16 bytes and a set's overhead for each input, up to
/// `most`. Inputs are alike, and made once, when URL and parameters are (wire contract 19.2); static_urls are not
/// looked through.
class InputPlanner {
public:
    /// `edges` are the incoming ones, in creation order. `most`: inputs beyond it are cut.
    /// Errors: invalid_argument for members that do not parse (they were checked when they were stored).
    static Result<InputPlanner> make(const WorkflowNode& node, const Strategy& strategy,
                                     const std::vector<WorkflowEdge>& edges, std::int64_t most);

    /// Takes one item of the source of `edges[edge]`, found on the page at `page_url`; appends what it makes to `out`.
    void feed(std::size_t edge, const Value& item, std::string_view page_url, std::vector<PlannedInput>& out);
    /// After the last item: what is made once, and the inputs of nodes without upstreams.
    void finish(std::vector<PlannedInput>& out);

    /// Canonical hash of the items that passed the edges so far, in order, those that make no input included.
    std::string input_hash() const;
    std::int64_t passed() const noexcept;  ///< items that passed
    /// Inputs left out because of `most`. Those alike are counted each: what is left out is not remembered.
    std::int64_t cut() const noexcept;
    /// Does each input come from one item, so that an earlier output of it can be handed on while the node's input has
    /// changed: upstream_urls, and upstream_data of api strategies (wire contract 19.6)?
    bool per_item() const noexcept;

    InputPlanner(InputPlanner&&) noexcept;
    InputPlanner& operator=(InputPlanner&&) noexcept;
    ~InputPlanner();

private:
    struct Impl;
    explicit InputPlanner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What decides whether an earlier output of the node may be handed on: the strategy's id and updated_at, the node's
/// members, its incoming edges with their filters (wire contract 19.6). A hex digest.
std::string node_signature(const WorkflowNode& node, const Strategy& strategy, const std::vector<WorkflowEdge>& edges);

}  // namespace meter::workflow
