// Armv8.2 dot products: sdot adds four s8 x s8 products to each of 4 int32 lanes, exactly (no
// 16-bit step). Cortex-A55 and A75 on, Neoverse N1, Apple A12 on. Rows of u8 are flipped.
//
//   sdot           Neoverse N1, N2: 2 per cycle, V1, V2: 4; latency 3, of the sum 1
//   registers      32: 6 x 4 sums + 6 rows + 2 panel vectors = 32; 7 x 3 + 7 + 2, 10 x 2 + 10 + 2
#include <arm_neon.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::neon {
extern const KernelTable kTable;
}

namespace octet::neon_dotprod {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/neon_pack.inl.hpp"
#include "kernels/neon.inl.hpp"
#include "kernels/neon_bytes.inl.hpp"
// clang-format on

struct Simd : ByteOperands<VectorNeon> {
  static constexpr bool kLhsSigned = true;
  static constexpr int kMinSums = 8;  // four per cycle on the widest cores
  static constexpr int kPeakSums = 24;

  // By asm: GCC 12 would move sums between registers around the intrinsics.
  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    asm("sdot %0.4s, %1.16b, %2.16b" : "+w"(acc) : "w"(a), "w"(b));
  }
  /// k-groups of a row, as they lie or flipped. To flip them in a vector would take slots of the
  /// dot pipes, one for each 16 dot products of a 6x4 tile; half of a vector goes through a general
  /// register without.
  using LhsBlock = I32;
  template <bool kFlip>
  static constexpr int kLhsGroups = kFlip ? 2 : 4;
  template <bool kFlip>
  static OCTET_INLINE LhsBlock load_block(const std::uint8_t* row) {
    if constexpr (!kFlip) return load(row);
    std::uint64_t bytes;
    __builtin_memcpy(&bytes, row, sizeof bytes);
    asm("" : "+r"(bytes));
    LhsBlock block;
    asm("fmov %d0, %1" : "=w"(block) : "r"(bytes ^ 0x8080808080808080u));
    return block;
  }
  /// The dot product with group `kGroup` of a block.
  template <int kGroup>
  static OCTET_INLINE void dot_group(I32& acc, LhsBlock a, Rhs b) {
    asm("sdot %0.4s, %1.16b, %2.4b[%3]" : "+w"(acc) : "w"(b), "w"(a), "i"(kGroup));
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
    make_table<Simd, Tiles<10, 10, 7, 6>>("neon_dotprod", kDotProd, neon::kTable);

}  // namespace octet::neon_dotprod
