// Where the nodes and edges of a drawing go: layers as columns, few crossings, short edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "workflow/graph.hpp"

namespace meter::workflow {

/// Measures in pixels.
struct LayoutMeasures {
    std::int64_t node_height = 0;
    std::int64_t gap = 0;  ///< between neighbours in a column
};

/// A place in a column. Whole numbers throughout, so that a drawing is the same to the byte everywhere.
struct Place {
    std::size_t column = 0;
    std::int64_t middle = 0;  ///< from the top
};

struct Layout {
    std::vector<Place> nodes = {};
    /// For each arc the places between its ends where it passes columns; empty for those beyond a size where the
    /// drawing stays linear.
    std::vector<std::vector<Place>> bends = {};
    std::size_t columns = 0;
    std::int64_t height = 0;
};

/// Orders each layer by the barycentres of its neighbours, as Sugiyama, Tagawa and Toda do (IEEE SMC-11, 1981), and
/// moves nodes towards what they are connected with. Cost: a fixed number of passes over nodes, bends and arcs.
Layout lay_out(const Graph& graph, const LayoutMeasures& measures);

}  // namespace meter::workflow
