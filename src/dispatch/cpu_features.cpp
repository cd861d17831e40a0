#include "dispatch/cpu_features.hpp"

#include <array>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>

#include <cstddef>
#endif

#include "kernels/kernel.hpp"
#include "octet/isa.hpp"

namespace octet {
namespace {

#if defined(__aarch64__) && defined(__APPLE__)
/// No such machine has run this yet: it is compiled there and nowhere else.
bool has_apple_feature(const char* name) {
  int value = 0;
  std::size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
}
#endif

std::uint32_t find_cpu_features() {
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
#elif defined(__aarch64__) && defined(__linux__)
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) found |= kDotProd;
  if ((getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0) found |= kI8mm;
#elif defined(__aarch64__) && defined(__APPLE__)
  if (has_apple_feature("hw.optional.arm.FEAT_DotProd")) found |= kDotProd;
  if (has_apple_feature("hw.optional.arm.FEAT_I8MM")) found |= kI8mm;
#endif
  return found;
}

}  // namespace

std::uint32_t cpu_feature_bits() noexcept {
  static const std::uint32_t bits = find_cpu_features();
  return bits;
}

std::span<const CpuFeature> cpu_features() noexcept {
  static const std::array features = [] {
    const std::uint32_t bits = cpu_feature_bits();
    return std::array{
#if defined(__aarch64__)
        CpuFeature{"asimddp", (bits & kDotProd) != 0},
        CpuFeature{"i8mm", (bits & kI8mm) != 0},
#else
        CpuFeature{"avx2", (bits & kAvx2) != 0},
        CpuFeature{"avx_vnni", (bits & kAvxVnni) != 0},
        CpuFeature{"avx512f/bw/cd/dq/vl", (bits & kAvx512Base) != 0},
        CpuFeature{"avx512_vnni", (bits & kAvx512Vnni) != 0},
#endif
    };
  }();
  return features;
}

}  // namespace octet
