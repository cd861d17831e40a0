/// Quantized 2D transposed convolution ("deconvolution") of NHWC images; 1D is a height of 1.
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

/// How the weights of a transposed convolution lie in memory, contiguous, outermost dimension
/// first. H, W: kernel.
enum class TransposedWeightsLayout : std::uint8_t {
  kIOHW,  ///< [in_channels, out_channels / groups, H, W]: ONNX ConvTranspose, PyTorch.
  kOHWI,  ///< [out_channels, H, W, in_channels / groups]: TensorFlow Lite.
  kHWOI,  ///< [H, W, out_channels, in_channels / groups]: TensorFlow.
};

/// What a transposed convolution means, apart from the image size. Every input pixel (v, u) adds
/// to the outputs (v * stride_h + r * dilation_h - pad_top, u * stride_w + s * dilation_w -
/// pad_left):
///
///   out[n, y, x, o] = epilogue(sum over the (r, s, v, u) that lead to (y, x), and over i, of
///       (in[n, v, u, g * I + i] - in_zero_point) * (weights(i, o, r, s) - weights_zero_point[o])),
///   I = in_channels / groups,   g = o / (out_channels / groups)
///
/// Outputs that no pixel leads to are the epilogue of a sum of 0.
struct TransposedConvolutionConfig {
  DataType in_type = DataType::kU8;  ///< kU8 or kS8.
  std::int32_t in_zero_point = 0;    ///< Inside in_type's range.
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;  ///< 1: neighbouring outputs.
  /// Outputs that are left out at each side.
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  /// Outputs more at the bottom and at the right: any number, though frameworks keep it below the
  /// stride.
  std::int64_t output_padding_h = 0, output_padding_w = 0;
  std::int64_t groups = 1;                ///< Divides in_channels and out_channels.
  DataType weights_type = DataType::kS8;  ///< kS8 or kU8.
  TransposedWeightsLayout weights_layout = TransposedWeightsLayout::kIOHW;
  /// Inside weights_type's range: [out_channels], [1], or empty for 0.
  std::span<const std::int32_t> weights_zero_point = {};
  Epilogue epilogue = {};         ///< Its columns are the output channels.
  std::string_view max_isa = {};  ///< See choose_isa(); empty: the best there is.
};

/// Transposed convolution by constant weights: `create` packs them once, `run` takes any batch and
/// image size at no extra cost. Costs what the products of real pixels cost: no zeros are put
/// between them. The sums are exact, as for Gemm; immutable, and run by any number of threads.
class TransposedConvolution {
 public:
  TransposedConvolution() noexcept;
  ~TransposedConvolution();
  TransposedConvolution(TransposedConvolution&&) noexcept;
  TransposedConvolution& operator=(TransposedConvolution&&) noexcept;

  /// Packs `weights` (config.weights_layout, config.weights_type, contiguous), which need not live
  /// longer. On error `convolution` is unchanged.
  static Status create(const TransposedConvolutionConfig& config, const void* weights,
                       TransposedConvolution& convolution) noexcept;

  /// (in - 1) * stride + dilation * (kernel - 1) + 1 + output_padding - pad_before - pad_after; 0
  /// or less where nothing is left.
  std::int64_t out_height(std::int64_t in_height) const noexcept;
  std::int64_t out_width(std::int64_t in_width) const noexcept;

  /// `in` [batch, height, width, in_channels] of config.in_type; `out` [batch, out_height(height),
  /// out_width(width), out_channels] of epilogue.type; they do not overlap. `residual`, of the
  /// size of `out`: see Epilogue. Allocates nothing.
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
  std::size_t packed_bytes() const noexcept;  ///< Held by this object for the packed weights.

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace octet
