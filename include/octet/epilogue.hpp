/// How exact int32 sums become results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "octet/types.hpp"

namespace octet {

/// Another tensor that is added to the result (a skip connection). It is given with `run`, has the
/// shape of the output and strides of its own, and may be the output itself where that is 8-bit
/// (same address and strides); otherwise they do not overlap.
struct Residual {
  DataType type = DataType::kS8;  ///< kU8 or kS8.
  float scale = 1.0f;             ///< Of the tensor; for 8-bit outputs divided by out.scale.
                                  ///< Greater than 0, at most 1e36.
  std::int32_t zero_point = 0;    ///< Inside its type's range.
};

/// The last step of GEMM and convolution, done while the sums are in registers or in the L1 cache.
/// For output column (channel) n, with `sum` the exact sum of
/// (lhs - lhs_zero_point) * (rhs - rhs_zero_point):
///
///   s32:    out = sum + bias[n]
///   others: t   = float(sum + bias[n]) * scale[n]
///           t   = t + residual.scale * float(residual value - residual.zero_point), if there is
///           one
///   f32:    out = clamp(t, min, max)
///   u8, s8: q   = clamp(round(t) + zero_point, min, max)
///           out = table[q - lowest value of the type], if there is a table, else q
///
/// The first addition is in int32, `float()` and `round()` go to nearest, ties to even, and each
/// product and sum of t is one float32 operation: the same bytes on every ISA. The spans are read
/// by `create` (or the one-shot call) and need not live longer.
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
  /// For outputs other than s32.
  std::optional<Residual> residual = {};
  /// Any function of an 8-bit output (sigmoid, hard-swish, ...): [256] elements of its type, for
  /// -128 to 127 or 0 to 255. Or empty.
  std::span<const std::byte> table = {};
};

}  // namespace octet
