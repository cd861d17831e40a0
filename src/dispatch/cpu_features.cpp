#include "dispatch/cpu_features.hpp"

#include <array>

#include "kernels/kernel.hpp"
#include "octet/isa.hpp"

namespace octet {

std::uint32_t cpu_feature_bits() noexcept {
  static const std::uint32_t bits = [] {
    std::uint32_t found = 0;
#if defined(__x86_64__)
    // __builtin_cpu_supports also asks XCR0 whether the system saves the wide registers.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) found |= kAvx2;
    if (__builtin_cpu_supports("avxvnni")) found |= kAvxVnni;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      found |= kAvx512Base;
    if (__builtin_cpu_supports("avx512vnni")) found |= kAvx512Vnni;
#endif
    return found;
  }();
  return bits;
}

std::span<const CpuFeature> cpu_features() noexcept {
  static const std::array features = [] {
    const std::uint32_t bits = cpu_feature_bits();
    return std::array{
        CpuFeature{"avx2", (bits & kAvx2) != 0},
        CpuFeature{"avx_vnni", (bits & kAvxVnni) != 0},
        CpuFeature{"avx512f/bw/cd/dq/vl", (bits & kAvx512Base) != 0},
        CpuFeature{"avx512_vnni", (bits & kAvx512Vnni) != 0},
    };
  }();
  return features;
}

}  // namespace octet
