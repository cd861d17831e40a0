#include "operators/convolution_rows.hpp"

#include <algorithm>
#include <cstring>

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

namespace {

std::int64_t out_size(std::int64_t in, std::int64_t pad_before, std::int64_t pad_after,
                      std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
  std::int64_t slack = 0;
  if (in < 1 ||
      __builtin_add_overflow(in, pad_before + pad_after - dilation * (kernel - 1) - 1, &slack) ||
      slack < 0)
    return 0;
  return slack / stride + 1;
}

}  // namespace

std::int64_t ConvolutionGeometry::out_height(std::int64_t in_height) const {
  return out_size(in_height, pad_top, pad_bottom, kernel_h, stride_h, dilation_h);
}
std::int64_t ConvolutionGeometry::out_width(std::int64_t in_width) const {
  return out_size(in_width, pad_left, pad_right, kernel_w, stride_w, dilation_w);
}

std::int64_t ConvolutionGeometry::block_rows(std::int64_t taps) const {
  constexpr std::int64_t kPointers = 2048;
  constexpr std::int64_t kMostRows = 252;
  return std::clamp<std::int64_t>(kPointers / taps, kMaxTileRows, kMostRows);
}

ConvolutionRows::Memory ConvolutionRows::take_memory(ScratchCursor& scratch,
                                                     const ConvolutionGeometry& geometry,
                                                     ConvolutionForm form, std::int64_t block_rows,
                                                     std::int64_t taps) {
  Memory memory = {};
  memory.block_rows = block_rows;
  memory.rows = scratch.take<const std::uint8_t*>(taps * block_rows);
  memory.out = scratch.take<void*>(block_rows);
  memory.row_sums = scratch.take<std::int32_t>(block_rows);
  if (form == ConvolutionForm::kRuns)
    memory.staged =
        scratch.take<std::uint8_t>(block_rows * geometry.kernel_h * geometry.pad_row_bytes(form));
  return memory;
}

ConvolutionRows::ConvolutionRows(const ConvolutionGeometry& geometry, ConvolutionForm form,
                                 const ConstImages& in, const Images& out,
                                 const std::uint8_t* pad_row, std::int64_t passes,
                                 const Memory& memory)
    : geometry_(geometry),
      form_(form),
      in_(in),
      out_(out),
      pad_row_(pad_row),
      passes_(passes),
      memory_(memory) {
  block_.rows = memory.rows;
  block_.tap_stride = memory.block_rows;
  block_.out = memory.out;
}

void ConvolutionRows::point_to(std::int64_t first, std::int64_t count) {
  block_.count = count;
  const std::int64_t out_size = size_of(out_.type);
  std::int64_t x = first % out_.width;
  std::int64_t y = first / out_.width % out_.height;
  std::int64_t n = first / out_.width / out_.height;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto* image = static_cast<const std::uint8_t*>(in_.data) + n * in_.image_stride;
    const std::int64_t y0 = y * geometry_.stride_h - geometry_.pad_top;
    const std::int64_t x0 = x * geometry_.stride_w - geometry_.pad_left;
    if (form_ == ConvolutionForm::kRuns) {
      point_to_runs(i, image, y0, x0);
    } else {
      point_to_positions(i, image, y0, x0);
    }
    memory_.out[i] =
        static_cast<std::byte*>(out_.data) +
        (n * out_.image_stride + y * out_.row_stride + x * out_.pixel_stride) * out_size;
    if (++x == out_.width) {
      x = 0;
      if (++y == out_.height) {
        y = 0;
        ++n;
      }
    }
  }
  const std::int64_t pass_pointers = geometry_.taps(form_) * memory_.block_rows;
  for (std::int64_t pass = 1; pass < passes_; ++pass)
    std::copy_n(memory_.rows, pass_pointers, memory_.rows + pass * pass_pointers);
}

void ConvolutionRows::point_to_positions(std::int64_t i, const std::uint8_t* image, std::int64_t y0,
                                         std::int64_t x0) {
  const std::uint8_t** row = memory_.rows + i;
  for (std::int64_t r = 0; r < geometry_.kernel_h; ++r) {
    const std::int64_t y = y0 + r * geometry_.dilation_h;
    const bool y_inside = y >= 0 && y < in_.height;
    for (std::int64_t s = 0; s < geometry_.kernel_w; ++s, row += memory_.block_rows) {
      const std::int64_t x = x0 + s * geometry_.dilation_w;
      *row = y_inside && x >= 0 && x < in_.width ? image + y * in_.row_stride + x * in_.pixel_stride
                                                 : pad_row_;
    }
  }
}

void ConvolutionRows::point_to_runs(std::int64_t i, const std::uint8_t* image, std::int64_t y0,
                                    std::int64_t x0) {
  const std::int64_t channels = geometry_.in_channels;
  const std::int64_t run_bytes = geometry_.kernel_w * channels;
  const bool in_place =
      x0 >= 0 && x0 + geometry_.kernel_w <= in_.width && in_.pixel_stride == channels;
  for (std::int64_t r = 0; r < geometry_.kernel_h; ++r) {
    const std::uint8_t*& row = memory_.rows[r * memory_.block_rows + i];
    const std::int64_t y = y0 + r * geometry_.dilation_h;
    if (y < 0 || y >= in_.height) {
      row = pad_row_;
      continue;
    }
    const std::uint8_t* line = image + y * in_.row_stride;
    if (in_place) {
      row = line + x0 * channels;
      continue;
    }
    std::uint8_t* staged = memory_.staged + (i * geometry_.kernel_h + r) * run_bytes;
    row = staged;
    for (std::int64_t s = 0; s < geometry_.kernel_w; ++s, staged += channels) {
      const std::int64_t x = x0 + s;
      const std::uint8_t* pixel = x >= 0 && x < in_.width ? line + x * in_.pixel_stride : pad_row_;
      std::memcpy(staged, pixel, static_cast<std::size_t>(channels));
    }
  }
}

void ConvolutionRows::add_row_sums(const KernelTable& kernels, bool flip, std::int64_t row_offset,
                                   std::int64_t k) {
  kernels.row_sums[flip]({memory_.rows, memory_.block_rows, row_offset, geometry_.taps(form_), k,
                          block_.count, memory_.row_sums});
  block_.row_sums = memory_.row_sums;
}

}  // namespace octet
