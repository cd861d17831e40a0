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

namespace octet::avx512 {
extern const KernelTable kTable;
}

namespace octet::avx512_vnni {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_512.inl.hpp"
#include "kernels/x86_512_transpose.inl.hpp"
#include "kernels/x86_bytes.inl.hpp"
// clang-format on

struct Simd : TransposesSums<ByteOperands<Vector512>> {
  static constexpr int kMinSums = 7;  // two per cycle, each of latency 4
  static constexpr int kPeakSums = 24;
  static constexpr int kGroupedSums = 24;
  static constexpr int kNarrowSums = 16;
  static constexpr bool kDirectDepthwise = true;
  static constexpr bool kHalves = true;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
#if defined(__clang__)
    acc = _mm512_dpbusd_epi32(acc, a, b);
#else  // GCC 12 moves and spills sums around the intrinsic
    asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
#endif
  }
  static OCTET_INLINE void dot_quads(I32& acc, Quads a, Quads b) { dot(acc, a, b); }
};

// clang-format off: each names what stands above it
#include "kernels/pack.inl.hpp"
#include "kernels/epilogue.inl.hpp"
#include "kernels/tile.inl.hpp"
#include "kernels/narrow.inl.hpp"
#include "kernels/depthwise.inl.hpp"
#include "kernels/grouped.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable =
    make_table<Simd, Tiles<12, 10, 8, 6>>("avx512_vnni", kAvx512Base | kAvx512Vnni, avx512::kTable);

}  // namespace octet::avx512_vnni
