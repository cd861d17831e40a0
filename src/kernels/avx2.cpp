// AVX2, exact for full-range u8 x s8. vpmaddubsw would saturate its 16-bit sums (255 * 127 twice
// is 64770), so bytes are widened: the even and the odd bytes of each 32-bit group become two
// pairs of int16, and vpmaddwd adds each pair of products in int32, where nothing can overflow.
//
//   vpmaddwd ymm   Zen 5: 2 per cycle, latency 3; two of them and two vpaddd per 4 values of k
//   registers      16 ymm: 4 x 2 sums + 2 x 2 panel vectors + 2 lhs + 1 mask = 15; 8 x 1 + 5 = 13
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx2 {
namespace {

// clang-format off: each names what stands above it
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_256.inl.hpp"
// clang-format on

/// The constants of the dot loop are memory operands, since its registers are all taken. The
/// compiler would load them into registers first and spill those.
alignas(32) constexpr std::uint16_t kLowBytes[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                     255, 255, 255, 255, 255, 255, 255, 255};
alignas(32) constexpr std::uint32_t kTopBits[8] = {0x80808080u, 0x80808080u, 0x80808080u,
                                                   0x80808080u, 0x80808080u, 0x80808080u,
                                                   0x80808080u, 0x80808080u};
OCTET_INLINE __m256i low_bytes(__m256i v) {
  __m256i low;
  asm("vpand %2, %1, %0" : "=x"(low) : "x"(v), "m"(kLowBytes));
  return low;
}
OCTET_INLINE __m256i flip_top_bits(__m256i v) {
  __m256i flipped;
  asm("vpxor %2, %1, %0" : "=x"(flipped) : "x"(v), "m"(kTopBits));
  return flipped;
}

struct Simd : Vector256 {
  /// The even and the odd bytes of each 32-bit group, as int16.
  struct Pairs {
    __m256i even, odd;
  };
  using Lhs = Pairs;
  using Rhs = Pairs;
  using ChannelWeights = I32;
  static constexpr int kMinSums = 4;  // only the vpaddd, of latency 1, are a chain
  static constexpr int kPeakSums = 8;
  static constexpr int kPackingRows = 0;  // no register is left in any
  static constexpr int kDepthwiseRows = 5;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    add(acc, _mm256_madd_epi16(a.even, b.even));
    add(acc, _mm256_madd_epi16(a.odd, b.odd));
  }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) {
    const __m256i bytes = load(panel);
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static OCTET_INLINE Rhs ones() { return {_mm256_set1_epi16(1), _mm256_set1_epi16(1)}; }
  static OCTET_INLINE void pin_lhs(Lhs& a) {
    OCTET_PIN(a.even);
    OCTET_PIN(a.odd);
  }

  template <bool kFlip>
  static OCTET_INLINE Lhs widened(__m256i bytes) {
    if constexpr (kFlip) bytes = flip_top_bits(bytes);
    return {low_bytes(bytes), _mm256_srli_epi16(bytes, 8)};
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    return widened<kFlip>(_mm256_set1_epi32(static_cast<int>(group)));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast4(const std::uint8_t* row) {
    return set4<kFlip>(load_group(row));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast_end(const std::uint8_t* row, std::int64_t bits) {
    return set4<kFlip>(load_group(row) >> bits);
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs load_lhs(const std::uint8_t* row) {
    return widened<kFlip>(load(row));
  }

  /// The weight of a channel is the low byte of its lane.
  static OCTET_INLINE ChannelWeights load_channel_weights(const std::int8_t* panel) {
    const __m256i bytes = load(panel);
    return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
  }
  static OCTET_INLINE void dot_channels(I32& acc, I32 a, ChannelWeights b, I32 flip) {
    add(acc, _mm256_madd_epi16(_mm256_xor_si256(a, flip), b));
  }

 private:
  /// In place: GCC 12 would rotate the sums through the registers, with moves.
  static OCTET_INLINE void add(I32& acc, I32 products) {
    asm("vpaddd %1, %0, %0" : "+x"(acc) : "x"(products));
  }
};

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/pack.inl.hpp"
#include "kernels/epilogue.inl.hpp"
#include "kernels/tile.inl.hpp"
#include "kernels/convert.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable = make_table<Simd, Tiles<8, 4>>("avx2", kAvx2);

}  // namespace octet::avx2
