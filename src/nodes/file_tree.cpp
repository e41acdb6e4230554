#include "nodes/file_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "nodes/builtin.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t file_most_names = 32;
constexpr std::size_t file_piece = 64u << 10;

std::vector<std::string> file_names(std::string_view path) {
    std::vector<std::string> names;
    for (;;) {
        const auto slash = path.find('/');
        names.emplace_back(path.substr(0, slash));
        if (slash == path.npos) return names;
        path.remove_prefix(slash + 1);
    }
}

/// What went wrong with a path, without the folder it is in.
Error file_error(std::string_view path, int code) {
    const std::string text = "File " + std::string(path);
    if (code == ENOENT) return {ErrorCode::not_found, text + " does not exist", "config.path"};
    if (code == ELOOP || code == ENOTDIR)
        return {ErrorCode::blocked, text + " leads through a link or something that is no folder", "config.path"};
    return {ErrorCode::internal, text + ": " + std::generic_category().message(code), "config.path"};
}

/// The folder that holds the last name. Every step is opened by itself and without following links.
Result<FileHandle> open_folder(const std::string& root, std::string_view path, bool make) {
    if (root.empty()) return no_file_root_error();
    FileHandle folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return Error{ErrorCode::internal, "The folder for file nodes cannot be opened"};
    auto names = file_names(path);
    names.pop_back();
    for (const auto& name : names) {
        if (make && ::mkdirat(folder.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return file_error(path, errno);
        FileHandle next(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (next.get() < 0) return file_error(path, errno);
        folder = std::move(next);
    }
    return folder;
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

FileHandle::~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
}

int FileHandle::release() noexcept {
    return std::exchange(fd_, -1);
}

Error no_file_root_error() {
    return {ErrorCode::unsupported, "No folder is configured for file nodes", "config.path"};
}

Result<void> check_file_path(std::string_view path) {
    if (path.empty() || path.size() > 4096 || path.find('\0') != path.npos)
        return config_error("path", "must be a relative path of at most 4096 bytes");
    const auto names = file_names(path);
    if (names.size() > file_most_names) return config_error("path", "must have at most 32 names");
    for (const auto& name : names)
        if (name.empty() || name == "." || name == "..")
            return config_error("path", "must be relative, without \".\" and \"..\"");
    return {};
}

Result<FileHandle> open_file_below(const std::string& root, std::string_view path) {
    if (auto ok = check_file_path(path); !ok) return ok.error();
    const auto folder = open_folder(root, path, false);
    if (!folder) return folder.error();
    const std::string name = file_names(path).back();
    // O_NONBLOCK: a FIFO would hold the opener until somebody writes.
    FileHandle file(::openat(folder->get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return file_error(path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return file_error(path, errno);
    if (!S_ISREG(status.st_mode))
        return Error{ErrorCode::blocked, "File " + std::string(path) + " is no regular file", "config.path"};
    return file;
}

Result<void> read_pieces(const FileHandle& file, const std::function<Result<void>(std::string_view)>& take) {
    std::vector<char> piece(file_piece);
    for (;;) {
        const ssize_t count = ::read(file.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Error{ErrorCode::internal, "Reading failed: " + std::generic_category().message(errno)};
        if (count == 0) return {};
        if (auto taken = take({piece.data(), static_cast<std::size_t>(count)}); !taken) return taken;
    }
}

NewFile::NewFile(FileHandle folder, FileHandle file, std::string name, std::string part)
    : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)), part_(std::move(part)) {}

NewFile::~NewFile() {
    if (file_.get() >= 0) ::unlinkat(folder_.get(), part_.c_str(), 0);
}

Result<NewFile> NewFile::create(const std::string& root, std::string_view path) {
    if (auto ok = check_file_path(path); !ok) return ok.error();
    auto folder = open_folder(root, path, true);
    if (!folder) return folder.error();
    const std::string name = file_names(path).back();
    struct stat status {};
    if (::fstatat(folder->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
        return Error{ErrorCode::blocked, "File " + std::string(path) + " is no regular file", "config.path"};
    const std::string part = ".meter-" + core::random_alphanumeric(16) + ".part";
    FileHandle file(::openat(folder->get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (file.get() < 0) return file_error(path, errno);
    return NewFile(*std::move(folder), std::move(file), name, part);
}

Result<void> NewFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return file_error(name_, errno);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> NewFile::commit() {
    if (::fsync(file_.get()) != 0) return file_error(name_, errno);
    // A link in the target's place is replaced, not followed (rename(2)).
    if (::renameat(folder_.get(), part_.c_str(), folder_.get(), name_.c_str()) != 0) return file_error(name_, errno);
    (void)::fsync(folder_.get());
    const FileHandle done(file_.release());
    return {};
}

}  // namespace meter::nodes
