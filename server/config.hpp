// What the server is started with: command line, METER_... variables, configuration file, in this order of strength.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app.hpp"
#include "http/event_loop.hpp"
#include "http/listener.hpp"
#include "meter/engine.hpp"
#include "meter/logger.hpp"
#include "meter/node.hpp"
#include "meter/result.hpp"

namespace meter::server {

struct ServerConfig {
    Endpoint listen{"127.0.0.1", 8000};
    bool insecure = false;  ///< listening beyond loopback was allowed
    std::string store = {};
    std::string bootstrap_key = {};
    LogLevel log_level = LogLevel::info;
    LoopOptions loop = {};
    AppOptions app = {};
    std::string connections_file = {};  ///< empty: none
    NodeOptions nodes = {};
    EngineOptions engine = {};  ///< with the connections of that file
};

/// What an option takes.
enum class OptionKind {
    text,
    flag,     ///< true or false; the option alone means true
    count,    ///< an integer
    bytes,    ///< an integer, with KiB, MiB or GiB behind it if wanted
    seconds,  ///< seconds with decimals, or with s, m, h or d behind it
};

/// A value read as its kind says.
struct OptionValue {
    std::string text = {};
    bool flag = false;
    std::int64_t number = 0;            ///< count, bytes
    std::chrono::milliseconds time{0};  ///< seconds
};

/// One setting: "group.some_name" is the option --group-some-name, the variable METER_GROUP_SOME_NAME and the key
/// group.some_name of the configuration file. `alias` is a second name under the same rule.
struct OptionSpec {
    std::string_view name;
    std::string_view alias;
    OptionKind kind = OptionKind::text;
    std::string_view default_text;
    std::int64_t min = 0, max = 0;  ///< count, bytes: inclusive; seconds: in milliseconds
    std::string_view help;
    Result<void> (*apply)(ServerConfig&, const OptionValue&) = nullptr;
};

/// Every setting of `serve`; the others use those without a dot.
std::span<const OptionSpec> option_specs();

/// "http.max_body" -> "--http-max-body", "METER_HTTP_MAX_BODY"
std::string option_flag(std::string_view name);
std::string option_variable(std::string_view name);

/// Reads a value and checks its range. Errors: invalid_argument; the message names neither option nor source.
Result<OptionValue> read_option(const OptionSpec& spec, std::string_view text);

/// "90d" and the like: a whole number and s, m, h, d or w. nullopt when it is no such thing, or zero.
std::optional<std::chrono::seconds> read_duration(std::string_view text);

struct FileSetting {
    std::string key;
    std::string value;
    int line = 0;
};

/// Reads "key = value" lines; "[group]" prefixes the keys after it; "#" starts a comment; values may be quoted.
/// Errors: invalid_argument with the line in the message.
Result<std::vector<FileSetting>> parse_config_text(std::string_view text);

struct KeysArguments {
    std::string account = "default", user = {}, organization = {}, name = {}, prefix = {};
    std::vector<std::string> scopes = {};
    std::optional<std::chrono::seconds> expires = {};
    bool json = false;
};

/// Programs whose watches can be imported.
enum class ForeignProgram { changedetection, urlwatch };

struct ImportArguments {
    std::string path = {};                    ///< "-": standard input
    std::size_t max_line_bytes = 64u << 20;   ///< of an export
    std::optional<ForeignProgram> from = {};  ///< nullopt: an export of meter-server
    std::string account = "default";          ///< of another program's watches, like the rest
    std::chrono::seconds interval{3'600};
    bool dry_run = false;
};

enum class Command {
    serve,
    keys_create,
    keys_list,
    keys_revoke,
    check,
    backup,
    export_all,
    import_all,
    reference,
    version
};

struct Invocation {
    Command command = Command::version;
    ServerConfig config = {};
    KeysArguments keys = {};
    std::string backup_path = {};
    std::string export_path = {};
    ImportArguments import = {};
};

/// Reads everything a start is told. An int: the process is done with this exit code (help or reference, or an error
/// that was written to stderr).
std::variant<Invocation, int> read_invocation(int argc, const char* const* argv);

}  // namespace meter::server
