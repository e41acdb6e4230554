// A database server of the test's own, in a folder of its own, on a Unix socket only. Ends with the test.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace meter {

/// The program of this name on the PATH or in one of the folders; empty when there is none.
inline std::string find_program(const std::string& name, std::vector<std::string> folders) {
    std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find(':', at), path.size());
        folders.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    for (const auto& folder : folders)
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
    return {};
}

/// Starts a program with its output in `log`; servers refuse to be root, so root becomes another user first.
inline pid_t start_program(const std::vector<std::string>& command, const std::string& log, uid_t user) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::getuid() == 0 && user != 0 && (::setgid(user) != 0 || ::setuid(user) != 0)) ::_exit(126);
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

inline bool run_program(const std::vector<std::string>& command, const std::string& log, uid_t user) {
    int status = 0;
    const pid_t pid = start_program(command, log, user);
    return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class DatabaseServer {
public:
    static constexpr uid_t nobody = 65534;

    /// Why there is none; empty when it runs.
    std::string missing;
    std::filesystem::path folder;

    DatabaseServer(const DatabaseServer&) = delete;
    DatabaseServer& operator=(const DatabaseServer&) = delete;

    static DatabaseServer& postgres() {
        static DatabaseServer server = [] {
            const std::vector<std::string> places{"/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin",
                                                  "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/14/bin"};
            const auto initdb = find_program("initdb", places), program = find_program("postgres", places);
            if (initdb.empty() || program.empty()) return DatabaseServer("no PostgreSQL server is installed", 0);
            DatabaseServer one("", SIGINT);
            const std::string data = one.folder / "data", socket = one.folder, log = one.folder / "log";
            if (!run_program({initdb, "-D", data, "-U", "meter", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"}, log,
                             nobody))
                return one.failed("initdb failed");
            one.start({program, "-D", data, "-k", socket, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                       "unix_socket_permissions=0777"},
                      one.folder / ".s.PGSQL.5432");
            return one;
        }();
        return server;
    }

    static DatabaseServer& mariadb() {
        static DatabaseServer server = [] {
            const std::vector<std::string> places{"/usr/sbin", "/usr/bin"};
            const auto install = find_program("mariadb-install-db", places), program = find_program("mariadbd", places);
            if (install.empty() || program.empty()) return DatabaseServer("no MariaDB server is installed", 0);
            DatabaseServer one("", SIGTERM);
            const std::string data = one.folder / "data", log = one.folder / "log";
            if (!run_program({install, "--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal",
                              "--skip-test-db"},
                             log, nobody))
                return one.failed("mariadb-install-db failed");
            const std::string socket = one.folder / "socket";
            one.start({program, "--no-defaults", "--datadir=" + data, "--socket=" + socket, "--skip-networking",
                       "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
                       "--default-time-zone=+03:00", "--pid-file=" + (one.folder / "pid").string()},
                      socket);
            return one;
        }();
        return server;
    }

    /// True when it runs. When it does not: says why, and fails the process where METER_REQUIRE_DATABASES is set.
    bool usable() const {
        if (missing.empty()) return true;
        std::cout << "skipped: " << missing << "\n";
        if (std::getenv("METER_REQUIRE_DATABASES") != nullptr) std::abort();
        return false;
    }

    DatabaseServer(DatabaseServer&& other) noexcept
        : missing(std::move(other.missing)),
          folder(std::exchange(other.folder, {})),
          end_(other.end_),
          pid_(std::exchange(other.pid_, -1)) {}

    ~DatabaseServer() {
        if (pid_ > 0) {
            ::kill(pid_, end_);
            ::waitpid(pid_, nullptr, 0);
        }
        if (!folder.empty() && std::getenv("METER_KEEP_FOLDERS") == nullptr) std::filesystem::remove_all(folder);
    }

private:
    DatabaseServer(std::string why, int end) : missing(std::move(why)), end_(end) {
        if (!missing.empty()) return;
        std::string name = (std::filesystem::temp_directory_path() / "meter-db-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            missing = "no folder for a database";
            return;
        }
        folder = name;
        if (::getuid() == 0 && ::chown(name.c_str(), nobody, nobody) != 0) missing = "no user for a database";
    }

    DatabaseServer failed(std::string why) {
        std::ifstream log(folder / "log");
        for (std::string line; std::getline(log, line);) why += "\n  " + line;
        missing = std::move(why);
        return std::move(*this);
    }

    void start(const std::vector<std::string>& command, const std::filesystem::path& socket) {
        const std::string log = folder / "log";
        pid_ = start_program(command, log, nobody);
        for (int i = 0; i < 1200; ++i) {
            if (std::filesystem::exists(socket)) return;
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = -1;
                break;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
        }
        std::ifstream text(log);
        missing = "the server did not start";
        for (std::string line; std::getline(text, line);) missing += "\n  " + line;
    }

    int end_ = SIGTERM;
    pid_t pid_ = -1;
};

}  // namespace meter
