// meter-scrape: a strategy run on URLs, or on what the items that arrive say, as jobs like all others.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/id.hpp"
#include "core/url_text.hpp"
#include "engine/engine_nodes.hpp"
#include "engine/impl.hpp"
#include "json/wire_parts.hpp"
#include "meter/json.hpp"
#include "workflow/inputs.hpp"
#include "workflow/parameters.hpp"

namespace meter {
namespace {

constexpr std::size_t most_open_jobs = 64;  // of one node
constexpr std::chrono::hours longest_job_look{1};

const Value* scrape_member(const Value& config, std::string_view name) {
    const Value* value = config.find(name);
    return value != nullptr && !value->is_null() ? value : nullptr;
}

std::string scrape_text(const Value& config, std::string_view name) {
    const Value* value = scrape_member(config, name);
    return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

std::vector<std::string> scrape_urls(const Value& config) {
    if (scrape_member(config, "url") != nullptr) return {scrape_text(config, "url")};
    std::vector<std::string> urls;
    if (const Value* list = scrape_member(config, "urls"))
        for (const Value& url : *list->if_array()) urls.push_back(*url.if_string());
    return urls;
}

Result<void> check_scrape(const Value& config) {
    if (!core::normalize_uuid(scrape_text(config, "strategyId")))
        return bad_request("config.strategyId must be a UUID", "config.strategyId");
    int given = 0;
    for (const std::string_view name : {"url", "urls", "urlField"}) given += scrape_member(config, name) != nullptr;
    if (given != 1) return bad_request("config needs one of url, urls and urlField", "config.url");
    const auto urls = scrape_urls(config);
    const bool several = scrape_member(config, "urls") != nullptr;
    for (std::size_t i = 0; i < urls.size(); ++i)
        if (!core::validate_url(urls[i])) {
            const std::string member = several ? "config.urls." + std::to_string(i) : "config.url";
            return bad_request(member + " must be an absolute http or https URL", member);
        }
    if (const Value* parameters = scrape_member(config, "parameters"))
        for (const auto& [name, value] : *parameters->if_object())
            if (!json::is_parameter(value))
                return bad_request("config.parameters." + name + " must be a scalar or an array of scalars",
                                   "config.parameters." + name);
    const Value* map = scrape_member(config, "parameterConfig");
    if (map == nullptr) return {};
    if (several) return bad_request("config.parameterConfig goes with url or urlField", "config.parameterConfig");
    if (auto parsed = workflow::ParameterMap::parse(*map, "config.parameterConfig"); !parsed) return parsed.error();
    return {};
}

/// The node as one of a Meter workflow, whose rules for inputs hold here too (wire contract 19.2, 19.3).
WorkflowNode as_workflow_node(const NodeContext& context) {
    WorkflowNode node;
    node.node_key = context.node_id;
    node.static_urls = scrape_urls(context.config);
    if (const Value* parameters = scrape_member(context.config, "parameters"))
        node.static_parameters = to_json(*parameters);
    if (const Value* map = scrape_member(context.config, "parameterConfig")) node.parameter_config = to_json(*map);
    if (scrape_member(context.config, "urlField") != nullptr) {
        node.input_type = NodeInputType::upstream_urls;
        node.url_field = scrape_text(context.config, "urlField");
    } else if (!context.has_inputs) {
        node.input_type = NodeInputType::static_urls;
    } else {
        node.input_type = node.parameter_config ? NodeInputType::upstream_data : NodeInputType::trigger_only;
    }
    return node;
}

/// One run of the node. A failed job is a warning as long as another one completes (wire contract 19.5). Run anew after
/// its process ended, it finds the jobs that it had queued by their ids, and queues only the others.
class ScrapeNodeRun {
public:
    ScrapeNodeRun(const EngineNodeParts& parts, const NodeContext& context, ItemSink& out)
        : parts_(parts), context_(context), out_(out) {}

    Result<void> go(ItemSource& in) {
        auto outcome = read_and_scrape(in);
        if (outcome || left_for_later(context_)) return outcome;
        for (const std::string& job : open_) {
            (void)parts_.store->jobs().fail_unfinished(context_.account_id, job, context_.clock.now(), "Cancelled");
            parts_.runner.cancel_job(job);
        }
        return outcome;
    }

private:
    Result<void> read_and_scrape(ItemSource& in) {
        const auto id = core::normalize_uuid(scrape_text(context_.config, "strategyId"));
        auto strategy = parts_.store->strategies().find(context_.account_id, id.value_or(""));
        if (!strategy) return strategy.error();
        if (!*strategy) return Error{ErrorCode::not_found, "Strategy not found", "config.strategyId"};
        strategy_ = **std::move(strategy);
        auto schema = schema_of(strategy_);
        if (!schema) return schema.error();
        schema_ = *std::move(schema);
        auto planner =
            workflow::InputPlanner::make(as_workflow_node(context_), strategy_, {WorkflowEdge{}}, parts_.max_node_jobs);
        if (!planner) return planner.error();

        std::vector<workflow::PlannedInput> inputs;
        while (context_.has_inputs) {
            if (context_.stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled"};
            auto item = in.next();
            if (!item) return item.error();
            if (!*item) break;
            // Items do not tell which page they are from: the strategy's own is of the same site.
            planner->feed(0, **item, strategy_.url, inputs);
            if (inputs.size() < most_open_jobs) continue;
            if (auto scraped = scrape(*planner, inputs); !scraped) return scraped;
        }
        planner->finish(inputs);
        if (auto scraped = scrape(*planner, inputs); !scraped) return scraped;
        if (auto drained = drain(0); !drained) return drained;
        if (completed_ == 0 && failed_ > 0)
            return Error{
                ErrorCode::network,
                failed_ == 1 ? first_failure_ : "All " + std::to_string(failed_) + " jobs failed: " + first_failure_,
                {},
                true};
        if (failed_ > 0)
            context_.logger.log(LogLevel::warning, "some jobs failed",
                                {{"node", context_.node_id},
                                 {"failed", std::to_string(failed_)},
                                 {"completed", std::to_string(completed_)},
                                 {"first", first_failure_}});
        return {};
    }

    /// Queues these inputs, never more than `most_open_jobs` at once.
    Result<void> scrape(const workflow::InputPlanner& planner, std::vector<workflow::PlannedInput>& inputs) {
        if (planner.cut() > 0)
            return Error{ErrorCode::too_large,
                         "There are more than " + std::to_string(parts_.max_node_jobs) + " pages to scrape"};
        for (std::size_t begin = 0; begin < inputs.size();) {
            if (auto drained = drain(most_open_jobs / 2); !drained) return drained;
            if (parts_.runner.stopping()) return Error{ErrorCode::unavailable, "The engine is stopping", {}, true};
            if (parts_.runner.pending_estimate() >= parts_.max_pending)
                return Error{ErrorCode::unavailable, "The job queue is full", {}, true};
            std::vector<Job> jobs;
            std::vector<std::string> ids;
            for (; begin < inputs.size() && open_.size() + ids.size() < most_open_jobs; ++begin) {
                Job job = job_for(std::move(inputs[begin]));
                ids.push_back(job.job_id);
                const auto there = is_queued(job.job_id);
                if (!there) return there.error();
                if (!*there) jobs.push_back(std::move(job));
            }
            if (!jobs.empty())
                if (auto stored = parts_.store->jobs().insert(jobs, std::nullopt); !stored) return stored.error();
            open_.insert(open_.end(), ids.begin(), ids.end());
            parts_.runner.notify(jobs.size());
        }
        inputs.clear();
        return {};
    }

    /// Did this try queue it before?
    Result<bool> is_queued(const std::string& job_id) const {
        if (context_.try_id.empty()) return false;
        const auto job = parts_.store->jobs().find(context_.account_id, job_id);
        if (!job) return job.error();
        return job->has_value();
    }

    Job job_for(workflow::PlannedInput input) {
        Job job;
        job.created_at = context_.clock.now();
        job.job_id =
            context_.try_id.empty()
                ? core::new_uuid(job.created_at)
                : core::derived_uuid(context_.started_at, made_++,
                                     context_.try_id + "\n" + input.url + "\n" + input.parameters.value_or(""));
        job.account_id = strategy_.account_id;
        job.strategy_id = strategy_.strategy_id;
        job.url = std::move(input.url);
        job.parameters = std::move(input.parameters);
        return job;
    }

    /// Waits for the oldest jobs, in order, until at most `left` are open, and hands their items on.
    Result<void> drain(std::size_t left) {
        while (open_.size() > left) {
            auto job = wait_for(open_.front());
            if (!job) return job.error();
            open_.pop_front();
            if (*job && (*job)->status == JobStatus::completed) {
                ++completed_;
                const std::string results = (*job)->results.value_or("[]");
                if (auto pushed = push_results(schema_ ? &*schema_ : nullptr, results, out_); !pushed) return pushed;
                continue;
            }
            if (++failed_ == 1)
                first_failure_ = *job ? (*job)->url + ": " + (*job)->error.value_or("failed") : "Strategy not found";
        }
        return {};
    }

    /// The job when it has ended; nullopt when it went away, with its strategy.
    Result<std::optional<Job>> wait_for(const std::string& job_id) {
        std::optional<Job> seen;
        for (;;) {
            if (parts_.run_pending)
                if (auto ran = parts_.run_pending(context_.stop); !ran) return ran.error();
            const auto ended = parts_.runner.wait(
                job_id, context_.clock.now() + longest_job_look, context_.stop, [&]() -> Result<bool> {
                    auto job = parts_.store->jobs().find(context_.account_id, job_id);
                    if (!job) return job.error();
                    seen = *std::move(job);
                    return !seen || seen->status == JobStatus::completed || seen->status == JobStatus::failed;
                });
            if (!ended) return ended.error();
            if (*ended) return seen;
        }
    }

    const EngineNodeParts& parts_;
    const NodeContext& context_;
    ItemSink& out_;
    Strategy strategy_ = {};
    std::optional<OutputSchema> schema_ = {};
    std::deque<std::string> open_ = {};  ///< ids, oldest first
    std::uint64_t made_ = 0;             ///< jobs of this run, found again or new
    std::int64_t completed_ = 0, failed_ = 0;
    std::string first_failure_ = {};
};

}  // namespace

NodeType meter_scrape_type(std::shared_ptr<const EngineNodeParts> parts) {
    NodeType type;
    type.node_id = "meter-scrape";
    type.label = "Meter scrape";
    type.description = "Runs a strategy on pages and emits the items found there.";
    type.category = "meter";
    type.kind = NodeKind::source;
    type.tags = {"scraping"};
    type.is_system = true;
    type.config_schema = parse_json(R"({"type": "object", "required": ["strategyId"], "properties": {
        "strategyId": {"type": "string", "description": "A strategy of /api/strategies"},
        "url": {"type": "string", "minLength": 1, "maxLength": 4096},
        "urls": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 10000},
        "urlField": {"type": "string", "minLength": 1, "maxLength": 500,
                     "description": "Dotted path to the URLs in the items that arrive"},
        "parameters": {"type": "object", "description": "Of api strategies"},
        "parameterConfig": {"type": "object", "description": "Parameters from the items that arrive"}}})")
                             .value();
    type.check = check_scrape;
    type.run = [parts = std::move(parts)](NodeContext& context, ItemSource& in, ItemSink& out) {
        return ScrapeNodeRun(*parts, context, out).go(in);
    };
    return type;
}

}  // namespace meter
