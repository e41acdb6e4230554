// Files below one folder. No name leads out of it: no "..", no link is followed, only regular files are opened.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "meter/result.hpp"

namespace meter::nodes {

/// A descriptor that closes itself.
class FileHandle {
public:
    explicit FileHandle(int fd = -1) noexcept : fd_(fd) {}
    FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
    FileHandle& operator=(FileHandle&& other) noexcept;
    FileHandle(const FileHandle&) = delete;
    ~FileHandle();

    int get() const noexcept { return fd_; }
    int release() noexcept;

private:
    int fd_;
};

/// Is the text a relative path of 1 to 32 names, none of them "." or ".."? Errors: invalid_argument, "config.path".
Result<void> check_file_path(std::string_view path);

/// What every use of an empty root is refused with.
Error no_file_root_error();

/// Errors: not_found, blocked (a link, or no regular file), internal. Messages have `path` only, not the root.
Result<FileHandle> open_file_below(const std::string& root, std::string_view path);

/// Reads to the end, piece by piece.
Result<void> read_pieces(const FileHandle& file, const std::function<Result<void>(std::string_view)>& take);

/// A file that comes into being as a whole: written under another name, put in the place of `path` by commit(). Without
/// it nothing is left. Folders on the way are made.
class NewFile {
public:
    static Result<NewFile> create(const std::string& root, std::string_view path);
    NewFile(NewFile&&) noexcept = default;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    Result<void> write(std::string_view bytes);
    Result<void> commit();

private:
    NewFile(FileHandle folder, FileHandle file, std::string name, std::string part);

    FileHandle folder_, file_;
    std::string name_, part_;
};

}  // namespace meter::nodes
