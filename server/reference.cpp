#include "reference.hpp"

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "meter/version.hpp"
#include "routes/routes.hpp"

namespace meter::server {
namespace {

using Commands = std::vector<const CLI::App*>;

Commands subcommands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> flags_of(const CLI::App& command) {
    std::vector<std::string> flags;
    for (const auto* option : command.get_options())
        for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
    return flags;
}

std::string takes(const OptionSpec& spec) {
    switch (spec.kind) {
        case OptionKind::text:
            return "text";
        case OptionKind::flag:
            return "true or false";
        case OptionKind::count:
            return "integer";
        case OptionKind::bytes:
            return "bytes";
        case OptionKind::seconds:
            return "seconds";
    }
    return {};
}

std::string bound_text(const OptionSpec& spec, std::int64_t bound) {
    if (spec.kind == OptionKind::bytes) {
        constexpr std::int64_t kibi = 1024;
        if (bound % (kibi * kibi * kibi) == 0) return std::to_string(bound / (kibi * kibi * kibi)) + "GiB";
        if (bound % (kibi * kibi) == 0) return std::to_string(bound / (kibi * kibi)) + "MiB";
        if (bound % kibi == 0) return std::to_string(bound / kibi) + "KiB";
    }
    if (spec.kind != OptionKind::seconds) return std::to_string(bound);
    constexpr std::int64_t a_second = 1000, a_day = 86'400 * a_second;
    if (bound != 0 && bound % a_day == 0) return std::to_string(bound / a_day) + "d";
    auto text = std::to_string(bound / a_second);
    if (bound % a_second != 0) {
        text += '.' + std::to_string(a_second + bound % a_second).substr(1);
        while (text.back() == '0') text.pop_back();
    }
    return text;
}

std::string range_text(const OptionSpec& spec) {
    const bool bounded =
        spec.kind == OptionKind::count || spec.kind == OptionKind::bytes || spec.kind == OptionKind::seconds;
    return bounded ? bound_text(spec, spec.min) + " to " + bound_text(spec, spec.max) : std::string();
}

std::string group_of(const OptionSpec& spec) {
    const auto dot = spec.name.find('.');
    return std::string(dot == std::string_view::npos ? std::string_view() : spec.name.substr(0, dot));
}

// "|" ends a cell, "<" begins a tag.
std::string markdown_cell(std::string_view text) {
    std::string cell;
    for (const char c : text) {
        if (c == '|') cell += '\\';
        cell += c == '<' ? std::string("&lt;") : std::string(1, c);
    }
    return cell;
}

std::string markdown_reference() {
    std::string text =
        "# Configuration reference\n\n"
        "Written by `meter-server reference --form markdown` from the server's own table of options; `.ci/run` fails "
        "when "
        "it is\nnot current. Each setting is an option of the command line, a variable, and a key of the file given by "
        "`--config FILE`\n(or `METER_CONFIG`), in this order of strength. The file has `key = value` lines, `[group]` "
        "headings and `#` comments, and\nmust be readable by its owner only (mode 0600). Bytes may end in KiB, MiB or "
        "GiB; seconds may have decimals or end in\ns, m, h or d.\n";
    std::string group = "none";
    for (const auto& spec : option_specs()) {
        if (const auto next = group_of(spec); next != group) {
            group = next;
            text +=
                "\n## " + (group.empty() ? std::string("General") : group) +
                "\n\n| key | option | variable | takes | range | default | meaning |\n|---|---|---|---|---|---|---|\n";
        }
        std::string option = "`" + option_flag(spec.name) + "`", variable = "`" + option_variable(spec.name) + "`";
        if (!spec.alias.empty()) {
            option += ", `" + option_flag(spec.alias) + "`";
            variable += ", `" + option_variable(spec.alias) + "`";
        }
        const std::string preset =
            spec.default_text.empty() ? std::string() : "`" + markdown_cell(spec.default_text) + "`";
        text += "| `" + std::string(spec.name) + "` | " + option + " | " + variable + " | " + takes(spec) + " | " +
                range_text(spec) + " | " + preset + " | " + markdown_cell(spec.help) + " |\n";
    }
    return text;
}

// Backslashes and leading dots mean something to troff, and a "-" that is to be copied is "\-".
std::string troff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    }
    if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
    return out;
}

void append_man_options(std::string& text, const CLI::App& command) {
    for (const auto* option : command.get_options()) {
        std::string names;
        for (const auto& name : option->get_lnames()) names += (names.empty() ? "\\-\\-" : ", \\-\\-") + troff(name);
        if (names.empty()) names = troff(option->get_name(true));
        text += ".TP\n.B " + names + "\n" + troff(option->get_description()) + "\n";
    }
}

void append_man_commands(std::string& text, const CLI::App& parent, const std::string& prefix) {
    for (const auto* command : subcommands_of(parent)) {
        const std::string name = prefix + command->get_name();
        text += ".SS " + troff(name) + "\n" + troff(command->get_description()) + ".\n";
        if (!subcommands_of(*command).empty())
            append_man_commands(text, *command, name + " ");
        else
            append_man_options(text, *command);
    }
}

std::string man_reference(const CLI::App& app) {
    std::string text = ".TH METER\\-SERVER 1 \"\" \"libmeter " + std::string(version()) +
                       "\" \"User Commands\"\n"
                       ".SH NAME\nmeter\\-server \\- scraping and change monitoring over HTTP\n"
                       ".SH SYNOPSIS\n.B meter\\-server\n.I command\n.RI [ options ]\n"
                       ".SH DESCRIPTION\n"
                       "Turns web pages and JSON APIs into records, keeps them, notices when they change, and tells "
                       "webhooks. It speaks the REST API that it describes itself at\n.IR /openapi.json .\n"
                       "The first start on an empty store prints one admin key on standard output.\n"
                       ".SH COMMANDS\n";
    append_man_commands(text, app, "");
    text +=
        ".SH ENVIRONMENT\nEach setting\n.B \\-\\-group\\-some\\-name\nof\n.B serve\nis the variable\n"
        ".B METER_GROUP_SOME_NAME\ntoo;\n.B METER_CONFIG\nnames the configuration file. The command line is stronger "
        "than "
        "a variable, a variable than the file.\n"
        ".SH FILES\n.TP\n.I /etc/meter/meter\\-server.conf\nSettings of the system's own server, as key = value lines "
        "under [group] headings; mode 0600.\n.TP\n.I /var/lib/meter/meter.db\nIts data.\n"
        ".SH EXIT STATUS\n0 when done or stopped by SIGTERM or SIGINT; 1 when it failed, or when\n.B check\nfound "
        "damage; "
        "2 for a wrong command line, variable or file.\n";
    return text;
}

void append_case(std::string& cases, const CLI::App& command, const std::string& name) {
    std::string words;
    for (const auto* sub : subcommands_of(command)) words += sub->get_name() + " ";
    for (const auto& flag : flags_of(command)) words += flag + " ";
    words.pop_back();
    cases += "    '" + name + "') words='" + words + "' ;;\n";
    for (const auto* sub : subcommands_of(command))
        append_case(cases, *sub, name.empty() ? sub->get_name() : name + " " + sub->get_name());
}

std::string bash_reference(const CLI::App& app) {
    std::string groups;  // commands that are nothing without another word
    for (const auto* sub : subcommands_of(app))
        if (!subcommands_of(*sub).empty()) groups += (groups.empty() ? "" : "|") + sub->get_name();
    std::string cases;
    append_case(cases, app, "");
    return "# bash completion for meter-server, written by `meter-server reference --form bash`\n"
           "_meter_server() {\n"
           "  local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
           "  COMPREPLY=()\n"
           "  [ \"$COMP_CWORD\" -gt 1 ] || command=\n"
           "  case \"$command\" in " +
           groups +
           ") [ \"$COMP_CWORD\" -gt 2 ] && command+=\" ${COMP_WORDS[2]}\" ;; esac\n"
           "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
           "    --config|--to|--from|--*-file) mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n"
           "  esac\n"
           "  case \"$command\" in\n" +
           cases +
           "  esac\n"
           "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o filenames -F _meter_server meter-server\n";
}

std::string routes_reference() {
    std::string text;
    for (const Route& route : all_routes())
        text += std::string(route.method) + ' ' + std::string(route.path) + ' ' + std::string(route.scope) + '\n';
    return text;
}

}  // namespace

std::string reference_text(const CLI::App& app, ReferenceForm form) {
    switch (form) {
        case ReferenceForm::markdown:
            return markdown_reference();
        case ReferenceForm::man:
            return man_reference(app);
        case ReferenceForm::bash:
            return bash_reference(app);
        case ReferenceForm::routes:
            return routes_reference();
    }
    return {};
}

}  // namespace meter::server
