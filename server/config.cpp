// Where settings come from. The only place that reads the environment.
#include "config.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include "meter/version.hpp"
#include "private_file.hpp"
#include "reference.hpp"

namespace meter::server {
namespace {

constexpr int exit_usage = 2;
constexpr std::size_t max_config_bytes = 1u << 20;

std::string_view trimmed_setting(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Error config_error(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message), "config"};
}

// The value of a "key = value" line: quoted, or up to a comment. nullopt for a quote without an end.
std::optional<std::string> setting_value(std::string_view text) {
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const auto end = text.find(text.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto rest = trimmed_setting(text.substr(end + 1));
        if (!rest.empty() && rest.front() != '#') return std::nullopt;
        return std::string(text.substr(1, end - 1));
    }
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i] == '#' && (text[i - 1] == ' ' || text[i - 1] == '\t')) text = text.substr(0, i);
    return std::string(trimmed_setting(text));
}

/// A setting as given, and by what: errors name the latter.
struct Given {
    std::string value;
    std::string source;
};
using GivenSettings = std::map<std::string_view, Given>;  ///< by OptionSpec::name

const OptionSpec* find_spec(std::string_view name) {
    for (const auto& spec : option_specs())
        if (spec.name == name || (!spec.alias.empty() && spec.alias == name)) return &spec;
    return nullptr;
}

bool is_common(const OptionSpec& spec) {
    return spec.name == "store";
}

std::string default_note(const OptionSpec& spec) {
    std::string note(spec.help);
    if (!spec.default_text.empty() && spec.kind != OptionKind::flag)
        note += " [" + std::string(spec.default_text) + "]";
    return note;
}

void add_settings(CLI::App& command, GivenSettings& given, bool all) {
    for (const auto& spec : option_specs()) {
        if (!all && !is_common(spec)) continue;
        std::string names = option_flag(spec.name);
        if (!spec.alias.empty()) names += "," + option_flag(spec.alias);
        const auto take = [&given, &spec](const std::string& value) {
            given[spec.name] = {value, option_flag(spec.alias.empty() ? spec.name : spec.alias)};
        };
        CLI::Option* option = nullptr;
        if (spec.kind == OptionKind::flag)  // "--flag=false" counts as -1
            option = command.add_flag_function(
                names, [take](std::int64_t count) { take(count > 0 ? "true" : "false"); }, default_note(spec));
        else
            option = command.add_option_function<std::string>(names, take, default_note(spec));
        const auto dot = spec.name.find('.');
        option->group(dot == std::string_view::npos ? "Options" : std::string(spec.name.substr(0, dot)));
    }
}

Result<void> add_file_settings(const std::string& path, GivenSettings& given) {
    const auto text = read_private_file(path, max_config_bytes);
    if (!text) return text.error();
    const auto settings = parse_config_text(*text);
    if (!settings) return config_error(path + ": " + settings.error().message);
    GivenSettings from_file;
    for (const auto& setting : *settings) {
        const std::string where = path + ":" + std::to_string(setting.line) + ": " + setting.key;
        const auto* spec = find_spec(setting.key);
        if (!spec) return config_error(where + " is not a setting");
        if (!from_file.emplace(spec->name, Given{setting.value, where}).second)
            return config_error(where + " is given twice");
    }
    given.merge(from_file);  // what is there already is stronger
    return {};
}

void add_variables(GivenSettings& given) {
    for (const auto& spec : option_specs())
        for (const auto name : {spec.name, spec.alias}) {
            if (name.empty()) continue;
            const auto variable = option_variable(name);
            if (const char* value = std::getenv(variable.c_str())) given.try_emplace(spec.name, Given{value, variable});
        }
}

Result<ServerConfig> make_config(const GivenSettings& given) {
    ServerConfig config;
    for (const auto& spec : option_specs()) {
        const auto found = given.find(spec.name);
        const bool is_given = found != given.end();
        const std::string source = is_given ? found->second.source : option_flag(spec.name);
        const auto value = read_option(spec, is_given ? std::string_view(found->second.value) : spec.default_text);
        if (!value) return config_error(source + " " + value.error().message);
        const auto applied = spec.apply(config, *value);
        if (!applied) return config_error(source + " " + applied.error().message);
    }
    return config;
}

std::optional<std::string> environment_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

/// What settings name and only `serve` needs.
Result<void> load_named_files(ServerConfig& config) {
    if (config.connections_file.empty()) return {};
    auto connections = read_connections_file(config.connections_file, environment_variable);
    if (!connections) return connections.error();
    config.engine.connections = std::make_shared<const Connections>(*std::move(connections));
    return {};
}

int fail_invocation(const std::string& message) {
    std::cerr << "meter-server: " << message << '\n';
    return exit_usage;
}

std::vector<std::string> split_scopes(std::string_view text) {
    std::vector<std::string> scopes;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(',', start), text.size());
        const auto scope = trimmed_setting(text.substr(start, end - start));
        if (!scope.empty()) scopes.emplace_back(scope);
        start = end + 1;
    }
    return scopes;
}

}  // namespace

Result<std::vector<FileSetting>> parse_config_text(std::string_view text) {
    std::vector<FileSetting> settings;
    std::string group;
    int number = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed_setting(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty() || line.front() == '#') continue;
        const auto malformed = [number](std::string_view what) {
            return config_error("line " + std::to_string(number) + ": " + std::string(what));
        };
        if (line.front() == '[') {
            if (line.back() != ']' || line.size() < 3) return malformed("expected [group]");
            group = std::string(trimmed_setting(line.substr(1, line.size() - 2))) + ".";
            continue;
        }
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0) return malformed("expected key = value");
        auto value = setting_value(trimmed_setting(line.substr(equals + 1)));
        if (!value) return malformed("expected a closing quote at the end");
        settings.push_back({group + std::string(trimmed_setting(line.substr(0, equals))), std::move(*value), number});
    }
    return settings;
}

std::variant<Invocation, int> read_invocation(int argc, const char* const* argv) {
    CLI::App app(
        "Turns web pages and JSON APIs into records and notices when they change.\n"
        "Every option is also a METER_... variable and a key of the configuration file.",
        "meter-server");
    app.require_subcommand(1);
    app.set_version_flag("--version", "meter-server " + std::string(version()), "Print the version");
    Invocation invocation;
    GivenSettings given;
    std::string config_file, scopes, expires, interval, max_line;
    auto& keys = invocation.keys;

    const auto add_command = [&](CLI::App& parent, const char* name, const char* help, Command command, bool all) {
        auto* sub = parent.add_subcommand(name, help);
        sub->callback([&invocation, command] { invocation.command = command; });
        if (command == Command::version || command == Command::reference) return sub;
        sub->add_option("--config", config_file, "File of settings, readable by its owner only (mode 0600)");
        add_settings(*sub, given, all);
        return sub;
    };
    add_command(app, "serve", "Serve the HTTP API", Command::serve, true);
    auto* key_commands = app.add_subcommand("keys", "Create, list and revoke API keys");
    key_commands->require_subcommand(1);
    auto* create = add_command(*key_commands, "create", "Make a key and print it once", Command::keys_create, false);
    create->add_option("--account", keys.account, "Account it belongs to; a new name makes the account [default]");
    create->add_option("--user", keys.user, "User of the account [the account]");
    create->add_option("--organization", keys.organization, "Organization of the account [default]");
    create->add_option("--name", keys.name, "What it is for");
    auto* given_scopes = create->add_option(
        "--scopes", scopes, "Comma separated: *, meter, workflows:read, workflows:write, workflows:execute [*]");
    create->add_option("--expires", expires, "Lifetime, like 12h or 90d [for ever]");
    create->add_flag("--json", keys.json, "Print a JSON object instead of the bare key");
    auto* list = add_command(*key_commands, "list", "List the keys by prefix", Command::keys_list, false);
    list->add_flag("--json", keys.json, "Print a JSON array");
    auto* revoke =
        add_command(*key_commands, "revoke", "Delete keys: their next request is refused", Command::keys_revoke, false);
    revoke->add_option("prefix", keys.prefix, "First 12 characters of the key")->required();
    add_command(app, "check", "Look for damage in the store", Command::check, false);
    auto* backup =
        add_command(app, "backup", "Copy the store to a new file while it is in use", Command::backup, false);
    backup->add_option("--to", invocation.backup_path, "File to make; it must not exist")->required();
    auto* exported = add_command(app, "export", "Write everything of the store to a new file, as JSON Lines",
                                 Command::export_all, false);
    exported
        ->add_option("file", invocation.export_path, "File to make, readable by its owner only; - for standard output")
        ->required();
    auto* imported = add_command(app, "import", "Fill an empty store from an export, or add another program's watches",
                                 Command::import_all, false);
    imported->add_option("file", invocation.import.path, "File to read; - for standard input")->required();
    std::map<std::string, ForeignProgram> programs{{"changedetection", ForeignProgram::changedetection},
                                                   {"urlwatch", ForeignProgram::urlwatch}};
    imported
        ->add_option("--from", invocation.import.from,
                     "changedetection (url-watches.json) or urlwatch (urls.yaml) [an export of meter-server]")
        ->transform(CLI::Transformer(programs).description(""))
        ->transform(CLI::IsMember(programs).description(""))  // looked at first
        ->type_name("NAME");
    imported->add_option("--account", invocation.import.account, "Account that gets the watches [default]");
    imported->add_option("--interval", interval, "How often urlwatch's jobs run, like 30m [1h]");
    imported->add_option("--max-line", max_line, "Longest line of an export, 1KiB to 2047MiB [64MiB]");
    imported->add_flag("--dry-run", invocation.import.dry_run, "Only tell what would be made of the watches");
    std::map<std::string, ReferenceForm> forms{{"markdown", ReferenceForm::markdown},
                                               {"man", ReferenceForm::man},
                                               {"bash", ReferenceForm::bash},
                                               {"routes", ReferenceForm::routes}};
    auto form = ReferenceForm::man;
    auto* reference = add_command(app, "reference", "Print what there is to say about commands and settings",
                                  Command::reference, false);
    reference
        ->add_option("--form", form, "markdown (the settings), man (a manual page), bash (completion) or routes [man]")
        ->transform(CLI::Transformer(forms).description(""))
        ->transform(CLI::IsMember(forms).description(""))  // looked at first
        ->type_name("NAME");
    add_command(app, "version", "Print the version", Command::version, false);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : exit_usage;
    }
    if (invocation.command == Command::version) return invocation;
    if (invocation.command == Command::reference) {
        std::cout << reference_text(app, form);
        return std::cout.flush() ? 0 : 1;
    }

    add_variables(given);
    if (config_file.empty())
        if (const char* path = std::getenv("METER_CONFIG")) config_file = path;
    if (!config_file.empty())
        if (const auto read = add_file_settings(config_file, given); !read)
            return fail_invocation(read.error().message);
    // A wrong variable that this command does not use is no reason to refuse it.
    if (invocation.command != Command::serve)
        std::erase_if(given, [](const auto& entry) { return !is_common(*find_spec(entry.first)); });
    auto config = make_config(given);
    if (!config) return fail_invocation(config.error().message);
    if (invocation.command == Command::serve)
        if (const auto loaded = load_named_files(*config); !loaded) return fail_invocation(loaded.error().message);
    invocation.config = std::move(*config);
    // An empty list, as of a variable that is not set, must not make a key for everything.
    keys.scopes = given_scopes->count() == 0 ? std::vector<std::string>{"*"} : split_scopes(scopes);
    if (keys.scopes.empty()) return fail_invocation("--scopes names no scope");
    if (!expires.empty()) {
        keys.expires = read_duration(expires);
        if (!keys.expires) return fail_invocation("--expires must be a number followed by s, m, h, d or w, like 90d");
    }
    if (!max_line.empty()) {
        OptionSpec spec;
        spec.kind = OptionKind::bytes;
        spec.min = 1 << 10;
        spec.max = std::int64_t{2047} << 20;
        const auto read = read_option(spec, max_line);
        if (!read) return fail_invocation("--max-line " + read.error().message);
        invocation.import.max_line_bytes = static_cast<std::size_t>(read->number);
    }
    if (!interval.empty()) {
        const auto read = read_duration(interval);
        if (!read) return fail_invocation("--interval must be a number followed by s, m, h, d or w, like 30m");
        invocation.import.interval = *read;
    }
    return invocation;
}

}  // namespace meter::server
