/// Outputs of a transposed convolution that no tap reaches.
#pragma once

#include <cstdint>

#include "operators/convolution_core.hpp"
#include "operators/transposed_axis.hpp"

namespace octet {

/// Outputs that no tap reaches. Their sum is 0, which goes through the epilogue like any other.
class UnreachedPixels {
 public:
  /// `config` gives the operands, the channels and the epilogue; its filter is not read.
  static Status create(const KernelTable& kernels, const ConvolutionConfig& config,
                       UnreachedPixels& pixels);
  /// Whether there are none: nothing was created.
  bool empty() const { return pixel_ == nullptr; }
  /// Writes those in lines [first, last) of the outputs, numbered through the batch. The axes say
  /// which they are; `reached` made the others. `residual` may be none.
  void fill(const ConvolutionCore& reached, const TransposedAxis& height,
            const TransposedAxis& width, const Images& out, const ConstImages& residual,
            std::int64_t first, std::int64_t last) const;

 private:
  void write(const ConvolutionCore& reached, void* pixel, const std::uint8_t* residual) const;

  AlignedBuffer<std::uint8_t> pixel_;  ///< Its outputs; its sums, if a residual is to be added.
};

}  // namespace octet
