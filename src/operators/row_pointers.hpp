/// Tables of pointers to rows at equal distances.
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch/registry.hpp"

namespace octet {

/// pointers[i] = first + i * stride, in bytes. One table after the other and two pointers at a
/// time: of scalar stores a core commits one or two per cycle, and a tile of few k-groups notices.
template <class Pointer, class Byte>
[[gnu::always_inline]] inline void point_to_rows(Pointer* pointers, Byte* first,
                                                 std::int64_t stride, std::int64_t count) {
  std::int64_t i = 0;
  if (count >= 4) {
    using Pair [[gnu::vector_size(16)]] = std::uint64_t;
    const auto address = reinterpret_cast<std::uintptr_t>(first);
    const auto step = static_cast<std::uint64_t>(stride);
    Pair low = {address, address + step}, high = low + 2 * step;
    for (; i + 4 <= count; i += 4, low += 4 * step, high += 4 * step) {
      std::memcpy(pointers + i, &low, sizeof low);
      std::memcpy(pointers + i + 2, &high, sizeof high);
    }
  }
  for (; i < count; ++i) pointers[i] = first + i * stride;
}

/// The same for what may be many rows: then the kernels' vectors are worth the call.
template <class Pointer, class Byte>
void point_to_rows(const KernelTable& kernels, Pointer* pointers, Byte* first, std::int64_t stride,
                   std::int64_t count) {
  constexpr std::int64_t kMany = 112;
  static_assert(kMany >= kMinRowPointers);
  if (count < kMany) {
    point_to_rows(pointers, first, stride, count);
  } else {
    kernels.point_to_rows({reinterpret_cast<std::uint64_t*>(pointers),
                           reinterpret_cast<std::uintptr_t>(first), stride, count});
  }
}

}  // namespace octet
