// Random graphs with random failures, against an executor that does it the simple way.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/flow.hpp"
#include "meter/change.hpp"

using namespace meter;

namespace {

constexpr int pages = 8;

using Items = std::vector<std::pair<std::string, std::string>>;  // name and link

/// A site of a few pages that link to each other; some of them fail.
struct World {
    std::map<std::string, Items> items;
    std::set<std::string> broken;

    bool fails(const std::string& url) const { return broken.contains(url); }
};

World random_world(std::mt19937& random) {
    World world;
    for (int page = 0; page < pages; ++page) {
        Items items;
        for (int count = static_cast<int>(random() % 4); count > 0; --count)
            items.emplace_back(random() % 3 == 0 ? "odd" : "even", flow::at("p" + std::to_string(random() % pages)));
        const std::string url = flow::at("p" + std::to_string(page));
        if (random() % 5 == 0) world.broken.insert(url);
        world.items[url] = std::move(items);
    }
    return world;
}

std::string random_url(std::mt19937& random) {
    return flow::at("p" + std::to_string(random() % pages));
}

WorkflowRequest random_workflow(std::mt19937& random, const std::string& strategy_id) {
    WorkflowRequest request;
    request.name = "Random";
    const std::size_t count = 1 + random() % 30;
    for (std::size_t i = 0; i < count; ++i) {
        WorkflowNode node;
        node.node_key = "n" + std::to_string(i);
        node.strategy_id = strategy_id;
        std::set<std::size_t> sources;
        if (i > 0 && random() % 5 != 0)
            for (std::size_t n = 1 + random() % 2; n > 0; --n) sources.insert(random() % i);
        if (sources.empty()) {
            node.static_urls.emplace();
            for (std::size_t n = 1 + random() % 2; n > 0; --n) node.static_urls->push_back(random_url(random));
        } else {
            switch (random() % 4) {
                case 0:
                    node.input_type = NodeInputType::upstream_data;
                    if (random() % 2 == 0) node.static_urls = {{random_url(random)}};
                    break;
                case 1:
                    node.input_type = NodeInputType::trigger_only;
                    node.static_urls = {{random_url(random), random_url(random)}};
                    break;
                default:
                    node.input_type = NodeInputType::upstream_urls;
                    node.url_field = "link";
            }
        }
        for (const std::size_t source : sources) {
            WorkflowEdge edge;
            edge.source_node_key = "n" + std::to_string(source);
            edge.target_node_key = node.node_key;
            if (random() % 3 == 0)
                edge.filter_config = R"({"conditions":[{"field":"name","operator":"equals","value":"odd"}]})";
            request.edges.push_back(std::move(edge));
        }
        request.nodes.push_back(std::move(node));
    }
    return request;
}

/// What a node came to.
struct Expected {
    NodeStatus status = NodeStatus::completed;
    std::int64_t jobs = 0, failed = 0, items = 0;
    std::vector<std::pair<std::string, Items>> outputs;
};

bool is_good(const Expected& node) {
    return node.status == NodeStatus::completed;
}

std::vector<std::string> urls_of(const WorkflowNode& node, const Items& arrived) {
    std::vector<std::string> urls;
    switch (node.input_type) {
        case NodeInputType::static_urls:
            return *node.static_urls;
        case NodeInputType::trigger_only:
            if (!arrived.empty()) urls = *node.static_urls;
            return urls;
        case NodeInputType::upstream_data:
            if (!arrived.empty()) urls.push_back(node.static_urls ? node.static_urls->front() : flow::at("sample"));
            return urls;
        case NodeInputType::upstream_urls:
            for (const auto& [name, link] : arrived)
                if (std::find(urls.begin(), urls.end(), link) == urls.end()) urls.push_back(link);
            return urls;
    }
    return urls;
}

/// Nodes come after their sources, so one walk does it.
std::map<std::string, Expected> execute_simply(const WorkflowRequest& request, const World& world) {
    std::map<std::string, Expected> nodes;
    for (const WorkflowNode& node : request.nodes) {
        Expected expected;
        Items arrived;
        int sources = 0, good = 0;
        for (const WorkflowEdge& edge : request.edges) {
            if (edge.target_node_key != node.node_key) continue;
            ++sources;
            const Expected& source = nodes.at(edge.source_node_key);
            good += is_good(source) ? 1 : 0;
            for (const auto& [url, items] : source.outputs)
                for (const auto& item : items)
                    if (!edge.filter_config || item.first == "odd") arrived.push_back(item);
        }
        if (sources > 0 && good == 0) {
            expected.status = NodeStatus::skipped;
        } else {
            for (const std::string& url : urls_of(node, arrived)) {
                ++expected.jobs;
                if (world.fails(url)) {
                    ++expected.failed;
                    continue;
                }
                const Items items = url == flow::at("sample") ? Items{{"sample", url}} : world.items.at(url);
                expected.items += static_cast<std::int64_t>(items.size());
                expected.outputs.emplace_back(url, items);
            }
            if (expected.jobs > 0 && expected.failed == expected.jobs) expected.status = NodeStatus::failed;
        }
        nodes[node.node_key] = std::move(expected);
    }
    return nodes;
}

RunStatus expected_status(const WorkflowRequest& request, const std::map<std::string, Expected>& nodes) {
    bool trouble = false, good_leaf = false;
    for (const auto& [key, node] : nodes) {
        trouble = trouble || node.failed > 0 || node.status == NodeStatus::failed;
        const bool leaf = std::none_of(request.edges.begin(), request.edges.end(),
                                       [&, k = key](const WorkflowEdge& edge) { return edge.source_node_key == k; });
        good_leaf = good_leaf || (leaf && is_good(node));
    }
    if (!trouble) return RunStatus::completed;
    return good_leaf ? RunStatus::partial : RunStatus::failed;
}

Value expected_output(const WorkflowRequest& request, const std::map<std::string, Expected>& nodes) {
    std::map<std::string, Value::Array> by_url;
    for (const WorkflowNode& node : request.nodes) {
        const bool leaf = std::none_of(request.edges.begin(), request.edges.end(),
                                       [&](const WorkflowEdge& edge) { return edge.source_node_key == node.node_key; });
        if (!leaf) continue;
        for (const auto& [url, items] : nodes.at(node.node_key).outputs) {
            auto& list = by_url[url];
            for (const auto& [name, link] : items) list.push_back(Object{{"name", name}, {"link", link}});
        }
    }
    Object output;
    for (auto& [url, list] : by_url) output.set(url, Value(std::move(list)));
    return Value(std::move(output));
}

}  // namespace

TEST_SUITE("engine.workflow_random") {
    TEST_CASE("500 random graphs with random failures run as the simple executor says") {
        flow::Fixture fixture;
        std::mt19937 random(20250115);
        std::map<RunStatus, int> seen;
        for (int round = 0; round < 500; ++round) {
            CAPTURE(round);
            const World world = random_world(random);
            for (const auto& [url, items] : world.items) {
                if (world.fails(url))
                    fixture.site->failure(url, {ErrorCode::network, "Connection failed: connection refused"});
                else
                    fixture.site->page(url, flow::page(items));
            }
            const auto request = random_workflow(random, fixture.strategy_id);
            const auto workflow = fixture.engine->create_workflow(request).value();
            const auto expected = execute_simply(request, world);

            // The second run has the same to do; what it hands on may be what the first one had.
            for (const bool again : {false, true}) {
                if (again && round % 4 != 0) continue;
                CAPTURE(again);
                const auto run = fixture.run(workflow);
                REQUIRE(run.status == expected_status(request, expected));
                for (const NodeExecution& node : run.node_executions) {
                    CAPTURE(node.node_key);
                    const Expected& wanted = expected.at(node.node_key);
                    const bool unchanged = node.skip_reason == SkipReason::unchanged;
                    REQUIRE((unchanged ? NodeStatus::completed : node.status) == wanted.status);
                    REQUIRE(node.item_count == wanted.items);
                    REQUIRE(node.failed_job_count == wanted.failed);
                    REQUIRE(node.job_count + node.reused_count == wanted.jobs);
                    if (!again) REQUIRE(node.reused_count == 0);
                }
                if (again && run.status != RunStatus::failed) CHECK(run.changed_since_previous == false);
                ++seen[run.status];
                if (run.status == RunStatus::failed) continue;
                const auto output = fixture.output(workflow, {.flat = true});
                REQUIRE(canonical_json(*output.find("final_results_by_url")) ==
                        canonical_json(expected_output(request, expected)));
            }
        }
        CHECK(fixture.store->check().value().empty());
        CHECK(seen[RunStatus::completed] > 20);
        CHECK(seen[RunStatus::partial] > 20);
        CHECK(seen[RunStatus::failed] > 10);
    }
}
