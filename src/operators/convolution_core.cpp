#include "operators/convolution_core.hpp"

#include <algorithm>

#include "operators/convolution_weights.hpp"
#include "operators/staging.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"

namespace octet {
Status ConvolutionCore::create(const KernelTable& kernels, const ConvolutionConfig& config,
                               const ConvolutionGeometry& geometry, bool volumes,
                               const WeightsView& weights, ConvolutionCore& core) {
  WeightsView view = weights;
  const Quantization quantization = {config.in_type, config.in_zero_point,
                                     config.weights_zero_point, config.epilogue};
  OCTET_RETURN_IF_ERROR(check_sums_fit(view, quantization));

  core.geometry = geometry;
  const bool row_sums = needs_row_sums(quantization, KernelSign(view.type, true));
  OCTET_RETURN_IF_ERROR(
      choose_convolution_form(config, geometry.kernel_d, kernels, row_sums, core.form));
  // The depthwise kernels know lines of images only.
  if (volumes && core.form == ConvolutionForm::kDepthwise) core.form = ConvolutionForm::kIndirect;
  core.kernels = &kernels;
  core.out_type = config.epilogue.type;
  core.residual = config.epilogue.residual;
  OCTET_RETURN_IF_ERROR(FusedEpilogue::create(config.epilogue, core.fused));
  core.in_type = config.in_type;
  core.weights_type = config.weights_type;
  core.out_channels = config.out_channels;

  AlignedBuffer<std::uint8_t> copy;
  core.format.groups = config.groups;
  core.format.group_channels = config.in_channels / config.groups;
  const bool runs = core.form == ConvolutionForm::kRuns;
  const bool by_columns = core.form == ConvolutionForm::kColumns;
  core.turned_geometry = geometry.turned();
  const ConvolutionGeometry& along_lines =
      runs && geometry.is_column() ? core.turned_geometry : core.geometry;
  const std::int64_t taps = along_lines.taps(core.form);
  core.format.copied =
      core.form == ConvolutionForm::kIm2col || by_columns ||
      (runs && (stages_rows(kernels) || copies_lines(config.in_channels, geometry.is_column())));
  const std::int64_t row_pixels =
      core.form == ConvolutionForm::kDepthwise ? 1 : along_lines.row_pixels(core.form);
  const std::int64_t k = row_pixels * view.k;
  if (core.format.copied || row_pixels > 1) {
    const WeightsView by_position = view;
    OCTET_RETURN_IF_ERROR(merge_taps(kernels, by_position,
                                     {taps, by_columns ? geometry.kernel_w : 1, core.format.copied},
                                     copy, view));
  }
  if (core.format.copied) {
    core.format.left = std::max<std::int64_t>(along_lines.pad_left, 0);
    core.format.right = std::max<std::int64_t>(along_lines.pad_right, 0);
  }
  const Epilogue sums_epilogue = epilogue_of_sums(config.epilogue);
  Quantization of_sums = {config.in_type, config.in_zero_point, config.weights_zero_point,
                          sums_epilogue};
  if (core.form == ConvolutionForm::kDepthwise) {
    // Channels are columns of a single group.
    view.n *= view.groups;
    view.groups = 1;
    if (row_sums) {
      const WeightsView with_zero_points = view;
      OCTET_RETURN_IF_ERROR(subtract_zero_points(config, with_zero_points, copy, view));
      of_sums.rhs_zero_point = {};
    }
    OCTET_RETURN_IF_ERROR(Depthwise::create(kernels, config, view, of_sums, core.depthwise));
  } else if (core.form == ConvolutionForm::kGrouped) {
    OCTET_RETURN_IF_ERROR(GroupedWeights::create(kernels, view, quantization, core.grouped));
  } else {
    OCTET_RETURN_IF_ERROR(PackedWeights::create(kernels, view, quantization, k, core.weights));
    if (core.form == ConvolutionForm::kIndirect)
      OCTET_RETURN_IF_ERROR(
          FilterWindows::create(core.geometry, view, quantization, core.weights, core.windows));
    if (stages_rows(kernels)) {
      core.format.stager = &kernels;
      core.format.flip = core.weights.flips_lhs() ? 0x80 : 0;
      core.format.padded = !core.format.copied;
    }
  }
  if (by_columns && !make_column_order(kernels, geometry.tap_rows(), core.format.pixel_bytes(),
                                       core.column_order, core.format.columns))
    return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
  core.is_pointwise = core.format.in_place() && geometry.is_pointwise();
  core.block_rows = geometry.block_rows(core.form, core.format);
  core.turned_block_rows = core.turned_geometry.block_rows(core.form, core.format);
  return make_pad_row(core.format, along_lines.pad_row_bytes(core.form, core.format),
                      config.in_zero_point, core.pad_row);
}

std::size_t ConvolutionCore::scratch_bytes(const VolumeSize& in, int threads) const {
  const VolumeSize out = out_size(in);
  std::int64_t pixels = 0;
  if (in.batch < 0 || out.depth < 1 || out.height < 1 || out.width < 1 ||
      !checked_product("pixels", out.height, out.width, pixels).ok() ||
      !checked_product("pixels", pixels, out.depth, pixels).ok() ||
      !checked_product("pixels", pixels, out.batch, pixels).ok() || !input_fits(in))
    return 0;
  const TaskGrid most = plan_tasks(work_size(in), {.count = threads, .start_us = 0});
  return task_scratch(in, block_size(in)).bytes(most.tasks());
}

WorkSize ConvolutionCore::work_size(const VolumeSize& in) const {
  const VolumeSize out = out_size(in);
  if (form == ConvolutionForm::kDepthwise)
    return depthwise.work_size(out.batch, out.height, out.width);
  const std::int64_t pixels = out.batch * out.depth * out.height * out.width;
  if (form == ConvolutionForm::kGrouped) return grouped.work_size(pixels);
  const PanelSplit& split = weights.split();
  const int vectors = split.vectors_of(0);
  return {.rows = pixels,
          .row_bytes = geometry.in_channels,
          .tile_rows = kernels->max_rows[vectors - 1],
          .panels = split.panels,
          .panel_columns = vectors * split.lanes,
          .columns = weights.groups() * split.n,
          .groups = weights.groups(),
          .taps = weights.taps(),
          .k = weights.k(),
          .out_type = out_type,
          .lanes = kernels->lanes};
}

bool ConvolutionCore::turns(const VolumeSize& in) const {
  if (form == ConvolutionForm::kRuns) return geometry.is_column();
  constexpr std::int64_t kShort = 16;  // lines of fewer pixels cost more than those themselves
  return form == ConvolutionForm::kIndirect && geometry.is_column() && in.width < kShort &&
         in.height >= 2 * in.width;
}

BlockSize ConvolutionCore::block_size(const VolumeSize& in) const {
  BlockSize block;
  block.turned = turns(in);
  const VolumeSize size = block.turned ? turned(in) : in;
  block.rows = block.turned ? turned_block_rows : block_rows;
  block.lines = format.in_place() ? 0 : geometry_of(block).block_lines(block.rows, size);
  block.in_width = size.width;
  return block;
}

ConvolutionRows::Memory ConvolutionCore::take_memory(ScratchCursor& scratch,
                                                     const BlockSize& block) const {
  ConvolutionRows::Memory memory =
      ConvolutionRows::take_memory(scratch, geometry_of(block), form, format, block);
  if (format.stager != nullptr)
    memory.wide_panel =
        take_wide_panel(scratch, *kernels, weights.split(), weights.taps(), weights.k());
  memory.window_bias = WindowPanels::take_bias(scratch, windows);
  if (form != ConvolutionForm::kGrouped)
    memory.pairs = take_row_pairs(scratch, *kernels, weights.split(),
                                  block.rows + BlockCuts::kMostCuts, weights.taps(), weights.k());
  return memory;
}

TaskScratch ConvolutionCore::task_scratch(const VolumeSize& in, const BlockSize& block) const {
  if (form == ConvolutionForm::kDepthwise) {
    const VolumeSize out = out_size(in);
    return depthwise.task_scratch(out.batch, out.height, out.width, fused);
  }
  return TaskScratch([&](ScratchCursor& scratch) { take_memory(scratch, block); });
}

void ConvolutionCore::multiply_cuts(TileLoop& tiles, const RowBlock& block,
                                    std::span<const BlockCut> cuts, WindowPanels& parts,
                                    const Panel& whole, PanelTurn turn) const {
  Panel panel = whole;
  std::int64_t pairs = 0;
  for (const BlockCut& cut : cuts) {
    RowBlock rows = block.part(cut.row, cut.count);
    if (block.pairs.data != nullptr)
      rows.pairs.data = block.pairs.data + pairs * block.pairs.stride;
    pairs += (cut.count + 1) / 2;
    parts.leave_out(cut.window, whole, panel);
    tiles.multiply(rows, panel, turn);
  }
}

void ConvolutionCore::multiply(TileLoop& tiles, ConvolutionRows& rows,
                               std::span<const BlockCut> cuts, const TaskPart& part) const {
  if (form == ConvolutionForm::kGrouped)
    return grouped.multiply(rows.block(), fused, part.first_panel, part.last_panel);
  const auto for_each_panel = [&](const auto& multiply_panel) {
    for (std::int64_t group = 0; group < weights.groups(); ++group) {
      if (weights.uses_row_sums())
        rows.add_row_sums(weights.flips_lhs(), group * weights.row_bytes(), weights.k());
      for (std::int64_t p = part.first_panel; p < part.last_panel; ++p)
        multiply_panel(weights.panel(group, p), PanelTurn(p, part.first_panel, part.last_panel));
      if (weights.uses_row_sums()) tiles.finish();  // the next group has other row sums
    }
  };
  if (cuts.empty()) {
    for_each_panel(
        [&](const Panel& panel, PanelTurn turn) { tiles.multiply(rows.block(), panel, turn); });
    return tiles.finish();
  }
  WindowPanels parts(windows, weights, rows.window_bias());
  for_each_panel([&](const Panel& panel, PanelTurn turn) {
    multiply_cuts(tiles, rows.block(), cuts, parts, panel, turn);
  });
  tiles.finish();
}

void ConvolutionCore::run_task(const ConstVolumes& in, const Volumes& out,
                               const ConstVolumes& others, const BlockSize& block,
                               const TaskGrid& grid, std::int64_t task,
                               ScratchCursor scratch) const {
  if (form == ConvolutionForm::kDepthwise)
    return depthwise.run_task(as_images(in), as_images(out), as_images(others), fused,
                              pad_row.get(), grid, task, scratch);
  const ConvolutionRows::Memory memory = take_memory(scratch, block);
  run_task(in, out, others, block, grid, task, memory);
}

void ConvolutionCore::run_task(const ConstVolumes& in, const Volumes& out,
                               const ConstVolumes& others, const BlockSize& block,
                               const TaskGrid& grid, std::int64_t task,
                               const ConvolutionRows::Memory& memory) const {
  // What is paid for a line is then paid once.
  if (is_pointwise && in.height > 1 && is_one_line(in) && is_one_line(out) && is_one_line(others))
    return run_rows(as_one_line(in), as_one_line(out), as_one_line(others), block, grid, task,
                    memory);
  if (block.turned)
    return run_rows(turned(in), turned(out), turned(others), block, grid, task, memory);
  run_rows(in, out, others, block, grid, task, memory);
}

void ConvolutionCore::run_rows(const ConstVolumes& in, const Volumes& out,
                               const ConstVolumes& others, const BlockSize& block,
                               const TaskGrid& grid, std::int64_t task,
                               const ConvolutionRows::Memory& memory) const {
  ConvolutionRows rows(*kernels, geometry_of(block), form, format, in, out, pad_row.get(), memory);
  rows.fuse(fused, others);
  const TaskPart part(
      grid, task, out.batch * out.depth * out.height * out.width,
      form == ConvolutionForm::kGrouped ? grouped.panels() : weights.split().panels);
  TileLoop tiles(*kernels);
  BlockCuts cuts;
  if (windows.cuts() && !block.turned) {
    const int vectors = weights.split().vectors_of(0);
    cuts.begin(geometry, sizes_of(in), part.last_panel - part.first_panel,
               kernels->max_rows[vectors - 1], divide_up(weights.k(), std::int64_t{kKr}) * vectors);
  }
  for (std::int64_t pixel = part.first_row; pixel < part.last_row; pixel += block.rows) {
    const std::int64_t count = std::min(block.rows, part.last_row - pixel);
    cuts.cut(pixel, count);
    rows.point_to(pixel, count, cuts);
    multiply(tiles, rows, cuts.cuts(), part);
  }
}

Status ConvolutionCore::run(const ConstVolumes& in, const Volumes& out, const ConstVolumes& others,
                            const Resources& resources) const {
  const VolumeSize size = sizes_of(in);
  OCTET_RETURN_IF_ERROR(check_input_fits(size));
  const Threads threads = threads_of(resources.executor);
  const TaskGrid grid = threads.count > 1 ? plan_tasks(work_size(size), threads) : TaskGrid();
  const BlockSize block = block_size(size);
  if (grid.tasks() == 1 && form != ConvolutionForm::kDepthwise) {
    // Small calls notice when what a task needs is first counted, then taken.
    ScratchCursor cursor(resources.scratch.data());
    const ConvolutionRows::Memory memory = take_memory(cursor, block);
    OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, cursor.used()));
    run_task(in, out, others, block, grid, 0, memory);
    return {};
  }
  const TaskScratch scratch = task_scratch(size, block);
  OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    run_task(in, out, others, block, grid, task, scratch.of_task(resources.scratch.data(), task));
  });
  return {};
}

Status ConvolutionCore::check_unusual_images(const ConstImages& in, const Images& out,
                                             std::int64_t out_height,
                                             std::int64_t out_width) const {
  OCTET_RETURN_IF_ERROR(check_type("in.type", in.type, in_type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, out_type));
  OCTET_RETURN_IF_ERROR(check_images("in", in));
  OCTET_RETURN_IF_ERROR(
      check_equal("in.channels", in.channels, geometry.in_channels, "in_channels of the weights"));
  OCTET_RETURN_IF_ERROR(check_at_least("in.height: out_height", out_height, 1));
  OCTET_RETURN_IF_ERROR(check_at_least("in.width: out_width", out_width, 1));
  OCTET_RETURN_IF_ERROR(check_images("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.batch", out.batch, in.batch, "in.batch"));
  OCTET_RETURN_IF_ERROR(check_equal("out.height", out.height, out_height, "out_height(in.height)"));
  OCTET_RETURN_IF_ERROR(check_equal("out.width", out.width, out_width, "out_width(in.width)"));
  return check_equal("out.channels", out.channels, out_channels, "out_channels of the weights");
}

}  // namespace octet
