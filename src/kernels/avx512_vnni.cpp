// AVX-512 VNNI: vpdpbusd adds four u8 x s8 products to each of 16 int32 lanes, exactly (no 16-bit
// step). Ice Lake-SP and Zen 4 on.
//
//   vpdpbusd zmm   Zen 5: 2 per cycle, latency 4; Intel: ports 0 and 5, latency 5
//   registers      32 zmm: 6 x 4 sums + 4 panel vectors + 1 broadcast = 29; 8 x 3 and 10 x 2 alike
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx512_vnni {
namespace {

// clang-format off: each names what stands above it
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_512.inl.hpp"
// clang-format on

struct Simd : Vector512 {
  using Lhs = __m512i;  // u8
  using Rhs = __m512i;  // s8
  using ChannelWeights = Rhs;
  static constexpr int kMinSums = 7;  // two per cycle, each of latency 4
  static constexpr int kPeakSums = 24;
  static constexpr int kPackingRows = 6;
  static constexpr int kDepthwiseRows = 6;

  static OCTET_INLINE I32 dot(I32 acc, Lhs a, Rhs b) { return _mm512_dpbusd_epi32(acc, a, b); }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) { return _mm512_loadu_si512(panel); }
  static OCTET_INLINE Rhs ones() { return _mm512_set1_epi8(1); }
  static OCTET_INLINE void pin_lhs(Lhs& a) { OCTET_PIN(a); }

  template <bool kFlip>
  static OCTET_INLINE Lhs flipped(__m512i bytes) {
    return kFlip ? _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(0x80))) : bytes;
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    return flipped<kFlip>(_mm512_set1_epi32(static_cast<int>(group)));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast4(const std::uint8_t* row) {
    std::uint32_t group;
    __builtin_memcpy(&group, row, sizeof group);
    return set4<kFlip>(group);
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast_end(const std::uint8_t* row, std::int64_t bits) {
    return _mm512_srl_epi32(broadcast4<kFlip>(row), _mm_cvtsi64_si128(bits));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs load_lhs(const std::uint8_t* row) {
    return flipped<kFlip>(_mm512_loadu_si512(row));
  }

  static OCTET_INLINE ChannelWeights load_channel_weights(const std::int8_t* panel) {
    return load_rhs(panel);
  }
  static OCTET_INLINE void dot_channels(I32& acc, I32 a, ChannelWeights b, I32 flip) {
    acc = dot(acc, _mm512_xor_si512(a, flip), b);
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
constexpr KernelTable kTable =
    make_table<Simd, Tiles<10, 10, 8, 6>>("avx512_vnni", kAvx512Base | kAvx512Vnni);

}  // namespace octet::avx512_vnni
