/// The rows of a convolution: where the bytes of each output pixel's taps are.
#pragma once

#include <cstdint>
#include <utility>

#include "dispatch/convolution_form.hpp"
#include "dispatch/registry.hpp"
#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/convolution_geometry.hpp"
#include "operators/staged_lines.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// Images are volumes of a single plane.
template <class Void>
BasicVolumes<Void> as_volumes(const BasicImages<Void>& i) {
  return {i.data,       i.type,         i.batch,       1,
          i.height,     i.width,        i.channels,    i.pixel_stride,
          i.row_stride, i.image_stride, i.image_stride};
}
/// A single plane.
template <class Void>
BasicImages<Void> as_images(const BasicVolumes<Void>& v) {
  return {v.data,     v.type,         v.batch,      v.height,       v.width,
          v.channels, v.pixel_stride, v.row_stride, v.volume_stride};
}

/// With lines and columns in each other's place.
template <class Void>
BasicVolumes<Void> turned(BasicVolumes<Void> v) {
  std::swap(v.height, v.width);
  std::swap(v.row_stride, v.pixel_stride);
  return v;
}

/// Whether all pixels of a plane lie at equal distances; as_one_line() then has them in one line.
template <class Void>
bool is_one_line(const BasicVolumes<Void>& v) {
  return v.height == 1 || v.width == 1 || v.row_stride == v.width * v.pixel_stride;
}
template <class Void>
BasicVolumes<Void> as_one_line(BasicVolumes<Void> v) {
  if (v.width == 1) v.pixel_stride = v.row_stride;
  v.width *= v.height;
  v.height = 1;
  return v;
}

/// Filter rows, or columns, [first, last).
struct TapRange {
  std::int64_t first, last;
  std::int64_t count() const { return last - first; }
  friend bool operator==(const TapRange&, const TapRange&) = default;
};
/// A part of a filter.
struct FilterWindow {
  TapRange rows, columns;
};

/// What a task works on at a time.
struct BlockSize {
  std::int64_t rows;      ///< Output pixels.
  std::int64_t lines;     ///< Input lines that are copied for them, see block_lines(), or 0.
  std::int64_t in_width;  ///< Pixels of each.
  bool turned;            ///< What the images and filter are for it: see ConvolutionCore::turns().
};

class BlockCuts;

class ConvolutionRows {
 public:
  /// Consecutive pixels of an output line: [begin, end) of them have their input bytes in place.
  struct InPlace {
    std::int64_t begin, end;
  };
  /// Scratch of one task.
  struct Memory {
    InPlace* in_place;              ///< [kernel_w]: of whole lines, for each column of taps.
    const std::uint8_t** rows;      ///< [taps][block_rows]
    void** out;                     ///< [block_rows]
    const std::uint8_t** residual;  ///< [block_rows], where one is added
    std::int32_t* row_sums;         ///< [block_rows]
    std::uint8_t* borders;          ///< [block_rows][tap_rows][pad_row_bytes], for kRuns
    std::uint8_t* copies;           ///< [block_rows][pad_row_bytes], for kIm2col, or the columns
    StagedLines::Memory lines;      ///< Where rows are staged.
    std::int16_t* wide_panel;       ///< See take_wide_panel().
    RowPairs pairs;                 ///< See take_row_pairs().
    std::int32_t* window_bias;      ///< See WindowPanels.
    std::int64_t block_rows;
  };
  static Memory take_memory(ScratchCursor& scratch, const ConvolutionGeometry& geometry,
                            ConvolutionForm form, const PixelFormat& format,
                            const BlockSize& block);

  /// `memory` stays where it is: a copy would wait until it has reached the cache.
  ConvolutionRows(const KernelTable& kernels, const ConvolutionGeometry& geometry,
                  ConvolutionForm form, const PixelFormat& format, const ConstVolumes& in,
                  const Volumes& out, const std::uint8_t* pad_row, const Memory& memory);

  /// Blocks from now on have this epilogue. `residual` may be none.
  void fuse(const FusedEpilogue& fused, const ConstVolumes& residual) {
    block_.fused = fused.has_table() ? &fused : nullptr;
    residual_ = residual;
  }

  /// Makes the block that of output pixels [first, first + count), numbered through the batch, in
  /// the order of the cuts that have been made of it, if any. Of rows that belong to a cut the
  /// taps of its window are numbered through.
  void point_to(std::int64_t first, std::int64_t count, BlockCuts& cuts);

  /// Computes the row sums of one group's k bytes of each tap, `row_offset` bytes into the rows.
  void add_row_sums(bool flip, std::int64_t row_offset, std::int64_t k);

  const RowBlock& block() const { return block_; }
  std::int32_t* window_bias() const { return memory_.window_bias; }

 private:
  /// Where a line of output pixels is: from column x on.
  struct OutLine {
    std::int64_t n, z, y, x;
  };
  /// Rows [i, i + pixels): output pixels within one line. Along a line the pointers of a tap are a
  /// simple progression between two borders.
  void point_to_line(std::int64_t i, std::int64_t pixels, const OutLine& at,
                     const FilterWindow& window);
  /// The same for kIm2col: copies what is under the filter.
  void copy_line(std::int64_t i, std::int64_t pixels, const OutLine& at);
  /// The same for kColumns.
  void make_columns(std::int64_t i, std::int64_t pixels, const OutLine& at);
  /// Calls row(tap_row, line) for each of these filter rows, of every plane, with the line of the
  /// input that it reads; null outside of it.
  template <class Row>
  void for_each_tap_row(const OutLine& at, TapRange rows, const Row& row);
  /// One tap of them, whose first input pixel is (line, x_in), where `in_place` have their bytes; a
  /// null line lies outside the image.
  void point_tap_to_line(const std::uint8_t** rows, std::int64_t pixels, const std::uint8_t* line,
                         std::int64_t x_in, InPlace in_place) const;
  /// Of `pixels` in a line from column x on, for the taps of column s.
  InPlace pixels_in_place(std::int64_t s, std::int64_t x, std::int64_t pixels) const;
  InPlace line_in_place(std::int64_t x_in) const;
  /// kRuns: copies the filter row `tap_row` of those pixels whose bytes are not in place.
  void stage_borders(std::int64_t i, std::int64_t pixels, std::int64_t tap_row,
                     const std::uint8_t* line, std::int64_t x_in, InPlace in_place);

  const KernelTable& kernels_;
  const ConvolutionGeometry& geometry_;
  ConvolutionForm form_;
  const PixelFormat& format_;
  std::int64_t pixel_stride_;  ///< Bytes from a pixel's row to its neighbour's.
  const ConstVolumes& in_;
  const Volumes& out_;
  ConstVolumes residual_;
  const std::uint8_t* pad_row_;
  const Memory& memory_;
  StagedLines lines_;
  std::int64_t columns_used_ = 0;  ///< Bytes of the block's columns so far.
  RowBlock block_;
};

}  // namespace octet
