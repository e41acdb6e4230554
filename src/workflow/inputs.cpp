#include "workflow/inputs.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "core/hash.hpp"
#include "core/path.hpp"
#include "core/unicode.hpp"
#include "core/url_text.hpp"
#include "json/object_writer.hpp"
#include "meter/change.hpp"
#include "meter/filter.hpp"
#include "meter/json.hpp"
#include "url/url.hpp"
#include "workflow/parameters.hpp"

namespace meter::workflow {
namespace {

/// The first half of a SHA-256: inputs that differ have different ones.
struct InputDigest {
    std::array<std::uint64_t, 2> words{};
    bool operator==(const InputDigest&) const = default;
};

struct InputDigestHash {
    std::size_t operator()(const InputDigest& digest) const noexcept {
        return static_cast<std::size_t>(digest.words[0]);
    }
};

InputDigest digest_of(std::string_view text) {
    const std::string hex = core::sha256_hex(text);
    InputDigest digest;
    for (std::size_t i = 0; i < digest.words.size(); ++i)
        std::from_chars(hex.data() + 16 * i, hex.data() + 16 * (i + 1), digest.words[i], 16);
    return digest;
}

Result<Object> parse_object(const std::optional<std::string>& text, std::string_view member) {
    if (!text) return Object{};
    auto value = parse_json(*text);
    if (value && value->is_object()) return std::move(*value->if_object());
    std::string message(member);
    return Error{ErrorCode::invalid_argument, message + " must be a JSON object", std::move(message)};
}

/// Sorted by name, so that equal sets are equal texts. Values stay as they are: they go to the API.
std::optional<std::string> parameters_text(Object parameters) {
    if (parameters.empty()) return std::nullopt;
    std::sort(parameters.begin(), parameters.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return to_json(Value(std::move(parameters)));
}

/// The references in a url_field: a string, or the strings of an array.
std::vector<std::string_view> references_in(const Value* value) {
    std::vector<std::string_view> references;
    if (value == nullptr) return references;
    if (const std::string* text = value->if_string()) references.push_back(*text);
    if (const Value::Array* array = value->if_array())
        for (const Value& one : *array)
            if (const std::string* text = one.if_string()) references.push_back(*text);
    return references;
}

}  // namespace

struct InputPlanner::Impl {
    NodeInputType type = NodeInputType::static_urls;
    bool api = false;
    std::vector<std::string> static_urls = {};
    std::string target = {};  ///< of upstream_data: the first static URL, else the strategy's
    std::string url_field = {};
    Object static_parameters = {};
    std::optional<ParameterMap> map = {};  ///< api strategies
    std::vector<std::optional<Filter>> filters = {};
    std::size_t most = 0;

    std::size_t made = 0;
    std::int64_t passed = 0;
    std::int64_t cut = 0;
    std::string input_hash = core::sha256_hex("");
    std::unordered_set<InputDigest, InputDigestHash> seen = {};

    bool per_item() const noexcept {
        return type == NodeInputType::upstream_urls || (type == NodeInputType::upstream_data && api);
    }

    void add(std::string url, std::optional<std::string> parameters, std::string_view feed,
             std::vector<PlannedInput>& out) {
        std::string identity = url;
        identity += '\n';  // no URL has one
        if (parameters) identity += *parameters;
        if (per_item()) {
            const InputDigest digest = digest_of(identity);
            if (made >= most ? seen.contains(digest) : !seen.insert(digest).second) return;
        }
        if (made >= most) {
            ++cut;
            return;
        }
        ++made;
        identity += '\n';
        identity += feed;
        out.push_back({std::move(url), std::move(parameters), core::sha256_hex(identity)});
    }

    void add_static(std::string_view feed, std::vector<PlannedInput>& out) {
        const auto parameters = api ? parameters_text(static_parameters) : std::nullopt;
        for (const std::string& url : static_urls) add(url, parameters, feed, out);
    }
};

Result<InputPlanner> InputPlanner::make(const WorkflowNode& node, const Strategy& strategy,
                                        const std::vector<WorkflowEdge>& edges, std::int64_t most) {
    auto impl = std::make_unique<Impl>();
    impl->type = node.input_type;
    impl->api = strategy.scraper_type == ScraperType::api;
    if (node.static_urls) impl->static_urls = *node.static_urls;
    if (impl->static_urls.empty() && node.input_type == NodeInputType::trigger_only)
        impl->static_urls.push_back(strategy.url);
    impl->target = impl->static_urls.empty() ? strategy.url : impl->static_urls.front();
    impl->url_field = node.url_field.value_or("");
    impl->most = static_cast<std::size_t>(std::max<std::int64_t>(most, 0));

    if (impl->api) {
        auto parameters = parse_object(node.static_parameters, "static_parameters");
        if (!parameters) return parameters.error();
        impl->static_parameters = *std::move(parameters);
        if (node.parameter_config) {
            auto config = parse_object(node.parameter_config, "parameter_config");
            if (!config) return config.error();
            auto map = ParameterMap::parse(Value(*std::move(config)), "parameter_config");
            if (!map) return map.error();
            impl->map = *std::move(map);
        } else if (node.input_type == NodeInputType::upstream_data) {
            const auto names = parse_object(strategy.api_parameters, "api_parameters");
            if (!names) return names.error();
            impl->map = ParameterMap::of_names(*names);
        }
    }
    for (const WorkflowEdge& edge : edges) {
        impl->filters.emplace_back();
        if (!edge.filter_config) continue;
        const auto config = parse_object(edge.filter_config, "filter_config");
        if (!config) return config.error();
        auto filter = Filter::parse(Value(*config));
        if (!filter) return filter.error();
        impl->filters.back() = *std::move(filter);
    }
    return InputPlanner(std::move(impl));
}

void InputPlanner::feed(std::size_t edge, const Value& item, std::string_view page_url,
                        std::vector<PlannedInput>& out) {
    Impl& self = *impl_;
    assert(edge < self.filters.size());
    if (self.filters[edge] && !self.filters[edge]->matches(item)) return;
    ++self.passed;
    const std::string item_hash = content_hash(item);
    std::string step = self.input_hash + item_hash;

    if (self.type == NodeInputType::upstream_urls) {
        Object parameters = self.static_parameters;
        const bool wanted = !self.map || self.map->apply(item, parameters);
        const auto text = self.api && wanted ? parameters_text(std::move(parameters)) : std::nullopt;
        for (const std::string_view reference : references_in(core::find_path(item, self.url_field))) {
            if (core::trim(reference).empty()) continue;
            std::string url = url::resolve(page_url, reference);
            if (!core::validate_url(url)) continue;
            // The same link on another page is another input.
            step.append("\n").append(url);
            if (wanted) self.add(std::move(url), text, item_hash, out);
        }
    } else if (self.type == NodeInputType::upstream_data && self.api) {
        Object parameters = self.static_parameters;
        if (self.map->apply(item, parameters))
            self.add(self.target, parameters_text(std::move(parameters)), item_hash, out);
    }
    self.input_hash = core::sha256_hex(step);
}

void InputPlanner::finish(std::vector<PlannedInput>& out) {
    Impl& self = *impl_;
    if (self.type == NodeInputType::static_urls || (self.type == NodeInputType::trigger_only && self.passed > 0))
        self.add_static(self.input_hash, out);
    else if (self.type == NodeInputType::upstream_data && !self.api && self.passed > 0)
        self.add(self.target, std::nullopt, self.input_hash, out);
}

std::string InputPlanner::input_hash() const {
    return impl_->input_hash;
}

std::int64_t InputPlanner::passed() const noexcept {
    return impl_->passed;
}

std::int64_t InputPlanner::cut() const noexcept {
    return impl_->cut;
}

bool InputPlanner::per_item() const noexcept {
    return impl_->per_item();
}

InputPlanner::InputPlanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InputPlanner::InputPlanner(InputPlanner&&) noexcept = default;
InputPlanner& InputPlanner::operator=(InputPlanner&&) noexcept = default;
InputPlanner::~InputPlanner() = default;

std::string node_signature(const WorkflowNode& node, const Strategy& strategy, const std::vector<WorkflowEdge>& edges) {
    json::ObjectWriter out;
    out.text("strategy_id", strategy.strategy_id)
        .integer("strategy_updated_at", strategy.updated_at.time_since_epoch().count())
        .text("node_key", node.node_key)
        .text("input_type", to_string(node.input_type))
        .texts("static_urls", node.static_urls.value_or(std::vector<std::string>{}))
        .text_or_null("url_field", node.url_field)
        .text_or_null("static_parameters", node.static_parameters)
        .text_or_null("parameter_config", node.parameter_config);
    std::string text = std::move(out).finish();
    for (const WorkflowEdge& edge : edges) {
        json::ObjectWriter incoming;
        incoming.text("source_node_key", edge.source_node_key).text_or_null("filter_config", edge.filter_config);
        text += std::move(incoming).finish();
    }
    return core::sha256_hex(text);
}

}  // namespace meter::workflow
