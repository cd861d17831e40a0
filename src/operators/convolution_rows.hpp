/// The rows of a convolution: where the bytes of each output pixel's taps are.
#pragma once

#include <cstdint>

#include "dispatch/convolution_form.hpp"
#include "kernels/kernel.hpp"
#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// The sizes of a ConvolutionConfig, without what is quantized.
struct ConvolutionGeometry {
  ConvolutionGeometry() = default;
  explicit ConvolutionGeometry(const ConvolutionConfig& config);

  std::int64_t out_height(std::int64_t in_height) const;
  std::int64_t out_width(std::int64_t in_width) const;
  std::int64_t taps(ConvolutionForm form) const {
    return form == ConvolutionForm::kRuns ? kernel_h : kernel_h * kernel_w;
  }
  /// Bytes that stand for pixels outside the image.
  std::int64_t pad_row_bytes(ConvolutionForm form) const {
    return form == ConvolutionForm::kRuns ? kernel_w * in_channels : in_channels;
  }
  /// Rows of a block: its table of pointers stays in the L1 cache.
  std::int64_t block_rows(std::int64_t taps) const;

  std::int64_t in_channels = 0;
  std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

class ConvolutionRows {
 public:
  /// Scratch of one task.
  struct Memory {
    const std::uint8_t** rows;  ///< [taps][block_rows]
    void** out;                 ///< [block_rows]
    std::int32_t* row_sums;     ///< [block_rows]
    std::uint8_t* staged;       ///< [block_rows][kernel_h][kernel_w * in_channels], for kRuns
    std::int64_t block_rows;
  };
  static Memory take_memory(ScratchCursor& scratch, const ConvolutionGeometry& geometry,
                            ConvolutionForm form, std::int64_t block_rows, std::int64_t taps);

  /// `passes`: how often the taps are gone through (their pointers repeat).
  ConvolutionRows(const ConvolutionGeometry& geometry, ConvolutionForm form, const ConstImages& in,
                  const Images& out, const std::uint8_t* pad_row, std::int64_t passes,
                  const Memory& memory);

  /// Makes the block that of output pixels [first, first + count), numbered through the batch.
  void point_to(std::int64_t first, std::int64_t count);

  /// Computes the row sums of one group's k bytes of each tap, `row_offset` bytes into the rows.
  void add_row_sums(const KernelTable& kernels, bool flip, std::int64_t row_offset, std::int64_t k);

  const RowBlock& block() const { return block_; }

 private:
  void point_to_positions(std::int64_t i, const std::uint8_t* image, std::int64_t y0,
                          std::int64_t x0);
  void point_to_runs(std::int64_t i, const std::uint8_t* image, std::int64_t y0, std::int64_t x0);

  const ConvolutionGeometry& geometry_;
  ConvolutionForm form_;
  const ConstImages& in_;
  const Images& out_;
  const std::uint8_t* pad_row_;
  std::int64_t passes_;
  Memory memory_;
  RowBlock block_;
};

}  // namespace octet
