#include "meter/logger.hpp"

namespace meter {
namespace {

class NullLogger final : public Logger {
public:
    void log(LogLevel, std::string_view, std::initializer_list<Field>) override {}
};

}  // namespace

Logger::~Logger() = default;

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

std::shared_ptr<Logger> null_logger() {
    return std::make_shared<NullLogger>();
}

}  // namespace meter
