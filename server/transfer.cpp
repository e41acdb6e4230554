#include "transfer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <system_error>
#include <utility>

#include "commands.hpp"
#include "http/listener.hpp"
#include "meter/api_key.hpp"
#include "meter/engine.hpp"
#include "meter/store.hpp"
#include "meter/transfer.hpp"
#include "migrate/foreign.hpp"

namespace meter::server {
namespace {

constexpr std::size_t shown_notes = 50;

Error file_failure(const std::string& path, int code) {
    return {ErrorCode::store, path + ": " + std::generic_category().message(code), path};
}

/// A file that is being written; gone unless it was kept.
class NewFile {
public:
    explicit NewFile(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {}
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile() {
        if (made_) ::unlink(partial_.c_str());
    }

    /// Readable by nobody else: it will hold secrets.
    Result<void> make() {
        std::error_code ignored;
        if (std::filesystem::exists(std::filesystem::symlink_status(path_, ignored)))
            return Error{ErrorCode::store, path_ + " exists already; name a new file", path_};
        const FileDescriptor file(::open(partial_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
        if (file.get() < 0) return file_failure(partial_, errno);
        made_ = true;
        return {};
    }
    const std::string& partial() const noexcept { return partial_; }
    /// Gives it its name, once it is on the disk. link(), unlike rename(), takes the place of no other file.
    Result<void> keep() {
        const FileDescriptor file(::open(partial_.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.get() < 0 || ::fsync(file.get()) != 0 || ::link(partial_.c_str(), path_.c_str()) != 0)
            return file_failure(path_, errno);
        // The name is on the disk when its folder is. Not every file system can say so; the file is whole either way.
        std::string folder = std::filesystem::path(path_).parent_path().string();
        if (folder.empty()) folder = ".";
        const FileDescriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (parent.get() >= 0) (void)::fsync(parent.get());
        return {};
    }

private:
    const std::string path_, partial_;
    bool made_ = false;
};

Result<std::int64_t> export_to_file(Store& store, const std::string& path) {
    NewFile file(path);
    if (auto made = file.make(); !made) return made.error();
    std::ofstream out(file.partial(), std::ios::binary | std::ios::trunc);
    auto records = export_store(store, out);
    if (!records) return records;
    out.close();
    if (!out) return Error{ErrorCode::store, path + " could not be written; is the disk full?", path};
    if (auto kept = file.keep(); !kept) return kept.error();
    return records;
}

/// Standard input as a file without a name: an import may have to read it twice.
Result<std::ifstream> spool_input() {
    std::error_code failed;
    std::string path = (std::filesystem::temp_directory_path(failed) / "meter-import-XXXXXX").string();
    if (failed) return file_failure("The folder for temporary files", failed.value());
    const FileDescriptor file(::mkstemp(path.data()));  // mode 0600
    if (file.get() < 0) return file_failure(path, errno);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    std::ifstream in(path, std::ios::binary);
    ::unlink(path.c_str());
    if (std::cin.peek() != std::ifstream::traits_type::eof()) out << std::cin.rdbuf();
    if (!out.flush() || !in) return Error{ErrorCode::store, "Standard input could not be kept in " + path, path};
    return in;
}

Result<std::ifstream> open_input(const std::string& path) {
    if (path == "-") return spool_input();
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) return file_failure(path, EISDIR);
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) return file_failure(path, errno != 0 ? errno : EIO);
    return in;
}

int import_export(const ServerConfig& config, const ImportArguments& arguments) {
    auto in = open_input(arguments.path);
    if (!in) return fail_command(in.error());
    const auto store = open_store(config.store);
    if (!store) return fail_command(store.error());
    const auto records = import_store(**store, *in, {.max_line_bytes = arguments.max_line_bytes});
    if (!records) {
        Error error = records.error();
        if (error.message.starts_with("line 1: ")) error.message += "; watches of another program take --from";
        return fail_command(error);
    }
    std::cout << "Imported " << *records << " records\n";
    return std::cout.flush() ? 0 : 1;
}

// -- watches of other programs ---------------------------------------------------------------------------------------

Result<std::string> read_bounded(const std::string& path) {
    auto in = open_input(path);
    if (!in) return in.error();
    std::string text(most_foreign_bytes + 1, '\0');
    in->read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in->gcount()));
    if (in->bad()) return Error{ErrorCode::store, path + " cannot be read", path};
    return text;
}

Result<std::vector<ForeignWatch>> read_watches(const ImportArguments& arguments) {
    const auto text = read_bounded(arguments.path);
    if (!text) return text.error();
    auto watches = arguments.from == ForeignProgram::urlwatch ? read_urlwatch(*text, arguments.interval.count())
                                                              : read_changedetection(*text);
    if (!watches) {
        Error error = watches.error();
        error.message.insert(0, arguments.path + ": ");
        return error;
    }
    return watches;
}

/// Groups are made when they are needed, one for each name.
class Groups {
public:
    Groups(Engine& engine, const Caller& caller) : engine_(engine), caller_(caller) {}

    Result<std::string> id_of(const std::string& name) {
        if (const auto known = made_.find(name); known != made_.end()) return known->second;
        const auto group = engine_.create_strategy_group({.name = name, .description = {}}, caller_);
        if (!group) return group.error();
        made_.emplace(name, group->group_id);
        return group->group_id;
    }

private:
    Engine& engine_;
    const Caller& caller_;
    std::map<std::string, std::string> made_;  // name -> id
};

Result<Watch> add_foreign(Engine& engine, Groups& groups, ForeignWatch& watch, const Caller& caller) {
    auto request = parse_watch_request(Value(watch.body));
    if (!request) return request.error();
    if (!watch.group.empty()) {
        auto group = groups.id_of(watch.group);
        if (!group) return group.error();
        request->strategy.strategy_group_id = *std::move(group);
    }
    return engine.add_watch(*request, watch.enabled, caller);
}

/// What a terminal shows of a text that comes from a file.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    return out;
}

int import_foreign(const ServerConfig& config, const ImportArguments& arguments) {
    // An account is what a key names: what no key can name would never be seen.
    ApiKey key;
    key.account_id = key.user_id = key.organization_id = arguments.account;
    key.scopes = {"*"};
    if (const auto valid = validate(key); !valid) return fail_command(valid.error());
    auto watches = read_watches(arguments);
    if (!watches) return fail_command(watches.error());
    EngineOptions options;
    auto store = open_store(arguments.dry_run ? "memory:" : config.store);
    if (!store) return fail_command(store.error());
    options.store = *std::move(store);
    options.jobs.workers = 0;  // nothing is run here
    const auto engine = Engine::open(std::move(options));
    if (!engine) return fail_command(engine.error());
    const Caller caller{.account_id = arguments.account};
    Groups groups(**engine, caller);
    std::size_t made = 0;
    for (ForeignWatch& watch : *watches) {
        if (!watch.refused) {
            const auto added = add_foreign(**engine, groups, watch, caller);
            if (added) {
                ++made;
                std::cout << printable(watch.where);
                if (!arguments.dry_run)
                    std::cout << ": strategy " << added->strategy.strategy_id << ", schedule "
                              << added->schedule.schedule_id;
                std::cout << '\n';
            } else {
                watch.refused = added.error().message;
            }
        }
        if (watch.refused)
            std::cout << printable(watch.where) << ": not imported: " << printable(*watch.refused) << '\n';
        for (std::size_t i = 0; i < std::min(watch.notes.size(), shown_notes); ++i)
            std::cout << "    not mapped: " << printable(watch.notes[i]) << '\n';
        if (watch.notes.size() > shown_notes)
            std::cout << "    not mapped: " << watch.notes.size() - shown_notes << " more\n";
    }
    std::cout << (arguments.dry_run ? "Would import " : "Imported ") << made << " of " << watches->size()
              << " watches\n";
    return std::cout.flush() && made == watches->size() ? 0 : 1;
}

}  // namespace

int run_export(const ServerConfig& config, const std::string& path) {
    const auto store = open_existing(config.store);
    if (!store) return fail_command(store.error());
    if (path == "-") {
        const auto records = export_store(**store, std::cout);
        return records ? 0 : fail_command(records.error());
    }
    const auto records = export_to_file(**store, path);
    if (!records) return fail_command(records.error());
    std::cout << "Exported " << *records << " records to " << path << '\n';
    return std::cout.flush() ? 0 : 1;
}

int run_import(const ServerConfig& config, const ImportArguments& arguments) {
    return arguments.from ? import_foreign(config, arguments) : import_export(config, arguments);
}

}  // namespace meter::server
