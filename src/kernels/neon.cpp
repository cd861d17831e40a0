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
  using ChannelWeights = I32;
  static constexpr bool kLhsSigned = true;
  static constexpr int kLhsGroups = 1;
  static constexpr int kMinSums = 1;  // the chain of sadalp is forwarded within the adder
  static constexpr int kPeakSums = 8;
  static constexpr int kPackingRows = 0;  // no register is left in any
  static constexpr int kDepthwiseRows = 6;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    const int8x16_t lhs = vreinterpretq_s8_s32(a), rhs = vreinterpretq_s8_s32(b);
    asm("sadalp %0.4s, %1.8h" : "+w"(acc) : "w"(vmull_s8(vget_low_s8(lhs), vget_low_s8(rhs))));
    asm("sadalp %0.4s, %1.8h" : "+w"(acc) : "w"(vmull_high_s8(lhs, rhs)));
  }
  static OCTET_INLINE I32 picked(I32 bytes, const std::uint8_t (&order)[16]) {
    return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(bytes), vld1q_u8(order)));
  }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) {
    return picked(load(panel), {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15});
  }
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
    return flipped<kFlip>(load_rhs(reinterpret_cast<const std::int8_t*>(row)));
  }

  /// The weight of a channel is the low byte of its lane.
  static OCTET_INLINE ChannelWeights load_channel_weights(const std::int8_t* panel) {
    return sign_extended(load(panel));
  }
  static OCTET_INLINE void dot_channels(I32& acc, I32 a, ChannelWeights b, I32 flip) {
    acc = vmlaq_s32(acc, sign_extended(exclusive_or(a, flip)), b);
  }
  static OCTET_INLINE I32 sign_extended(I32 bytes) {
    return vshrq_n_s32(vshlq_n_s32(bytes, 24), 24);
  }
};

// clang-format off: each names what stands above it
#include "kernels/pack.inl.hpp"
#include "kernels/epilogue.inl.hpp"
#include "kernels/tile.inl.hpp"
#include "kernels/narrow.inl.hpp"
#include "kernels/convert.inl.hpp"
#include "kernels/table.inl.hpp"
// clang-format on

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable = make_table<Simd, Tiles<10, 10, 6, 4>>("neon", 0);

}  // namespace octet::neon
