// AVX2, exact for full-range u8 x s8. vpmaddubsw would saturate its 16-bit sums (255 * 127 twice
// is 64770), so both sides are int16: vpmaddwd adds each pair of products in int32, where nothing
// can overflow. Rows are staged as int16, panels widened by vpmovsxbw; see x86_pairs.inl.hpp.
//
//   vpmaddwd ymm   Zen 5: 2 per cycle, latency 3; with a vpaddd each, all four vector ports are
//   busy:
//                  what else the loop did would be paid for, so broadcasts and panels are mere
//                  loads
//   registers      16 ymm: 6 x 2 sums + 2 panel halves + 1 pair + 1 product = 16; 7 x 1 + 3 = 10
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx2 {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_256.inl.hpp"
#include "kernels/x86_pairs.inl.hpp"
// clang-format on

struct Words256 : Vector256 {
  /// In memory, as Vector256::kTopBits.
  alignas(32) static constexpr std::uint64_t kLowBytes[4] = {
      0x00FF00FF00FF00FF, 0x00FF00FF00FF00FF, 0x00FF00FF00FF00FF, 0x00FF00FF00FF00FF};

  static OCTET_INLINE I32 multiply_pairs(I32 a, I32 b) { return _mm256_madd_epi16(a, b); }
  static OCTET_INLINE __m128i load_128(const void* in) {
    return _mm_loadu_si128(static_cast<const __m128i*>(in));
  }
  static OCTET_INLINE I32 widen_s8(const void* in) { return _mm256_cvtepi8_epi16(load_128(in)); }
  static OCTET_INLINE I32 widen_u8(const void* in) { return _mm256_cvtepu8_epi16(load_128(in)); }
  static OCTET_INLINE I32 even_u8(I32 v) {
    I32 even;
    asm("vpand %2, %1, %0" : "=x"(even) : "x"(v), "m"(kLowBytes));
    return even;
  }
  static OCTET_INLINE I32 odd_u8(I32 v) { return _mm256_srli_epi16(v, 8); }
  static OCTET_INLINE I32 either(I32 a, I32 b) { return _mm256_or_si256(a, b); }
  static OCTET_INLINE I32 place_bytes(const std::uint8_t* in, I32 groups, I32 order) {
    return _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(load(in), groups), order);
  }
};

struct Simd : PairOperands<Words256> {
  static constexpr int kMinSums = 4;  // only the vpaddd, of latency 1, are a chain
  static constexpr int kPeakSums = 8;
  static constexpr int kGroupedSums = 8;
};

// clang-format off: each names what stands above it
#include "kernels/pack.inl.hpp"
#include "kernels/epilogue.inl.hpp"
#include "kernels/tile.inl.hpp"
#include "kernels/narrow.inl.hpp"
#include "kernels/depthwise.inl.hpp"
#include "kernels/grouped.inl.hpp"
#include "kernels/elements.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable =
    make_table<Simd, Tiles<7, 6>>("avx2", kAvx2, kTable, make_elements<Simd>());

}  // namespace octet::avx2
