#include "store/sqlite/writer.hpp"

#include <algorithm>
#include <utility>

#include "core/signal.hpp"
#include "store/sqlite/guarded.hpp"

namespace meter::sqlite {
namespace {

// Bounds of one group: how long its first write may wait for the others, in a measure that needs no clock.
constexpr std::size_t max_group_writes = 256;
constexpr std::size_t max_group_bytes = 4u << 20;

/// See sql::Database::run_write().
bool makes_room(std::string_view operation) noexcept {
    const auto verb = operation.substr(std::min(operation.size(), operation.find('.') + 1));
    return verb == "remove" || verb == "revoke" || verb.starts_with("drop");
}

}  // namespace

/// One waiting call of run(). It lives on the caller's stack until it is `done`.
struct Writer::Request {
    std::string_view operation;
    const sql::Database::Work& work;
    Result<void> outcome = {};  ///< written by the thread before it is `done`

    core::Signal done = {};  ///< the last that anybody else touches
};

Writer::Writer(std::unique_ptr<Connection> connection, Ballast ballast)
    : connection_(std::move(connection)), ballast_(std::move(ballast)), thread_([this] { loop(); }) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    queue_changed_.notify_one();
}

Result<void> Writer::run(std::string_view operation, const sql::Database::Work& work) {
    Request request{.operation = operation, .work = work};
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(&request);
    }
    queue_changed_.notify_one();
    request.done.wait();
    return std::move(request.outcome);
}

Writer::Stats Writer::stats() const {
    const std::lock_guard lock(mutex_);
    Stats stats = stats_;
    stats.queued = queue_.size();
    return stats;
}

void Writer::loop() {
    while (Request* first = next(true)) {
        const std::size_t groups = run_group(first);
        {
            const std::lock_guard lock(mutex_);
            stats_.writes += group_.size();
            stats_.groups += groups;
        }
        for (Request* request : group_) request->done.set();
        group_.clear();
    }
}

/// The oldest waiting request; null when there is none (and, with `wait`, none will come).
Writer::Request* Writer::next(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) queue_changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return nullptr;
    Request* request = queue_.front();
    queue_.pop_front();
    return request;
}

std::size_t Writer::run_group(Request* first) {
    // IMMEDIATE: a transaction that starts reading cannot become a writer once another process has committed.
    const auto begun = guarded(first->operation, [&]() -> Result<void> {
        connection_->run("BEGIN IMMEDIATE");
        return {};
    });
    if (!begun) {
        refuse_queue(first, begun.error());
        return 0;
    }
    const std::size_t bytes_before = connection_->bound_bytes();
    for (Request* request = first; request != nullptr;) {
        group_.push_back(request);
        request->outcome = request == first ? run_first(*request) : run_in_savepoint(*request);
        const bool more = !connection_->in_autocommit() && group_.size() < max_group_writes &&
                          connection_->bound_bytes() - bytes_before < max_group_bytes;
        request = more ? next(false) : nullptr;
    }
    // SQLite has given up the transaction when the disk is full or fails; what the writes saw of each other is void.
    const Result<void> committed =
        connection_->in_autocommit() ? Error{ErrorCode::store, "The transaction was rolled back", {}, true} : commit();
    if (committed) {
        ballast_.restore();
        return 1;
    }
    std::size_t transactions = 1;
    if (group_.size() == 1) {
        if (first->outcome) first->outcome = committed;
    } else {
        for (Request* request : group_) run_alone(*request);
        transactions += group_.size();
    }
    for (Request* request : group_)
        if (!request->outcome && ballast_.disk_is_full()) try_with_more_room(*request);
    return transactions;
}

/// The log holds space that the main file may have already, and the ballast what is left for deleting.
void Writer::try_with_more_room(Request& request) {
    const bool deletes = makes_room(request.operation);
    connection_->empty_log();
    if (deletes && ballast_.disk_is_full()) ballast_.release();
    if (ballast_.disk_is_full()) return;
    run_alone(request);
    if (deletes && request.outcome) connection_->empty_log();
}

void Writer::run_alone(Request& request) {
    request.outcome = guarded(request.operation, [&]() -> Result<void> {
        connection_->run("BEGIN IMMEDIATE");
        return request.work(*connection_);
    });
    if (request.outcome) request.outcome = commit();
    if (!request.outcome) roll_back();
}

/// A savepoint keeps a copy of each page that changes. The first write needs none: should it fail, there is nothing
/// else to keep, and the group ends with it.
Result<void> Writer::run_first(Request& request) {
    auto outcome = guarded(request.operation, [&] { return request.work(*connection_); });
    if (!outcome) roll_back();
    return outcome;
}

Result<void> Writer::run_in_savepoint(Request& request) {
    const auto outcome = guarded(request.operation, [&]() -> Result<void> {
        connection_->run("SAVEPOINT work");
        return request.work(*connection_);
    });
    if (connection_->in_autocommit()) return outcome;
    const auto settled = guarded(request.operation, [&]() -> Result<void> {
        if (!outcome) connection_->run("ROLLBACK TO work");
        connection_->run("RELEASE work");
        return {};
    });
    if (settled) return outcome;
    roll_back();  // nobody knows what is half done: the group starts over
    return settled;
}

Result<void> Writer::commit() {
    auto committed = guarded("commit", [&]() -> Result<void> {
        connection_->run("COMMIT");
        return {};
    });
    if (!committed) roll_back();
    return committed;
}

void Writer::roll_back() noexcept {
    if (connection_->in_autocommit()) return;
    // Should even this fail, the next BEGIN does, and says so.
    (void)guarded("rollback", [&]() -> Result<void> {
        connection_->run("ROLLBACK");
        return {};
    });
}

/// The lock was not to be had: whoever waits has waited as long, and asking again for each would add up.
void Writer::refuse_queue(Request* first, const Error& error) {
    group_.push_back(first);
    const std::lock_guard lock(mutex_);
    group_.insert(group_.end(), queue_.begin(), queue_.end());
    queue_.clear();
    for (Request* request : group_) request->outcome = error;
}

}  // namespace meter::sqlite
