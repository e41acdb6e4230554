// What a node of an execution reads and writes: streams of items from and into the store, in chunks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/automation_store.hpp"
#include "meter/clock.hpp"
#include "meter/connection.hpp"
#include "meter/logger.hpp"
#include "meter/node.hpp"
#include "run/automation_plan.hpp"

namespace meter::run {

/// Takes the values of connections, and of the `secret` members of the nodes, out of texts. Threads: any.
class ExecutionRedactor {
public:
    ExecutionRedactor(const Connections& connections, const AutomationPlan& plan);

    /// Also makes it valid UTF-8.
    std::string operator()(std::string text) const;
    /// The same of JSON text, which stays JSON.
    std::string json(std::string text) const;

private:
    const Connections& connections_;
    std::vector<std::string> secrets_;  // as they are and as JSON writes them
};

/// The first items of a stream, as a JSON array of at most 64 KiB. An item that is larger by itself is shown as the
/// beginning of its text.
class ItemPreview {
public:
    bool full() const noexcept { return full_; }
    void add(std::string_view item);
    std::string text() const { return text_ + "]"; }

private:
    std::string text_ = "[";
    bool full_ = false;
};

/// How many bytes of items the nodes of one execution hand on. Threads: any.
class SpillBudget {
public:
    SpillBudget(std::int64_t most, std::int64_t used) : most_(most), used_(used) {}

    /// Counts them in any case. False when they are too many.
    bool take(std::int64_t bytes) noexcept { return used_.fetch_add(bytes) + bytes <= most_; }
    void give_back(std::int64_t bytes) noexcept { used_ -= bytes; }
    std::int64_t most() const noexcept { return most_; }

private:
    const std::int64_t most_;
    std::atomic<std::int64_t> used_;
};

/// What is wrong with the claim or the store rather than with the node. Threads: any.
struct StoreTrouble {
    std::mutex mutex;
    bool lost = false;           // guarded by mutex: the claim is no longer held
    std::optional<Error> error;  // guarded by mutex: the store failed

    void note(const Result<bool>& written);
    bool any();
};

/// The items of the ports that lead to a node, one after the other. Holds one chunk at a time.
class StoredItems final : public ItemSource {
public:
    StoredItems(ExecutionStore& store, ExecutionRef claim, const std::vector<AutomationFeed>& feeds,
                StoreTrouble& trouble, std::stop_token stop);

    Result<std::optional<Value>> next() override;

    std::int64_t count() const noexcept { return count_; }
    const ItemPreview& preview() const noexcept { return preview_; }

private:
    ExecutionStore& store_;
    const ExecutionRef claim_;
    const std::vector<AutomationFeed>& feeds_;
    StoreTrouble& trouble_;
    const std::stop_token stop_;
    std::size_t feed_ = 0;
    std::int64_t sequence_ = 0;
    std::string chunk_;
    std::size_t at_ = 0;  // in chunk_
    std::int64_t count_ = 0;
    ItemPreview preview_;
};

/// Keeps what a node hands out through the ports that somebody reads. Holds one chunk of about 1 MiB for each.
class StoringSink final : public ItemSink {
public:
    StoringSink(ExecutionStore& store, ExecutionRef claim, std::size_t node, const std::set<std::string>& read_ports,
                SpillBudget& budget, StoreTrouble& trouble);

    Result<void> push(std::string_view port, Value item) override;

    /// The chunks that are not stored yet.
    std::vector<ItemChunk> take_rest();
    std::int64_t count() const noexcept { return count_; }
    /// What comes through one port only: mixed with what a filter rejects, it would say nothing of what passed.
    const ItemPreview& preview() const noexcept { return preview_; }
    void preview_port(std::string port) { preview_port_ = std::move(port); }
    /// Taken from the budget.
    std::int64_t bytes() const noexcept { return bytes_; }
    /// Why items are missing, whatever the node made of it.
    const std::optional<Error>& refusal() const noexcept { return refusal_; }

private:
    ExecutionStore& store_;
    const ExecutionRef claim_;
    const std::int64_t node_;
    SpillBudget& budget_;
    StoreTrouble& trouble_;
    std::string preview_port_ = "output";
    std::map<std::string, ItemChunk, std::less<>> chunks_;  // by port: those that are read
    std::int64_t count_ = 0, bytes_ = 0;
    ItemPreview preview_;
    std::optional<Error> refusal_;
};

/// Keeps what a node logs, at most a few hundred lines, and hands it on. Threads: any.
class NodeLogger final : public Logger {
public:
    NodeLogger(Logger& next, Clock& clock, const ExecutionRedactor& redact, std::string execution_id,
               std::string node_id);

    void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) override;
    /// A line of the execution itself.
    void note(LogLevel level, std::string message);

    std::vector<ExecutionLog> take();

private:
    void keep(LogLevel level, std::string message);

    Logger& next_;
    Clock& clock_;
    const ExecutionRedactor& redact_;
    const std::string execution_id_, node_id_;
    std::mutex mutex_;
    std::vector<ExecutionLog> kept_;  // guarded by mutex_
    std::size_t dropped_ = 0;         // guarded by mutex_
};

}  // namespace meter::run
