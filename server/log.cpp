#include "log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cmath>
#include <string>

#include "meter/json.hpp"

namespace meter::server {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

void append_field(std::string& line, std::string_view name, std::string_view value) {
    line += ',';
    append_json_string(line, name);
    line += ':';
    append_json_string(line, value);
}

}  // namespace

struct JsonLog::Impl {
    spdlog::logger logger{"meter", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

    void write(LogLevel level, const std::string& members) {
        logger.log(spdlog_level(level), spdlog::string_view_t(members));
    }
    bool wants(LogLevel level) const { return logger.should_log(spdlog_level(level)); }
};

JsonLog::JsonLog(LogLevel least) : impl_(std::make_unique<Impl>()) {
    impl_->logger.set_level(spdlog_level(least));
    impl_->logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc));
    // A log that cannot be written (a full disk behind stderr) must not end or flood the server.
    impl_->logger.set_error_handler([](const std::string&) {});
}

JsonLog::~JsonLog() = default;

void JsonLog::log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
    if (!impl_->wants(level)) return;
    std::string line = "\"event\":";
    append_json_string(line, event);
    for (const auto& [name, value] : fields) append_field(line, name, value);
    impl_->write(level, line);
}

void JsonLog::access(const AccessRecord& record) {
    if (!impl_->wants(LogLevel::info)) return;
    std::string line = R"("event":"request")";
    append_field(line, "method", record.method.substr(0, 32));
    append_field(line, "route", record.route);
    const auto tenths = std::llround(record.milliseconds * 10);
    line.append(R"(,"status":)").append(std::to_string(record.status));
    line.append(R"(,"ms":)").append(std::to_string(tenths / 10)).append(1, '.').append(std::to_string(tenths % 10));
    append_field(line, "request_id", record.request_id);
    if (!record.key_prefix.empty()) append_field(line, "key", record.key_prefix);
    impl_->write(LogLevel::info, line);
}

}  // namespace meter::server
