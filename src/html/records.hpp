// A growing array of element records. Unlike std::vector it grows by realloc, which moves large arrays without copying
// them and without touching fresh memory twice.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace meter::html::detail {

template <class T>
class RecordArray {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
    const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }
    T* begin() noexcept { return data_.get(); }
    T* end() noexcept { return data_.get() + size_; }
    const T* begin() const noexcept { return data_.get(); }
    const T* end() const noexcept { return data_.get() + size_; }

    void push_back(const T& value) {
        if (size_ == capacity_) reserve(capacity_ < 64 ? 128 : capacity_ + capacity_ / 2);
        std::construct_at(data_.get() + size_, value);
        ++size_;
    }
    void reserve(std::size_t capacity) {
        if (capacity <= capacity_) return;
        void* grown = std::realloc(static_cast<void*>(data_.get()), capacity * sizeof(T));
        if (grown == nullptr) throw std::bad_alloc();
        static_cast<void>(data_.release());
        data_.reset(static_cast<T*>(grown));
        capacity_ = capacity;
    }
    void swap(RecordArray& other) noexcept {
        data_.swap(other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

private:
    struct Free {
        void operator()(T* data) const noexcept { std::free(data); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace meter::html::detail
