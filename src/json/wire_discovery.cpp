// What a discovery may ask for (wire contract 17): checked, read from JSON, written as JSON.
#include <array>
#include <utility>

#include "core/url_text.hpp"
#include "json/members.hpp"
#include "json/object_writer.hpp"
#include "meter/discovery.hpp"
#include "meter/job.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::array<std::string_view, 3> method_names{"sitemap", "pagination", "link_pattern"};
constexpr std::array<std::string_view, 4> discovery_status_names{"pending", "running", "completed", "failed"};
constexpr std::int64_t most_discovered_urls = 10'000;
constexpr std::int64_t most_pagination_pages = 1'000;
constexpr std::int64_t deepest_crawl = 10;
constexpr std::int64_t widest_index = 1'000'000'000;
constexpr std::int64_t widest_step = 1'000'000;
constexpr std::size_t longest_template = 4096;
constexpr std::size_t longest_pattern = 2048;

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& names, std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return i;
    return std::nullopt;
}

Result<void> check_range(std::string_view member, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value >= least && value <= most) return {};
    return Error{ErrorCode::invalid_argument,
                 std::string(member) + " must be between " + std::to_string(least) + " and " + std::to_string(most),
                 std::string(member)};
}

Result<void> check_url(std::string_view member, std::string_view url) {
    auto valid = core::validate_url(url);
    if (valid) return valid;
    Error error = valid.error();
    error.subject = member;
    return error;
}

Result<void> check_pattern(std::string_view member, std::string_view pattern) {
    if (!pattern.empty() && pattern.size() <= longest_pattern) return {};
    return Error{ErrorCode::invalid_argument,
                 std::string(member) + " must be between 1 and " + std::to_string(longest_pattern) + " bytes long",
                 std::string(member)};
}

Result<void> check_template(std::string_view text) {
    constexpr std::string_view member = "discovery.url_template";
    const auto at = text.find("{n}");
    if (at == std::string_view::npos || text.size() > longest_template)
        return Error{ErrorCode::invalid_argument,
                     std::string(member) + " must contain {n} and be at most 4096 bytes long", std::string(member)};
    std::string first(text);
    for (auto i = at; i != std::string::npos; i = first.find("{n}", i)) first.replace(i, 3, "1");
    return check_url(member, first);
}

}  // namespace

std::string_view to_string(DiscoveryMethod method) noexcept {
    return method_names[static_cast<std::size_t>(method)];
}

std::optional<DiscoveryMethod> parse_discovery_method(std::string_view name) noexcept {
    const auto index = index_of(method_names, name);
    return index ? std::optional(static_cast<DiscoveryMethod>(*index)) : std::nullopt;
}

std::string_view to_string(DiscoveryStatus status) noexcept {
    return discovery_status_names[static_cast<std::size_t>(status)];
}

std::optional<DiscoveryStatus> parse_discovery_status(std::string_view name) noexcept {
    const auto index = index_of(discovery_status_names, name);
    return index ? std::optional(static_cast<DiscoveryStatus>(*index)) : std::nullopt;
}

Result<void> validate(const DiscoveryRequest& request) {
    std::vector<Result<void>> checks;
    switch (request.method) {
        case DiscoveryMethod::sitemap:
            checks.push_back(check_range("discovery.max_urls", request.max_urls, 1, most_discovered_urls));
            if (request.url_pattern) checks.push_back(check_pattern("discovery.url_pattern", *request.url_pattern));
            checks.push_back(check_url("discovery.sitemap_url", request.root_url));
            break;
        case DiscoveryMethod::pagination:
            checks.push_back(check_range("discovery.start_index", request.start_index, -widest_index, widest_index));
            checks.push_back(check_range("discovery.step", request.step, 1, widest_step));
            checks.push_back(check_range("discovery.max_pages", request.max_pages, 1, most_pagination_pages));
            if (request.url_pattern) checks.push_back(check_pattern("discovery.url_pattern", *request.url_pattern));
            checks.push_back(check_template(request.root_url));
            break;
        case DiscoveryMethod::link_pattern:
            checks.push_back(check_range("discovery.max_urls", request.max_urls, 1, most_discovered_urls));
            checks.push_back(check_range("discovery.max_depth", request.max_depth, 1, deepest_crawl));
            checks.push_back(check_pattern("discovery.link_pattern", request.link_pattern));
            if (request.navigation_pattern)
                checks.push_back(check_pattern("discovery.navigation_pattern", *request.navigation_pattern));
            checks.push_back(check_url("discovery.seed_url", request.root_url));
            break;
    }
    for (const auto& check : checks)
        if (!check) return check;
    return {};
}

Result<DiscoveryRequest> parse_discovery_request(const Value& body) {
    json::Members outer(body, json::Nulls::dropped);
    outer.require({"discovery"});
    const Value* wrapped = outer.find("discovery");
    (void)outer.object("discovery");
    if (outer.error()) return *outer.error();

    json::Members in(*wrapped, json::Nulls::dropped, "discovery");
    in.require({"method"});
    const auto method = in.word("method", {"sitemap", "pagination", "link_pattern"});
    if (in.error()) return *in.error();
    DiscoveryRequest request;
    request.method = static_cast<DiscoveryMethod>(*method);
    const auto pattern = [&](std::string_view name) { return in.text(name, {1, longest_pattern}); };
    const auto number = [&](std::string_view name, std::int64_t least, std::int64_t most, std::int64_t& member) {
        member = in.integer(name, least, most).value_or(member);
    };
    switch (request.method) {
        case DiscoveryMethod::sitemap:
            in.require({"sitemap_url"});
            request.url_pattern = pattern("url_pattern");
            number("max_urls", 1, most_discovered_urls, request.max_urls);
            request.root_url = in.url("sitemap_url").value_or("");
            break;
        case DiscoveryMethod::pagination:
            in.require({"url_template"});
            request.url_pattern = pattern("url_pattern");
            number("start_index", -widest_index, widest_index, request.start_index);
            number("step", 1, widest_step, request.step);
            number("max_pages", 1, most_pagination_pages, request.max_pages);
            request.root_url = in.text("url_template", {1, longest_template}).value_or("");
            break;
        case DiscoveryMethod::link_pattern:
            in.require({"seed_url", "link_pattern"});
            request.link_pattern = pattern("link_pattern").value_or("");
            request.navigation_pattern = pattern("navigation_pattern");
            number("max_depth", 1, deepest_crawl, request.max_depth);
            number("max_urls", 1, most_discovered_urls, request.max_urls);
            request.root_url = in.url("seed_url").value_or("");
            break;
    }
    if (in.error()) return *in.error();
    if (auto valid = validate(request); !valid) return valid.error();
    return request;
}

Value to_value(const DiscoveryRequest& request) {
    Object config{{"method", to_string(request.method)}};
    const auto optional_text = [](const std::optional<std::string>& text) { return text ? Value(*text) : Value(); };
    switch (request.method) {
        case DiscoveryMethod::sitemap:
            config.set("sitemap_url", request.root_url);
            config.set("url_pattern", optional_text(request.url_pattern));
            config.set("max_urls", request.max_urls);
            break;
        case DiscoveryMethod::pagination:
            config.set("url_template", request.root_url);
            config.set("url_pattern", optional_text(request.url_pattern));
            config.set("start_index", request.start_index);
            config.set("step", request.step);
            config.set("max_pages", request.max_pages);
            break;
        case DiscoveryMethod::link_pattern:
            config.set("seed_url", request.root_url);
            config.set("link_pattern", request.link_pattern);
            config.set("navigation_pattern", optional_text(request.navigation_pattern));
            config.set("max_depth", request.max_depth);
            config.set("max_urls", request.max_urls);
            break;
    }
    return config;
}

Result<DiscoveryExecuteRequest> parse_discovery_execute_request(const Value& body) {
    json::Members in(body, json::Nulls::dropped);
    in.require({"strategy_id"});
    DiscoveryExecuteRequest request;
    request.max_urls = in.integer("max_urls", 1, widest_index);
    if (const auto* urls = in.array("urls", 1, most_discovered_urls)) {
        request.urls.emplace();
        for (const Value& url : *urls) {
            const auto* text = url.if_string();
            if (text == nullptr) {
                in.fail("urls", "must be an array of strings");
                break;
            }
            request.urls->push_back(*text);
        }
    }
    if (const Object* parameters = in.object("parameters")) request.parameters = Value(*parameters);
    request.strategy_id = in.uuid("strategy_id").value_or("");
    if (in.error()) return *in.error();
    return request;
}

std::string to_json(const Discovery& discovery) {
    json::ObjectWriter out;
    out.text("id", discovery.discovery_id)
        .text("discovery_id", discovery.discovery_id)
        .text("status", to_string(discovery.status))
        .text("discovery_method", to_string(discovery.request.method))
        .text("root_url", discovery.request.root_url)
        .json("config", to_json(to_value(discovery.request)))
        .integer("total_urls", discovery.total_urls)
        .texts("sample_urls", discovery.sample_urls)
        .flag("truncated", discovery.truncated)
        .text_or_null("error", discovery.error)
        .time("created_at", discovery.created_at)
        .time_or_null("started_at", discovery.started_at)
        .time_or_null("completed_at", discovery.completed_at);
    return std::move(out).finish();
}

std::string to_short_json(const Discovery& discovery) {
    json::ObjectWriter out;
    out.text("discovery_id", discovery.discovery_id)
        .text("status", to_string(discovery.status))
        .text("discovery_method", to_string(discovery.request.method))
        .text("root_url", discovery.request.root_url);
    return std::move(out).finish();
}

std::string to_json(const DiscoveredUrls& found, std::string_view discovery_id, ListRange range) {
    json::ObjectWriter out;
    out.text("discovery_id", discovery_id)
        .texts("urls", found.urls)
        .integer("total", found.total)
        .integer("limit", range.limit)
        .integer("offset", range.offset);
    return std::move(out).finish();
}

std::string execution_json(const Batch& batch, std::string_view discovery_id) {
    json::ObjectWriter out;
    out.text("discovery_id", discovery_id)
        .text("batch_id", batch.batch_id)
        .integer("job_count", batch.job_count)
        .text("status", "pending")
        .text("strategy_id", batch.strategy_id)
        .time("created_at", batch.created_at);
    return std::move(out).finish();
}

}  // namespace meter
