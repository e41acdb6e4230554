#include "store/sqlite/ballast.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace meter::sqlite {
namespace {

constexpr std::uint64_t least_free = 64u << 10;  // a commit of a few pages still fits
constexpr std::uint64_t disk_share = 8;          // at most one part in so many of the disk
constexpr std::uint64_t room_factor = 3;         // free space, in ballasts, before one is taken out of it

struct DiskSpace {
    std::uint64_t total = 0;
    std::uint64_t available = 0;
};

std::optional<DiskSpace> disk_space(const std::string& folder) noexcept {
    struct statvfs info {};
    if (::statvfs(folder.c_str(), &info) != 0) return std::nullopt;
    return DiskSpace{std::uint64_t{info.f_blocks} * info.f_frsize, std::uint64_t{info.f_bavail} * info.f_frsize};
}

/// Where files may not grow that long, trying would raise SIGXFSZ.
bool may_be_written(std::size_t bytes) noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= bytes;
}

}  // namespace

Ballast::Ballast(std::string database, std::size_t bytes)
    : path_(database + "-ballast"), folder_(std::filesystem::path(std::move(database)).parent_path().string()) {
    const auto space = disk_space(folder_);
    if (!space) return;
    bytes_ = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, space->total / disk_share));
    struct stat info {};
    there_ = ::stat(path_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) >= bytes_;
    restore();
}

bool Ballast::release() noexcept {
    there_ = false;
    return bytes_ > 0 && ::unlink(path_.c_str()) == 0;
}

void Ballast::restore() noexcept {
    if (there_ || bytes_ == 0 || !may_be_written(bytes_)) return;
    const auto space = disk_space(folder_);
    if (!space || space->available < room_factor * bytes_) return;
    const int file = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return;
    there_ = ::posix_fallocate(file, 0, static_cast<off_t>(bytes_)) == 0;
    ::close(file);
    if (!there_) ::unlink(path_.c_str());
}

bool Ballast::disk_is_full() const noexcept {
    if (bytes_ == 0) return false;
    const auto space = disk_space(folder_);
    return space && space->available < least_free;
}

}  // namespace meter::sqlite
