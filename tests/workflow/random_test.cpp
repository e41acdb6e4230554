// Runs of random workflows, driven as an executor does, against a naive reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "meter/json.hpp"
#include "workflow/flows.hpp"
#include "workflow/graph.hpp"
#include "workflow/inputs.hpp"
#include "workflow/states.hpp"

using namespace meter;

namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t bound) {
    return random() % bound;
}

struct Case {
    std::vector<WorkflowNode> nodes;
    std::vector<WorkflowEdge> edges;
    std::vector<Strategy> strategies;  ///< of each node
    std::int64_t most = 5;
};

constexpr const char* filter_text = R"({"conditions":[{"field":"kind","operator":"equals","value":"a"}]})";
constexpr const char* config_text =
    R"({"id":"id","kind":{"field":"kind","default":"z"},"c":{"value":1},"n":{"field":"n","required":true}})";

Case random_case(Random& random) {
    Case one;
    const std::size_t size = 1 + below(random, 30);
    std::vector<std::size_t> rank(size);  // edges go from lower to higher ranks, whatever the definition order
    for (std::size_t i = 0; i < size; ++i) rank[i] = i;
    std::shuffle(rank.begin(), rank.end(), random);
    std::vector<bool> has_incoming(size);
    std::set<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t tries = below(random, 3 * size + 1); tries > 0; --tries) {
        std::size_t from = below(random, size), to = below(random, size);
        if (from == to) continue;
        if (rank[from] > rank[to]) std::swap(from, to);
        if (!pairs.emplace(from, to).second) continue;
        has_incoming[to] = true;
        one.edges.push_back(test::make_edge("n_" + std::to_string(from), "n_" + std::to_string(to)));
        if (below(random, 3) == 0) one.edges.back().filter_config = filter_text;
    }
    for (std::size_t i = 0; i < size; ++i) {
        const auto type =
            has_incoming[i] ? static_cast<NodeInputType>(1 + below(random, 3)) : NodeInputType::static_urls;
        WorkflowNode node = test::make_node("n_" + std::to_string(i), type);
        if (type == NodeInputType::static_urls && below(random, 2) == 0)
            node.static_urls = std::vector<std::string>{"https://a.test/1", "https://a.test/2"};
        if (type == NodeInputType::trigger_only && below(random, 2) == 0)
            node.static_urls = std::vector<std::string>{"https://t.test/1", "https://t.test/2"};
        Strategy strategy;
        strategy.strategy_id = test::strategy_uuid;
        strategy.url = "https://s.test/x";
        strategy.scraper_type = below(random, 2) == 0 ? ScraperType::api : ScraperType::css;
        if (strategy.scraper_type == ScraperType::api) strategy.api_parameters = R"({"id":0,"kind":"a"})";
        if (below(random, 3) == 0) node.static_parameters = R"({"s":true})";
        if (below(random, 3) == 0) node.parameter_config = config_text;
        one.nodes.push_back(std::move(node));
        one.strategies.push_back(std::move(strategy));
    }
    return one;
}

/// What a scrape of a URL gives at a node: nullopt when it fails. Always the same for the same page and node.
std::optional<std::vector<Value>> scrape(std::size_t seed, std::size_t node, const std::string& url,
                                         const std::string& parameters) {
    std::seed_seq sequence{seed, node, std::hash<std::string>{}(url), std::hash<std::string>{}(parameters)};
    Random random(sequence);
    if (below(random, 4) == 0) return std::nullopt;
    static const std::vector<Value> links{"/1",
                                          "/2",
                                          "https://b.test/3",
                                          "mailto:x@a.test",
                                          "",
                                          nullptr,
                                          Value::Array({Value("/1"), Value("/4"), Value(5)})};
    std::vector<Value> items;
    for (std::size_t count = below(random, 4); count > 0; --count) {
        Object item;
        item.set("id", below(random, 3));
        item.set("link", links[below(random, links.size())]);
        if (below(random, 2) == 0) item.set("kind", below(random, 2) == 0 ? "a" : "b");
        if (below(random, 2) == 0) item.set("n", below(random, 2) == 0 ? Value("") : Value(7));
        items.emplace_back(std::move(item));
    }
    return items;
}

struct Page {
    std::string url;
    std::vector<Value> items;
    bool operator==(const Page&) const = default;
};

struct NodeEnd {
    NodeStatus status = NodeStatus::pending;
    std::int64_t jobs = 0, failed = 0, items = 0, cut = 0;
    std::vector<Page> pages = {};
    bool operator==(const NodeEnd&) const = default;
};

struct RunEnd {
    RunStatus status = RunStatus::pending;
    std::optional<std::string> error = {};
    std::vector<NodeEnd> nodes = {};
    std::map<std::string, std::map<std::string, std::vector<Value>>> output = {};
};

// As an executor does it, with the parts of the library.
RunEnd run_planned(const Case& one, std::size_t seed) {
    const auto graph = workflow::check_workflow(one.nodes, one.edges, workflow::Completeness::required).value();
    std::vector<NodeExecution> states(one.nodes.size());
    RunEnd end;
    end.nodes.resize(one.nodes.size());
    for (std::size_t i = 0; i < states.size(); ++i) states[i].node_key = one.nodes[i].node_key;
    for (auto ready = ready_nodes(graph, states); !ready.empty(); ready = ready_nodes(graph, states)) {
        for (const std::size_t node : ready) {
            NodeExecution& state = states[node];
            NodeEnd& out = end.nodes[node];
            if (upstreams_failed(graph, states, node)) {
                out.status = state.status = NodeStatus::skipped;
                state.skip_reason = SkipReason::upstream_failed;
                continue;
            }
            std::vector<WorkflowEdge> incoming;
            for (const std::size_t arc : graph.incoming(node)) incoming.push_back(one.edges[arc]);
            auto planner =
                workflow::InputPlanner::make(one.nodes[node], one.strategies[node], incoming, one.most).value();
            std::vector<workflow::PlannedInput> inputs;
            for (std::size_t edge = 0; edge < incoming.size(); ++edge)
                for (const Page& page : end.nodes[graph.arcs()[graph.incoming(node)[edge]].from].pages)
                    for (const Value& item : page.items) planner.feed(edge, item, page.url, inputs);
            planner.finish(inputs);
            for (const auto& input : inputs) {
                ++state.job_count;
                if (auto items = scrape(seed, node, input.url, input.parameters.value_or("")))
                    out.pages.push_back({input.url, *std::move(items)});
                else
                    ++state.failed_job_count;
            }
            for (const Page& page : out.pages) state.item_count += static_cast<std::int64_t>(page.items.size());
            state.status = workflow::ended_status(state.job_count, state.failed_job_count, 0);
            if (state.status == NodeStatus::failed) state.error = "broken";
            out.status = state.status;
            out.jobs = state.job_count;
            out.failed = state.failed_job_count;
            out.items = state.item_count;
            out.cut = planner.cut() > 0 ? 1 : 0;
        }
    }
    const auto verdict = workflow::verdict(graph, states);
    end.status = verdict.status;
    end.error = verdict.error;
    for (const auto& leaf : leaf_labels(graph, one.nodes))
        for (const Page& page : end.nodes[leaf.node].pages) {
            auto& list = end.output[page.url][leaf.label];
            list.insert(list.end(), page.items.begin(), page.items.end());
        }
    return end;
}

// The same from the contract's words alone: one node at a time, whole lists, nothing clever.
class Reference {
public:
    Reference(const Case& one, std::size_t seed) : one_(one), seed_(seed), ends_(one.nodes.size()) {}

    RunEnd run() {
        RunEnd end;
        for (std::size_t i = 0; i < one_.nodes.size(); ++i) end.nodes.push_back(node(i));
        bool failed = false, good_leaf = false, first_leaf = true;
        for (std::size_t i = 0; i < one_.nodes.size(); ++i) {
            failed |= end.nodes[i].status == NodeStatus::failed || end.nodes[i].failed > 0;
            const bool leaf = std::none_of(one_.edges.begin(), one_.edges.end(), [&](const WorkflowEdge& edge) {
                return edge.source_node_key == one_.nodes[i].node_key;
            });
            if (!leaf) continue;
            good_leaf |= end.nodes[i].status == NodeStatus::completed;
            const std::string label = first_leaf ? "default" : "n " + std::to_string(i);
            first_leaf = false;
            for (const Page& page : end.nodes[i].pages) {
                auto& list = end.output[page.url][label];
                for (const Value& item : page.items) list.push_back(item);
            }
        }
        end.status = !failed ? RunStatus::completed : good_leaf ? RunStatus::partial : RunStatus::failed;
        return end;
    }

private:
    std::size_t index_of(const std::string& key) const { return static_cast<std::size_t>(std::stoul(key.substr(2))); }

    static bool filled(const Value& item, const char* name) {
        const Value* value = item.find(name);
        return value != nullptr && !value->is_null() && *value != Value("");
    }

    /// nullopt: the item is skipped.
    std::optional<std::string> parameters(std::size_t index, const Value* item) const {
        const WorkflowNode& node = one_.nodes[index];
        if (one_.strategies[index].scraper_type != ScraperType::api) return "";
        std::map<std::string, std::string> set;
        if (node.static_parameters) set["s"] = "true";
        if (item != nullptr && node.parameter_config) {
            set["c"] = "1";
            set["id"] = to_json(*item->find("id"));
            set["kind"] = filled(*item, "kind") ? to_json(*item->find("kind")) : "\"z\"";
            if (!filled(*item, "n")) return std::nullopt;
            set["n"] = to_json(*item->find("n"));
        } else if (item != nullptr && node.input_type == NodeInputType::upstream_data) {
            set["id"] = to_json(*item->find("id"));
            if (filled(*item, "kind")) set["kind"] = to_json(*item->find("kind"));
        }
        std::string text;
        for (const auto& [name, value] : set) text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
        return text.empty() ? "" : text + "}";
    }

    const NodeEnd& node(std::size_t index) {
        if (ends_[index]) return *ends_[index];
        const WorkflowNode& definition = one_.nodes[index];
        NodeEnd end;
        bool any_upstream = false, any_good = false;
        std::vector<std::pair<std::string, Value>> arrived;  // page and item
        for (const WorkflowEdge& edge : one_.edges) {
            if (edge.target_node_key != definition.node_key) continue;
            const NodeEnd& source = node(index_of(edge.source_node_key));
            any_upstream = true;
            any_good |= source.status == NodeStatus::completed;
            for (const Page& page : source.pages)
                for (const Value& item : page.items)
                    if (!edge.filter_config || (item.find("kind") != nullptr && *item.find("kind") == Value("a")))
                        arrived.emplace_back(page.url, item);
        }
        if (any_upstream && !any_good) {
            end.status = NodeStatus::skipped;
            return ends_[index].emplace(std::move(end));
        }
        std::vector<std::pair<std::string, std::string>> inputs;
        const auto add_once = [&](const std::string& url, const std::optional<std::string>& text) {
            if (!text) return;
            const std::pair<std::string, std::string> input{url, *text};
            if (std::find(inputs.begin(), inputs.end(), input) == inputs.end()) inputs.push_back(input);
        };
        const std::string& own_url = one_.strategies[index].url;
        if (definition.input_type == NodeInputType::static_urls) {
            for (const auto& url : *definition.static_urls) inputs.emplace_back(url, *parameters(index, nullptr));
        } else if (definition.input_type == NodeInputType::trigger_only && !arrived.empty()) {
            if (definition.static_urls)
                for (const auto& url : *definition.static_urls) inputs.emplace_back(url, *parameters(index, nullptr));
            else
                inputs.emplace_back(own_url, *parameters(index, nullptr));
        } else if (definition.input_type == NodeInputType::upstream_data) {
            if (one_.strategies[index].scraper_type == ScraperType::api)
                for (const auto& [page, item] : arrived) add_once(own_url, parameters(index, &item));
            else if (!arrived.empty())
                inputs.emplace_back(own_url, "");
        } else if (definition.input_type == NodeInputType::upstream_urls) {
            for (const auto& [page, item] : arrived) {
                const std::string host = page.substr(0, page.find('/', 8));
                const Value* link = item.find("link");
                if (const auto* text = link->if_string()) {
                    if (text->starts_with("/")) add_once(host + *text, parameters(index, &item));
                    if (text->starts_with("https://")) add_once(*text, parameters(index, &item));
                } else if (link->is_array()) {
                    add_once(host + "/1", parameters(index, &item));
                    add_once(host + "/4", parameters(index, &item));
                }
            }
        }
        if (inputs.size() > static_cast<std::size_t>(one_.most)) {
            end.cut = 1;
            inputs.resize(static_cast<std::size_t>(one_.most));
        }
        for (const auto& [url, text] : inputs) {
            ++end.jobs;
            if (auto items = scrape(seed_, index, url, text)) {
                end.items += static_cast<std::int64_t>(items->size());
                end.pages.push_back({url, *std::move(items)});
            } else {
                ++end.failed;
            }
        }
        end.status = end.jobs > 0 && end.failed == end.jobs ? NodeStatus::failed : NodeStatus::completed;
        return ends_[index].emplace(std::move(end));
    }

    const Case& one_;
    std::size_t seed_;
    std::vector<std::optional<NodeEnd>> ends_;
};

}  // namespace

TEST_SUITE("workflow.random") {
    TEST_CASE("500 random workflows end as the naive reference says") {
        std::map<RunStatus, int> seen;
        std::int64_t jobs = 0, cut = 0;
        for (std::size_t seed = 0; seed < 500; ++seed) {
            CAPTURE(seed);
            Random random(static_cast<Random::result_type>(seed));
            const Case one = random_case(random);
            const RunEnd planned = run_planned(one, seed);
            const RunEnd expected = Reference(one, seed).run();
            REQUIRE(planned.status == expected.status);
            REQUIRE(planned.error.has_value() == (expected.status == RunStatus::failed));
            REQUIRE(planned.nodes == expected.nodes);
            REQUIRE(planned.output == expected.output);
            ++seen[planned.status];
            for (const NodeEnd& node : planned.nodes) {
                jobs += node.jobs;
                cut += node.cut;
            }
        }
        // The cases are worth something only when every end is among them.
        CHECK(seen[RunStatus::completed] > 10);
        CHECK(seen[RunStatus::partial] > 10);
        CHECK(seen[RunStatus::failed] > 10);
        CHECK(jobs > 5'000);
        CHECK(cut > 10);
    }
}
