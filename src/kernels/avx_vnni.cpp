// AVX-VNNI: the VEX form of vpdpbusd adds four u8 x s8 products to each of 8 int32 lanes, exactly.
// For CPUs with no AVX-512: Alder Lake, Sierra Forest and their successors.
//
//   vpdpbusd ymm   2 per cycle, latency 4 or 5
//   registers      16 ymm: 6 x 2 sums + 2 panel vectors + 1 broadcast = 15; 9 x 1 + 3 = 12
#include <immintrin.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::avx2 {
extern const KernelTable kTable;
}

namespace octet::avx_vnni {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/x86_pack.inl.hpp"
#include "kernels/x86_256.inl.hpp"
#include "kernels/x86_bytes.inl.hpp"
// clang-format on

struct Simd : ByteOperands<Vector256> {
  static constexpr int kMinSums = 7;  // two per cycle, each of latency 4
  static constexpr int kPeakSums = 12;
  static constexpr int kGroupedSums = 12;
  static constexpr int kNarrowSums = 6;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
#if defined(__clang__)
    acc = _mm256_dpbusd_avx_epi32(acc, a, b);
#else  // GCC 12 moves and spills sums around the intrinsic
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
#endif
  }
  static OCTET_INLINE void dot_quads(I32& acc, Quads a, Quads b) {
    acc = _mm256_dpbusd_avx_epi32(acc, a, b);  // the weights from memory: no register is left
  }
};

// clang-format off: each names what stands above it
#include "kernels/pack.inl.hpp"
#include "kernels/epilogue.inl.hpp"
// Code for the sake of 16 columns would be too large.
template <int kMr, int kNv>
constexpr bool kAddsInRegisters<Simd, kMr, kNv> = false;
#include "kernels/tile.inl.hpp"
#include "kernels/narrow.inl.hpp"
#include "kernels/depthwise.inl.hpp"
#include "kernels/grouped.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable =
    make_table<Simd, Tiles<9, 6>>("avx_vnni", kAvx2 | kAvxVnni, avx2::kTable);

}  // namespace octet::avx_vnni
