/// Quantized 2D convolution of NHWC images; 1D is a height of 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "octet/epilogue.hpp"
#include "octet/executor.hpp"
#include "octet/explain.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

namespace octet {

/// How the weights of a convolution lie in memory, contiguous, outermost dimension first.
/// O: out_channels, H, W: kernel, I: in_channels / groups.
enum class WeightsLayout : std::uint8_t { kOHWI, kOIHW, kHWIO };

/// What a convolution means, apart from the image size.
///
///   out[n, y, x, o] = epilogue(sum over (r, s, i) of
///       (in[n, y * stride_h + r * dilation_h - pad_top,
///              x * stride_w + s * dilation_w - pad_left, g * I + i] - in_zero_point)
///       * (weights[o, r, s, i] - weights_zero_point[o])),   g = o / (out_channels / groups)
///
/// where pixels outside the image count as the input zero point (the real value 0).
struct ConvolutionConfig {
  DataType in_type = DataType::kU8;  ///< kU8 or kS8.
  std::int32_t in_zero_point = 0;    ///< Inside in_type's range.
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;  ///< 1: neighbouring pixels.
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  /// Divides in_channels and out_channels. groups == in_channels is depthwise, with channel
  /// multiplier out_channels / in_channels.
  std::int64_t groups = 1;
  DataType weights_type = DataType::kS8;  ///< kS8 or kU8.
  WeightsLayout weights_layout = WeightsLayout::kOHWI;
  /// Inside weights_type's range: [out_channels], [1], or empty for 0.
  std::span<const std::int32_t> weights_zero_point = {};
  Epilogue epilogue = {};         ///< Its columns are the output channels.
  std::string_view max_isa = {};  ///< See choose_isa(); empty: the best there is.
  /// How the layer is computed, to compare and to test: "indirect" (a pointer per pixel and tap),
  /// "runs" (one per filter row), "im2col" (bytes under the filter are copied), "columns" (columns
  /// of pixels are copied), "grouped" or "depthwise"; empty: the fastest. Results do not depend on
  /// it. kUnsupported where it cannot compute the layer.
  std::string_view form = {};
};

/// Convolution by constant weights: `create` packs them once, `run` takes any batch and image size
/// at no extra cost. No im2col of a whole image is ever made. The sums are exact, as for Gemm;
/// immutable, and run by any number of threads.
class Convolution {
 public:
  Convolution() noexcept;
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  /// Packs `weights` (config.weights_layout, config.weights_type, contiguous), which need not live
  /// longer. On error `convolution` is unchanged.
  static Status create(const ConvolutionConfig& config, const void* weights,
                       Convolution& convolution) noexcept;

  /// (in + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride + 1, rounded down; 0 or
  /// less where the kernel does not fit.
  std::int64_t out_height(std::int64_t in_height) const noexcept;
  std::int64_t out_width(std::int64_t in_width) const noexcept;

  /// `in` [batch, height, width, in_channels] of config.in_type; `out` [batch, out_height(height),
  /// out_width(width), out_channels] of epilogue.type; they do not overlap. `residual`, of the size
  /// of `out`: see Epilogue. Allocates nothing.
  Status run(const ConstImages& in, const Images& out, const Resources& resources = {},
             const ConstImages& residual = {}) const noexcept;

  /// Bytes of scratch that are enough for `run` with such images and any executor of `threads`
  /// threads.
  std::size_t scratch_bytes(std::int64_t batch, std::int64_t in_height, std::int64_t in_width,
                            int threads = 1) const noexcept;

  /// What `run` does for such images with this executor; sizes that it would refuse leave the
  /// fields of the run as they are by default.
  Explanation explain(std::int64_t batch, std::int64_t in_height, std::int64_t in_width,
                      const Executor* executor = nullptr) const noexcept;

  std::string_view isa() const noexcept;      ///< Of the kernels in use; empty before `create`.
  std::string_view form() const noexcept;     ///< As ConvolutionConfig::form names it.
  std::size_t packed_bytes() const noexcept;  ///< Held by this object for the packed weights.

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace octet
