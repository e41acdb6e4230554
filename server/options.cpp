// The table of settings: names, ranges, defaults and help live here and nowhere else.
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "config.hpp"

namespace meter::server {
namespace {

constexpr std::int64_t KiB = 1024, MiB = KiB * 1024, GiB = MiB * 1024;
constexpr std::int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

std::size_t as_size(const OptionValue& value) {
    return static_cast<std::size_t>(value.number);
}
int as_int(const OptionValue& value) {
    return static_cast<int>(value.number);
}

// A setting that is just stored: the lambda assigns.
#define METER_SET(statement)                                    \
    [](ServerConfig& c, const OptionValue& v) -> Result<void> { \
        statement;                                              \
        return {};                                              \
    }

Result<void> set_listen(ServerConfig& config, const OptionValue& value) {
    auto endpoint = parse_endpoint(value.text);
    if (!endpoint) return endpoint.error();
    config.listen = std::move(*endpoint);
    return {};
}

Result<void> set_allowed_origins(ServerConfig& config, const OptionValue& value) {
    auto cors = Cors::parse(value.text);
    if (!cors) return cors.error();
    config.app.cors = *std::move(cors);
    return {};
}

Result<void> set_log_level(ServerConfig& config, const OptionValue& value) {
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error})
        if (to_string(level) == value.text) {
            config.log_level = level;
            return {};
        }
    return Error{ErrorCode::invalid_argument, "must be one of: debug, info, warning, error"};
}

Result<void> set_quota_tier(ServerConfig& config, const OptionValue& value) {
    for (const std::string_view tier : {"free", "hobby", "pro", "enterprise"})
        if (tier == value.text) {
            config.engine.quota.tier = value.text;
            return {};
        }
    return Error{ErrorCode::invalid_argument, "must be one of: free, hobby, pro, enterprise"};
}

// The library keeps this time in whole units.
template <class Duration>
Result<void> set_whole(Duration& to, const OptionValue& value, std::string_view unit) {
    to = std::chrono::duration_cast<Duration>(value.time);
    if (to == value.time) return {};
    return Error{ErrorCode::invalid_argument, "must be whole " + std::string(unit)};
}

Result<void> set_generate_deadline(ServerConfig& config, const OptionValue& value) {
    if (auto set = set_whole(config.engine.generate_deadline, value, "seconds"); !set) return set;
    config.app.generate_deadline = config.engine.generate_deadline;
    return {};
}

Result<void> set_execute_timeout(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.jobs.execute_timeout, value, "seconds");
}

Result<void> set_job_retention(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.jobs.retention, value, "hours");
}

Result<void> set_snapshot_retention(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.snapshot_retention, value, "hours");
}

// The rest is left for requests that do not wait.
Result<void> set_threads(ServerConfig& config, const OptionValue& value) {
    const auto threads = as_size(value);
    config.loop.threads = threads;
    config.app.execute_places = threads / 4 * 3;
    config.app.generate_places = threads / 8;
    return {};
}

Result<void> set_webhook_retry(ServerConfig& config, const OptionValue& value) {
    static constexpr OptionSpec one{
        "webhooks.retry_seconds", "", OptionKind::seconds, "", 0, 30 * day, "One wait", nullptr};
    auto& retry = config.engine.webhooks.retry;
    retry.clear();
    for (std::string_view rest = value.text; !rest.empty();) {
        const auto end = std::min(rest.find(','), rest.size());
        const auto wait = read_option(one, rest.substr(0, end));
        if (!wait || end + 1 == rest.size() || retry.size() == 20)
            return Error{ErrorCode::invalid_argument,
                         "must be up to 20 numbers of seconds with commas between, like 10,60,300"};
        retry.push_back(wait->time);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

Result<void> set_webhook_retention(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.webhooks.retention, value, "hours");
}

Result<void> set_execution_retention(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.automations.retention, value, "hours");
}

Result<void> set_smtp_security(ServerConfig& config, const OptionValue& value) {
    using Security = SmtpOptions::Security;
    struct Word {
        std::string_view name;
        Security security;
    };
    for (const Word& word :
         {Word{"starttls", Security::starttls}, Word{"tls", Security::tls}, Word{"none", Security::none}})
        if (word.name == value.text) {
            config.engine.webhooks.smtp.security = word.security;
            return {};
        }
    return Error{ErrorCode::invalid_argument, "must be one of: starttls, tls, none"};
}

Result<void> set_model_url(ServerConfig& config, const OptionValue& value) {
    config.engine.chat.url = value.text;
    if (value.text.empty()) return {};
    const ChatOptions only{.url = value.text};
    if (!validate(only))
        return Error{ErrorCode::invalid_argument, "must be an absolute http or https URL without a query"};
    return {};
}

// Keys of services come in files of their own as secrets are mounted; the first line counts.
Result<void> set_model_key_file(ServerConfig& config, const OptionValue& value) {
    if (value.text.empty()) return {};
    std::ifstream file(value.text, std::ios::binary);
    std::string line;
    if (!file || !std::getline(file, line)) return Error{ErrorCode::invalid_argument, "cannot be read or is empty"};
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    config.engine.chat.key = line;
    return {};
}

Result<void> set_bootstrap_key(ServerConfig& config, const OptionValue& value) {
    config.bootstrap_key = value.text;
    return {};
}

Result<void> set_partial_as(ServerConfig& config, const OptionValue& value) {
    for (const auto status : {RunStatus::partial, RunStatus::completed, RunStatus::failed})
        if (to_string(status) == value.text) {
            config.app.partial_as = status;
            return {};
        }
    return Error{ErrorCode::invalid_argument, "must be one of: partial, completed, failed"};
}

Result<void> set_run_timeout(ServerConfig& config, const OptionValue& value) {
    return set_whole(config.engine.workflows.run_timeout, value, "seconds");
}

Result<void> set_file_root(ServerConfig& config, const OptionValue& value) {
    config.nodes.file_root = value.text;
    std::error_code failed;
    if (value.text.empty() || std::filesystem::is_directory(value.text, failed)) return {};
    return Error{ErrorCode::invalid_argument, "must be a folder that exists"};
}

using enum OptionKind;

constexpr OptionSpec specs[] = {
    {"listen", "", text, "127.0.0.1:8000", 0, 0, "Address and port to serve on; port 0 takes a free one", set_listen},
    {"store", "", text, "sqlite:meter.db", 0, 0,
     "Where everything is kept: sqlite:PATH or memory:", METER_SET(c.store = v.text)},
    {"insecure", "", flag, "false", 0, 0, "Serve plain HTTP beyond loopback; put a TLS proxy in front instead",
     METER_SET(c.insecure = v.flag)},
    {"bootstrap_key", "", text, "", 0, 0,
     "Admin key of an empty store, instead of a generated one that is printed; give it as variable or in the file",
     set_bootstrap_key},
    {"min_interval_seconds", "", count, "60", 1, 86'400, "Shortest interval a schedule may have, in seconds",
     METER_SET(c.engine.schedules.min_interval = std::chrono::seconds(v.number))},

    {"http.max_body", "", bytes, "10MiB", 1 * KiB, 1 * GiB, "Longest request body",
     METER_SET(c.loop.max_body = as_size(v))},
    {"http.max_connections", "", count, "4096", 16, 1'000'000,
     "Connections at once; beyond, the longest idle one is closed", METER_SET(c.loop.max_connections = as_size(v))},
    {"http.max_buffered", "", bytes, "256MiB", 1 * MiB, 64 * GiB, "Memory for request bodies over all connections",
     METER_SET(c.loop.max_buffered = as_size(v))},
    {"http.threads", "", count, "256", 8, 4096,
     "Requests worked on at once; three quarters of them may wait in execute, an eighth make strategies", set_threads},
    {"http.max_queued", "", count, "1024", 1, 1'000'000, "Requests that wait for a thread; more are answered 503",
     METER_SET(c.loop.max_queued = as_size(v))},
    {"http.head_timeout_seconds", "", seconds, "10", second / 10, 10 * minute, "Longest time a request head may take",
     METER_SET(c.loop.head_timeout = v.time)},
    {"http.body_timeout_seconds", "", seconds, "60", second / 10, 1 * hour, "Longest time a request body may take",
     METER_SET(c.loop.body_timeout = v.time)},

    {"cors.allow_origins", "", text, "", 0, 0,
     "Origins of web pages that may read answers, like https://app.example, with commas between; *: every page; empty: "
     "none",
     set_allowed_origins},

    {"rate_limit.default", "", count, "600", 0, 1'000'000'000, "Requests a minute and key; 0: no limit",
     METER_SET(c.app.rate_limit_default = v.number)},
    {"rate_limit.generation", "", count, "20", 0, 1'000'000'000,
     "Requests that make strategies a minute and key; 0: no limit", METER_SET(c.app.rate_limit_generation = v.number)},
    {"quota.tier", "", text, "enterprise", 0, 0, "Name of the quota's tier: free, hobby, pro or enterprise",
     set_quota_tier},
    {"quota.limit", "", count, "-1", -1, 1'000'000'000, "Strategies an account may create in 30 days; -1: unlimited",
     METER_SET(c.engine.quota.limit = v.number)},
    {"generator.deadline", "", seconds, "55", 1 * second, 1 * hour, "Longest time making a strategy may take",
     set_generate_deadline},

    {"generator.url", "", text, "", 0, 0,
     "Base URL of a language model's OpenAI-compatible API (http://127.0.0.1:11434/v1), asked beside the built-in "
     "generator when strategies are made; empty: none",
     set_model_url},
    {"generator.model", "", text, "", 0, 0, "Model to ask for there", METER_SET(c.engine.chat.model = v.text)},
    {"generator.key", "", text, "", 0, 0, "Key for it; give it as variable or in the file",
     METER_SET(c.engine.chat.key = v.text)},
    {"generator.key_file", "", text, "", 0, 0, "File whose first line is that key", set_model_key_file},
    {"generator.timeout_seconds", "", seconds, "25", second / 10, 10 * minute, "Longest time an answer of it may take",
     METER_SET(c.engine.chat.timeout = v.time)},
    {"generator.max_answer_bytes", "", bytes, "256KiB", 1 * KiB, 16 * MiB, "Longest answer of it",
     METER_SET(c.engine.chat.max_answer_bytes = as_size(v))},
    {"generator.allow_private_networks", "", flag, "false", 0, 0,
     "Let questions to it go to loopback and private addresses",
     METER_SET(c.engine.chat.allow_private_networks = v.flag)},

    {"jobs.workers", "", count, "64", 1, 1024, "Jobs run at once", METER_SET(c.engine.jobs.workers = as_int(v))},
    {"jobs.lease_seconds", "", seconds, "30", second / 10, 1 * hour,
     "How long a job, discovery, workflow run or execution of a worker that died waits before it is given out again",
     METER_SET(c.engine.jobs.lease = c.engine.discovery.lease = c.engine.strategy_groups.lease =
                   c.engine.workflows.lease = c.engine.automations.lease = v.time)},
    {"jobs.sweep_seconds", "", seconds, "5", second / 100, 1 * hour, "Time between looks for such jobs",
     METER_SET(c.engine.jobs.sweep = v.time)},
    {"jobs.max_attempts", "", count, "2", 1, 1000, "Times a job is given out before it fails",
     METER_SET(c.engine.jobs.max_attempts = v.number)},
    {"jobs.max_pending", "", count, "1000000", 1, 1'000'000'000, "Jobs that may wait; more are answered 503",
     METER_SET(c.engine.jobs.max_pending = v.number)},
    {"jobs.max_items", "", count, "10000", 1, 1'000'000, "Items of one job; more fail it",
     METER_SET(c.engine.jobs.extract.max_items = as_size(v))},
    {"jobs.max_result_bytes", "", bytes, "16MiB", 1 * KiB, 1 * GiB, "Results of one job; more fail it",
     METER_SET(c.engine.jobs.extract.max_result_bytes = as_size(v))},
    {"jobs.execute_timeout", "", seconds, "3600", 1 * second, 24 * hour,
     "Longest time POST /api/jobs/execute waits before its job fails", set_execute_timeout},

    {"fetch.connect_timeout_seconds", "", seconds, "10", second / 100, 10 * minute,
     "Longest time to connect, name resolution included", METER_SET(c.engine.fetch.connect_timeout = v.time)},
    {"fetch.timeout_seconds", "", seconds, "60", second / 100, 10 * minute,
     "Longest time of a fetch, redirects and retries included", METER_SET(c.engine.fetch.timeout = v.time)},
    {"fetch.max_wire_bytes", "", bytes, "20MiB", 1 * KiB, 1 * GiB, "Longest page as received",
     METER_SET(c.engine.fetch.max_wire_bytes = as_size(v))},
    {"fetch.max_body_bytes", "", bytes, "32MiB", 1 * KiB, 1 * GiB, "Longest page after decompression",
     METER_SET(c.engine.fetch.max_body_bytes = as_size(v))},
    {"fetch.max_redirects", "", count, "10", 0, 50, "Redirects followed",
     METER_SET(c.engine.fetch.max_redirects = as_int(v))},
    {"fetch.max_retries", "", count, "2", 0, 10, "Retries after connection errors, 429, 502, 503 and 504",
     METER_SET(c.engine.fetch.max_retries = as_int(v))},
    {"fetch.per_host", "", count, "4", 1, 1000, "Parallel fetches of one host",
     METER_SET(c.engine.fetch.per_host = as_int(v))},
    {"fetch.per_host_delay_seconds", "", seconds, "0", 0, 10 * minute, "Time between two starts on one host",
     METER_SET(c.engine.fetch.per_host_delay = v.time)},
    {"fetch.user_agent", "", text, "", 0, 0, "User-Agent of fetches; empty: libmeter and its version",
     METER_SET(c.engine.fetch.user_agent = v.text)},
    {"fetch.respect_robots", "", flag, "false", 0, 0,
     "Ask robots.txt before fetching a page; what it forbids fails \"Blocked by robots.txt\"",
     METER_SET(c.engine.fetch.respect_robots = v.flag)},
    {"fetch.ca_file", "", text, "", 0, 0, "PEM file of trusted authorities; empty: the system's",
     METER_SET(c.engine.fetch.ca_file = v.text)},
    {"discovery.respect_robots", "", flag, "true", 0, 0, "Obey robots.txt when discovering URLs",
     METER_SET(c.engine.discovery.respect_robots = v.flag)},
    {"discovery.workers", "", count, "2", 1, 64, "Discoveries that run at a time",
     METER_SET(c.engine.discovery.workers = as_int(v))},
    {"discovery.max_crawl_pages", "", count, "2000", 1, 100'000, "Pages that one crawl may fetch",
     METER_SET(c.engine.discovery.limits.max_crawl_pages = v.number)},
    {"egress.allow_private_networks", "allow_private_networks", flag, "false", 0, 0,
     "Let fetches connect to loopback, private and other special addresses",
     METER_SET(c.engine.fetch.allow_private_networks = v.flag)},

    {"workflows.workers", "", count, "2", 1, 64, "Threads that plan the nodes of workflow runs",
     METER_SET(c.engine.workflows.workers = as_int(v))},
    {"workflows.max_node_jobs", "", count, "10000", 1, 10'000'000,
     "Jobs of one node in one run; further inputs are cut and noted",
     METER_SET(c.engine.workflows.max_node_jobs = v.number)},
    {"workflows.run_timeout", "", seconds, "6h", 1 * second, 30 * day,
     "Longest time a run may take before its running jobs fail", set_run_timeout},
    {"compat.partial_as", "", text, "partial", 0, 0,
     "Status that run endpoints show instead of partial: partial, completed or failed", set_partial_as},

    {"automations.workers", "", count, "8", 1, 256, "Executions of automations at a time",
     METER_SET(c.engine.automations.workers = as_int(v))},
    {"automations.per_account", "", count, "0", 0, 256,
     "Those of one account at a time, so that long ones leave workers to the others; 0: half of the workers, at least "
     "one",
     METER_SET(c.engine.automations.per_account = as_int(v))},
    {"automations.parallel_nodes", "", count, "4", 1, 64, "Nodes of one execution that run beside each other",
     METER_SET(c.engine.automations.parallel_nodes = as_int(v))},
    {"automations.max_pending", "", count, "10000", 1, 1'000'000, "Executions that wait or run; more are answered 503",
     METER_SET(c.engine.automations.max_pending = v.number)},
    {"automations.max_spilled_bytes", "", bytes, "4GiB", 1 * MiB, 1024 * GiB,
     "Items kept between the nodes of one execution while it runs; the node that hands out more fails",
     METER_SET(c.engine.automations.max_spilled_bytes = v.number)},
    {"automations.retention", "", seconds, "30d", 1 * hour, 3650 * day, "How long ended executions are kept",
     set_execution_retention},
    {"automations.connections_file", "", text, "", 0, 0,
     "JSON file of the connections that automations may name (docs/nodes.md), readable by its owner only (mode 0600); "
     "empty: none",
     METER_SET(c.connections_file = v.text)},
    {"automations.file_root", "", text, "", 0, 0,
     "Folder that file-source and file-sink nodes stay in; empty: they are refused", set_file_root},
    {"automations.max_record_bytes", "", bytes, "16MiB", 1 * KiB, 512 * MiB,
     "Longest record of a file or object, and longest item a transform emits",
     METER_SET(c.nodes.max_record_bytes = as_size(v))},
    {"automations.max_outputs", "", count, "100000", 1, 100'000'000, "Most items a transform emits for one item",
     METER_SET(c.nodes.max_outputs = as_size(v))},
    {"automations.transform_seconds", "", seconds, "10", second / 10, 1 * hour,
     "Computing time of a transform for one item, or for the whole list with slurp",
     METER_SET(c.nodes.transform_time = v.time)},
    {"automations.transform_memory", "", bytes, "256MiB", 16 * MiB, 64 * GiB, "Memory of a transform",
     METER_SET(c.nodes.transform_memory = as_size(v))},
    {"automations.connect_timeout_seconds", "", seconds, "10", 1 * second, 5 * minute,
     "Longest time to connect to a database", METER_SET(c.nodes.connect_timeout = v.time)},

    {"webhooks.timeout_seconds", "", seconds, "30", second / 100, 10 * minute,
     "Longest time one attempt to deliver a webhook may take", METER_SET(c.engine.webhooks.timeout = v.time)},
    {"webhooks.retry_seconds", "", text, "10,60,300,1800", 0, 0,
     "Waits before the next attempts, in seconds; after the last one a delivery has failed", set_webhook_retry},
    {"webhooks.per_endpoint", "", count, "4", 1, 1000, "Attempts under way at once to one receiver",
     METER_SET(c.engine.webhooks.per_endpoint = as_int(v))},
    {"webhooks.max_in_flight", "", count, "256", 1, 4096, "Attempts under way at once to all receivers",
     METER_SET(c.engine.webhooks.max_in_flight = as_int(v))},
    {"webhooks.lease_seconds", "", seconds, "30", second / 10, 1 * hour,
     "How long a delivery of a process that died waits before it is attempted again",
     METER_SET(c.engine.webhooks.lease = v.time)},
    {"webhooks.retention", "", seconds, "30d", 1 * hour, 3650 * day, "How long ended deliveries are kept",
     set_webhook_retention},
    {"smtp.host", "", text, "", 0, 0, "Mail server for e-mail notifications; empty: none are sent",
     METER_SET(c.engine.webhooks.smtp.host = v.text)},
    {"smtp.port", "", count, "587", 1, 65'535, "Its port",
     METER_SET(c.engine.webhooks.smtp.port = static_cast<std::uint16_t>(v.number))},
    {"smtp.security", "", text, "starttls", 0, 0, "How it is spoken to: starttls, tls or none", set_smtp_security},
    {"smtp.username", "", text, "", 0, 0, "Login at the mail server; empty: none",
     METER_SET(c.engine.webhooks.smtp.username = v.text)},
    {"smtp.password", "", text, "", 0, 0, "Its password; give it as variable or in the file",
     METER_SET(c.engine.webhooks.smtp.password = v.text)},
    {"smtp.from", "", text, "", 0, 0, "Sender's address of e-mail notifications",
     METER_SET(c.engine.webhooks.smtp.from = v.text)},
    {"smtp.ca_file", "", text, "", 0, 0, "PEM file of authorities trusted for the mail server; empty: the system's",
     METER_SET(c.engine.webhooks.smtp.ca_file = v.text)},

    {"retention.jobs", "", seconds, "0", 0, 3650 * day,
     "How long ended jobs and their batches are kept, in whole hours (docs/operations.md says which stay longer); 0: "
     "until their strategy is deleted",
     set_job_retention},
    {"retention.snapshots", "", seconds, "30d", 0, 3650 * day,
     "How long the page of a strategy is kept for refining it", set_snapshot_retention},
    {"log.level", "", text, "info", 0, 0, "Least level that is logged: debug, info, warning or error", set_log_level},
};

#undef METER_SET

Error out_of_range(const OptionSpec& spec) {
    const bool time = spec.kind == seconds;
    const auto bound = [time](std::int64_t value) {
        if (!time) return std::to_string(value);
        auto digits = std::to_string(value / 1000);
        if (value % 1000 != 0) {
            digits += '.' + std::to_string(1000 + value % 1000).substr(1);
            while (digits.back() == '0') digits.pop_back();
        }
        return digits;
    };
    return {ErrorCode::invalid_argument,
            "must be from " + bound(spec.min) + " to " + bound(spec.max) + (time ? " seconds" : "")};
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

// "<number><unit>", the number with up to three decimals when `milli`; nullopt when it is no such thing or too large.
std::optional<std::int64_t> read_quantity(std::string_view text, std::span<const Unit> units, bool milli) {
    std::size_t digits = 0;
    while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || (milli && text[digits] == '.')))
        ++digits;
    const auto number = text.substr(0, digits);
    const auto dot = std::min(number.find('.'), number.size());
    auto fraction = dot < number.size() ? std::string(number.substr(dot + 1)) : std::string();
    std::int64_t whole = 0, thousandths = 0;
    if (dot == 0 || dot > 12 || fraction.size() > 3 || fraction.find('.') != std::string::npos) return std::nullopt;
    std::from_chars(number.data(), number.data() + dot, whole);
    fraction.resize(3, '0');
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), thousandths);
    for (const Unit& unit : units)
        if (unit.name == text.substr(digits)) {
            if (milli) whole = whole * 1000 + thousandths;
            std::int64_t product = 0;
            if (__builtin_mul_overflow(whole, unit.factor, &product)) return std::nullopt;
            return product;
        }
    return std::nullopt;
}

constexpr Unit byte_units[] = {{"", 1}, {"KiB", KiB}, {"MiB", MiB}, {"GiB", GiB}};
constexpr Unit time_units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}};
constexpr Unit age_units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}, {"w", 604'800}};

}  // namespace

std::span<const OptionSpec> option_specs() {
    return specs;
}

std::string option_flag(std::string_view name) {
    std::string flag = "--" + std::string(name);
    std::ranges::replace_if(
        flag, [](char c) { return c == '.' || c == '_'; }, '-');
    return flag;
}

std::string option_variable(std::string_view name) {
    std::string variable = "METER_" + std::string(name);
    for (char& c : variable)
        if (c == '.')
            c = '_';
        else if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - ('a' - 'A'));
    return variable;
}

Result<OptionValue> read_option(const OptionSpec& spec, std::string_view given) {
    OptionValue value{.text = std::string(given)};
    const auto malformed = [](std::string_view what) {
        return Error{ErrorCode::invalid_argument, "must be " + std::string(what)};
    };
    switch (spec.kind) {
        case OptionKind::text:
            return value;
        case OptionKind::flag: {
            const auto lower = lower_ascii(given);
            if (lower != "true" && lower != "false" && lower != "1" && lower != "0") return malformed("true or false");
            value.flag = lower == "true" || lower == "1";
            return value;
        }
        case OptionKind::count: {
            const auto [end, code] = std::from_chars(given.data(), given.data() + given.size(), value.number);
            if (code != std::errc() || end != given.data() + given.size()) return malformed("an integer");
            break;
        }
        case OptionKind::bytes: {
            const auto number = read_quantity(given, byte_units, false);
            if (!number) return malformed("a number of bytes, like 1048576 or 1MiB");
            value.number = *number;
            break;
        }
        case OptionKind::seconds: {
            const auto number = read_quantity(given, time_units, true);
            if (!number) return malformed("a number of seconds, like 30, 0.5 or 2m");
            value.time = std::chrono::milliseconds(*number);
            break;
        }
    }
    const auto number = spec.kind == OptionKind::seconds ? value.time.count() : value.number;
    if (number < spec.min || number > spec.max) return out_of_range(spec);
    return value;
}

std::optional<std::chrono::seconds> read_duration(std::string_view text) {
    const auto number = read_quantity(text, age_units, false);
    if (!number || *number <= 0 || *number > 100LL * 366 * 86'400) return std::nullopt;
    return std::chrono::seconds(*number);
}

}  // namespace meter::server
