/// How exact int32 sums become results.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "octet/types.hpp"

namespace octet {

/// The last step of GEMM and convolution, done while the sums are still in registers. For output
/// column (channel) n, with `sum` the exact sum of (lhs - lhs_zero_point) * (rhs - rhs_zero_point):
///
///   s32:    out = sum + bias[n]
///   f32:    out = clamp(float(sum + bias[n]) * scale[n], min, max)
///   u8, s8: out = clamp(round(float(sum + bias[n]) * scale[n]) + zero_point, min, max)
///
/// The addition is in int32, `float()` and `round()` go to nearest, ties to even, and the product
/// is one float32 multiplication: the same bytes on every ISA. The spans are read by `create` (or
/// the one-shot call) and need not live longer.
struct Epilogue {
  DataType type = DataType::kS32;           ///< Of the output: any.
  std::span<const float> scale = {};        ///< [N] or [1]: lhs.scale * rhs.scale[n] / out.scale;
                                            ///< finite, > 0. Empty for s32 outputs.
  std::span<const std::int32_t> bias = {};  ///< [N] or empty, in units of lhs.scale * rhs.scale[n].
  std::int32_t zero_point = 0;  ///< Of an 8-bit output, inside its type's range; else 0.
  /// Fused clamp, in units of the output; ReLU is `min = zero_point`. For u8 and s8 whole numbers
  /// inside the type's range, or infinite for no clamp. s32 outputs are never clamped.
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
};

}  // namespace octet
