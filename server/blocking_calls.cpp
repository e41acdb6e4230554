#include "blocking_calls.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace meter::server {
namespace {

constexpr std::chrono::seconds wait_for_place{2};

}  // namespace

BlockingCalls::Place::Place(BlockingCalls& calls, std::shared_ptr<Peer> peer) : calls_(calls), peer_(std::move(peer)) {}

BlockingCalls::Place::~Place() {
    {
        const std::lock_guard lock(calls_.mutex_);
        calls_.inside_.remove(this);
    }
    calls_.left_.notify_one();
}

std::unique_ptr<BlockingCalls::Place> BlockingCalls::enter(std::shared_ptr<Peer> peer) {
    auto place = std::make_unique<Place>(*this, std::move(peer));
    std::unique_lock lock(mutex_);
    if (inside_.size() >= places_ && !stopped_) {
        std::vector<std::stop_source> abandoned;
        for (Place* other : inside_)
            if (other->peer_ && other->peer_->gone) abandoned.push_back(other->stop_);
        lock.unlock();
        for (auto& stop : abandoned) stop.request_stop();  // runs callbacks: never under the lock
        lock.lock();
        if (!abandoned.empty())
            left_.wait_for(lock, wait_for_place, [this] { return stopped_ || inside_.size() < places_; });
    }
    if (stopped_ || inside_.size() >= places_) {
        lock.unlock();  // the place takes the lock when it goes
        return nullptr;
    }
    inside_.push_back(place.get());
    return place;
}

void BlockingCalls::stop() {
    std::vector<std::stop_source> waits;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (Place* place : inside_) waits.push_back(place->stop_);
    }
    for (auto& stop : waits) stop.request_stop();
    left_.notify_all();
}

}  // namespace meter::server
