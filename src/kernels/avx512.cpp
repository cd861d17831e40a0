// AVX-512 without VNNI (Skylake-SP), exact for full-range u8 x s8: int16 pairs, as in avx2.cpp, in
// 512-bit vectors.
//
//   vpmaddwd zmm   Zen 5: 2 per cycle, latency 3; Intel: ports 0 and 5, which a vpaddd also needs
//   registers      32 zmm: 6 x 4 sums + 4 panel halves + 1 pair + 1 product = 30; 8 x 3 alike
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx512 {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_512.inl.hpp"
#include "kernels/x86_pairs.inl.hpp"
// clang-format on

struct Words512 : Vector512 {
  static OCTET_INLINE I32 multiply_pairs(I32 a, I32 b) { return _mm512_madd_epi16(a, b); }
  static OCTET_INLINE __m256i load_256(const void* in) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(in));
  }
  static OCTET_INLINE I32 widen_s8(const void* in) { return _mm512_cvtepi8_epi16(load_256(in)); }
  static OCTET_INLINE I32 widen_u8(const void* in) { return _mm512_cvtepu8_epi16(load_256(in)); }
  static OCTET_INLINE I32 even_u8(I32 v) { return _mm512_and_si512(v, _mm512_set1_epi16(255)); }
  static OCTET_INLINE I32 odd_u8(I32 v) { return _mm512_srli_epi16(v, 8); }
  static OCTET_INLINE I32 either(I32 a, I32 b) { return _mm512_or_si512(a, b); }
  static OCTET_INLINE I32 place_bytes(const std::uint8_t* in, I32 groups, I32 order) {
    const I32 bytes = _mm512_castsi256_si512(load_256(in));
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(groups, bytes), order);
  }
};

struct Simd : PairOperands<Words512> {
  static constexpr int kMinSums = 4;  // only the vpaddd, of latency 1, are a chain
  static constexpr int kPeakSums = 24;
  static constexpr int kGroupedSums = 16;
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
    make_table<Simd, Tiles<8, 8, 8, 6>>("avx512", kAvx512Base, kTable, make_elements<Simd>());

}  // namespace octet::avx512
