// Depthwise convolution whose epilogue adds a residual or has a table.
#include <algorithm>

#include "operators/depthwise.hpp"

namespace octet {

void Depthwise::point_to_residual(const ConstImages& residual, const Images& out,
                                  const Units& units, std::int64_t unit,
                                  const std::uint8_t** rows) const {
  const auto [n, y, x] = position_of(units, unit);
  for (std::int64_t r = 0; r < pattern_.unit_rows(); ++r) {
    const std::int64_t row = y + r * pattern_.row_y, first = x + r * pattern_.row_x;
    if (row >= out.height || first >= out.width) continue;
    rows[r] = static_cast<const std::uint8_t*>(residual.data) + n * residual.image_stride +
              row * residual.row_stride + first * residual.pixel_stride;
  }
}

/// Adds the residual to one row of sums, of a panel's channels, a column every `sums_stride`.
void Depthwise::add_residual(const FusedOutputs& outputs, const DepthwiseArgs& panel,
                             const DepthwiseOut& row, const std::uint8_t* residual,
                             const std::int32_t* sums, std::int64_t sums_stride) const {
  constexpr std::int64_t kColumns = 64;
  void* out[kColumns];
  const std::uint8_t* others[kColumns];
  for (std::int64_t first = 0; first < row.width; first += kColumns) {
    const std::int64_t count = std::min(kColumns, row.width - first);
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = row.data + (first + i) * outputs.out_step;
      others[i] = residual + (first + i) * outputs.residual_step;
    }
    outputs.fused.add_residual(*kernels_, {nullptr, sums + first * sums_stride, sums_stride, count,
                                           panel.out_channels, panel.out_channel, others, out});
  }
}

void Depthwise::run_fused_block(std::int64_t count, std::int64_t panel, const Memory& memory,
                                const Units& units, const FusedOutputs& outputs,
                                const DepthwiseArgs& call) const {
  DepthwiseArgs args = call;
  if (!outputs.fused.adds_residual()) return run_block(count, panel, memory, args);
  // The sums of as many units as run beside each other.
  choose_panel(panel, args);
  const DepthwiseArgs of_outputs = args;
  const std::int64_t stride = panel_channels() / args.streams;
  const std::int64_t row_sums = units.columns * stride;
  DepthwiseUnit of_sums[kMaxStreams];
  args.units = of_sums;
  args.count = args.streams;
  args.out_channel = 0;
  args.out_step = stride * size_of(DataType::kS32);
  for (std::int64_t first = 0; first < count; first += args.streams) {
    const DepthwiseUnit* described = memory.units + first;
    for (std::int64_t s = 0; s < args.streams; ++s) {
      of_sums[s] = described[s];
      of_sums[s].out = memory.sum_rows + s * pattern_.unit_rows();
      for (std::int64_t r = 0; r < pattern_.unit_rows(); ++r)
        memory.sum_rows[s * pattern_.unit_rows() + r] = {
            reinterpret_cast<std::uint8_t*>(memory.sums +
                                            (s * pattern_.unit_rows() + r) * row_sums),
            described[s].out[r].width};
    }
    (pattern_.direct ? kernels_->depthwise_direct : kernels_->depthwise)(args);
    for (std::int64_t s = 0; s < std::min<std::int64_t>(args.streams, count - first); ++s) {
      for (std::int64_t r = 0; r < described[s].rows; ++r)
        add_residual(outputs, of_outputs, described[s].out[r],
                     memory.residual[(first + s) * pattern_.unit_rows() + r],
                     memory.sums + (s * pattern_.unit_rows() + r) * row_sums, stride);
    }
  }
}

void Depthwise::look_up(std::int64_t count, const Memory& memory, const FusedOutputs& outputs,
                        const TaskPart& part) const {
  if (!outputs.fused.has_table()) return;
  constexpr std::int64_t kColumns = 64;
  const std::int64_t channel = part.first_panel * panel_channels();
  const std::int64_t end = std::min(part.last_panel * panel_channels(), channels_);
  void* out[kColumns];
  for (const DepthwiseUnit* unit = memory.units; unit < memory.units + count; ++unit) {
    for (const DepthwiseOut* row = unit->out; row < unit->out + unit->rows; ++row) {
      for (std::int64_t first = 0; first < row->width; first += kColumns) {
        const std::int64_t columns = std::min(kColumns, row->width - first);
        for (std::int64_t i = 0; i < columns; ++i)
          out[i] = row->data + (first + i) * outputs.out_step;
        outputs.fused.look_up(*kernels_, out, columns, channel, end - channel);
      }
    }
  }
}

}  // namespace octet
