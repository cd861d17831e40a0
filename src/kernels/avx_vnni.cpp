// AVX-VNNI: the VEX form of vpdpbusd adds four u8 x s8 products to each of 8 int32 lanes, exactly.
// For CPUs with no AVX-512: Alder Lake, Sierra Forest and their successors.
//
//   vpdpbusd ymm   2 per cycle, latency 4 or 5
//   registers      16 ymm: 6 x 2 sums + 2 panel vectors + 1 broadcast = 15; 9 x 1 + 1 + 1 + 1 flip
//   = 12
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx_vnni {
namespace {

// clang-format off: each names what stands above it
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_256.inl.hpp"
// clang-format on

struct Simd : Vector256 {
  using Lhs = __m256i;  // u8
  using Rhs = __m256i;  // s8
  using ChannelWeights = Rhs;
  static constexpr int kMinSums = 7;  // two per cycle, each of latency 4
  static constexpr int kPeakSums = 12;
  static constexpr int kPackingRows = 5;  // no register is left in taller ones
  static constexpr int kDepthwiseRows = 5;

  static OCTET_INLINE I32 dot(I32 acc, Lhs a, Rhs b) { return _mm256_dpbusd_avx_epi32(acc, a, b); }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
  }
  static OCTET_INLINE Rhs ones() { return _mm256_set1_epi8(1); }
  static OCTET_INLINE void pin_lhs(Lhs& a) { OCTET_PIN(a); }

  template <bool kFlip>
  static OCTET_INLINE Lhs flipped(__m256i bytes) {
    return kFlip ? _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(0x80))) : bytes;
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    return flipped<kFlip>(_mm256_set1_epi32(static_cast<int>(group)));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast4(const std::uint8_t* row) {
    std::uint32_t group;
    __builtin_memcpy(&group, row, sizeof group);
    return set4<kFlip>(group);
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast_end(const std::uint8_t* row, std::int64_t bits) {
    return _mm256_srl_epi32(broadcast4<kFlip>(row), _mm_cvtsi64_si128(bits));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs load_lhs(const std::uint8_t* row) {
    return flipped<kFlip>(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
  }

  static OCTET_INLINE ChannelWeights load_channel_weights(const std::int8_t* panel) {
    return load_rhs(panel);
  }
  static OCTET_INLINE void dot_channels(I32& acc, I32 a, ChannelWeights b, I32 flip) {
    acc = dot(acc, _mm256_xor_si256(a, flip), b);
  }
};

// clang-format off: each names what stands above it
#include "kernels/pack.inl.hpp"
#include "kernels/tile.inl.hpp"
#include "kernels/convert.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable = make_table<Simd, Tiles<9, 6>>("avx_vnni", kAvx2 | kAvxVnni);

}  // namespace octet::avx_vnni
