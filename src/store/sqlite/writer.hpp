// Group commit: one thread at a time writes, and makes durable in one step whatever waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "meter/result.hpp"
#include "store/sql/connection.hpp"
#include "store/sqlite/ballast.hpp"
#include "store/sqlite/connection.hpp"

namespace meter::sqlite {

/// A commit with synchronous=FULL waits for the disk. Writes that queue up meanwhile share the next commit, and none is
/// reported before it. The thread that finds nobody writing runs its own write and those that wait, then leaves the
/// lead to the next one that came: a write with nobody around it needs no other thread. A write that fails takes
/// nothing with it: what the group has done is undone and done again, each write in a savepoint of its own; and when a
/// transaction as a whole fails, every write of the group runs again alone, so that the one that cannot be done is the
/// only one that fails. Threads: run() and stats() from any thread; not from inside a write.
class Writer {
public:
    explicit Writer(std::unique_ptr<Connection> connection, Ballast ballast = {});
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
    /// In the order they came, linked through themselves: nothing that could run out of memory half-way.
    struct List {
        Request* first = nullptr;
        Request* last = nullptr;
        std::size_t size = 0;

        void push(Request& request) noexcept;
        Request* pop() noexcept;
    };

    void lead() noexcept;
    Request* next() noexcept;
    std::size_t run_group();  ///< transactions used
    bool run_plainly(Request& request);
    std::size_t run_again();
    void run_alone(Request& request);
    void try_with_more_room(Request& request);
    Result<void> run_in_savepoint(Request& request);
    Result<void> begin(std::string_view operation);
    Result<void> commit();
    void roll_back() noexcept;
    void refuse_queue(const Error& error);
    template <class Fn>
    void for_group(Fn&& fn);

    // Of the thread that leads.
    const std::unique_ptr<Connection> connection_;
    Ballast ballast_;
    List group_;

    mutable std::mutex mutex_;
    List queue_;  // guarded by mutex_, like the rest
    Stats stats_;
    bool led_ = false;  // a thread writes, or has been told to
};

}  // namespace meter::sqlite
