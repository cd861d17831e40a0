#include "operators/convolution_geometry.hpp"

#include <algorithm>

#include "dispatch/schedule.hpp"
#include "operators/out_size.hpp"

namespace octet {

ConvolutionGeometry::ConvolutionGeometry(const ConvolutionConfig& c)
    : in_channels(c.in_channels),
      kernel_h(c.kernel_h),
      kernel_w(c.kernel_w),
      stride_h(c.stride_h),
      stride_w(c.stride_w),
      dilation_h(c.dilation_h),
      dilation_w(c.dilation_w),
      pad_top(c.pad_top),
      pad_left(c.pad_left),
      pad_bottom(c.pad_bottom),
      pad_right(c.pad_right) {}

ConvolutionGeometry ConvolutionGeometry::turned() const {
  ConvolutionGeometry made = *this;
  std::swap(made.kernel_h, made.kernel_w);
  std::swap(made.stride_h, made.stride_w);
  std::swap(made.dilation_h, made.dilation_w);
  std::swap(made.pad_top, made.pad_left);
  std::swap(made.pad_bottom, made.pad_right);
  return made;
}

std::int64_t ConvolutionGeometry::out_depth(std::int64_t in_depth) const {
  return out_size(in_depth, pad_front, pad_back, kernel_d, stride_d, dilation_d);
}
std::int64_t ConvolutionGeometry::out_height(std::int64_t in_height) const {
  return out_size(in_height, pad_top, pad_bottom, kernel_h, stride_h, dilation_h);
}
std::int64_t ConvolutionGeometry::out_width(std::int64_t in_width) const {
  return out_size(in_width, pad_left, pad_right, kernel_w, stride_w, dilation_w);
}

std::int64_t ConvolutionGeometry::block_rows(ConvolutionForm form,
                                             const PixelFormat& format) const {
  constexpr std::int64_t kBytes = 16 * 1024;
  constexpr std::int64_t kMostRows = 252;
  if (form != ConvolutionForm::kIm2col && form != ConvolutionForm::kColumns)
    return std::clamp<std::int64_t>(kBytes / (taps(form) * std::int64_t{sizeof(void*)}),
                                    kMaxTileRows, kMostRows);
  constexpr std::int64_t kLeastRows = 96;  // for each of them the weights are read once more
  const std::int64_t bytes = form == ConvolutionForm::kColumns
                                 ? stride_w * tap_rows() * format.pixel_bytes()
                                 : pad_row_bytes(form, format);
  return std::clamp(kBytes / bytes, kLeastRows, kMostRows);
}

std::int64_t ConvolutionGeometry::block_columns(const PixelFormat& format, std::int64_t block_rows,
                                                std::int64_t in_width) const {
  const std::int64_t width = std::min(out_width(in_width), block_rows);
  const std::int64_t lines = divide_up(block_rows, width) + 1;
  return lines * format.columns.bytes((width - 1) * stride_w + kernel_w) + kColumnSlack;
}

std::int64_t ConvolutionGeometry::block_lines(std::int64_t block_rows, const VolumeSize& in) const {
  const std::int64_t steps = divide_up(block_rows - 1, out_width(in.width));
  const std::int64_t planes = divide_up(steps, out_height(in.height));
  const std::int64_t volumes = divide_up(planes, out_depth(in.depth));
  // A step to the next output line is one of stride_h input lines, or, to the next plane, of at
  // most what a filter covers and the lines that no filter reaches: some below it, and those that
  // negative pads leave out; and so with planes. In double: sizes need not be those of any real
  // image.
  const auto real = [](std::int64_t value) { return static_cast<double>(value); };
  const auto left_out = [&](std::int64_t before, std::int64_t after) {
    return real(-std::min<std::int64_t>(before, 0) - std::min<std::int64_t>(after, 0));
  };
  const double extent = real(dilation_h) * real(kernel_h - 1) + 1;
  const double other_planes = real(dilation_d) * real(kernel_d - 1);
  const double skipped_planes = real(planes) * real(stride_d - 1) +
                                real(volumes) * (other_planes + left_out(pad_front, pad_back)) +
                                other_planes;
  const double lines = real(steps) * real(stride_h) +
                       real(planes) * (extent + real(stride_h) + left_out(pad_top, pad_bottom)) +
                       extent + skipped_planes * real(in.height);
  const std::int64_t all = in.batch * in.depth * in.height;
  return lines < real(all) ? static_cast<std::int64_t>(lines) : all;
}

}  // namespace octet
