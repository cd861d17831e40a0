/// Quantized 3D convolution of NDHWC volumes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "octet/convolution.hpp"
#include "octet/executor.hpp"
#include "octet/explain.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

namespace octet {

/// What a 3D convolution means, apart from the volumes' size: a convolution of each plane of the
/// filter, and the sum over the planes,
///
///   out[n, z, y, x, o] = epilogue(sum over (d, r, s, i) of
///       (in[n, z * stride_d + d * dilation_d - pad_front, ...] - in_zero_point)
///       * (weights[o, d, r, s, i] - weights_zero_point[o]))
///
/// where `...` is as in ConvolutionConfig, and pixels outside the volume count as the input zero
/// point.
struct Convolution3dConfig {
  /// All but the depth. Its weights_layout has the filter's depth before its height: kOHWI is
  /// [O, D, H, W, I], kOIHW [O, I, D, H, W], kHWIO [D, H, W, I, O].
  ConvolutionConfig plane = {};
  std::int64_t kernel_d = 1;
  std::int64_t stride_d = 1;
  std::int64_t dilation_d = 1;  ///< 1: neighbouring planes.
  std::int64_t pad_front = 0, pad_back = 0;
};

/// 3D convolution by constant weights, like Convolution in all else. Depthwise filters have no
/// kernels of their own here: they are exact, but as slow as groups of one channel are.
class Convolution3d {
 public:
  Convolution3d() noexcept;
  ~Convolution3d();
  Convolution3d(Convolution3d&&) noexcept;
  Convolution3d& operator=(Convolution3d&&) noexcept;

  /// Packs `weights` (config.plane.weights_layout, config.plane.weights_type, contiguous), which
  /// need not live longer. On error `convolution` is unchanged.
  static Status create(const Convolution3dConfig& config, const void* weights,
                       Convolution3d& convolution) noexcept;

  /// (in + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride + 1, rounded down; 0 or
  /// less where the kernel does not fit.
  std::int64_t out_depth(std::int64_t in_depth) const noexcept;
  std::int64_t out_height(std::int64_t in_height) const noexcept;
  std::int64_t out_width(std::int64_t in_width) const noexcept;

  /// `in` [batch, depth, height, width, in_channels] of plane.in_type; `out` [batch,
  /// out_depth(depth), out_height(height), out_width(width), out_channels] of epilogue.type; they
  /// do not overlap. `residual`, of the size of `out`: see Epilogue. Allocates nothing.
  Status run(const ConstVolumes& in, const Volumes& out, const Resources& resources = {},
             const ConstVolumes& residual = {}) const noexcept;

  /// Bytes of scratch that are enough for `run` with such volumes and any executor of `threads`
  /// threads.
  std::size_t scratch_bytes(std::int64_t batch, std::int64_t in_depth, std::int64_t in_height,
                            std::int64_t in_width, int threads = 1) const noexcept;

  /// What `run` does for such volumes with this executor; sizes that it would refuse leave the
  /// fields of the run as they are by default.
  Explanation explain(std::int64_t batch, std::int64_t in_depth, std::int64_t in_height,
                      std::int64_t in_width, const Executor* executor = nullptr) const noexcept;

  std::string_view isa() const noexcept;      ///< Of the kernels in use; empty before `create`.
  std::string_view form() const noexcept;     ///< As ConvolutionConfig::form names it.
  std::size_t packed_bytes() const noexcept;  ///< Held by this object for the packed weights.

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace octet
