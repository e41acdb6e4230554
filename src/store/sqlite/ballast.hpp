// Space kept for hard times: a file of nothing beside the database.
#pragma once

#include <cstddef>
#include <string>

namespace meter::sqlite {

/// A delete has to write before it frees anything. On a full disk the ballast makes room for that: it is deleted, the
/// rows go, and it is made again once there is space.
/// Threads: one at a time. Processes that share a database share its ballast.
class Ballast {
public:
    Ballast() = default;  ///< none
    /// Of `bytes`, less on a small disk; 0: none. Makes the file where there is room for it.
    Ballast(std::string database, std::size_t bytes);

    /// Deletes the file. False when there was none.
    bool release() noexcept;
    /// Makes the file again after release(), unless free space is short. Cheap when there is nothing to do.
    void restore() noexcept;
    /// Is the disk full but for what a small write may still find?
    bool disk_is_full() const noexcept;

private:
    std::string path_ = {};
    std::string folder_ = {};
    std::size_t bytes_ = 0;
    bool there_ = false;
};

}  // namespace meter::sqlite
