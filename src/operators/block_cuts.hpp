/// Which pixels of a block are multiplied with which part of a filter: taps on nothing but padding
/// add nothing to the exact sum, and are left out where that pays.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "operators/convolution_rows.hpp"

namespace octet {

/// Rows of a block whose pixels are multiplied with one window of the filter.
struct BlockCut {
  std::int64_t row, count;  ///< [row, row + count) of the block.
  FilterWindow window;
  std::int64_t begin, end;  ///< Columns of the output in which these pixels are.
  std::int64_t time;        ///< That it is thought to take.
};

/// Cuts blocks of output pixels, whose order may be any.
class BlockCuts {
 public:
  /// More cuts of a block would leave too few rows in each.
  static constexpr int kMostCuts = 32;

  /// From now on blocks are cut, for images of one size: blocks that are multiplied with `panels`
  /// panels by tiles of at most `tile_rows` rows, where a row, a tap and a panel are `tap_dots` dot
  /// products.
  void begin(const ConvolutionGeometry& geometry, const VolumeSize& in, std::int64_t panels,
             std::int64_t tile_rows, std::int64_t tap_dots);

  /// Cuts the block of output pixels [first, first + count), numbered through the batch. There are
  /// no cuts where the whole filter for all of them is as fast.
  void cut(std::int64_t first, std::int64_t count);
  std::span<const BlockCut> cuts() const { return {cuts_, static_cast<std::size_t>(count_)}; }

  /// Calls place(row, x, pixels, window) for columns [x, x + pixels) of line y of the output: in
  /// the block they are rows from `row` on. For each pixel once, after it was cut.
  template <class Place>
  void place(std::int64_t y, std::int64_t x, std::int64_t pixels, const Place& place) {
    const Band& band = bands_[find_band(rows_.at(y))];
    for (int i = band.first_cut; i < band.last_cut; ++i) {
      const std::int64_t begin = std::max(x, cuts_[i].begin);
      const std::int64_t count = std::min(x + pixels, cuts_[i].end) - begin;
      if (count <= 0) continue;
      place(next_row_[i], begin, count, cuts_[i].window);
      next_row_[i] += count;
    }
  }

 private:
  static constexpr int kMostRanges = 16;
  /// One dimension of images, filter and output.
  struct Axis {
    std::int64_t size, out_size, kernel, stride, dilation, pad;
    /// Those taps of output i that lie in the image; some one where none does.
    TapRange at(std::int64_t i) const;
    /// The first output of those to the right, or below, for which taps are missing at the end.
    std::int64_t end_of_whole() const;
  };
  /// Neighbouring columns of the output whose filters have the same columns in the image.
  struct Columns {
    std::int64_t begin, end;
    TapRange range;
  };
  /// The lines of a block whose filters have the same rows in the image.
  struct Band {
    TapRange range;
    std::int64_t lines;
    std::int64_t counts[kMostRanges];  ///< Pixels in each of the columns_.
    int first_cut, last_cut;
  };

  int find_band(TapRange range) const;
  bool count_pixels(std::int64_t first, std::int64_t count);
  /// What a cut of pixels of so many lines costs, in dot products with a panel.
  std::int64_t time(const BlockCut& cut, std::int64_t lines) const;
  void cut_band(Band& band);

  Axis rows_, columns_axis_;
  std::int64_t panels_, tile_rows_, tap_dots_, line_time_, pointers_time_;
  Columns columns_[kMostRanges];
  int column_count_ = 0;  ///< 0: nothing is cut.
  Band bands_[kMostRanges];
  int band_count_ = 0;
  BlockCut cuts_[kMostCuts];
  std::int64_t next_row_[kMostCuts];
  int count_ = 0;
};

}  // namespace octet
