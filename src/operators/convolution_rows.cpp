#include "operators/convolution_rows.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/schedule.hpp"
#include "operators/block_cuts.hpp"
#include "operators/im2col.hpp"
#include "operators/row_pointers.hpp"

namespace octet {

ConvolutionRows::Memory ConvolutionRows::take_memory(ScratchCursor& scratch,
                                                     const ConvolutionGeometry& geometry,
                                                     ConvolutionForm form,
                                                     const PixelFormat& format,
                                                     const BlockSize& block) {
  Memory memory = {};
  memory.block_rows = block.rows;
  memory.in_place = scratch.take<InPlace>(geometry.kernel_w);
  memory.rows = scratch.take<const std::uint8_t*>(geometry.taps(form) * block.rows);
  memory.out = scratch.take<void*>(block.rows);
  memory.residual = scratch.take<const std::uint8_t*>(block.rows);
  memory.row_sums = scratch.take<std::int32_t>(block.rows);
  if (form == ConvolutionForm::kRuns && !format.copied)
    memory.borders = scratch.take<std::uint8_t>(block.rows * geometry.tap_rows() *
                                                geometry.pad_row_bytes(form, format));
  if (form == ConvolutionForm::kIm2col)
    memory.copies = scratch.take<std::uint8_t>(block.rows * geometry.pad_row_bytes(form, format) +
                                               kIm2colPiece);
  if (form == ConvolutionForm::kColumns)
    memory.copies =
        scratch.take<std::uint8_t>(geometry.block_columns(format, block.rows, block.in_width));
  memory.lines = StagedLines::take_memory(scratch, format, block.lines, block.in_width);
  return memory;
}

ConvolutionRows::ConvolutionRows(const KernelTable& kernels, const ConvolutionGeometry& geometry,
                                 ConvolutionForm form, const PixelFormat& format,
                                 const ConstVolumes& in, const Volumes& out,
                                 const std::uint8_t* pad_row, const Memory& memory)
    : kernels_(kernels),
      geometry_(geometry),
      form_(form),
      format_(format),
      pixel_stride_(format.in_place() ? in.pixel_stride : format.pixel_bytes()),
      in_(in),
      out_(out),
      pad_row_(pad_row),
      memory_(memory),
      lines_(format, in, pad_row, memory.lines) {
  block_.rows = memory.rows;
  block_.tap_stride = memory.block_rows;
  block_.out = memory.out;
  block_.residual = memory.residual;
  block_.wide_panel = memory.wide_panel;
  block_.pairs = memory.pairs;
  if (form == ConvolutionForm::kIm2col)
    point_to_rows(kernels, memory.rows, memory.copies, geometry.pad_row_bytes(form, format),
                  memory.block_rows);
  const std::int64_t columns = form == ConvolutionForm::kRuns ? 1 : geometry.kernel_w;
  for (std::int64_t s = 0; s < columns; ++s)
    memory.in_place[s] = line_in_place(s * geometry.dilation_w - geometry.pad_left);
}

void ConvolutionRows::point_to(std::int64_t first, std::int64_t count, BlockCuts& cuts) {
  block_.count = count;
  const FilterWindow whole = {{0, geometry_.kernel_h}, {0, geometry_.kernel_w}};
  OutLine at = {0, 0, 0, 0};
  if (first > 0) {  // small calls notice a division
    const std::int64_t line = first / out_.width, plane = line / out_.height;
    at = {plane / out_.depth, plane % out_.depth, line % out_.height, first % out_.width};
  }
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t pixels = std::min(count - i, out_.width - at.x);
    if (cuts.cuts().empty()) {
      point_to_line(i, pixels, at, whole);
    } else {
      cuts.place(
          at.y, at.x, pixels,
          [&](std::int64_t row, std::int64_t x, std::int64_t part, const FilterWindow& window) {
            at.x = x;
            point_to_line(row, part, at, window);
          });
    }
    i += pixels;
    at.x = 0;
    if (++at.y < out_.height) continue;
    at.y = 0;
    if (++at.z < out_.depth) continue;
    at.z = 0;
    ++at.n;
  }
}

template <class Row>
void ConvolutionRows::for_each_tap_row(const OutLine& at, TapRange rows, const Row& row) {
  const ConvolutionGeometry& g = geometry_;
  for (std::int64_t d = 0; d < g.kernel_d; ++d) {
    const std::int64_t z = at.z * g.stride_d - g.pad_front + d * g.dilation_d;
    for (std::int64_t r = rows.first; r < rows.last; ++r) {
      const std::int64_t y = at.y * g.stride_h - g.pad_top + r * g.dilation_h;
      const std::uint8_t* line = nullptr;
      if (z >= 0 && z < in_.depth && y >= 0 && y < in_.height)
        line = lines_.in_place()
                   ? static_cast<const std::uint8_t*>(in_.data) + at.n * in_.volume_stride +
                         z * in_.plane_stride + y * in_.row_stride
                   : lines_.line(at.n, z, y);
      row(d * g.kernel_h + r, line);
    }
  }
}

void ConvolutionRows::point_to_line(std::int64_t i, std::int64_t pixels, const OutLine& at,
                                    const FilterWindow& window) {
  const std::int64_t out_size = size_of(out_.type);
  auto* out =
      static_cast<std::byte*>(out_.data) + (at.n * out_.volume_stride + at.z * out_.plane_stride +
                                            at.y * out_.row_stride + at.x * out_.pixel_stride) *
                                               out_size;
  // A single pixel may claim any stride.
  point_to_rows(kernels_, memory_.out + i, out, pixels > 1 ? out_.pixel_stride * out_size : 0,
                pixels);
  if (residual_.data != nullptr)
    point_to_rows(kernels_, memory_.residual + i,
                  static_cast<const std::uint8_t*>(residual_.data) +
                      at.n * residual_.volume_stride + at.z * residual_.plane_stride +
                      at.y * residual_.row_stride + at.x * residual_.pixel_stride,
                  pixels > 1 ? residual_.pixel_stride : 0, pixels);

  if (form_ == ConvolutionForm::kIm2col) return copy_line(i, pixels, at);
  if (form_ == ConvolutionForm::kColumns) return make_columns(i, pixels, at);
  const bool runs = form_ == ConvolutionForm::kRuns;
  const std::int64_t x_in = at.x * geometry_.stride_w - geometry_.pad_left;
  const std::uint8_t** rows = memory_.rows + i;
  const TapRange columns = runs ? TapRange{0, 1} : window.columns;
  for_each_tap_row(at, window.rows, [&](std::int64_t tap_row, const std::uint8_t* line) {
    if (format_.copied) {
      const std::uint8_t* first =
          (line == nullptr ? lines_.pad_line() : line) + x_in * pixel_stride_;
      point_to_rows(kernels_, rows, first, geometry_.stride_w * pixel_stride_, pixels);
      rows += memory_.block_rows;
      return;
    }
    for (std::int64_t s = columns.first; s < columns.last; ++s) {
      const InPlace in_place = line == nullptr ? InPlace{0, 0} : pixels_in_place(s, at.x, pixels);
      point_tap_to_line(rows, pixels, line, x_in + s * geometry_.dilation_w, in_place);
      if (runs && line != nullptr) stage_borders(i, pixels, tap_row, line, x_in, in_place);
      rows += memory_.block_rows;
    }
  });
}

void ConvolutionRows::copy_line(std::int64_t i, std::int64_t pixels, const OutLine& at) {
  const std::int64_t pixel_bytes = format_.pixel_bytes();
  Im2colArgs args;
  args.run_count = geometry_.tap_rows();
  args.run_bytes = geometry_.kernel_w * pixel_bytes;
  args.step = geometry_.stride_w * pixel_bytes;
  args.pixels = pixels;
  args.row_bytes = geometry_.pad_row_bytes(form_, format_);
  args.rows = memory_.copies + i * args.row_bytes;
  const std::int64_t x_in = at.x * geometry_.stride_w - geometry_.pad_left;
  for_each_tap_row(
      at, {0, geometry_.kernel_h}, [&](std::int64_t tap_row, const std::uint8_t* line) {
        args.runs[tap_row] = (line == nullptr ? lines_.pad_line() : line) + x_in * pixel_bytes;
      });
  im2col(args);
}

void ConvolutionRows::make_columns(std::int64_t i, std::int64_t pixels, const OutLine& at) {
  const ColumnOrder& order = format_.columns;
  const std::uint8_t* lines[kMostColumnLines];
  const std::int64_t x_in = at.x * geometry_.stride_w - geometry_.pad_left;
  for_each_tap_row(
      at, {0, geometry_.kernel_h}, [&](std::int64_t tap_row, const std::uint8_t* line) {
        lines[tap_row] = (line == nullptr ? lines_.pad_line() : line) + x_in * order.pixel_bytes;
      });
  if (i == 0) columns_used_ = 0;
  std::uint8_t* made = memory_.copies + columns_used_;
  const std::int64_t columns = (pixels - 1) * geometry_.stride_w + geometry_.kernel_w;
  order.make(lines, columns, made);
  columns_used_ += order.bytes(columns);
  point_to_rows(kernels_, memory_.rows + i, made, geometry_.stride_w * order.column_bytes(),
                pixels);
}

void ConvolutionRows::point_tap_to_line(const std::uint8_t** rows, std::int64_t pixels,
                                        const std::uint8_t* line, std::int64_t x_in,
                                        InPlace in_place) const {
  // A single pixel may claim any stride.
  const std::int64_t step =
      in_place.end - in_place.begin > 1 ? geometry_.stride_w * pixel_stride_ : 0;
  for (std::int64_t j = 0; j < in_place.begin; ++j) rows[j] = pad_row_;
  if (in_place.begin < in_place.end) {
    const std::uint8_t* first = line + (x_in + in_place.begin * geometry_.stride_w) * pixel_stride_;
    point_to_rows(kernels_, rows + in_place.begin, first, step, in_place.end - in_place.begin);
  }
  for (std::int64_t j = in_place.end; j < pixels; ++j) rows[j] = pad_row_;
}

ConvolutionRows::InPlace ConvolutionRows::pixels_in_place(std::int64_t s, std::int64_t x,
                                                          std::int64_t pixels) const {
  const InPlace whole = memory_.in_place[s];
  const std::int64_t begin = std::clamp<std::int64_t>(whole.begin - x, 0, pixels);
  return {begin, std::clamp(whole.end - x, begin, pixels)};
}

ConvolutionRows::InPlace ConvolutionRows::line_in_place(std::int64_t x_in) const {
  const bool runs = form_ == ConvolutionForm::kRuns;
  if (runs && pixel_stride_ != format_.pixel_bytes()) return {0, 0};
  // The pixels j with 0 <= x_in + j * stride_w and x_in + j * stride_w + width <= in.width.
  const std::int64_t stride = geometry_.stride_w;
  const std::int64_t room = in_.width - geometry_.row_pixels(form_) - x_in;
  if (x_in >= 0 && room >= (out_.width - 1) * stride) return {0, out_.width};
  const std::int64_t begin = x_in >= 0 ? 0 : (-x_in + stride - 1) / stride;
  const std::int64_t end = room < 0 ? 0 : room / stride + 1;
  return {begin, std::max(begin, end)};
}

void ConvolutionRows::stage_borders(std::int64_t i, std::int64_t pixels, std::int64_t tap_row,
                                    const std::uint8_t* line, std::int64_t x_in, InPlace in_place) {
  const std::int64_t pixel_bytes = format_.pixel_bytes();
  const std::int64_t row_bytes = geometry_.pad_row_bytes(form_, format_);
  for (std::int64_t j = 0; j < pixels; ++j) {
    if (j == in_place.begin && in_place.begin < in_place.end) j = in_place.end;
    if (j == pixels) break;
    std::uint8_t* row = memory_.borders + ((i + j) * geometry_.tap_rows() + tap_row) * row_bytes;
    memory_.rows[tap_row * memory_.block_rows + i + j] = row;
    for (std::int64_t s = 0; s < geometry_.kernel_w; ++s, row += pixel_bytes) {
      const std::int64_t x = x_in + j * geometry_.stride_w + s;
      const std::uint8_t* pixel = x >= 0 && x < in_.width ? line + x * pixel_stride_ : pad_row_;
      std::memcpy(row, pixel, static_cast<std::size_t>(pixel_bytes));
    }
  }
}

void ConvolutionRows::add_row_sums(bool flip, std::int64_t row_offset, std::int64_t k) {
  kernels_.row_sums[flip]({memory_.rows, memory_.block_rows, row_offset, geometry_.taps(form_), k,
                           block_.count, memory_.row_sums});
  block_.row_sums = memory_.row_sums;
}

}  // namespace octet
