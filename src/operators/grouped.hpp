/// Convolution by groups of few channels: several groups side by side in a vector.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

class GroupedWeights {
 public:
  /// `weights`: as many outputs as inputs per group, no zero points.
  static Status create(const KernelTable& kernels, const WeightsView& weights,
                       const Quantization& quantization, GroupedWeights& grouped);

  /// A block of rows, whose pointers are to channel 0, times panels [first, last).
  /// With what `fused` does besides.
  void multiply(const RowBlock& block, const FusedEpilogue& fused, std::int64_t first,
                std::int64_t last) const;

  WorkSize work_size(std::int64_t pixels) const {
    return {.rows = pixels,
            .row_bytes = channels_,
            .tile_rows = max_rows(),
            .panels = panels(),
            .panel_columns = panel_channels(),
            .columns = channels_,
            .taps = taps_,
            .k = group_channels_,
            .out_type = terms_.type,
            .lanes = kernels_->lanes};
  }
  std::int64_t panels() const { return (channels_ + panel_channels() - 1) / panel_channels(); }
  std::int64_t bytes() const { return panels() * panel_bytes(); }
  std::int64_t taps() const { return taps_; }

 private:
  int max_rows() const { return kernels_->grouped_rows[0]; }
  std::int64_t panel_channels() const { return 4 * kernels_->lanes; }
  std::int64_t weight_bytes() const { return kernels_->depthwise_slots == 2 ? 2 : 1; }
  std::int64_t panel_bytes() const {
    return taps_ * group_channels_ * panel_channels() * weight_bytes();
  }
  std::int64_t columns_of(std::int64_t panel) const {
    return std::min(panel_channels(), channels_ - panel * panel_channels());
  }
  /// Pixels in a row of the panel's tiles, as a power of two: where channels leave half of a vector
  /// empty, or more.
  int log_streams(std::int64_t panel) const {
    int log = 0;
    while (log < 2 && kernels_->grouped_rows[log + 1] > 0 &&
           columns_of(panel) << (log + 1) <= panel_channels())
      ++log;
    return log;
  }
  /// The channel of term `index` of a panel, counted from the panel's first.
  std::int64_t channel_of(std::int64_t index, std::int64_t panel) const {
    return grouped_channel(index, kernels_->lanes, static_cast<int>(group_channels_)) %
           (panel_channels() >> log_streams(panel));
  }
  void multiply_panel(const RowBlock& block, std::int64_t panel) const;
  void multiply_panel(const RowBlock& block, std::int64_t panel, int log_streams) const;
  void pack_panel(const WeightsView& weights, std::uint8_t flip, std::int64_t panel,
                  std::int32_t* column_sums);

  const KernelTable* kernels_ = nullptr;
  std::int64_t taps_ = 0, channels_ = 0, group_channels_ = 4;
  bool flips_ = false;
  EpilogueTerms terms_ = {};
  AlignedBuffer<std::int8_t> weights_;
  AlignedBuffer<std::int32_t> bias_;
  AlignedBuffer<float> scale_;
};

}  // namespace octet
