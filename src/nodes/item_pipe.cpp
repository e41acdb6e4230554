#include "meter/node.hpp"

namespace meter {

ItemPipe::ItemPipe(std::stop_token stop, std::size_t capacity, std::string port)
    : stop_(std::move(stop)), capacity_(capacity > 0 ? capacity : 1), port_(std::move(port)) {}

ItemPipe::~ItemPipe() = default;

Result<std::optional<Value>> ItemPipe::next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop_, [&] { return !items_.empty() || outcome_.has_value(); }))
        return Error{ErrorCode::cancelled, "Cancelled"};
    if (!items_.empty()) {
        std::optional<Value> item(std::move(items_.front()));
        items_.pop_front();
        // Half a queue at a time: waking the writer for each item would cost more than most nodes do.
        if (items_.size() == capacity_ / 2) changed_.notify_all();
        return item;
    }
    if (!*outcome_) return outcome_->error();
    return std::optional<Value>();
}

Result<void> ItemPipe::push(std::string_view port, Value item) {
    if (port != port_) return {};
    std::unique_lock lock(mutex_);
    if (items_.size() >= capacity_ &&
        !changed_.wait(lock, stop_, [&] { return items_.size() <= capacity_ / 2 || closed_; }))
        return Error{ErrorCode::cancelled, "Cancelled"};
    if (closed_) return {};
    items_.push_back(std::move(item));
    if (items_.size() == 1) changed_.notify_all();
    return {};
}

void ItemPipe::finish(Result<void> outcome) {
    const std::lock_guard lock(mutex_);
    if (!outcome_) outcome_ = std::move(outcome);
    changed_.notify_all();
}

void ItemPipe::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    items_.clear();
    changed_.notify_all();
}

}  // namespace meter
