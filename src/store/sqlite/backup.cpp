#include "store/sqlite/backup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "store/sqlite/damage.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {
namespace {

Error backup_error(const std::string& target, const std::string& why) {
    return Error{ErrorCode::store, "Cannot back up to " + target + ": " + why, target};
}

std::string system_reason(int code) {
    return std::generic_category().message(code);
}

/// The unfinished copy; deleted unless it was given its name.
class PartialFile {
public:
    explicit PartialFile(std::string path) : path_(std::move(path)) {}
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;
    ~PartialFile() {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path_ + suffix).c_str());
    }

    const std::string& path() const noexcept { return path_; }
    /// Readable by nobody else, for it holds cookies and key hashes.
    int make() const noexcept {
        const int file = ::open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (file < 0) return errno;
        ::close(file);
        return 0;
    }

private:
    std::string path_;
};

/// Makes a new name durable.
void sync_folder(const std::filesystem::path& folder) noexcept {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    ::fsync(file);
    ::close(file);
}

}  // namespace

Result<void> back_up(Connection& source, const std::string& target) {
    namespace fs = std::filesystem;
    std::error_code failed;
    const fs::path file = fs::absolute(target, failed);
    if (failed) return backup_error(target, failed.message());
    if (fs::exists(fs::symlink_status(file, failed))) return backup_error(target, "it exists already");

    const PartialFile partial(file.string() + ".partial");
    if (const int why = partial.make(); why == EEXIST)
        return backup_error(target, partial.path() + " is in the way: another backup, or what is left of one");
    else if (why != 0)
        return backup_error(target, system_reason(why));
    auto copied = guarded("backup", [&]() -> Result<void> {
        Connection copy(partial.path(), std::chrono::milliseconds{0});
        source.copy_to(copy);
        // Left in WAL mode the copy would need two more files beside it to be read.
        copy.run("PRAGMA journal_mode = DELETE");
        const auto findings = find_damage(copy);
        if (!findings) return findings.error();
        if (!findings->empty()) return Error{ErrorCode::store, "The copy is damaged: " + findings->front()};
        return {};
    });
    if (!copied) return backup_error(target, copied.error().message);
    // link(), unlike rename(), never takes the place of a file that came up meanwhile.
    if (::link(partial.path().c_str(), file.c_str()) != 0) return backup_error(target, system_reason(errno));
    sync_folder(file.parent_path());
    return {};
}

}  // namespace meter::sqlite
