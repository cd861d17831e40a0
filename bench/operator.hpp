/// What the tools run and compare: one library's operator on operands that it shares with others.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "octet/executor.hpp"
#include "octet/status.hpp"

namespace octet::bench {

/// Created and packed, and bound to its operands: `run` is all that is left to do.
class Operator {
 public:
  virtual ~Operator() = default;
  /// Overwrites the result.
  virtual void run(void* out) = 0;
  /// The kernels in use: "avx512_vnni", "brg_matmul:avx512_core_vnni".
  virtual std::string kernel() const = 0;
};

template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kAlignment); }
  bool operator==(const CacheLineAllocator&) const = default;
};

/// Bytes from the beginning of a cache line on: no library is slowed down by an odd address.
using Buffer = std::vector<std::byte, CacheLineAllocator<std::byte>>;

/// Throws std::runtime_error with the status's message, unless it is ok.
void require(const Status& status);

/// The name of the ISA that octet will use. Throws std::runtime_error if there is no such ISA.
std::string chosen_isa(const std::string& max_isa);

/// octet's threads, by OpenMP; null for one.
std::unique_ptr<Executor> make_executor(int threads);

}  // namespace octet::bench
