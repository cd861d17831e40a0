#include "operators/convolution_rows.hpp"

#include <algorithm>
#include <cstring>

#include "operators/im2col.hpp"
#include "operators/row_pointers.hpp"

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

std::int64_t ConvolutionGeometry::block_rows(ConvolutionForm form,
                                             const PixelFormat& format) const {
  constexpr std::int64_t kBytes = 16 * 1024;
  constexpr std::int64_t kMostRows = 252;
  if (form != ConvolutionForm::kIm2col)
    return std::clamp<std::int64_t>(kBytes / (taps(form) * std::int64_t{sizeof(void*)}),
                                    kMaxTileRows, kMostRows);
  constexpr std::int64_t kLeastRows = 96;  // for each of them the weights are read once more
  return std::clamp(kBytes / pad_row_bytes(form, format), kLeastRows, kMostRows);
}

std::int64_t ConvolutionGeometry::block_lines(std::int64_t block_rows, std::int64_t batch,
                                              std::int64_t in_height, std::int64_t in_width) const {
  const std::int64_t steps = (block_rows + out_width(in_width) - 2) / out_width(in_width);
  const std::int64_t images = (steps + out_height(in_height) - 1) / out_height(in_height);
  // A step to the next output line is one of stride_h input lines, or, to the next image, of at
  // most what a filter covers and the lines below it that no filter reaches. In double: sizes need
  // not be those of any real image.
  const double extent = static_cast<double>(dilation_h) * static_cast<double>(kernel_h - 1) + 1;
  const double stride = static_cast<double>(stride_h);
  const double lines = static_cast<double>(steps) * stride +
                       static_cast<double>(images) * (extent + stride) + extent;
  const std::int64_t all = batch * in_height;
  return lines < static_cast<double>(all) ? static_cast<std::int64_t>(lines) : all;
}

ConvolutionRows::Memory ConvolutionRows::take_memory(ScratchCursor& scratch,
                                                     const ConvolutionGeometry& geometry,
                                                     ConvolutionForm form,
                                                     const PixelFormat& format,
                                                     const BlockSize& block, std::int64_t taps) {
  Memory memory = {};
  memory.block_rows = block.rows;
  memory.rows = scratch.take<const std::uint8_t*>(taps * block.rows);
  memory.out = scratch.take<void*>(block.rows);
  memory.row_sums = scratch.take<std::int32_t>(block.rows);
  if (form == ConvolutionForm::kRuns)
    memory.borders = scratch.take<std::uint8_t>(block.rows * geometry.kernel_h *
                                                geometry.pad_row_bytes(form, format));
  if (form == ConvolutionForm::kIm2col)
    memory.copies = scratch.take<std::uint8_t>(block.rows * geometry.pad_row_bytes(form, format) +
                                               kIm2colPiece);
  memory.lines = StagedLines::take_memory(scratch, format, block.lines, block.in_width);
  return memory;
}

ConvolutionRows::ConvolutionRows(const ConvolutionGeometry& geometry, ConvolutionForm form,
                                 const PixelFormat& format, const ConstImages& in,
                                 const Images& out, const std::uint8_t* pad_row,
                                 const Memory& memory)
    : geometry_(geometry),
      form_(form),
      format_(format),
      pixel_stride_(format.stager == nullptr ? in.pixel_stride : format.pixel_bytes()),
      in_(in),
      out_(out),
      pad_row_(pad_row),
      memory_(memory),
      lines_(format, in, pad_row, memory.lines) {
  block_.rows = memory.rows;
  block_.tap_stride = memory.block_rows;
  block_.out = memory.out;
  block_.wide_panel = memory.wide_panel;
  block_.pairs = memory.pairs;
  if (form == ConvolutionForm::kIm2col)
    point_to_rows(memory.rows, memory.copies, geometry.pad_row_bytes(form, format),
                  memory.block_rows);
}

void ConvolutionRows::point_to(std::int64_t first, std::int64_t count) {
  block_.count = count;
  std::int64_t x = first % out_.width;
  std::int64_t y = first / out_.width % out_.height;
  std::int64_t n = first / out_.width / out_.height;
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t pixels = std::min(count - i, out_.width - x);
    point_to_line(i, pixels, n, y, x);
    i += pixels;
    x = 0;
    if (++y == out_.height) {
      y = 0;
      ++n;
    }
  }
}

void ConvolutionRows::point_to_line(std::int64_t i, std::int64_t pixels, std::int64_t n,
                                    std::int64_t y, std::int64_t x) {
  const std::int64_t out_size = size_of(out_.type);
  auto* out = static_cast<std::byte*>(out_.data) +
              (n * out_.image_stride + y * out_.row_stride + x * out_.pixel_stride) * out_size;
  // A single pixel may claim any stride.
  point_to_rows(memory_.out + i, out, pixels > 1 ? out_.pixel_stride * out_size : 0, pixels);

  if (form_ == ConvolutionForm::kIm2col) return copy_line(i, pixels, n, y, x);
  const auto* image = static_cast<const std::uint8_t*>(in_.data) + n * in_.image_stride;
  const bool runs = form_ == ConvolutionForm::kRuns;
  const std::int64_t x_in = x * geometry_.stride_w - geometry_.pad_left;
  const std::uint8_t** rows = memory_.rows + i;
  for (std::int64_t r = 0; r < geometry_.kernel_h; ++r) {
    const std::int64_t y_in = y * geometry_.stride_h - geometry_.pad_top + r * geometry_.dilation_h;
    const std::uint8_t* line = nullptr;
    if (y_in >= 0 && y_in < in_.height)
      line = format_.stager == nullptr ? image + y_in * in_.row_stride : lines_.line(n, y_in);
    for (std::int64_t s = 0; s < (runs ? 1 : geometry_.kernel_w); ++s) {
      point_tap_to_line(rows, pixels, line, x_in + s * geometry_.dilation_w);
      if (runs && line != nullptr) stage_borders(i, pixels, r, line, x_in);
      rows += memory_.block_rows;
    }
  }
}

void ConvolutionRows::copy_line(std::int64_t i, std::int64_t pixels, std::int64_t n, std::int64_t y,
                                std::int64_t x) {
  const std::int64_t pixel_bytes = format_.pixel_bytes();
  Im2colArgs args;
  args.run_count = geometry_.kernel_h;
  args.run_bytes = geometry_.kernel_w * pixel_bytes;
  args.step = geometry_.stride_w * pixel_bytes;
  args.pixels = pixels;
  args.row_bytes = geometry_.pad_row_bytes(form_, format_);
  args.rows = memory_.copies + i * args.row_bytes;
  const std::int64_t x_in = x * geometry_.stride_w - geometry_.pad_left;
  for (std::int64_t r = 0; r < geometry_.kernel_h; ++r) {
    const std::int64_t y_in = y * geometry_.stride_h - geometry_.pad_top + r * geometry_.dilation_h;
    const bool inside = y_in >= 0 && y_in < in_.height;
    args.runs[r] = (inside ? lines_.line(n, y_in) : lines_.pad_line()) + x_in * pixel_bytes;
  }
  im2col(args);
}

void ConvolutionRows::point_tap_to_line(const std::uint8_t** rows, std::int64_t pixels,
                                        const std::uint8_t* line, std::int64_t x_in) const {
  const InPlace in_place = line == nullptr ? InPlace{0, 0} : pixels_in_place(pixels, x_in);
  // A single pixel may claim any stride.
  const std::int64_t step =
      in_place.end - in_place.begin > 1 ? geometry_.stride_w * pixel_stride_ : 0;
  for (std::int64_t j = 0; j < in_place.begin; ++j) rows[j] = pad_row_;
  if (in_place.begin < in_place.end) {
    const std::uint8_t* first = line + (x_in + in_place.begin * geometry_.stride_w) * pixel_stride_;
    point_to_rows(rows + in_place.begin, first, step, in_place.end - in_place.begin);
  }
  for (std::int64_t j = in_place.end; j < pixels; ++j) rows[j] = pad_row_;
}

ConvolutionRows::InPlace ConvolutionRows::pixels_in_place(std::int64_t pixels,
                                                          std::int64_t x_in) const {
  const bool runs = form_ == ConvolutionForm::kRuns;
  if (runs && pixel_stride_ != format_.pixel_bytes()) return {0, 0};
  const std::int64_t width = geometry_.row_pixels(form_);
  // The pixels j with 0 <= x_in + j * stride_w and x_in + j * stride_w + width <= in.width.
  const std::int64_t stride = geometry_.stride_w;
  const std::int64_t room = in_.width - width - x_in;
  const std::int64_t begin = x_in >= 0 ? 0 : (-x_in + stride - 1) / stride;
  const std::int64_t end = room < 0 ? 0 : room / stride + 1;
  return {std::min(begin, pixels), std::clamp(end, std::min(begin, pixels), pixels)};
}

void ConvolutionRows::stage_borders(std::int64_t i, std::int64_t pixels, std::int64_t r,
                                    const std::uint8_t* line, std::int64_t x_in) {
  const InPlace in_place = pixels_in_place(pixels, x_in);
  const std::int64_t pixel_bytes = format_.pixel_bytes();
  const std::int64_t row_bytes = geometry_.pad_row_bytes(form_, format_);
  for (std::int64_t j = 0; j < pixels; ++j) {
    if (j == in_place.begin && in_place.begin < in_place.end) j = in_place.end;
    if (j == pixels) break;
    std::uint8_t* row = memory_.borders + ((i + j) * geometry_.kernel_h + r) * row_bytes;
    memory_.rows[r * memory_.block_rows + i + j] = row;
    for (std::int64_t s = 0; s < geometry_.kernel_w; ++s, row += pixel_bytes) {
      const std::int64_t x = x_in + j * geometry_.stride_w + s;
      const std::uint8_t* pixel = x >= 0 && x < in_.width ? line + x * pixel_stride_ : pad_row_;
      std::memcpy(row, pixel, static_cast<std::size_t>(pixel_bytes));
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
