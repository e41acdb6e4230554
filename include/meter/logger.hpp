// Where the library's messages go.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "meter/export.hpp"

namespace meter {

enum class LogLevel { debug, info, warning, error };

/// "debug", "info", "warning" or "error".
METER_EXPORT std::string_view to_string(LogLevel level) noexcept;

/// Takes messages. The library never logs page content, credentials or request bodies.
/// Threads: called concurrently; must not throw or call back into the engine.
class METER_EXPORT Logger {
public:
    using Field = std::pair<std::string_view, std::string_view>;

    virtual ~Logger();

    /// `event` is a short constant text, `fields` the varying parts. Views are valid for the call only.
    virtual void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) = 0;
};

/// Drops everything; the default of an engine.
METER_EXPORT std::shared_ptr<Logger> null_logger();

}  // namespace meter
