/// Max and average pooling of 8-bit NHWC images; 1D is a height of 1.
#pragma once

#include <cstdint>
#include <string_view>

#include "octet/executor.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

namespace octet {

/// The pixels behind each output pixel: output (y, x) looks at lines y * stride_h - pad_top + r,
/// pixels x * stride_w - pad_left + s, for r in [0, kernel_h), s in [0, kernel_w).
struct PoolingWindow {
  std::int64_t kernel_h = 1, kernel_w = 1;  ///< Those of the image, for global pooling.
  std::int64_t stride_h = 1, stride_w = 1;
  /// Each less than the kernel, so that every window holds a pixel of the image. A size that is to
  /// be rounded up (ceil_mode) is a larger pad_bottom or pad_right.
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;

  /// (in + pad_before + pad_after - kernel) / stride + 1, rounded down; 0 where the kernel does not
  /// fit.
  std::int64_t out_height(std::int64_t in_height) const noexcept;
  std::int64_t out_width(std::int64_t in_width) const noexcept;
};

/// out[n, y, x, c] = the largest in[n, ., ., c] of the window: of the same type, scale and zero
/// point. Padding never wins.
///
/// `in` [batch, height, width, channels], u8 or s8; `out` [batch, window.out_height(height),
/// window.out_width(width), channels]; they do not overlap.
Status max_pool(const PoolingWindow& window, const ConstImages& in, const Images& out,
                Executor* executor = nullptr, std::string_view max_isa = {}) noexcept;

/// For each window and channel, with `pixels` those of the window that lie inside the image:
///
///   sum = sum over the pixels of (in - in_zero_point), exact
///   m   = scale / float(count),     count = pixels, or kernel_h * kernel_w if count_include_pad
///   out = clamp(round(float(sum) * m) + zero_point), to the range of out's type
///
/// One float32 division, one multiplication, `round()` to nearest, ties to even: the same bytes on
/// every ISA.
struct AveragePoolingConfig {
  PoolingWindow window = {};       ///< kernel_h * kernel_w * 255 < 2^31.
  float scale = 1.0f;              ///< in.scale / out.scale; finite, > 0.
  std::int32_t in_zero_point = 0;  ///< Inside the range of in's type.
  std::int32_t zero_point = 0;     ///< Of the output, inside the range of its type.
  bool count_include_pad = false;  ///< Padding counts as pixels of the real value 0.
  std::string_view max_isa = {};   ///< See choose_isa(); empty: the best there is.
};

/// The views are as for max_pool; the types, u8 or s8, may differ.
Status average_pool(const AveragePoolingConfig& config, const ConstImages& in, const Images& out,
                    Executor* executor = nullptr) noexcept;

}  // namespace octet
