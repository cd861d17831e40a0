/// Memory between two unmapped pages: touching one byte outside it ends the test with a signal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace octet::test {

/// Where the bytes lie in their pages: against the unmapped page that follows them, which catches
/// reads and writes past the end, or against the one before them.
enum class Placement : std::uint8_t { kEndsAtGuard, kStartsAtGuard };
inline constexpr Placement kPlacements[] = {Placement::kEndsAtGuard, Placement::kStartsAtGuard};

/// What fresh guarded memory and the gaps between rows hold.
inline constexpr std::byte kPoison{0xA5};

/// `size` bytes of kPoison with an unmapped page before and after.
class GuardedBuffer {
 public:
  GuardedBuffer(std::size_t size, Placement placement);
  ~GuardedBuffer();
  GuardedBuffer(GuardedBuffer&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapping_size_(other.mapping_size_),
        data_(other.data_),
        size_(other.size_) {}
  GuardedBuffer& operator=(GuardedBuffer&&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {data_, size_}; }

  void make_read_only() const;

  /// Forbids access to bytes [begin, end): by the page table where they fill pages, and by
  /// AddressSanitizer, in a build with it, down to single bytes.
  void forbid(std::size_t begin, std::size_t end) const;

  /// Undoes every `forbid` and `make_read_only`.
  void allow_all() const;

 private:
  std::byte* mapping_;
  std::size_t mapping_size_;
  std::byte* data_;
  std::size_t size_;
};

/// A guarded copy of an array, for the spans that octet reads.
template <class T>
class GuardedArray {
 public:
  GuardedArray(const std::vector<T>& values, Placement placement)
      : buffer_(values.size() * sizeof(T), placement), count_(values.size()) {
    if (count_ > 0) std::memcpy(buffer_.data(), values.data(), buffer_.size());
    buffer_.make_read_only();
  }

  std::span<const T> span() const {
    if (count_ == 0) return {};
    return {reinterpret_cast<const T*>(buffer_.data()), count_};
  }

 private:
  GuardedBuffer buffer_;
  std::size_t count_;
};

/// What scratch holds before a call, for as long as this lives; kPoison otherwise.
class ScratchFill {
 public:
  explicit ScratchFill(std::byte value) { current() = value; }
  ~ScratchFill() { current() = kPoison; }
  static std::byte& current() {
    static std::byte value = kPoison;
    return value;
  }
};

/// Scratch of exactly `size` bytes: it ends at a guard, or starts at an odd address.
class GuardedScratch {
 public:
  GuardedScratch(std::size_t size, Placement placement)
      : size_(size), buffer_(size + (placement == Placement::kStartsAtGuard ? 1 : 0), placement) {
    std::ranges::fill(buffer_.bytes(), ScratchFill::current());
  }

  std::span<std::byte> bytes() const { return buffer_.bytes().last(size_); }

 private:
  std::size_t size_;
  GuardedBuffer buffer_;
};

/// What a crash report says was running; kept as text because a signal handler may not format.
void set_crash_context(const char* text);
/// On SIGSEGV, SIGBUS, SIGILL and SIGFPE, prints the crash context before the process dies.
void install_crash_report();

}  // namespace octet::test
