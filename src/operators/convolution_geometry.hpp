/// The sizes of a convolution and of its blocks.
#pragma once

#include <cstdint>
#include <utility>

#include "dispatch/convolution_form.hpp"
#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/staged_lines.hpp"

namespace octet {

/// In pixels.
struct VolumeSize {
  std::int64_t batch, depth, height, width;
};
inline VolumeSize turned(VolumeSize size) {
  std::swap(size.height, size.width);
  return size;
}
template <class Void>
VolumeSize sizes_of(const BasicVolumes<Void>& volumes) {
  return {volumes.batch, volumes.depth, volumes.height, volumes.width};
}

/// The sizes of a ConvolutionConfig, without what is quantized; of a plane unless the depth is set.
struct ConvolutionGeometry {
  ConvolutionGeometry() = default;
  explicit ConvolutionGeometry(const ConvolutionConfig& config);

  std::int64_t out_depth(std::int64_t in_depth) const;
  std::int64_t out_height(std::int64_t in_height) const;
  std::int64_t out_width(std::int64_t in_width) const;
  /// For lines and columns in each other's place. The weights of a filter of one column are the
  /// same for both.
  ConvolutionGeometry turned() const;
  /// Whether a filter has neighbours in one column alone.
  bool is_column() const { return kernel_w == 1 && kernel_h > 1; }
  /// Whether each output pixel is made of the input pixel in the same place alone.
  bool is_pointwise() const {
    return kernel_d * kernel_h * kernel_w == 1 && stride_d * stride_h * stride_w == 1 &&
           pad_front == 0 && pad_back == 0 && pad_top == 0 && pad_left == 0 && pad_bottom == 0 &&
           pad_right == 0;
  }
  /// Filter rows: each reads from one line of the input.
  std::int64_t tap_rows() const { return kernel_d * kernel_h; }
  std::int64_t taps(ConvolutionForm form) const { return tap_rows() * kernel_w / row_pixels(form); }
  /// Pixels that a row of a tap holds.
  std::int64_t row_pixels(ConvolutionForm form) const {
    if (form == ConvolutionForm::kIm2col || form == ConvolutionForm::kColumns)
      return tap_rows() * kernel_w;
    return form == ConvolutionForm::kRuns ? kernel_w : 1;
  }
  /// Bytes of such a row, of which some stand for pixels outside the image.
  std::int64_t pad_row_bytes(ConvolutionForm form, const PixelFormat& format) const {
    const std::int64_t bytes = row_pixels(form) * format.pixel_bytes();
    return round_up(bytes, kKr * std::int64_t{format.value_bytes()});
  }
  /// Rows of a block: its table of pointers, or what is copied for it, stays in the L1 cache.
  std::int64_t block_rows(ConvolutionForm form, const PixelFormat& format) const;
  /// Columns that the lines of a block need, at most, for kColumns, in bytes.
  std::int64_t block_columns(const PixelFormat& format, std::int64_t block_rows,
                             std::int64_t in_width) const;
  /// Lines of such volumes, numbered through the batch, from the first to the last that a block of
  /// so many output pixels can need.
  std::int64_t block_lines(std::int64_t block_rows, const VolumeSize& in) const;

  std::int64_t in_channels = 0;
  std::int64_t kernel_d = 1, kernel_h = 1, kernel_w = 1;
  std::int64_t stride_d = 1, stride_h = 1, stride_w = 1;
  std::int64_t dilation_d = 1, dilation_h = 1, dilation_w = 1;
  std::int64_t pad_front = 0, pad_back = 0;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

}  // namespace octet
