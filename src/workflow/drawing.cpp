#include "workflow/drawing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/unicode.hpp"
#include "workflow/graph.hpp"
#include "workflow/layout.hpp"

namespace meter::workflow {
namespace {

constexpr std::int64_t node_width = 210;
constexpr std::int64_t plain_height = 44;
constexpr std::int64_t run_height = 78;  // two more lines
constexpr std::int64_t column_gap = 80;
constexpr std::int64_t row_gap = 18;
constexpr std::int64_t margin = 20;
constexpr std::int64_t header_height = 56;
constexpr std::int64_t legend_height = 40;
constexpr std::int64_t legend_step = 140;
constexpr std::int64_t least_width = 2 * margin + 8 * legend_step;

constexpr std::size_t key_columns = 24;
constexpr std::size_t note_columns = 32;
constexpr std::size_t heading_columns = 90;
constexpr std::size_t tip_columns = 400;

/// How a state looks. Names are written into the boxes too: colour alone tells nobody enough. Attributes instead of a
/// style sheet: a content security policy may refuse that.
struct Look {
    std::string_view name, paint;
};
constexpr std::array<Look, 7> looks{{
    {"pending", "fill=\"#eceff1\" stroke=\"#78909c\""},
    {"running", "fill=\"#bbdefb\" stroke=\"#1565c0\""},
    {"completed", "fill=\"#c8e6c9\" stroke=\"#2e7d32\""},
    {"failed", "fill=\"#ffcdd2\" stroke=\"#c62828\""},
    {"unchanged", "fill=\"#e0f2f1\" stroke=\"#00897b\""},
    {"upstream_failed", "fill=\"#ffe0b2\" stroke=\"#ef6c00\""},
    {"cancelled", "fill=\"#e1bee7\" stroke=\"#6a1b9a\""},
}};
constexpr std::string_view plain_paint = "fill=\"#fafafa\" stroke=\"#546e7a\"";
constexpr std::string_view edge_paint =
    "fill=\"none\" stroke=\"#546e7a\" stroke-width=\"1.5\" marker-end=\"url(#arrow)\"";
constexpr std::string_view filtered_paint = " stroke-dasharray=\"5 3\"";
constexpr std::string_view heading_font = "font-size=\"18\" font-weight=\"bold\"";
constexpr std::string_view key_font = "font-size=\"14\" font-weight=\"bold\"";
constexpr std::string_view note_font = "font-size=\"12\" fill=\"#37474f\"";

std::size_t look_of(const NodeExecution& node) noexcept {
    switch (node.status) {
        case NodeStatus::pending:
            return 0;
        case NodeStatus::running:
            return 1;
        case NodeStatus::completed:
            return 2;
        case NodeStatus::failed:
            return 3;
        case NodeStatus::skipped:
            return node.skip_reason == SkipReason::upstream_failed ? 5 : 4;
        case NodeStatus::cancelled:
            break;
    }
    return 6;
}

/// What XML 1.0 section 2.2 allows in a document; the rest is U+FFFD.
bool is_xml_character(char32_t c) noexcept {
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xFFFE && !(c >= 0xD800 && c < 0xE000)) ||
           c >= 0x10000;
}

/// Wide scripts and pictures take two columns; near enough for clipping.
std::size_t columns_of(char32_t c) noexcept {
    return c >= 0x1100 && !(c >= 0x1E00 && c < 0x2E80) ? 2 : 1;
}

/// The text escaped for content and attribute values, cut to so many columns.
std::string clipped(std::string_view text, std::size_t columns) {
    const std::string valid = core::sanitize_utf8(text.substr(0, columns * 4 + 4));
    std::string out;
    std::size_t used = 0;
    for (std::size_t pos = 0; pos < valid.size();) {
        char32_t c = core::next_code_point(valid, pos);
        used += columns_of(c);
        if (used > columns) return out + "\u2026";
        if (!is_xml_character(c)) c = 0xFFFD;
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                core::append_utf8(out, c);
        }
    }
    return out;
}

std::string number(std::int64_t value) {
    return std::to_string(value);
}

/// "1 job", "2 jobs".
std::string counted(std::int64_t count, std::string_view noun) {
    std::string text = number(count) + " ";
    text += noun;
    return count == 1 ? text : text + "s";
}

std::string counts_of(std::int64_t jobs, std::int64_t failed, std::int64_t reused) {
    std::string text = counted(jobs, "job");
    if (failed > 0) text += ", " + number(failed) + " failed";
    if (reused > 0) text += ", " + number(reused) + " reused";
    return text;
}

/// What a node runs on, in a few words.
std::string input_note(const WorkflowNode& node) {
    std::string note(to_string(node.input_type));
    if (node.input_type == NodeInputType::upstream_urls) return note + ": " + node.url_field.value_or("");
    if (node.static_urls && !node.static_urls->empty())
        note += ": " + counted(static_cast<std::int64_t>(node.static_urls->size()), "URL");
    return note;
}

/// One drawing, written from top to bottom.
class Drawing {
public:
    Drawing(const Workflow& workflow, const WorkflowRun* run) : workflow_(workflow), run_(run) {
        std::vector<std::string> names;
        std::unordered_map<std::string_view, std::size_t> index_of;
        for (const WorkflowNode& node : workflow.nodes) {
            index_of.emplace(node.node_key, names.size());
            names.push_back(node.node_key);
        }
        std::vector<Arc> arcs;
        for (const WorkflowEdge& edge : workflow.edges) {
            const auto source = index_of.find(edge.source_node_key), target = index_of.find(edge.target_node_key);
            if (source == index_of.end() || target == index_of.end()) continue;
            arcs.push_back({source->second, target->second});
            edges_.push_back(&edge);
        }
        if (auto graph = Graph::make(names, arcs)) graph_ = *std::move(graph);
        // What was never checked is drawn as far as it goes: nodes without edges.
        else if (auto alone = Graph::make(names, {}))
            graph_ = *std::move(alone);
        node_height_ = run != nullptr ? run_height : plain_height;
        layout_ = lay_out(graph_, {.node_height = node_height_, .gap = row_gap});
        if (run != nullptr) match_run();
    }

    std::string write() && {
        const auto columns = static_cast<std::int64_t>(layout_.columns);
        const std::int64_t width = std::max(
            least_width, 2 * margin + columns * node_width + std::max<std::int64_t>(columns - 1, 0) * column_gap);
        const std::int64_t height = header_height + layout_.height + 2 * margin + legend_height;
        out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" font-family=\"sans-serif\" width=\"" +
               number(width) + "\" height=\"" + number(height) + "\" viewBox=\"0 0 " + number(width) + " " +
               number(height) + "\">\n<title>" + clipped(workflow_.name, heading_columns) + "</title>\n";
        write_definitions();
        out_ += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
        write_header();
        out_.append("<g ").append(edge_paint).append(">\n");
        for (std::size_t arc = 0; arc < graph_.arcs().size(); ++arc) write_edge(arc);
        out_ += "</g>\n";
        for (std::size_t node = 0; node < graph_.size(); ++node) write_node(node);
        write_legend(height - legend_height);
        out_ += "</svg>\n";
        return std::move(out_);
    }

private:
    void match_run() {
        std::unordered_map<std::string_view, const NodeExecution*> by_id, by_key;
        for (const NodeExecution& node : run_->node_executions) {
            by_id.emplace(node.node_id, &node);
            by_key.emplace(node.node_key, &node);
        }
        for (const WorkflowNode& node : workflow_.nodes) {
            const auto id = by_id.find(node.node_id);
            const auto key = by_key.find(node.node_key);
            executions_.push_back(!node.node_id.empty() && id != by_id.end() ? id->second
                                  : key != by_key.end()                      ? key->second
                                                                             : nullptr);
        }
    }

    void write_definitions() {
        out_ +=
            "<defs>\n<marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"6\" "
            "markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#546e7a\"/></marker>\n"
            "<clipPath id=\"box\"><rect width=\"" +
            number(node_width) + "\" height=\"" + number(node_height_) + "\"/></clipPath>\n</defs>\n";
    }

    void write_text(std::int64_t x, std::int64_t y, std::string_view font, std::string_view text, std::size_t columns) {
        out_.append("<text ").append(font);
        out_ += " x=\"" + number(x) + "\" y=\"" + number(y) + "\">" + clipped(text, columns) + "</text>\n";
    }

    void write_header() {
        write_text(margin, margin + 8, heading_font, workflow_.name, heading_columns);
        std::string line = counted(static_cast<std::int64_t>(workflow_.nodes.size()), "node") + ", " +
                           counted(static_cast<std::int64_t>(workflow_.edges.size()), "edge");
        if (run_ != nullptr) {
            std::int64_t jobs = 0, failed = 0, items = 0, reused = 0;
            for (const NodeExecution& node : run_->node_executions) {
                jobs += node.job_count;
                failed += node.failed_job_count;
                items += node.item_count;
                reused += node.reused_count;
            }
            line += "; run " + std::string(to_string(run_->status)) + ": " + counted(items, "item") + ", " +
                    counts_of(jobs, failed, reused);
        }
        write_text(margin, margin + 28, note_font, line, heading_columns);
    }

    std::int64_t left_of(const Place& place) const {
        return margin + static_cast<std::int64_t>(place.column) * (node_width + column_gap);
    }
    std::int64_t middle_of(const Place& place) const { return header_height + margin + place.middle; }

    /// From the right side of a column to the left side of another; straight through the columns between.
    void write_edge(std::size_t index) {
        const Arc& arc = graph_.arcs()[index];
        const WorkflowEdge& edge = *edges_[index];
        std::int64_t x = left_of(layout_.nodes[arc.from]) + node_width, y = middle_of(layout_.nodes[arc.from]);
        std::string path = "M" + number(x) + " " + number(y);
        const auto curve_to = [&](const Place& place) {
            const std::int64_t to_x = left_of(place), to_y = middle_of(place), half = (x + to_x) / 2;
            path += " C" + number(half) + " " + number(y) + " " + number(half) + " " + number(to_y) + " " +
                    number(to_x) + " " + number(to_y);
            x = to_x;
            y = to_y;
        };
        for (const Place& bend : layout_.bends[index]) {
            curve_to(bend);
            x += node_width;
            path += " L" + number(x) + " " + number(y);
        }
        curve_to(layout_.nodes[arc.to]);
        out_ += "<path";
        if (edge.filter_config) out_ += filtered_paint;
        out_ += " d=\"" + path + "\"><title>" + clipped(edge.source_node_key, tip_columns) + " \u2192 " +
                clipped(edge.target_node_key, tip_columns) + (edge.filter_config ? " (filtered)" : "") +
                "</title></path>\n";
    }

    void write_node(std::size_t index) {
        const WorkflowNode& node = workflow_.nodes[index];
        const NodeExecution* execution = run_ != nullptr ? executions_[index] : nullptr;
        out_ += "<g transform=\"translate(" + number(left_of(layout_.nodes[index])) + " " +
                number(middle_of(layout_.nodes[index]) - node_height_ / 2) + ")\" clip-path=\"url(#box)\">\n<title>" +
                clipped(node.node_key, tip_columns);
        if (execution != nullptr && execution->error) out_ += ": " + clipped(*execution->error, tip_columns);
        out_ += "</title>\n<rect ";
        out_ += execution != nullptr ? looks[look_of(*execution)].paint : plain_paint;
        out_ += " x=\"1\" y=\"1\" width=\"" + number(node_width - 2) + "\" height=\"" + number(node_height_ - 2) +
                "\" rx=\"6\"/>\n";
        write_text(10, 18, key_font, node.node_key, key_columns);
        write_text(10, 35, note_font, input_note(node), note_columns);
        if (execution != nullptr) {
            std::string state(looks[look_of(*execution)].name);
            write_text(10, 52, note_font, state + ": " + counted(execution->item_count, "item"), note_columns);
            write_text(10, 69, note_font,
                       counts_of(execution->job_count, execution->failed_job_count, execution->reused_count),
                       note_columns);
        }
        out_ += "</g>\n";
    }

    /// The states with how many nodes are in each; without a run what lines mean.
    void write_legend(std::int64_t top) {
        const std::int64_t middle = top + legend_height / 2;
        std::int64_t x = margin;
        if (run_ != nullptr) {
            std::array<std::int64_t, looks.size()> counts{};
            for (const NodeExecution* execution : executions_)
                if (execution != nullptr) ++counts[look_of(*execution)];
            for (std::size_t i = 0; i < looks.size(); ++i) {
                out_.append("<rect ").append(looks[i].paint);
                out_ += " x=\"" + number(x) + "\" y=\"" + number(middle - 7) + "\" width=\"14\" height=\"14\"/>\n";
                write_text(x + 20, middle + 4, note_font, std::string(looks[i].name) + " " + number(counts[i]),
                           note_columns);
                x += legend_step;
            }
        }
        out_.append("<path ").append(edge_paint).append(filtered_paint);
        out_ += " d=\"M" + number(x) + " " + number(middle) + " L" + number(x + 40) + " " + number(middle) + "\"/>\n";
        write_text(x + 48, middle + 4, note_font, "with a filter", note_columns);
    }

    const Workflow& workflow_;
    const WorkflowRun* run_;
    Graph graph_;
    std::vector<const WorkflowEdge*> edges_;  ///< of the graph's arcs
    std::int64_t node_height_ = plain_height;
    Layout layout_;
    std::vector<const NodeExecution*> executions_;  ///< of the workflow's nodes; null for those the run has not
    std::string out_;
};

}  // namespace

std::string draw(const Workflow& workflow, const WorkflowRun* run) {
    return Drawing(workflow, run).write();
}

}  // namespace meter::workflow
