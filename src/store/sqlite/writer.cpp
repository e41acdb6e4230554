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

/// One waiting call of run(). It lives on the caller's stack until it has its turn.
struct Writer::Request {
    std::string_view operation;
    const sql::Database::Work& work;
    Result<void> outcome = {};  ///< written by the thread that leads, before `turn`
    bool leads = false;         ///< its turn is to write for all: nobody has run it yet; written before `turn`

    Request* after = nullptr;  ///< in its list

    core::Signal turn = {};  ///< the last that anybody else touches
};

void Writer::List::push(Request& request) noexcept {
    (last == nullptr ? first : last->after) = &request;
    last = &request;
    ++size;
}

/// Null when it is empty.
Writer::Request* Writer::List::pop() noexcept {
    Request* const request = first;
    if (request == nullptr) return nullptr;
    first = std::exchange(request->after, nullptr);
    if (first == nullptr) last = nullptr;
    --size;
    return request;
}

template <class Fn>
void Writer::for_group(Fn&& fn) {
    for (Request* request = group_.first; request != nullptr; request = request->after) fn(*request);
}

Writer::Writer(std::unique_ptr<Connection> connection, Ballast ballast)
    : connection_(std::move(connection)), ballast_(std::move(ballast)) {}

Writer::~Writer() = default;

Result<void> Writer::run(std::string_view operation, const sql::Database::Work& work) {
    Request request{.operation = operation, .work = work};
    bool leads = false;
    {
        const std::lock_guard lock(mutex_);
        queue_.push(request);
        leads = !std::exchange(led_, true);
    }
    if (!leads) {
        request.turn.wait();
        leads = request.leads;
    }
    if (leads) lead();
    return std::move(request.outcome);
}

Writer::Stats Writer::stats() const {
    const std::lock_guard lock(mutex_);
    Stats stats = stats_;
    stats.queued = queue_.size;
    return stats;
}

/// Runs one group, in which the oldest request is this thread's own.
void Writer::lead() noexcept {
    group_.push(*next());
    const std::size_t transactions = run_group();
    List ended = std::exchange(group_, {});
    Request* heir = nullptr;
    {
        const std::lock_guard lock(mutex_);
        stats_.writes += ended.size;
        stats_.groups += transactions;
        heir = queue_.first;
        led_ = heir != nullptr;
    }
    if (heir != nullptr) {
        heir->leads = true;
        heir->turn.set();
    }
    ended.pop();  // its own
    while (Request* const request = ended.pop()) request->turn.set();
}

/// The oldest waiting request; null when there is none.
Writer::Request* Writer::next() noexcept {
    const std::lock_guard lock(mutex_);
    return queue_.pop();
}

/// IMMEDIATE: a transaction that starts reading cannot become a writer once another process has committed.
Result<void> Writer::begin(std::string_view operation) {
    return guarded(operation, [&]() -> Result<void> {
        connection_->run("BEGIN IMMEDIATE");
        return {};
    });
}

std::size_t Writer::run_group() {
    if (const auto begun = begin(group_.first->operation); !begun) {
        refuse_queue(begun.error());
        return 0;
    }
    const std::size_t bytes_before = connection_->bound_bytes();
    bool sound = run_plainly(*group_.first);
    while (sound && group_.size < max_group_writes && connection_->bound_bytes() - bytes_before < max_group_bytes) {
        Request* const request = next();
        if (request == nullptr) break;
        group_.push(*request);
        sound = run_plainly(*request);
    }
    if (sound) {
        auto committed = commit();
        if (committed) {
            ballast_.restore();
            return 1;
        }
        if (group_.size == 1 && group_.first->outcome) group_.first->outcome = std::move(committed);
    }
    const std::size_t transactions = 1 + run_again();
    for_group([&](Request& request) {
        if (!request.outcome && ballast_.disk_is_full()) try_with_more_room(request);
    });
    return transactions;
}

/// False when the transaction holds what must not be committed: the write failed and has changed something. Most that
/// fail have only looked.
bool Writer::run_plainly(Request& request) {
    const auto changes = connection_->total_changes();
    request.outcome = guarded(request.operation, [&] { return request.work(*connection_); });
    return !connection_->in_autocommit() && (request.outcome || connection_->total_changes() == changes);
}

/// Does the group over, what it has done being void. Transactions used.
std::size_t Writer::run_again() {
    // SQLite has given up the transaction when the disk is full or fails: not worth another try with all of them.
    const bool together = !connection_->in_autocommit();
    roll_back();
    if (group_.size == 1 && !group_.first->outcome) return 0;
    std::size_t transactions = 0;
    if (together && begin(group_.first->operation)) {
        ++transactions;
        bool whole = true;
        for_group([&](Request& request) {
            if (whole) request.outcome = run_in_savepoint(request);
            whole = whole && !connection_->in_autocommit();
        });
        if (whole && commit()) return transactions;
    }
    for_group([&](Request& request) { run_alone(request); });
    return transactions + group_.size;
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
    request.outcome = begin(request.operation);
    if (!request.outcome) return;
    request.outcome = guarded(request.operation, [&] { return request.work(*connection_); });
    if (request.outcome) request.outcome = commit();
    if (!request.outcome) roll_back();
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
void Writer::refuse_queue(const Error& error) {
    const std::lock_guard lock(mutex_);
    while (Request* const request = queue_.pop()) group_.push(*request);
    for_group([&](Request& request) { request.outcome = error; });
}

}  // namespace meter::sqlite
