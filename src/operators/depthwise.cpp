#include "operators/depthwise.hpp"

#include <algorithm>

namespace octet {
namespace {

/// Bytes of interleaved values that stay in the L1 cache, beside the weights and the lines.
constexpr std::int64_t kStagedBytes = 24 << 10;
constexpr std::int64_t kLeastColumns = 6;
/// Outputs of a part whose scratch does.
constexpr std::int64_t kDirectColumns[2] = {96, 48};  // by stride

}  // namespace

Depthwise::Units Depthwise::units_of(std::int64_t batch, std::int64_t out_height,
                                     std::int64_t out_width) const {
  const std::int64_t column_bytes = pattern_.groups * step_bytes();
  const std::int64_t reach = (pattern_.taps - 1) * pattern_.tap_step;
  // What a part reads beyond its own columns should not be the most of it.
  const std::int64_t staged = std::max(kStagedBytes / column_bytes, 2 * reach) - reach;
  const std::int64_t columns = divide_up(out_width, pattern_.out_column_x);
  const std::int64_t most = pattern_.direct
                                ? kDirectColumns[pattern_.column_stride - 1]
                                : std::max(staged / pattern_.column_stride, kLeastColumns);
  Units units;
  units.bands = pattern_.row_y == 0
                    ? out_height
                    : divide_up(out_height, pattern_.unit_rows() * pattern_.row_y) * pattern_.row_y;
  units.columns = divide_up(columns, divide_up(columns, most));
  // Parts of whole strips, the last one excepted.
  if (strips_.count > 0) units.columns = std::min(round_up(units.columns, kStripBytes), columns);
  units.parts = divide_up(columns, units.columns);
  units.count = batch * units.bands * units.parts;
  return units;
}

WorkSize Depthwise::work_size(std::int64_t batch, std::int64_t out_height,
                              std::int64_t out_width) const {
  const Units units = units_of(batch, out_height, out_width);
  return {.rows = units.count,
          .unit_rows = units.columns * pattern_.unit_rows(),
          .row_bytes = channels_ / multiplier_ * geometry_.stride_h * geometry_.stride_w,
          .tile_rows = units.columns * pattern_.unit_rows(),  // none waits for its weights
          .panels = panels_,
          // A panel of several streams does as many outputs in less time, at best in half of it.
          .panel_columns = panels_ == 1 && (halves(channels_) || streams_for(channels_) > 1)
                               ? panel_channels() / 2
                               : panel_channels(),
          .columns = channels_,
          .k = passes_ * pattern_.taps * pattern_.groups * kKr,
          .out_type = terms_.type,
          .lanes = kernels_->lanes};
}

Depthwise::Memory Depthwise::take_memory(ScratchCursor& scratch, const Units& units,
                                         const FusedEpilogue& fused) const {
  const std::int64_t columns =
      (units.columns - 1) * pattern_.column_stride + (pattern_.taps - 1) * pattern_.tap_step + 1;
  Memory memory = {};
  memory.units = scratch.take<DepthwiseUnit>(kBlockUnits + kMaxStreams);
  memory.lines = scratch.take<DepthwiseLine>(kBlockUnits * unit_lines());
  memory.out = scratch.take<DepthwiseOut>((kBlockUnits + 1) * pattern_.unit_rows());
  memory.staged = scratch.take<std::uint8_t>(std::max(
      pattern_.direct ? direct_scratch(units.columns, pattern_.column_stride) * panel_channels()
                      : columns * pattern_.groups * step_bytes(),
      strips_.count > 0 ? strip_units(units) * strip_scratch(units) : 0));
  if (fused.adds_residual()) {
    memory.residual = scratch.take<const std::uint8_t*>(kBlockUnits * pattern_.unit_rows());
    memory.sums =
        scratch.take<std::int32_t>(pattern_.unit_rows() * units.columns * panel_channels());
    memory.sum_rows = scratch.take<DepthwiseOut>(kMaxStreams * pattern_.unit_rows());
  }
  return memory;
}

TaskScratch Depthwise::task_scratch(std::int64_t batch, std::int64_t out_height,
                                    std::int64_t out_width, const FusedEpilogue& fused) const {
  const Units units = units_of(batch, out_height, out_width);
  return TaskScratch([&](ScratchCursor& scratch) { take_memory(scratch, units, fused); });
}

int Depthwise::streams_for(std::int64_t channels) const {
  int streams = pattern_.direct ? 1 : kernels_->depthwise_streams;
  while (streams > 1 && channels > panel_channels() / streams) streams /= 2;
  return streams;
}

Depthwise::UnitPosition Depthwise::position_of(const Units& units, std::int64_t unit) const {
  const std::int64_t band = unit / units.parts % units.bands;
  const std::int64_t row_y = std::max<std::int64_t>(pattern_.row_y, 1);
  const std::int64_t band_rows = pattern_.row_y == 0 ? 1 : pattern_.unit_rows();
  return {unit / units.parts / units.bands, band / row_y * band_rows * row_y + band % row_y,
          unit % units.parts * units.columns * pattern_.out_column_x};
}

DepthwiseUnit Depthwise::describe_unit(const ConstImages& in, const Images& out, const Units& units,
                                       std::int64_t unit, DepthwiseLine* lines,
                                       DepthwiseOut* rows) const {
  const auto [n, y, x] = position_of(units, unit);
  DepthwiseUnit described = {lines, rows, 0, 0};
  const std::int64_t size = size_of(out.type);
  for (std::int64_t r = 0; r < pattern_.unit_rows(); ++r) {
    const std::int64_t row = y + r * pattern_.row_y, first = x + r * pattern_.row_x;
    rows[r] = {};
    if (row >= out.height || first >= out.width) continue;
    rows[r].width = std::min(divide_up(out.width - first, pattern_.out_column_x), units.columns);
    rows[r].data = static_cast<std::uint8_t*>(out.data) +
                   (n * out.image_stride + row * out.row_stride + first * out.pixel_stride) * size;
    described.rows = r + 1;
    described.width = std::max(described.width, rows[r].width);
  }
  const auto* image = static_cast<const std::uint8_t*>(in.data) + n * in.image_stride;
  for (std::int64_t i = 0; i < unit_lines(); ++i) {
    if (i >= pattern_.unit_lines()) {
      lines[i] = lines[0];  // Meets zeros only, and costs no access to other memory.
      continue;
    }
    const std::int64_t line = y * geometry_.stride_h - geometry_.pad_top + i * pattern_.line_y;
    const std::int64_t first = x * geometry_.stride_w - geometry_.pad_left + i * pattern_.line_x;
    const std::int64_t begin = first >= 0 ? 0 : divide_up(-first, pattern_.column_x);
    const std::int64_t end = first < in.width ? (in.width - 1 - first) / pattern_.column_x + 1 : 0;
    if (line < 0 || line >= in.height || begin >= end) {
      lines[i] = {};
      continue;
    }
    lines[i] = {
        begin, end,
        image + line * in.row_stride + (first + begin * pattern_.column_x) * in.pixel_stride,
        end - begin > 1};
  }
  return described;
}

void Depthwise::choose_panel(std::int64_t panel, DepthwiseArgs& args) const {
  args.out_channel = panel * panel_channels();
  args.out_channels = std::min(panel_channels(), channels_ - args.out_channel);
  args.in_channel = args.out_channel / multiplier_;
  args.first_of_channel = args.out_channel % multiplier_;
  args.in_channels = (args.out_channel + args.out_channels - 1) / multiplier_ - args.in_channel + 1;
  args.streams = streams_for(args.out_channels);
  args.weights = weights_.get() + panel * panel_bytes();
  args.term = args.out_channel;
  if (args.strips > 0) args.weights = strips_.weights.get();
}

void Depthwise::run_block(std::int64_t count, std::int64_t panel, const Memory& memory,
                          DepthwiseArgs& args) const {
  choose_panel(panel, args);
  args.units = memory.units;
  args.count = round_up<std::int64_t>(count, args.streams);
  if (args.strips > 0) return kernels_->depthwise_strips(args);
  (pattern_.direct ? kernels_->depthwise_direct : kernels_->depthwise)(args);
}

void Depthwise::run_task(const ConstImages& in, const Images& out, const ConstImages& residual,
                         const FusedEpilogue& fused, const std::uint8_t* pad, const TaskGrid& grid,
                         std::int64_t task, ScratchCursor scratch) const {
  const Units units = units_of(out.batch, out.height, out.width);
  const Memory memory = take_memory(scratch, units, fused);
  DepthwiseArgs args = {};
  args.groups = pattern_.groups;
  // A single pixel may claim any stride.
  args.step = in.width > 1 ? pattern_.column_x * in.pixel_stride : 0;
  args.pad = pad;
  args.multiplier = multiplier_;
  args.flip = flips_ ? 0x80 : 0;
  args.staged = memory.staged;
  args.column_stride = pattern_.column_stride;
  args.passes = passes_;
  args.taps = pattern_.taps;
  args.tap_step = pattern_.tap_step;
  args.row_weights = row_bytes();
  args.out_step = out.width > 1 ? pattern_.out_column_x * out.pixel_stride * size_of(out.type) : 0;
  args.strips = take_strips(in, out) ? strips_.count : 0;
  args.epilogue = args.strips > 0 ? &strips_.terms : &terms_;
  const FusedOutputs outputs = {fused, args.out_step,
                                out.width > 1 ? pattern_.out_column_x * residual.pixel_stride : 0};

  const TaskPart part(grid, task, units.count, panels_);
  const std::int64_t block = args.strips > 0 ? strip_units(units) : kBlockUnits;
  for (std::int64_t first = part.first_row; first < part.last_row; first += block) {
    const std::int64_t count = std::min(block, part.last_row - first);
    for (std::int64_t i = 0; i < count; ++i) {
      memory.units[i] = describe_unit(in, out, units, first + i, memory.lines + i * unit_lines(),
                                      memory.out + i * pattern_.unit_rows());
      if (fused.adds_residual())
        point_to_residual(residual, out, units, first + i,
                          memory.residual + i * pattern_.unit_rows());
    }
    DepthwiseOut* none = memory.out + count * pattern_.unit_rows();
    std::fill_n(none, pattern_.unit_rows(), DepthwiseOut{});
    std::fill_n(memory.units + count, kMaxStreams, DepthwiseUnit{memory.lines, none, 0, 0});
    for (std::int64_t panel = part.first_panel; panel < part.last_panel; ++panel) {
      if (fused.empty()) {
        run_block(count, panel, memory, args);
      } else {
        run_fused_block(count, panel, memory, units, outputs, args);
      }
    }
    look_up(count, memory, outputs, part);
  }
}

}  // namespace octet
