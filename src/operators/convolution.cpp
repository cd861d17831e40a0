#include "octet/convolution.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "dispatch/convolution_form.hpp"
#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/convolution_weights.hpp"
#include "operators/depthwise.hpp"
#include "operators/filter_windows.hpp"
#include "operators/grouped.hpp"
#include "operators/packed_weights.hpp"
#include "operators/staging.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

Status check_config(const ConvolutionConfig& c, const void* weights) {
  OCTET_RETURN_IF_ERROR(check_8bit("in_type", c.in_type));
  OCTET_RETURN_IF_ERROR(check_zero_point("in_zero_point", c.in_zero_point, c.in_type));
  OCTET_RETURN_IF_ERROR(check_8bit("weights_type", c.weights_type));
  if (c.weights_layout != WeightsLayout::kOHWI && c.weights_layout != WeightsLayout::kOIHW &&
      c.weights_layout != WeightsLayout::kHWIO)
    return Status::invalid_argument("weights_layout is %d, which is no WeightsLayout",
                                    static_cast<int>(c.weights_layout));
  const struct {
    const char* name;
    std::int64_t value, least;
  } sizes[] = {{"in_channels", c.in_channels, 1},
               {"out_channels", c.out_channels, 1},
               {"kernel_h", c.kernel_h, 1},
               {"kernel_w", c.kernel_w, 1},
               {"stride_h", c.stride_h, 1},
               {"stride_w", c.stride_w, 1},
               {"dilation_h", c.dilation_h, 1},
               {"dilation_w", c.dilation_w, 1},
               {"pad_top", c.pad_top, 0},
               {"pad_left", c.pad_left, 0},
               {"pad_bottom", c.pad_bottom, 0},
               {"pad_right", c.pad_right, 0},
               {"groups", c.groups, 1}};
  for (const auto& size : sizes) {
    OCTET_RETURN_IF_ERROR(check_at_least(size.name, size.value, size.least));
    // Sums of a few such sizes, and products of two, then fit 63 bits.
    if (size.value > INT32_MAX)
      return Status::invalid_argument("%s is %lld, but must be at most 2^31 - 1", size.name,
                                      static_cast<long long>(size.value));
  }
  if (c.in_channels % c.groups != 0 || c.out_channels % c.groups != 0)
    return Status::invalid_argument(
        "groups is %lld, but must divide in_channels, %lld, and out_channels, %lld",
        static_cast<long long>(c.groups), static_cast<long long>(c.in_channels),
        static_cast<long long>(c.out_channels));
  std::int64_t values = 0;
  OCTET_RETURN_IF_ERROR(checked_product("kernel_h * kernel_w", c.kernel_h, c.kernel_w, values));
  OCTET_RETURN_IF_ERROR(checked_product("kernel_h * kernel_w * in_channels / groups", values,
                                        c.in_channels / c.groups, values));
  OCTET_RETURN_IF_ERROR(checked_product("the size of the weights", values, c.out_channels, values));
  OCTET_RETURN_IF_ERROR(check_zero_points("weights_zero_point", c.weights_zero_point,
                                          c.out_channels, c.weights_type));
  OCTET_RETURN_IF_ERROR(check_epilogue(c.epilogue, c.out_channels));
  if (weights == nullptr) return Status::invalid_argument("weights is null");
  return {};
}

/// `bytes` bytes of rows that hold nothing but the zero point.
Status make_pad_row(const PixelFormat& format, std::int64_t bytes, std::int32_t zero_point,
                    AlignedBuffer<std::uint8_t>& pad_row) {
  const std::int64_t values = bytes / format.value_bytes();
  AlignedBuffer<std::uint8_t> direct = allocate<std::uint8_t>(values);
  if (direct)
    std::memset(direct.get(), static_cast<std::uint8_t>(zero_point),
                static_cast<std::size_t>(values));
  if (direct && format.stager != nullptr) {
    pad_row = allocate<std::uint8_t>(bytes);
    if (pad_row) format.stager->stage({direct.get(), 0, 1, values, format.flip, pad_row.get(), 0});
  } else {
    pad_row = std::move(direct);
  }
  if (!pad_row) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
  return {};
}

/// How a run is cut: tasks, and the blocks of each.
struct ConvolutionPlan {
  std::int64_t panels;
  TaskGrid grid;
  BlockSize block;
};

}  // namespace

struct Convolution::Impl {
  ConvolutionGeometry geometry;
  ConvolutionForm form;
  PixelFormat format;
  DataType in_type;
  std::int64_t out_channels;
  const KernelTable* kernels;
  DataType out_type;
  PackedWeights weights;  ///< Or, for kGrouped and kDepthwise, those below.
  FilterWindows windows;  ///< Of kIndirect.
  GroupedWeights grouped;
  Depthwise depthwise;
  AlignedBuffer<std::uint8_t> pad_row;  ///< The input zero point, as rows hold it.

  std::int64_t bytes() const {
    if (form == ConvolutionForm::kDepthwise) return depthwise.bytes();
    return form == ConvolutionForm::kGrouped ? grouped.bytes() : weights.bytes() + windows.bytes();
  }
  /// Whether 63 bits can count the bytes of all its lines, staged.
  bool input_fits(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const {
    constexpr double kMost = std::int64_t{1} << 62;
    return static_cast<double>(batch) * static_cast<double>(in_height) *
               (static_cast<double>(in_width) + kKr) * static_cast<double>(format.pixel_bytes()) *
               kKr <
           kMost;
  }
  /// The rest is not for kDepthwise, which has its own.
  WorkSize work_size(std::int64_t pixels) const;
  ConvolutionPlan plan(std::int64_t batch, std::int64_t in_height, std::int64_t in_width,
                       int threads) const;
  /// Scratch of one task.
  ConvolutionRows::Memory take_memory(ScratchCursor& scratch, const BlockSize& block) const;
  TaskScratch task_scratch(const BlockSize& block) const {
    return TaskScratch([&](ScratchCursor& scratch) { take_memory(scratch, block); });
  }
  /// A block of rows times one panel, in runs that leave out the taps that lie in the padding;
  /// none: with all taps.
  void multiply_panel(TileLoop& tiles, const RowBlock& block, std::span<const WindowRows> runs,
                      Panel panel) const;
  /// A block of rows times the panels of a task.
  void multiply(TileLoop& tiles, ConvolutionRows& rows, std::span<const WindowRows> runs,
                const TaskPart& part) const;
};

Convolution::Convolution() noexcept = default;
Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

Status Convolution::create(const ConvolutionConfig& config, const void* weights,
                           Convolution& convolution) noexcept {
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_config(config, weights));
  WeightsView view = view_weights(config, weights);
  Quantization quantization = {config.in_type, config.in_zero_point, config.weights_zero_point,
                               config.epilogue};
  OCTET_RETURN_IF_ERROR(check_sums_fit(view, quantization));

  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
  impl->geometry = ConvolutionGeometry(config);
  const bool row_sums = needs_row_sums(quantization, KernelSign(view.type, true));
  OCTET_RETURN_IF_ERROR(choose_convolution_form(config, *kernels, row_sums, impl->form));
  impl->kernels = kernels;
  impl->out_type = config.epilogue.type;
  impl->in_type = config.in_type;
  impl->out_channels = config.out_channels;

  AlignedBuffer<std::uint8_t> copy;
  impl->format.groups = config.groups;
  impl->format.group_channels = config.in_channels / config.groups;
  const std::int64_t taps = impl->geometry.taps(impl->form);
  if (impl->geometry.row_pixels(impl->form) > 1 && impl->form != ConvolutionForm::kDepthwise) {
    const WeightsView by_position = view;
    OCTET_RETURN_IF_ERROR(merge_taps(by_position, taps, copy, view));
  }
  if (impl->form == ConvolutionForm::kIm2col) {
    impl->format.copied = true;
    impl->format.left = config.pad_left;
    impl->format.right = config.pad_right;
  }
  if (impl->form == ConvolutionForm::kDepthwise) {
    // Channels are columns of a single group.
    view.n *= view.groups;
    view.groups = 1;
    if (row_sums) {
      const WeightsView with_zero_points = view;
      OCTET_RETURN_IF_ERROR(subtract_zero_points(config, with_zero_points, copy, view));
      quantization.rhs_zero_point = {};
    }
    OCTET_RETURN_IF_ERROR(Depthwise::create(*kernels, config, view, quantization, impl->depthwise));
  } else if (impl->form == ConvolutionForm::kGrouped) {
    OCTET_RETURN_IF_ERROR(GroupedWeights::create(*kernels, view, quantization, impl->grouped));
  } else {
    OCTET_RETURN_IF_ERROR(PackedWeights::create(*kernels, view, quantization, impl->weights));
    if (impl->form == ConvolutionForm::kIndirect)
      OCTET_RETURN_IF_ERROR(
          FilterWindows::create(impl->geometry, view, quantization, impl->weights, impl->windows));
    if (stages_rows(*kernels)) {
      impl->format.stager = kernels;
      impl->format.flip = impl->weights.flips_lhs() ? 0x80 : 0;
      impl->format.padded = impl->geometry.row_pixels(impl->form) == 1;
    }
  }

  OCTET_RETURN_IF_ERROR(make_pad_row(impl->format,
                                     impl->geometry.pad_row_bytes(impl->form, impl->format),
                                     config.in_zero_point, impl->pad_row));
  convolution.impl_ = std::move(impl);
  return {};
}

std::int64_t Convolution::out_height(std::int64_t in_height) const noexcept {
  return impl_ ? impl_->geometry.out_height(in_height) : 0;
}
std::int64_t Convolution::out_width(std::int64_t in_width) const noexcept {
  return impl_ ? impl_->geometry.out_width(in_width) : 0;
}
std::string_view Convolution::isa() const noexcept {
  return impl_ ? impl_->kernels->name : std::string_view();
}
std::string_view Convolution::form() const noexcept {
  return impl_ ? name_of(impl_->form) : std::string_view();
}
std::size_t Convolution::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->bytes()) : 0;
}

WorkSize Convolution::Impl::work_size(std::int64_t pixels) const {
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

ConvolutionPlan Convolution::Impl::plan(std::int64_t batch, std::int64_t in_height,
                                        std::int64_t in_width, int threads) const {
  const std::int64_t pixels = batch * geometry.out_height(in_height) * geometry.out_width(in_width);
  ConvolutionPlan made;
  made.panels = work_size(pixels).panels;
  made.grid = plan_tasks(work_size(pixels), threads);
  made.block.rows = geometry.block_rows(form, format);
  made.block.lines = geometry.block_lines(made.block.rows, batch, in_height, in_width);
  made.block.in_width = in_width;
  return made;
}

ConvolutionRows::Memory Convolution::Impl::take_memory(ScratchCursor& scratch,
                                                       const BlockSize& block) const {
  ConvolutionRows::Memory memory =
      ConvolutionRows::take_memory(scratch, geometry, form, format, block, geometry.taps(form));
  if (format.stager != nullptr)
    memory.wide_panel =
        take_wide_panel(scratch, *kernels, weights.split(), weights.taps(), weights.k());
  if (form != ConvolutionForm::kGrouped)
    memory.pairs =
        take_row_pairs(scratch, *kernels, weights.split(), block.rows + FilterWindows::kMostCuts,
                       weights.taps(), weights.k());
  return memory;
}

void Convolution::Impl::multiply_panel(TileLoop& tiles, const RowBlock& block,
                                       std::span<const WindowRows> runs, Panel panel) const {
  // Copied rows are readable up to whole k-groups.
  if (form == ConvolutionForm::kIm2col) panel.k = round_up(panel.k, std::int64_t{kKr});
  if (runs.empty()) return tiles.multiply(block, panel);
  const std::int64_t row_taps = geometry.kernel_w;
  const std::int64_t row_bytes =
      row_taps * round_up(panel.k, std::int64_t{kKr}) * panel.vectors * kernels->lanes;
  std::int64_t pairs = 0;
  for (const WindowRows& run : runs) {
    RowBlock rows = block;
    if (block.pairs.data != nullptr) rows.pairs.data += pairs * block.pairs.stride;
    pairs += (run.count + 1) / 2;
    rows.count = run.count;
    rows.rows += run.window.first * row_taps * block.tap_stride + run.row;
    rows.out += run.row;
    Panel part = panel;
    part.data += run.window.first * row_bytes;
    part.taps = (run.window.last - run.window.first) * row_taps;
    part.terms = &windows.terms(run.window);
    tiles.multiply(rows, part);
  }
}

void Convolution::Impl::multiply(TileLoop& tiles, ConvolutionRows& rows,
                                 std::span<const WindowRows> runs, const TaskPart& part) const {
  if (form == ConvolutionForm::kGrouped)
    return grouped.multiply(rows.block(), part.first_panel, part.last_panel);
  for (std::int64_t group = 0; group < weights.groups(); ++group) {
    if (weights.uses_row_sums())
      rows.add_row_sums(*kernels, weights.flips_lhs(), group * weights.row_bytes(), weights.k());
    for (std::int64_t p = part.first_panel; p < part.last_panel; ++p)
      multiply_panel(tiles, rows.block(), runs,
                     packed_panel(weights, group, p, part.first_panel, part.last_panel));
    if (weights.uses_row_sums()) tiles.finish();  // the next group has other row sums
  }
  tiles.finish();
}

std::size_t Convolution::scratch_bytes(std::int64_t batch, std::int64_t in_height,
                                       std::int64_t in_width, int threads) const noexcept {
  if (!impl_) return 0;
  std::int64_t pixels = 0;
  if (batch < 0 || out_height(in_height) < 1 || out_width(in_width) < 1 ||
      !checked_product("pixels", out_height(in_height), out_width(in_width), pixels).ok() ||
      !checked_product("pixels", pixels, batch, pixels).ok() ||
      !impl_->input_fits(batch, in_height, in_width))
    return 0;
  if (impl_->form == ConvolutionForm::kDepthwise)
    return impl_->depthwise.scratch_bytes(batch, out_height(in_height), out_width(in_width),
                                          std::max(threads, 1));
  const ConvolutionPlan made = impl_->plan(batch, in_height, in_width, std::max(threads, 1));
  return impl_->task_scratch(made.block).bytes(made.grid.tasks());
}

Status Convolution::run(const ConstImages& in, const Images& out,
                        const Resources& resources) const noexcept {
  if (!impl_) return Status::invalid_argument("convolution: run before create");
  const ConvolutionGeometry& geometry = impl_->geometry;
  OCTET_RETURN_IF_ERROR(check_type("in.type", in.type, impl_->in_type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, impl_->out_type));
  OCTET_RETURN_IF_ERROR(check_images("in", in));
  OCTET_RETURN_IF_ERROR(
      check_equal("in.channels", in.channels, geometry.in_channels, "in_channels of the weights"));
  OCTET_RETURN_IF_ERROR(check_at_least("in.height: out_height", out_height(in.height), 1));
  OCTET_RETURN_IF_ERROR(check_at_least("in.width: out_width", out_width(in.width), 1));
  OCTET_RETURN_IF_ERROR(check_images("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.batch", out.batch, in.batch, "in.batch"));
  OCTET_RETURN_IF_ERROR(
      check_equal("out.height", out.height, out_height(in.height), "out_height(in.height)"));
  OCTET_RETURN_IF_ERROR(
      check_equal("out.width", out.width, out_width(in.width), "out_width(in.width)"));
  OCTET_RETURN_IF_ERROR(check_equal("out.channels", out.channels, impl_->out_channels,
                                    "out_channels of the weights"));
  const int threads = threads_of(resources.executor);
  OCTET_RETURN_IF_ERROR(
      check_scratch(resources.scratch, scratch_bytes(in.batch, in.height, in.width, threads)));

  if (impl_->form == ConvolutionForm::kDepthwise) {
    impl_->depthwise.run(in, out, impl_->pad_row.get(), resources);
    return {};
  }
  const std::int64_t pixels = out.batch * out.height * out.width;
  const ConvolutionPlan made = impl_->plan(in.batch, in.height, in.width, threads);
  const TaskScratch scratch = impl_->task_scratch(made.block);
  run_tasks(resources.executor, made.grid.tasks(), [&](std::int64_t task) {
    ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
    ConvolutionRows rows(geometry, impl_->form, impl_->format, in, out, impl_->pad_row.get(),
                         impl_->take_memory(piece, made.block));
    const TaskPart part(made.grid, task, pixels, made.panels);
    TileLoop tiles(*impl_->kernels);
    WindowRows runs[FilterWindows::kMostCuts];
    for (std::int64_t pixel = part.first_row; pixel < part.last_row; pixel += made.block.rows) {
      rows.point_to(pixel, std::min(made.block.rows, part.last_row - pixel));
      const int cuts =
          impl_->windows.cut(pixel, rows.block().count, in.height, out.height, out.width, runs);
      impl_->multiply(tiles, rows, {runs, static_cast<std::size_t>(cuts)}, part);
    }
  });
  return {};
}

}  // namespace octet
