/// The part of a filter that lies inside the image, for the lines where some of it does not: taps
/// on nothing but padding add nothing to the exact sum, and are left out.
#pragma once

#include <cstdint>

#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

/// Filter rows [first, last).
struct FilterWindow {
  std::int64_t first, last;
  friend bool operator==(const FilterWindow&, const FilterWindow&) = default;
};

/// Consecutive rows of a block whose filters have one window.
struct WindowRows {
  std::int64_t row, count;
  FilterWindow window;
};

class FilterWindows {
 public:
  /// Filters of more rows are always used whole.
  static constexpr std::int64_t kMostFilterRows = 7;
  /// More cuts of a block would leave too few rows in each.
  static constexpr int kMostCuts = 16;

  /// For the weights of a layer and what they are packed into. Filters are used whole where zero
  /// points of the weights make sums of the rows necessary, and filters of several planes.
  static Status create(const ConvolutionGeometry& geometry, const WeightsView& weights,
                       const Quantization& quantization, const PackedWeights& packed,
                       FilterWindows& windows);

  /// Cuts a block of `count` output pixels, counted through the batch, into runs with one window.
  /// Returns how many there are; 0 where the whole filter for all of them is as fast.
  int cut(std::int64_t first, std::int64_t count, std::int64_t in_height, std::int64_t out_height,
          std::int64_t out_width, WindowRows (&runs)[kMostCuts]) const;

  /// Those of the packed weights, with the bias that belongs to a window.
  const EpilogueTerms& terms(FilterWindow window) const { return terms_[index(window)]; }
  FilterWindow whole() const { return {0, geometry_.kernel_h}; }
  std::int64_t bytes() const;

 private:
  static int index(FilterWindow window) {
    return static_cast<int>(window.first * kMostFilterRows + window.last - 1);
  }
  FilterWindow of_line(std::int64_t y, std::int64_t in_height) const;

  ConvolutionGeometry geometry_;
  std::int64_t tile_rows_ = 1;
  std::int64_t columns_ = 0;
  bool cuts_ = false;
  EpilogueTerms terms_[kMostFilterRows * kMostFilterRows];
  AlignedBuffer<std::int32_t> bias_;  ///< [windows][groups][padded columns], where they differ.
};

}  // namespace octet
