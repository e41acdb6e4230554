// meter-server: libmeter over HTTP.
#include <exception>
#include <iostream>

#include "commands.hpp"
#include "meter/version.hpp"

namespace {

int run(const meter::server::Invocation& invocation) {
    using meter::server::Command;
    const auto& config = invocation.config;
    switch (invocation.command) {
        case Command::serve:
            return meter::server::run_serve(config);
        case Command::keys_create:
            return meter::server::run_keys_create(config, invocation.keys);
        case Command::keys_list:
            return meter::server::run_keys_list(config, invocation.keys);
        case Command::keys_revoke:
            return meter::server::run_keys_revoke(config, invocation.keys);
        case Command::check:
            return meter::server::run_check(config);
        case Command::backup:
            return meter::server::run_backup(config, invocation.backup_path);
        case Command::version:
            std::cout << "meter-server " << meter::version() << '\n';
            return 0;
    }
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto invocation = meter::server::read_invocation(argc, argv);
        if (const int* done = std::get_if<int>(&invocation)) return *done;
        return run(std::get<meter::server::Invocation>(invocation));
    } catch (const std::exception& e) {
        std::cerr << "meter-server: " << e.what() << '\n';
        return 1;
    }
}
