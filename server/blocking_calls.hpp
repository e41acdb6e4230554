// Bounds the calls that keep a thread waiting, so that the other requests always find one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "http/message.hpp"

namespace meter::server {

/// A number of places. When all are taken, waits whose caller has hung up are ended to make room.
/// Threads: every member from any thread.
class BlockingCalls {
public:
    explicit BlockingCalls(std::size_t places) : places_(places) {}

    /// One place, held until destruction.
    class Place {
    public:
        Place(BlockingCalls& calls, std::shared_ptr<Peer> peer);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        /// Requested when the place is needed and the peer has gone, or at stop().
        std::stop_token token() const noexcept { return stop_.get_token(); }

    private:
        friend class BlockingCalls;
        BlockingCalls& calls_;
        std::shared_ptr<Peer> peer_;
        std::stop_source stop_;
    };

    /// Null when there is no place, or after stop().
    std::unique_ptr<Place> enter(std::shared_ptr<Peer> peer);
    /// Ends every wait and lets nobody in.
    void stop();

private:
    const std::size_t places_;
    std::mutex mutex_;
    std::condition_variable left_;
    // guarded by mutex_
    std::list<Place*> inside_;
    bool stopped_ = false;
};

}  // namespace meter::server
