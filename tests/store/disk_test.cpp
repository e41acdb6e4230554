// Full disks, damaged files and backups.
#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "meter/store.hpp"
#include "store/contract/report.hpp"
#include "temporary_folder.hpp"

namespace meter {
namespace {

/// A file system of 16 MiB over a folder, where the test may mount one.
class SmallDisk {
public:
    explicit SmallDisk(const std::string& folder) : folder_(folder) {
        mounted_ = ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=16m") == 0;
        if (!mounted_) MESSAGE("skipped: no file system could be mounted (" << std::strerror(errno) << ")");
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    explicit operator bool() const noexcept { return mounted_; }

    void fill() const {
        std::ofstream filler(folder_ + "/filler", std::ios::binary | std::ios::app);
        const std::string page(4096, 'x');
        while (filler.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
        }
    }
    void free() const { std::filesystem::remove(folder_ + "/filler"); }

private:
    std::string folder_;
    bool mounted_ = false;
};

std::string file_bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Strategy kept_strategy(Store& store, std::int64_t number) {
    const Strategy strategy = testing::sample_strategy("acme", number);
    store.strategies().insert(strategy, testing::sample_event(strategy, "created", number), std::nullopt, "").value();
    return strategy;
}

bool remove_strategy(Store& store, const Strategy& strategy, std::int64_t number) {
    return store.strategies()
        .remove("acme", strategy.strategy_id, testing::sample_event(strategy, "deleted", number))
        .value();
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_SUITE("store.disk") {
    TEST_CASE("a full disk refuses writes, lets read and delete, and is used again once there is room") {
        const tests::TemporaryFolder folder;
        const SmallDisk disk(folder.file(""));
        if (!disk) return;
        const auto store = open_store(folder.url("meter.db")).value();
        const Strategy home = kept_strategy(*store, 1);
        REQUIRE(std::filesystem::exists(folder.file("meter.db-ballast")));
        std::int64_t next = 1'000;
        for (int cycle = 0; cycle < 5; ++cycle) {
            CAPTURE(cycle);
            const Strategy doomed = kept_strategy(*store, next++);
            std::vector<Job> jobs;
            for (int i = 0; i < 200; ++i) jobs.push_back(testing::sample_job(doomed, next++));
            REQUIRE(store->jobs().insert(jobs, std::nullopt));
            const auto pending = store->jobs().counts().value().pending;

            disk.fill();
            std::int64_t stored = 0;
            Result<void> last;
            while (stored < 50'000 && (last = store->jobs().insert({testing::sample_job(home, next)}, std::nullopt))) {
                ++stored;
                ++next;
            }
            REQUIRE_FALSE(last);
            CHECK(last.error().code == ErrorCode::store);
            CHECK(last.error().retryable);
            CHECK(store->jobs().counts().value().pending == pending + stored);
            CHECK(store->strategies().find("acme", doomed.strategy_id).value().has_value());
            disk.fill();  // what was found above was the log's own room
            CHECK(remove_strategy(*store, doomed, next++));
            CHECK(store->jobs().counts().value().pending == pending + stored - 200);

            disk.free();
            CHECK(store->jobs().insert({testing::sample_job(home, next++)}, std::nullopt));
            CHECK(store->ping());
            CHECK(std::filesystem::exists(folder.file("meter.db-ballast")));
        }
        CHECK(store->check().value().empty());
    }

    TEST_CASE("without a ballast nothing lies beside the database") {
        const tests::TemporaryFolder folder;
        { (void)open_store(folder.url("meter.db"), {.ballast_bytes = 0}).value(); }
        CHECK(files_in(folder.file("")) == 1);
        CHECK(open_store(folder.url("meter.db"), {.ballast_bytes = 2u << 30}).error().subject == "ballast_bytes");
    }

    TEST_CASE("a damaged file is refused and keeps every byte") {
        const tests::TemporaryFolder folder;
        {
            const auto store = open_store(folder.url("meter.db"), {.ballast_bytes = 0}).value();
            const Strategy strategy = kept_strategy(*store, 1);
            testing::ContractReport report("damage");
            for (int i = 0; i < 200; ++i) testing::add_job(report, *store, strategy, 10 + i);
        }
        const std::string file = folder.file("meter.db");
        const auto size = std::filesystem::file_size(file);
        SUBCASE("a page overwritten") {
            std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
            out.seekp(static_cast<std::streamoff>(size) - 6 * 4'096);
            out << std::string(3 * 4'096, '\x55');
        }
        SUBCASE("cut in the middle") {
            std::filesystem::resize_file(file, size / 2);
        }
        SUBCASE("its last page missing") {
            std::filesystem::resize_file(file, size - 4'096);
        }
        SUBCASE("its header overwritten") {
            std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
            out << std::string(100, '\x55');
        }
        const std::string before = file_bytes(file);
        const auto refused = open_store(folder.url("meter.db"));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::store);
        CHECK_FALSE(refused.error().retryable);
        CHECK(refused.error().message.find(file) != std::string::npos);
        CHECK(file_bytes(file) == before);
        CHECK(files_in(folder.file("")) == 1);
    }

    TEST_CASE("a backup is one whole state, while writers go on") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db")).value();
        const Strategy strategy = kept_strategy(*store, 1);
        std::atomic<std::int64_t> stored{0};
        std::atomic<bool> enough{false};
        std::thread writer([&] {
            for (std::int64_t number = 100; !enough; ++number)
                if (store->jobs().insert({testing::sample_job(strategy, number)}, std::nullopt)) ++stored;
        });
        while (stored < 50) std::this_thread::yield();
        for (int copy = 0; copy < 5; ++copy) {
            CAPTURE(copy);
            const std::string name = "copy" + std::to_string(copy) + ".db";
            const auto before = stored.load();
            const auto done = store->backup(folder.file(name));
            const auto after = stored.load();
            if (!done) MESSAGE(done.error().message);
            REQUIRE(done);
            struct stat info {};
            REQUIRE(::stat(folder.file(name).c_str(), &info) == 0);
            CHECK((info.st_mode & 0777) == 0600);
            CHECK_FALSE(std::filesystem::exists(folder.file(name) + "-wal"));
            const auto opened = open_store(folder.url(name), {.ballast_bytes = 0}).value();
            const auto pending = opened->jobs().counts().value().pending;
            CHECK(pending >= before);
            CHECK(pending <= after + 1);  // one may be stored and not counted here yet
            CHECK(opened->check().value().empty());
        }
        enough = true;
        writer.join();
    }

    TEST_CASE("a backup takes no other file's place and leaves nothing behind when it fails") {
        const tests::TemporaryFolder folder;
        const auto store = open_store(folder.url("meter.db"), {.ballast_bytes = 0}).value();
        std::ofstream(folder.file("kept")) << "mine";
        std::filesystem::create_symlink(folder.file("nowhere"), folder.file("link"));
        const auto files = files_in(folder.file(""));
        for (const std::string name : {"kept", "link", "meter.db", "absent/copy.db"}) {
            CAPTURE(name);
            const auto done = store->backup(folder.file(name));
            REQUIRE_FALSE(done);
            CHECK(done.error().code == ErrorCode::store);
        }
        CHECK(file_bytes(folder.file("kept")) == "mine");
        CHECK(files_in(folder.file("")) == files);
        CHECK(open_store("memory:").value()->backup(folder.file("copy.db")).error().code == ErrorCode::unsupported);
    }
}

}  // namespace meter
