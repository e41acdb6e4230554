// meter-server: libmeter over HTTP.
#include <exception>
#include <iostream>

#include "commands.hpp"
#include "meter/store.hpp"
#include "meter/version.hpp"
#include "transfer.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

/// A burst of large pages or answers must not stay in the process for ever: glibc gives large blocks back when they are
/// freed only while the threshold for that is fixed, and keeps what is free in each of its arenas apart. What a page
/// takes it may keep, though, instead of giving it back and asking for it again with each.
void bound_memory_use() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
    mallopt(M_ARENA_MAX, 8);
#endif
}

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
        case Command::export_all:
            return meter::server::run_export(config, invocation.export_path);
        case Command::import_all:
            return meter::server::run_import(config, invocation.import);
        case Command::reference:  // printed where the command line was read
        case Command::version:
            std::cout << "meter-server " << meter::version() << '\n';
            return 0;
    }
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    bound_memory_use();
    (void)meter::disable_sqlite_memory_statistics();
    try {
        const auto invocation = meter::server::read_invocation(argc, argv);
        if (const int* done = std::get_if<int>(&invocation)) return *done;
        return run(std::get<meter::server::Invocation>(invocation));
    } catch (const std::exception& e) {
        std::cerr << "meter-server: " << e.what() << '\n';
        return 1;
    }
}
