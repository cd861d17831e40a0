// Armv8.0 without dot products: Cortex-A53 to A73, the first Graviton, Raspberry Pi 3 and 4.
// Exact for full-range s8 x s8: smull makes 16-bit products (-128 * -128 = 16384 is the largest)
// and sadalp adds pairs of them in int32. Adding two products in 16 bits, as smlal would, could
// wrap. Rows of u8 are flipped.
//
//   smull, sadalp  Cortex-A72: 1 per cycle each, side by side; two of each per 4 values of k
//   registers      32: 4 x 4 sums + 4 panel vectors + 1 lhs + 2 products + 3 constants = 26; 6 x 3
#include <arm_neon.h>

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "kernels/kernel.hpp"
#include "kernels/macros.inl.hpp"

namespace octet::neon {
namespace {

// clang-format off: each names what stands above it
#include "kernels/unroll.inl.hpp"
#include "kernels/neon_pack.inl.hpp"
#include "kernels/neon.inl.hpp"
// clang-format on

struct Simd : VectorNeon {
  /// Bytes of 4 lanes: the first two values of k of each, then the second two.
  using Lhs = I32;
  using Rhs = I32;
  static constexpr bool kLhsSigned = true;
  template <bool kFlip>
  static constexpr int kLhsGroups = 1;
  static constexpr int kSlots = 4;
  static constexpr int kGroupedSums = 12;
  static constexpr int kMinSums = 1;  // the chain of sadalp is forwarded within the adder
  static constexpr int kPeakSums = 8;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    const int8x16_t lhs = vreinterpretq_s8_s32(a), rhs = vreinterpretq_s8_s32(b);
    asm("sadalp %0.4s, %1.8h" : "+w"(acc) : "w"(vmull_s8(vget_low_s8(lhs), vget_low_s8(rhs))));
    asm("sadalp %0.4s, %1.8h" : "+w"(acc) : "w"(vmull_high_s8(lhs, rhs)));
  }
  static OCTET_INLINE I32 picked(I32 bytes, const std::uint8_t (&order)[16]) {
    return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(bytes), vld1q_u8(order)));
  }
  static OCTET_INLINE I32 by_pairs(I32 bytes) {
    return picked(bytes, {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15});
  }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) { return by_pairs(load(panel)); }
  static OCTET_INLINE Rhs ones() { return fill(0x01010101); }
  static OCTET_INLINE void pin_lhs(Lhs& a) { OCTET_PIN(a); }

  template <bool kFlip>
  static OCTET_INLINE Lhs flipped(Lhs bytes) {
    return kFlip ? exclusive_or(bytes, fill(0x80808080u)) : bytes;
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    const I32 bytes = vsetq_lane_s32(static_cast<std::int32_t>(group), vdupq_n_s32(0), 0);
    return flipped<kFlip>(picked(bytes, {0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3}));
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
    return flipped<kFlip>(by_pairs(load(row)));
  }

  /// Depthwise: the values of a vector in the order that by_pairs() gives its weights.
  static OCTET_INLINE Rhs load_slots(const std::int8_t* weights) { return load_rhs(weights); }
  static OCTET_INLINE void interleave(const I32 (&lines)[4], I32 (&values)[4]) {
    uint64x2_t low[2], high[2];
    OCTET_UNROLL for (int i = 0; i < 2; ++i) {
      const uint8x16_t a = vreinterpretq_u8_s32(lines[2 * i]);
      const uint8x16_t b = vreinterpretq_u8_s32(lines[2 * i + 1]);
      low[i] = vreinterpretq_u64_u8(vzip1q_u8(a, b));
      high[i] = vreinterpretq_u64_u8(vzip2q_u8(a, b));
    }
    values[0] = vreinterpretq_s32_u64(vzip1q_u64(low[0], low[1]));
    values[1] = vreinterpretq_s32_u64(vzip2q_u64(low[0], low[1]));
    values[2] = vreinterpretq_s32_u64(vzip1q_u64(high[0], high[1]));
    values[3] = vreinterpretq_s32_u64(vzip2q_u64(high[0], high[1]));
  }

  /// Grouped: four bytes of a lane, in the order of by_pairs() too.
  using Quads = Lhs;
  static constexpr int kQuadPiece = 2;
  template <bool kFlip>
  static OCTET_INLINE Quads load_quads(const std::uint8_t* const (&in)[1], std::int64_t count) {
    return flipped<kFlip>(by_pairs(load_quad_bytes(in, count)));
  }
  static OCTET_INLINE Quads load_quad_weights(const std::int8_t* panel) { return load_rhs(panel); }
  static OCTET_INLINE void pin_quads(Quads& v) { OCTET_PIN(v); }
  static OCTET_INLINE void dot_quads(I32& acc, Quads a, Quads b) { dot(acc, a, b); }
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
    make_table<Simd, Tiles<10, 8, 6, 4>>("neon", 0, kTable, make_elements<Simd>());

}  // namespace octet::neon
