// A workflow as SVG: layers from left to right, states and counts of a run, no script.
#pragma once

#include <string>

#include "meter/workflow.hpp"

namespace meter::workflow {

/// Draws `workflow`; with `run` nodes are coloured by its states and show its counts. Texts are escaped; readable up to
/// some 50 nodes, linear in nodes and edges beyond. The graph may be unfinished (no edges, unconnected nodes).
std::string draw(const Workflow& workflow, const WorkflowRun* run);

}  // namespace meter::workflow
