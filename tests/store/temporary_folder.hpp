// A folder that is gone when the test is.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

namespace meter::tests {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::random_device random;
        do path_ = std::filesystem::temp_directory_path() / ("meter-store-" + std::to_string(random()));
        while (!std::filesystem::create_directory(path_));
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string file(std::string_view name) const { return (path_ / name).string(); }
    std::string url(std::string_view name) const { return "sqlite:" + file(name); }

private:
    std::filesystem::path path_;
};

}  // namespace meter::tests
