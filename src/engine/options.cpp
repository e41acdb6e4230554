#include <array>
#include <string>
#include <string_view>

#include "engine/impl.hpp"

namespace meter {
namespace {

template <class T>
Result<void> option_in_range(std::string_view name, T value, T low, T high) {
    if (value >= low && value <= high) return {};
    return Error{ErrorCode::invalid_argument,
                 std::string(name) + " must be between " + std::to_string(low) + " and " + std::to_string(high),
                 std::string(name)};
}

}  // namespace

Result<void> validate(const EngineOptions& options) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto ms = [](auto duration) {
        return static_cast<std::int64_t>(duration_cast<milliseconds>(duration).count());
    };
    constexpr std::int64_t hour_ms = 3'600'000;

    const std::array<Result<void>, 34> checks{
        option_in_range<std::int64_t>("jobs.workers", options.jobs.workers, 0, 1024),
        option_in_range<std::int64_t>("jobs.per_host", options.jobs.per_host, 0, 1024),
        option_in_range<std::int64_t>("jobs.lease", ms(options.jobs.lease), 100, hour_ms),
        option_in_range<std::int64_t>("jobs.sweep", ms(options.jobs.sweep), 10, hour_ms),
        option_in_range<std::int64_t>("jobs.max_attempts", options.jobs.max_attempts, 1, 1000),
        option_in_range<std::int64_t>("jobs.max_pending", options.jobs.max_pending, 1, 1'000'000'000),
        option_in_range<std::int64_t>("jobs.execute_timeout", ms(options.jobs.execute_timeout), 1'000, 24 * hour_ms),
        option_in_range<std::int64_t>("jobs.retention", ms(options.jobs.retention), 0, 87'600 * hour_ms),
        option_in_range<std::uint64_t>("jobs.extract.max_items", options.jobs.extract.max_items, 1, 1'000'000),
        option_in_range<std::uint64_t>("jobs.extract.max_result_bytes", options.jobs.extract.max_result_bytes, 1024,
                                       1u << 30),
        option_in_range<std::uint64_t>("jobs.extract.max_document_bytes", options.jobs.extract.max_document_bytes, 1024,
                                       1u << 30),
        option_in_range<std::int64_t>("schedules.min_interval", ms(options.schedules.min_interval), 1'000,
                                      24 * hour_ms),
        option_in_range<std::int64_t>("strategy_groups.workers", options.strategy_groups.workers, 0, 64),
        option_in_range<std::int64_t>("strategy_groups.lease", ms(options.strategy_groups.lease), 100, hour_ms),
        option_in_range<std::int64_t>("discovery.workers", options.discovery.workers, 0, 64),
        option_in_range<std::int64_t>("discovery.lease", ms(options.discovery.lease), 100, hour_ms),
        option_in_range<std::int64_t>("discovery.limits.max_crawl_pages", options.discovery.limits.max_crawl_pages, 1,
                                      100'000),
        option_in_range<std::int64_t>("discovery.limits.max_sitemap_files", options.discovery.limits.max_sitemap_files,
                                      1, 10'000),
        option_in_range<std::int64_t>("discovery.limits.max_sitemap_depth", options.discovery.limits.max_sitemap_depth,
                                      0, 20),
        option_in_range<std::uint64_t>("discovery.limits.max_sitemap_bytes", options.discovery.limits.max_sitemap_bytes,
                                       1024, 1u << 30),
        option_in_range<std::int64_t>("discovery.limits.parallel", options.discovery.limits.parallel, 1, 64),
        option_in_range<std::int64_t>("workflows.workers", options.workflows.workers, 0, 64),
        option_in_range<std::int64_t>("workflows.max_node_jobs", options.workflows.max_node_jobs, 1, 10'000'000),
        option_in_range<std::int64_t>("workflows.run_timeout", ms(options.workflows.run_timeout), 1'000,
                                      30 * 24 * hour_ms),
        option_in_range<std::int64_t>("workflows.lease", ms(options.workflows.lease), 100, hour_ms),
        option_in_range<std::int64_t>("automations.workers", options.automations.workers, 0, 256),
        option_in_range<std::int64_t>("automations.parallel_nodes", options.automations.parallel_nodes, 1, 64),
        option_in_range<std::int64_t>("automations.max_pending", options.automations.max_pending, 1, 1'000'000),
        option_in_range<std::int64_t>("automations.lease", ms(options.automations.lease), 100, hour_ms),
        option_in_range<std::int64_t>("automations.per_account", options.automations.per_account, 0, 256),
        option_in_range<std::int64_t>("automations.max_spilled_bytes", options.automations.max_spilled_bytes, 1 << 20,
                                      std::int64_t{1} << 40),
        option_in_range<std::int64_t>("automations.retention", ms(options.automations.retention), hour_ms,
                                      87'600 * hour_ms),
        option_in_range<std::int64_t>("snapshot_retention", ms(options.snapshot_retention), 0, 87'600 * hour_ms),
        option_in_range<std::int64_t>("generate_deadline", ms(options.generate_deadline), 1'000, hour_ms),
    };
    for (const auto& check : checks)
        if (!check) return check;

    constexpr std::array<std::string_view, 4> tiers{"free", "hobby", "pro", "enterprise"};
    bool known = false;
    for (const auto tier : tiers) known = known || tier == options.quota.tier;
    if (!known)
        return Error{ErrorCode::invalid_argument, "quota.tier must be one of: free, hobby, pro, enterprise",
                     "quota.tier"};
    if (options.quota.limit < -1)
        return Error{ErrorCode::invalid_argument, "quota.limit must be -1 (unlimited) or at least 0", "quota.limit"};
    const auto part = [](std::string_view prefix, const Result<void>& checked) -> Result<void> {
        if (checked) return {};
        const Error& error = checked.error();
        return Error{error.code, std::string(prefix) + error.message, std::string(prefix) + error.subject};
    };
    if (auto fine = part("webhooks.", validate(options.webhooks)); !fine) return fine;
    if (auto fine = part("webhooks.smtp.", validate(options.webhooks.smtp)); !fine) return fine;
    if (!options.chat.url.empty())
        if (auto fine = part("chat.", validate(options.chat)); !fine) return fine;
    return validate(options.fetch);
}

}  // namespace meter
