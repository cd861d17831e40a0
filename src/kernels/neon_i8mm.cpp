// Armv8.6 matrix products of mixed signs: usmmla adds, to each of 4 int32 lanes, eight u8 x s8
// products of one of two rows and one of two columns, exactly (no 16-bit step). Neoverse N2 and V1,
// Cortex-A510 and X2, Apple M2 on. Rows of s8 are flipped.
//
//   usmmla         Neoverse N2: 2 per cycle, V1, V2: 4; latency 3, of the sum 1
//   registers      32: 3 row pairs x 8 column pairs + 6 rows + 2 panel vectors = 32
#include <arm_neon.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::neon {
extern const KernelTable kTable;
}

namespace octet::neon_i8mm {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/neon_pack.inl.hpp"
#include "kernels/neon.inl.hpp"
#include "kernels/neon_bytes.inl.hpp"
// clang-format on

struct Simd : ByteOperands<VectorNeon> {
  static constexpr bool kLhsSigned = false;
  static constexpr int kMinSums = 8;  // four per cycle on the widest cores
  static constexpr int kPeakSums = 24;

  // By asm: GCC 12 would move sums between registers around the intrinsics.
  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    asm("usdot %0.4s, %1.16b, %2.16b" : "+w"(acc) : "w"(a), "w"(b));
  }
  static OCTET_INLINE void matrix_dot(I32& acc, Lhs a, Rhs b) {
    asm("usmmla %0.4s, %1.16b, %2.16b" : "+w"(acc) : "w"(a), "w"(b));
  }
  static OCTET_INLINE I32 zip_low(I32 a, I32 b) {
    return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
  }
  static OCTET_INLINE I32 zip_high(I32 a, I32 b) {
    return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
  }
  static OCTET_INLINE void zip_groups(I32 a, I32 b, std::int8_t* out) {
    store_16(out, vreinterpretq_u8_s32(vzip1q_s32(a, b)));
    store_16(out + 16, vreinterpretq_u8_s32(vzip2q_s32(a, b)));
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
    make_table<Simd, Tiles<10, 8, 6, 6>>("neon_i8mm", kDotProd | kI8mm, neon::kTable);

}  // namespace octet::neon_i8mm
