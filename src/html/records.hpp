// A growing array of element records. Unlike std::vector it grows by realloc, and once it is large to a size far
// beyond, since memory that is not written to costs nothing.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "core/blocks.hpp"
#include "html/parser/pages.hpp"

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

    T& emplace_back() {
        if (size_ == capacity_) grow();
        return *std::construct_at(data_.get() + size_++);
    }
    void push_back(const T& value) { emplace_back() = value; }
    void reserve(std::size_t capacity) {
        if (capacity <= capacity_) return;
        if (capacity > (std::size_t{1} << 40) / sizeof(T)) throw std::bad_alloc();
        const std::size_t bytes = capacity * sizeof(T);
        using Source = ReleaseMemory::Source;
        if (bytes <= core::block_bytes) return move_to(core::take_block(), {Source::block, core::block_bytes});
        if (bytes >= huge_page) return move_to(map_pages(whole_pages(bytes)), {Source::pages, whole_pages(bytes)});
        const bool on_heap = data_.get_deleter().source == Source::heap;
        void* const grown = on_heap ? std::realloc(static_cast<void*>(data_.get()), bytes) : std::malloc(bytes);
        if (grown == nullptr) throw std::bad_alloc();
        if (!on_heap) return move_to(grown, {Source::heap, bytes});
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
    void grow() {
        constexpr std::size_t first = core::block_bytes / sizeof(T), large = huge_page / 4 / sizeof(T);
        reserve(capacity_ < first ? first : capacity_ < large ? 2 * capacity_ : 8 * capacity_);
    }
    void move_to(void* memory, ReleaseMemory release) noexcept {
        if (size_ > 0) std::memcpy(memory, data_.get(), size_ * sizeof(T));
        data_ = std::unique_ptr<T, ReleaseMemory>(static_cast<T*>(memory), release);
        capacity_ = release.size / sizeof(T);
    }

    std::unique_ptr<T, ReleaseMemory> data_;
    std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace meter::html::detail
