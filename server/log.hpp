// Structured logs: one JSON object a line on stderr. Never bodies, keys or other secrets.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "meter/logger.hpp"

namespace meter::server {

/// One finished request.
struct AccessRecord {
    std::string_view method;
    std::string_view route;  ///< path template; empty: no such path
    int status = 0;
    double milliseconds = 0;
    std::string_view request_id;
    std::string_view key_prefix;  ///< empty: no key
};

/// Threads: every member from any thread.
class JsonLog final : public Logger {
public:
    /// Drops what is below `least`.
    explicit JsonLog(LogLevel least);
    ~JsonLog() override;

    void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) override;
    /// At level info.
    void access(const AccessRecord& record);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::server
