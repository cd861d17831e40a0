/// What stands in for the packed bias where a part of a filter is multiplied: see BlockCuts.
#pragma once

#include <cstdint>

#include "operators/aligned_buffer.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

class FilterWindows {
 public:
  /// Filters of more rows or columns are always used whole.
  static constexpr std::int64_t kMostKernel = 7;

  /// For the weights of a layer and what they are packed into. Filters are used whole where zero
  /// points of the weights make sums of the rows necessary, and filters of several planes.
  static Status create(const ConvolutionGeometry& geometry, const WeightsView& weights,
                       const Quantization& quantization, const PackedWeights& packed,
                       FilterWindows& windows);

  /// Whether filters may be used in part.
  bool cuts() const { return cuts_; }
  std::int64_t bytes() const {
    return sums_ ? sum_count() * std::int64_t{sizeof(std::int32_t)} : 0;
  }

 private:
  friend class WindowPanels;
  std::int64_t sum_count() const {
    return (geometry_.kernel_h + 1) * (geometry_.kernel_w + 1) * columns_;
  }
  std::int32_t* sums(std::int64_t r, std::int64_t s) const {
    return sums_.get() + (r * (geometry_.kernel_w + 1) + s) * columns_;
  }
  void add_up(const WeightsView& weights, std::uint8_t flip, std::int32_t zero_point,
              std::int64_t padded, const std::int32_t* packed_bias);

  ConvolutionGeometry geometry_;
  std::int64_t columns_ = 0;
  bool cuts_ = false;
  /// [kernel_h + 1][kernel_w + 1][groups][padded columns], none where the input's zero point is 0:
  /// at (r, s) what it contributes to the sums of the taps above row r and to the left of column s,
  /// and at (0, 0) the bias without any of it.
  AlignedBuffer<std::int32_t> sums_;
};

/// Makes panels of a whole filter those of a window.
class WindowPanels {
 public:
  /// Scratch of one task, or null.
  static std::int32_t* take_bias(ScratchCursor& scratch, const FilterWindows& windows) {
    return windows.sums_ ? scratch.take<std::int32_t>(2 * windows.columns_) : nullptr;
  }
  WindowPanels(const FilterWindows& windows, const PackedWeights& weights, std::int32_t* bias);

  /// Makes `panel` the part of `whole`, all of a filter, that lies in `window`. Its terms stay as
  /// they are until the next call but one. In place: a copy of the struct would wait until all of
  /// it has reached the cache.
  void leave_out(const FilterWindow& window, const Panel& whole, Panel& panel);

 private:
  /// The packed bias takes the zero point times all weights away: here those of a window alone.
  void set_bias(const FilterWindow& window, Panel& panel);

  const FilterWindows& windows_;
  const PackedWeights& weights_;
  std::int64_t gaps_[FilterWindows::kMostKernel * FilterWindows::kMostKernel];
  /// Of two panels: while one is multiplied the other one's epilogue may wait.
  EpilogueTerms terms_[2];
  std::int32_t* bias_[2];
  int next_ = 0;
};

}  // namespace octet
