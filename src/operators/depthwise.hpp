/// Depthwise convolution: weights in the order of the interleaved lines, and the runs over an
/// image.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dispatch/depthwise_pattern.hpp"
#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

class Depthwise {
 public:
  /// `weights`: of one group, a tap per filter position and pass, k == 1, a column per output
  /// channel, and no zero points.
  static Status create(const KernelTable& kernels, const ConvolutionConfig& config,
                       const WeightsView& weights, const Quantization& quantization,
                       Depthwise& depthwise);

  WorkSize work_size(std::int64_t batch, std::int64_t out_height, std::int64_t out_width) const;
  TaskScratch task_scratch(std::int64_t batch, std::int64_t out_height, std::int64_t out_width,
                           const FusedEpilogue& fused) const;
  /// One task of any grid. All arguments have been checked. `pad`: the values of a pixel outside
  /// the image. The residual may be none.
  void run_task(const ConstImages& in, const Images& out, const ConstImages& residual,
                const FusedEpilogue& fused, const std::uint8_t* pad, const TaskGrid& grid,
                std::int64_t task, ScratchCursor scratch) const;

  std::int64_t bytes() const { return panels_ * panel_bytes(); }
  const EpilogueTerms& terms() const { return terms_; }

 private:
  /// Work is cut into units: a band of output rows, or a part of one.
  struct Units {
    std::int64_t bands = 0;    ///< Of an image.
    std::int64_t parts = 0;    ///< Of a band.
    std::int64_t columns = 0;  ///< Of a part, the last one excepted.
    std::int64_t count = 0;
  };
  /// Where a unit begins: its image, and the first pixel of its first row of outputs.
  struct UnitPosition {
    std::int64_t n, y, x;
  };
  /// Units that a panel of weights serves before the next panel is loaded.
  static constexpr std::int64_t kBlockUnits = 8;
  /// Scratch of one task.
  struct Memory {
    DepthwiseUnit* units;  ///< [kBlockUnits + kMaxStreams]: some without rows fill up the streams.
    DepthwiseLine* lines;  ///< [kBlockUnits][lines]
    DepthwiseOut* out;     ///< [kBlockUnits + 1][rows]: the last has no outputs.
    std::uint8_t* staged;
    // Where a residual is added:
    const std::uint8_t** residual;  ///< [kBlockUnits][rows]: of the first pixel of each row.
    std::int32_t* sums;             ///< [streams][rows][columns][panel_channels / streams]
    DepthwiseOut* sum_rows;         ///< [kMaxStreams][rows]
  };
  /// A fused epilogue, and the bytes between the columns of the outputs and of the residual.
  struct FusedOutputs {
    const FusedEpilogue& fused;
    std::int64_t out_step, residual_step;
  };
  Units units_of(std::int64_t batch, std::int64_t out_height, std::int64_t out_width) const;
  Memory take_memory(ScratchCursor& scratch, const Units& units, const FusedEpilogue& fused) const;
  UnitPosition position_of(const Units& units, std::int64_t unit) const;
  DepthwiseUnit describe_unit(const ConstImages& in, const Images& out, const Units& units,
                              std::int64_t unit, DepthwiseLine* lines, DepthwiseOut* rows) const;
  /// Where the residual of a unit's rows is.
  void point_to_residual(const ConstImages& residual, const Images& out, const Units& units,
                         std::int64_t unit, const std::uint8_t** rows) const;
  void choose_panel(std::int64_t panel, DepthwiseArgs& args) const;
  void run_block(std::int64_t count, std::int64_t panel, const Memory& memory,
                 DepthwiseArgs& args) const;
  // With a fused epilogue, see depthwise_fused.cpp:
  void run_fused_block(std::int64_t count, std::int64_t panel, const Memory& memory,
                       const Units& units, const FusedOutputs& outputs,
                       const DepthwiseArgs& args) const;
  void add_residual(const FusedOutputs& outputs, const DepthwiseArgs& panel,
                    const DepthwiseOut& row, const std::uint8_t* residual, const std::int32_t* sums,
                    std::int64_t sums_stride) const;
  /// Outputs of a block, of all panels of a task.
  void look_up(std::int64_t count, const Memory& memory, const FusedOutputs& outputs,
               const TaskPart& part) const;

  // Lines as strips, see depthwise_strips.cpp:
  static std::int64_t strips_for(const DepthwisePattern& pattern, std::int64_t channels);
  bool take_strips(const ConstImages& in, const Images& out) const;
  std::int64_t strip_units(const Units& units) const;
  std::int64_t strip_scratch(const Units& units) const;
  Status create_strips(const WeightsView& weights, std::uint8_t flip, const std::int32_t* bias,
                       const float* scale);

  /// Streams of a panel of so many channels: as many as have room beside each other.
  int streams_for(std::int64_t channels) const;
  std::int64_t panel_channels() const { return 4 * kernels_->lanes; }
  /// Whether a panel of so many channels has the order of half a panel, see DepthwiseLane.
  bool halves(std::int64_t channels) const {
    return pattern_.direct && channels <= panel_channels() / 2;
  }
  /// Lines of weights, the groups filled up.
  std::int64_t lines() const { return pattern_.groups * pattern_.slots; }
  std::int64_t unit_lines() const { return std::max(lines(), pattern_.unit_lines()); }
  /// Bytes of 4 vectors: a step of the weights.
  std::int64_t step_bytes() const { return 16 * kernels_->lanes; }
  std::int64_t row_bytes() const {
    return passes_ * pattern_.taps * pattern_.groups * step_bytes();
  }
  std::int64_t panel_bytes() const { return pattern_.rows * row_bytes(); }
  void pack_panel(const WeightsView& weights, std::uint8_t flip, std::int64_t panel,
                  std::int32_t* column_sums);

  const KernelTable* kernels_ = nullptr;
  ConvolutionGeometry geometry_;
  DepthwisePattern pattern_;
  std::int64_t channels_ = 0, multiplier_ = 1;
  std::int64_t panels_ = 0, passes_ = 1;
  bool flips_ = false;
  EpilogueTerms terms_ = {};
  AlignedBuffer<std::int8_t> weights_;
  AlignedBuffer<std::int32_t> bias_;
  AlignedBuffer<float> scale_;

  /// For lines whose pixels lie back to back; `count` is 0 if there is nothing for them.
  struct Strips {
    std::int64_t count = 0;
    EpilogueTerms terms = {};
    AlignedBuffer<std::int8_t> weights;
    AlignedBuffer<std::int32_t> bias;
    AlignedBuffer<float> scale;
  };
  Strips strips_;
};

}  // namespace octet
