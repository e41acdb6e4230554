#include "config.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace meter::server;
using namespace std::chrono_literals;

namespace {

/// A file of settings that goes with the test.
class ConfigFile {
public:
    explicit ConfigFile(std::string_view text, unsigned mode = 0600)
        : path_(std::filesystem::temp_directory_path() / ("meter-config-" + std::to_string(getpid()))) {
        std::ofstream(path_) << text;
        chmod(path_.c_str(), mode);
    }
    ~ConfigFile() { std::filesystem::remove(path_); }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;
    std::string path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::variant<Invocation, int> invoke(std::vector<std::string> arguments) {
    std::vector<const char*> argv{"meter-server"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    return read_invocation(static_cast<int>(argv.size()), argv.data());
}

std::optional<ServerConfig> serve_config(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "serve");
    auto invocation = invoke(std::move(arguments));
    if (auto* found = std::get_if<Invocation>(&invocation)) return found->config;
    return std::nullopt;
}

const OptionSpec& spec(std::string_view name) {
    for (const auto& each : option_specs())
        if (each.name == name) return each;
    throw std::logic_error("no such setting");
}

}  // namespace

TEST_SUITE("server.config") {
    TEST_CASE("every setting has one name, help, and a default that it takes itself") {
        std::set<std::string> flags;
        for (const auto& each : option_specs()) {
            CAPTURE(each.name);
            CHECK(flags.insert(option_flag(each.name)).second);
            if (!each.alias.empty()) CHECK(flags.insert(option_flag(each.alias)).second);
            CHECK_FALSE(each.help.empty());
            const auto value = read_option(each, each.default_text);
            REQUIRE(value);
            ServerConfig config;
            CHECK(each.apply(config, *value));
        }
        CHECK(option_flag("http.max_body") == "--http-max-body");
        CHECK(option_variable("http.max_body") == "METER_HTTP_MAX_BODY");
    }

    TEST_CASE("the library accepts both ends of every range") {
        for (const auto& each : option_specs()) {
            if (each.min == each.max) continue;
            for (const auto bound : {each.min, each.max}) {
                CAPTURE(each.name);
                CAPTURE(bound);
                ServerConfig config;
                OptionValue value{.number = bound, .time = std::chrono::milliseconds(bound)};
                REQUIRE(each.apply(config, value));
                const auto valid = meter::validate(config.engine);
                CHECK((valid ? "" : valid.error().message) == "");
                const auto nodes_valid = meter::validate(config.nodes);
                CHECK((nodes_valid ? "" : nodes_valid.error().message) == "");
                const auto fetch_valid = meter::validate(config.engine.fetch);
                CHECK((fetch_valid ? "" : fetch_valid.error().message) == "");
            }
        }
    }

    TEST_CASE("values are read as their kind says and refused out of range") {
        struct Row {
            std::string_view name, text;
            bool good;
        };
        for (const Row& row : {Row{"http.max_body", "10485760", true},
                               Row{"http.max_body", "1MiB", true},
                               Row{"http.max_body", "1MB", false},
                               Row{"http.max_body", "1023", false},
                               Row{"http.max_body", "2GiB", false},
                               Row{"http.max_body", "", false},
                               Row{"http.max_body", "-1", false},
                               Row{"http.max_body", "99999999999999999999", false},
                               Row{"http.max_body", "1.5MiB", false},
                               Row{"jobs.workers", "1", true},
                               Row{"jobs.workers", "0", false},
                               Row{"jobs.workers", "1025", false},
                               Row{"jobs.workers", "1 ", false},
                               Row{"jobs.workers", "many", false},
                               Row{"jobs.lease_seconds", "0.5", true},
                               Row{"jobs.lease_seconds", "1h", true},
                               Row{"jobs.lease_seconds", "2h", false},
                               Row{"jobs.lease_seconds", "0", false},
                               Row{"jobs.lease_seconds", "1.2345", false},
                               Row{"jobs.lease_seconds", "1..2", false},
                               Row{"jobs.lease_seconds", ".5", false},
                               Row{"jobs.lease_seconds", "1w", false},
                               Row{"min_interval_seconds", "86400", true},
                               Row{"min_interval_seconds", "0", false},
                               Row{"min_interval_seconds", "86401", false},
                               Row{"insecure", "TRUE", true},
                               Row{"insecure", "yes", false}}) {
            CAPTURE(row.name);
            CAPTURE(row.text);
            CHECK(read_option(spec(row.name), row.text).has_value() == row.good);
        }
        CHECK(read_option(spec("jobs.lease_seconds"), "0.5")->time == 500ms);
        CHECK(read_option(spec("http.max_body"), "2MiB")->number == 2 << 20);
        CHECK(read_option(spec("jobs.lease_seconds"), "9h").error().message == "must be from 0.1 to 3600 seconds");
    }

    TEST_CASE("lifetimes are whole numbers with a unit") {
        CHECK(read_duration("90d") == 24h * 90);
        CHECK(read_duration("2s") == 2s);
        for (const char* text : {"", "90", "d", "0d", "-1d", "1.5d", "soon", "99999999999w"}) {
            CAPTURE(text);
            CHECK_FALSE(read_duration(text));
        }
    }

    TEST_CASE("the command line is stronger than a variable, and that than the file") {
        const ConfigFile file(
            "jobs.workers = 3\n[fetch]\nper_host = 3 # parallel\nmax_redirects=3\nuser_agent = 'a # b'\n");
        setenv("METER_JOBS_WORKERS", "2", 1);
        setenv("METER_FETCH_PER_HOST", "2", 1);
        const auto config = serve_config({"--config", file.path(), "--jobs-workers", "1"});
        unsetenv("METER_JOBS_WORKERS");
        unsetenv("METER_FETCH_PER_HOST");
        REQUIRE(config);
        CHECK(config->engine.jobs.workers == 1);
        CHECK(config->engine.fetch.per_host == 2);
        CHECK(config->engine.fetch.max_redirects == 3);
        CHECK(config->engine.fetch.user_agent == "a # b");
    }

    TEST_CASE("both names of a setting work, and a flag alone means yes") {
        CHECK(serve_config({"--allow-private-networks"})->engine.fetch.allow_private_networks);
        CHECK(serve_config({"--egress-allow-private-networks"})->engine.fetch.allow_private_networks);
        CHECK_FALSE(serve_config({"--discovery-respect-robots=false"})->engine.discovery.respect_robots);
        CHECK_FALSE(serve_config({})->engine.fetch.allow_private_networks);
        setenv("METER_ALLOW_PRIVATE_NETWORKS", "true", 1);
        CHECK(serve_config({})->engine.fetch.allow_private_networks);
        unsetenv("METER_ALLOW_PRIVATE_NETWORKS");
        const ConfigFile file("egress.allow_private_networks = true\n");
        CHECK(serve_config({"--config", file.path()})->engine.fetch.allow_private_networks);
    }

    TEST_CASE("a file that others may read, or that says something unknown, is refused") {
        const ConfigFile open_file("", 0644);
        CHECK_FALSE(serve_config({"--config", open_file.path()}));
        for (const char* text : {"nonsense = 1\n", "jobs.workers\n", "jobs.workers = 1\njobs.workers = 2\n",
                                 "jobs.workers = \"1\n", "[jobs\n", "jobs.workers = 0\n"}) {
            CAPTURE(text);
            const ConfigFile file(text);
            CHECK_FALSE(serve_config({"--config", file.path()}));
        }
        CHECK_FALSE(serve_config({"--config", "/nonexistent/file"}));
    }

    TEST_CASE("connections come from a file of their own, their secrets from variables where it says so") {
        const auto with = [](std::string_view text, unsigned mode = 0600) {
            const ConfigFile file(text, mode);
            return serve_config({"--automations-connections-file", file.path()});
        };
        setenv("METER_TEST_TOKEN", "from the environment", 1);
        const auto config = with(R"({"api": {"type": "http", "base_url": "https://api.test/",
            "headers": {"Authorization": {"$variable": "METER_TEST_TOKEN"}}},
            "db": {"type": "postgres", "host": "h", "database": "d", "password": {"$variable": "METER_TEST_TOKEN"}}})");
        REQUIRE(config);
        const auto& connections = *config->engine.connections;
        CHECK(connections.names() == std::vector<std::string>{"api", "db"});
        CHECK(connections.find("db")->text("password") == "from the environment");
        CHECK(*connections.find("api")->find("headers")->find("Authorization")->if_string() == "from the environment");
        CHECK(connections.redact("it is from the environment.") == "it is ***.");
        for (const char* text : {"", "[]", "{", R"({"db": {"type": "postgres"}})", R"({"db": 3})",
                                 R"({"db": {"type": "mine", "key": {"$variable": "METER_NOT_SET_ANYWHERE"}}})",
                                 R"({"db": {"type": "mine", "key": {"$variable": "HOME"}}})",
                                 R"({"db": {"type": "mine", "key": {"$variable": "METER_TEST_TOKEN", "more": 1}}})",
                                 R"({"db": {"type": "mine", "key": {"$variable": 3}}})"}) {
            CAPTURE(text);
            CHECK_FALSE(with(text));
        }
        CHECK_FALSE(with("{}", 0640));
        CHECK(with("{}")->engine.connections->empty());
        CHECK_FALSE(serve_config({"--automations-connections-file", "/nonexistent/file"}));
        CHECK_FALSE(serve_config({})->engine.connections);
        unsetenv("METER_TEST_TOKEN");
        CHECK_FALSE(serve_config({"--automations-file-root", "/nonexistent/folder"}));
        CHECK(serve_config({"--automations-file-root", "/tmp"})->nodes.file_root == "/tmp");
    }

    TEST_CASE("wrong command lines end with code 2 and help with 0") {
        for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                          {"dance"},
                                                          {"serve", "--nonsense"},
                                                          {"serve", "--jobs-workers", "0"},
                                                          {"serve", "--listen", "nowhere"},
                                                          {"keys", "create", "--expires", "soon"},
                                                          {"keys", "revoke"},
                                                          {"serve", "--quota-tier", "gold"}}) {
            const auto invocation = invoke(arguments);
            REQUIRE(std::holds_alternative<int>(invocation));
            CHECK(std::get<int>(invocation) == 2);
        }
        CHECK(std::get<int>(invoke({"serve", "--help"})) == 0);
    }

    TEST_CASE("endpoints are a host and a port") {
        CHECK(parse_endpoint("[::1]:80")->host == "::1");
        CHECK(parse_endpoint("localhost:0")->port == 0);
        for (const char* text : {"", "a", ":80", "a:", "a:x", "a:65536", "a:-1", "::1:80", "[::1]", "[]:1", "a:1 "}) {
            CAPTURE(text);
            CHECK_FALSE(parse_endpoint(text));
        }
    }
}
