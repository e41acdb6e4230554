// Group commit: one thread writes, and makes durable in one step whatever waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "meter/result.hpp"
#include "store/sql/connection.hpp"
#include "store/sqlite/ballast.hpp"
#include "store/sqlite/connection.hpp"

namespace meter::sqlite {

/// A commit with synchronous=FULL waits for the disk. Writes that queue up meanwhile share the next commit: each but
/// the first runs in a savepoint of its own, so that one that fails takes nothing with it, and none is reported before
/// the commit. When the transaction as a whole fails, every write of the group runs again alone, so that the one that
/// cannot be done is the only one that fails. Threads: run() and stats() from any thread; not from inside a write.
class Writer {
public:
    explicit Writer(std::unique_ptr<Connection> connection, Ballast ballast = {});
    /// Ends what is queued first.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Blocks until the work is durable or has failed.
    Result<void> run(std::string_view operation, const sql::Database::Work& work);

    struct Stats {
        std::uint64_t writes = 0;  ///< that were run, failed ones included
        std::uint64_t groups = 0;  ///< transactions they took
        std::size_t queued = 0;    ///< waiting now
    };
    Stats stats() const;

private:
    struct Request;

    void loop();
    Request* next(bool wait);
    std::size_t run_group(Request* first);  ///< transactions used
    void run_alone(Request& request);
    void try_with_more_room(Request& request);
    Result<void> run_first(Request& request);
    Result<void> run_in_savepoint(Request& request);
    Result<void> commit();
    void roll_back() noexcept;
    void refuse_queue(Request* first, const Error& error);

    const std::unique_ptr<Connection> connection_;  // used by thread_ only
    Ballast ballast_;                               // used by thread_ only
    std::vector<Request*> group_;                   // used by thread_ only

    mutable std::mutex mutex_;
    std::condition_variable queue_changed_;
    std::deque<Request*> queue_;  // guarded by mutex_, like the rest
    Stats stats_;
    bool stopping_ = false;

    std::jthread thread_;  // last: starts when everything else is there
};

}  // namespace meter::sqlite
