/// Conversions between real values and 8-bit integers, with ONNX's rules.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "octet/epilogue.hpp"
#include "octet/executor.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

namespace octet {

/// real = scale[c] * (quantized - zero_point[c]), per tensor (spans of 1 element) or per channel
/// (spans of [columns]; the channel is the column). scale: finite, > 0.
struct QuantizeConfig {
  std::span<const float> scale = {};              ///< [columns] or [1].
  std::span<const std::int32_t> zero_point = {};  ///< [columns], [1], or empty for 0.
  std::string_view max_isa = {};                  ///< See choose_isa(); empty: the best there is.
};

/// out = clamp(round(in / scale) + zero_point): f32 to u8 or s8. Rounds to nearest, ties to even;
/// clamps to the range of out's type; NaN becomes the lowest value.
Status quantize(const QuantizeConfig& config, const ConstMatrix& in, const Matrix& out,
                Executor* executor = nullptr) noexcept;

/// out = float(in - zero_point) * scale: u8, s8 or s32 to f32. For s32, zero_point must be 0.
Status dequantize(const QuantizeConfig& config, const ConstMatrix& in, const Matrix& out,
                  Executor* executor = nullptr) noexcept;

/// What `epilogue` does to the sums of a GEMM, for sums that lie in memory: s32 [rows, columns] to
/// u8, s8 or f32. in + bias wraps around at the ends of int32. There is no residual to add.
Status requantize(const Epilogue& epilogue, const ConstMatrix& in, const Matrix& out,
                  Executor* executor = nullptr, std::string_view max_isa = {}) noexcept;

}  // namespace octet
