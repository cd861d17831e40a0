/// Memory that an operator owns: aligned for the widest vectors, allocated once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace octet {

inline constexpr std::size_t kAlignment = 64;

template <class T>
constexpr T round_up(T value, T multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

struct FreeMemory {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

/// `count` uninitialised elements of a trivial type, or null if there is no memory.
template <class T>
using AlignedBuffer = std::unique_ptr<T[], FreeMemory>;
template <class T>
AlignedBuffer<T> allocate(std::int64_t count) noexcept {
  const std::size_t bytes = round_up(static_cast<std::size_t>(count) * sizeof(T), kAlignment);
  return AlignedBuffer<T>(static_cast<T*>(std::aligned_alloc(kAlignment, bytes)));
}

/// Hands out aligned pieces of the caller's scratch; with a null base it only counts the bytes.
class ScratchCursor {
 public:
  explicit ScratchCursor(std::byte* base) : base_(base) {
    const auto address = reinterpret_cast<std::uintptr_t>(base);
    begin_ = base == nullptr ? kAlignment - 1 : round_up(address, kAlignment) - address;
    used_ = begin_;
  }
  template <class T>
  T* take(std::int64_t count) {
    T* piece = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += round_up(static_cast<std::size_t>(count) * sizeof(T), kAlignment);
    return piece;
  }
  /// Bytes that any base needs for what was taken, with room to align it.
  std::size_t used() const { return used_ - begin_ + kAlignment - 1; }

 private:
  std::byte* base_;
  std::size_t begin_;  ///< Left out before the first aligned byte.
  std::size_t used_;
};

/// The caller's scratch as equal pieces, one for each task, and a gap between them: a core that
/// writes its piece again and again prefetches up to 12 KB beyond the end, and so takes away the
/// lines that another core is writing there. It cost that one up to 70 % of its time.
class TaskScratch {
 public:
  TaskScratch() = default;  ///< No bytes.
  /// take(cursor) takes what one task needs.
  template <class Take>
  explicit TaskScratch(const Take& take) {
    ScratchCursor counter(nullptr);
    take(counter);
    piece_ = counter.used() - (kAlignment - 1);
  }
  /// Enough for the tasks of either.
  TaskScratch or_larger(const TaskScratch& other) const {
    return piece_ < other.piece_ ? other : *this;
  }
  /// Of scratch for so many tasks, 1 or more, wherever it begins.
  std::size_t bytes(std::int64_t tasks) const {
    return static_cast<std::size_t>(tasks - 1) * stride() + piece_ + kAlignment - 1;
  }
  ScratchCursor of_task(std::byte* scratch, std::int64_t task) const {
    const auto address = reinterpret_cast<std::uintptr_t>(scratch);
    return ScratchCursor(scratch + (round_up(address, std::uintptr_t{kAlignment}) - address) +
                         static_cast<std::size_t>(task) * stride());
  }

 private:
  static constexpr std::size_t kGap = 16 * 1024;
  std::size_t stride() const { return piece_ == 0 ? 0 : piece_ + kGap; }
  std::size_t piece_ = 0;
};

}  // namespace octet
