/// A convenience for callers without a memory planner of their own.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace octet {

/// Scratch memory that grows to the largest size asked for and stays there.
class Workspace {
 public:
  /// At least `bytes` bytes, valid until the next call; empty if there is no memory.
  std::span<std::byte> reserve(std::size_t bytes) noexcept {
    if (bytes > size_) {
      bytes_.reset(new (std::nothrow) std::byte[bytes]);
      size_ = bytes_ ? bytes : 0;
    }
    return {bytes_.get(), size_};
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace octet
