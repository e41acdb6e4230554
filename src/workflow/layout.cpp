#include "workflow/layout.hpp"

#include <algorithm>

namespace meter::workflow {
namespace {

constexpr std::size_t most_bends = 4'000;
constexpr int ordering_passes = 8;
constexpr int placing_passes = 8;
constexpr std::int64_t bend_height = 8;
/// Barycentres are kept in parts of a rank.
constexpr std::int64_t rank_parts = 1'000;

/// A node, or the place where an arc passes a layer between its ends.
struct Slot {
    std::size_t layer = 0;
    std::int64_t height = 0;
    std::int64_t rank = 0;
    std::int64_t middle = 0;
    std::vector<std::size_t> before = {}, after = {};  ///< neighbours, towards the first and the last layer
};

struct Slots {
    std::vector<Slot> slots = {};  ///< nodes first
    std::vector<std::vector<std::size_t>> layers = {};
    std::vector<std::vector<std::size_t>> bends = {};  ///< of each arc
};

Slots make_slots(const Graph& graph, std::int64_t node_height) {
    Slots all;
    const auto& layer_of = graph.layers();
    for (std::size_t node = 0; node < graph.size(); ++node) {
        all.slots.push_back({.layer = layer_of[node], .height = node_height});
        all.layers.resize(std::max(all.layers.size(), layer_of[node] + 1));
    }
    std::size_t wanted = 0;
    for (const Arc& arc : graph.arcs()) wanted += layer_of[arc.to] - layer_of[arc.from] - 1;
    all.bends.resize(graph.arcs().size());
    for (std::size_t i = 0; i < graph.arcs().size(); ++i) {
        const Arc& arc = graph.arcs()[i];
        std::size_t last = arc.from;
        const auto connect = [&](std::size_t next) {
            all.slots[last].after.push_back(next);
            all.slots[next].before.push_back(last);
            last = next;
        };
        for (std::size_t layer = layer_of[arc.from] + 1; wanted <= most_bends && layer < layer_of[arc.to]; ++layer) {
            all.slots.push_back({.layer = layer, .height = bend_height});
            all.bends[i].push_back(all.slots.size() - 1);
            connect(all.slots.size() - 1);
        }
        connect(arc.to);
    }
    for (std::size_t slot = 0; slot < all.slots.size(); ++slot) {
        auto& layer = all.layers[all.slots[slot].layer];
        all.slots[slot].rank = static_cast<std::int64_t>(layer.size()) * rank_parts;
        layer.push_back(slot);
    }
    return all;
}

void order_layer(Slots& all, std::vector<std::size_t>& layer, std::vector<std::size_t> Slot::*neighbours) {
    for (const std::size_t index : layer) {
        Slot& slot = all.slots[index];
        const auto& others = slot.*neighbours;
        if (others.empty()) continue;  // stays where it is
        std::int64_t sum = 0;
        for (const std::size_t other : others) sum += all.slots[other].rank;
        slot.rank = sum / static_cast<std::int64_t>(others.size());
    }
    std::stable_sort(layer.begin(), layer.end(),
                     [&](std::size_t a, std::size_t b) { return all.slots[a].rank < all.slots[b].rank; });
    for (std::size_t i = 0; i < layer.size(); ++i) all.slots[layer[i]].rank = static_cast<std::int64_t>(i) * rank_parts;
}

void order_layers(Slots& all) {
    for (int pass = 0; pass < ordering_passes; ++pass) {
        if (pass % 2 == 0)
            for (std::size_t i = 0; i < all.layers.size(); ++i) order_layer(all, all.layers[i], &Slot::before);
        else
            for (std::size_t i = all.layers.size(); i-- > 0;) order_layer(all, all.layers[i], &Slot::after);
    }
}

std::int64_t distance(const Slot& a, const Slot& b, std::int64_t gap) {
    return (a.height + b.height) / 2 + gap;
}

/// Moves a layer's slots towards their neighbours, keeping order and gaps.
void place_layer(Slots& all, const std::vector<std::size_t>& layer, std::int64_t gap) {
    std::vector<std::int64_t> wanted;
    for (const std::size_t index : layer) {
        const Slot& slot = all.slots[index];
        std::int64_t sum = 0;
        for (const std::size_t other : slot.before) sum += all.slots[other].middle;
        for (const std::size_t other : slot.after) sum += all.slots[other].middle;
        const auto count = static_cast<std::int64_t>(slot.before.size() + slot.after.size());
        wanted.push_back(count == 0 ? slot.middle : sum / count);
    }
    std::int64_t shift = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
        Slot& slot = all.slots[layer[i]];
        slot.middle = wanted[i];
        if (i > 0) {
            const Slot& above = all.slots[layer[i - 1]];
            slot.middle = std::max(slot.middle, above.middle + distance(above, slot, gap));
        }
        shift += slot.middle - wanted[i];
    }
    // Pushing went downwards only: the layer as a whole goes back.
    shift /= static_cast<std::int64_t>(layer.size());
    for (const std::size_t index : layer) all.slots[index].middle -= shift;
}

void place_layers(Slots& all, std::int64_t gap) {
    for (const auto& layer : all.layers) {
        std::int64_t top = 0;
        for (std::size_t i = 0; i < layer.size(); ++i) {
            if (i > 0) top += distance(all.slots[layer[i - 1]], all.slots[layer[i]], gap);
            all.slots[layer[i]].middle = top;
        }
        for (const std::size_t index : layer) all.slots[index].middle -= top / 2;
    }
    for (int pass = 0; pass < placing_passes; ++pass) {
        if (pass % 2 == 0)
            for (std::size_t i = 0; i < all.layers.size(); ++i) place_layer(all, all.layers[i], gap);
        else
            for (std::size_t i = all.layers.size(); i-- > 0;) place_layer(all, all.layers[i], gap);
    }
}

}  // namespace

Layout lay_out(const Graph& graph, const LayoutMeasures& measures) {
    Layout layout;
    if (graph.size() == 0) return layout;
    Slots all = make_slots(graph, measures.node_height);
    order_layers(all);
    place_layers(all, measures.gap);

    std::int64_t top = all.slots.front().middle, bottom = top;
    for (const Slot& slot : all.slots) {
        top = std::min(top, slot.middle - slot.height / 2);
        bottom = std::max(bottom, slot.middle + slot.height / 2);
    }
    const auto place = [&](std::size_t slot) { return Place{all.slots[slot].layer, all.slots[slot].middle - top}; };
    for (std::size_t node = 0; node < graph.size(); ++node) layout.nodes.push_back(place(node));
    layout.bends.resize(all.bends.size());
    for (std::size_t arc = 0; arc < all.bends.size(); ++arc)
        for (const std::size_t bend : all.bends[arc]) layout.bends[arc].push_back(place(bend));
    layout.columns = all.layers.size();
    layout.height = bottom - top;
    return layout;
}

}  // namespace meter::workflow
