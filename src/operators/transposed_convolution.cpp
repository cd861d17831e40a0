#include "octet/transposed_convolution.hpp"

#include <cmath>
#include <new>
#include <type_traits>

#include "operators/convolution_core.hpp"
#include "operators/convolution_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/transposed_axis.hpp"
#include "operators/transposed_weights.hpp"
#include "operators/unreached_pixels.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {
namespace {

Status no_memory() {
  return Status::error(StatusCode::kOutOfMemory, "no memory for a TransposedConvolution");
}

/// What all phases have in common; their filters are not set.
ConvolutionConfig common_config(const TransposedConvolutionConfig& c) {
  return {.in_type = c.in_type,
          .in_zero_point = c.in_zero_point,
          .in_channels = c.in_channels,
          .out_channels = c.out_channels,
          .groups = c.groups,
          .weights_type = c.weights_type,
          .weights_zero_point = c.weights_zero_point,
          .epilogue = c.epilogue};
}

/// The convolution that this one is the transpose of, but for the channels.
ConvolutionConfig as_convolution(const TransposedConvolutionConfig& c) {
  ConvolutionConfig same = common_config(c);
  same.kernel_h = c.kernel_h;
  same.kernel_w = c.kernel_w;
  same.stride_h = c.stride_h;
  same.stride_w = c.stride_w;
  same.dilation_h = c.dilation_h;
  same.dilation_w = c.dilation_w;
  same.pad_top = c.pad_top;
  same.pad_left = c.pad_left;
  same.pad_bottom = c.pad_bottom;
  same.pad_right = c.pad_right;
  return same;
}

Status check_config(const TransposedConvolutionConfig& c, const void* weights) {
  OCTET_RETURN_IF_ERROR(check_config(as_convolution(c), weights));
  OCTET_RETURN_IF_ERROR(check_size("output_padding_h", c.output_padding_h, 0));
  OCTET_RETURN_IF_ERROR(check_size("output_padding_w", c.output_padding_w, 0));
  if (c.weights_layout != TransposedWeightsLayout::kIOHW &&
      c.weights_layout != TransposedWeightsLayout::kOHWI &&
      c.weights_layout != TransposedWeightsLayout::kHWOI)
    return Status::invalid_argument("weights_layout is %d, which is no TransposedWeightsLayout",
                                    static_cast<int>(c.weights_layout));
  return {};
}

}  // namespace

struct TransposedConvolution::Impl {
  ConvolutionGeometry filter;  ///< As the caller gave it.
  TransposedAxis height, width;
  std::unique_ptr<ConvolutionCore[]> cores;  ///< [height.phases()][width.phases()]
  UnreachedPixels unreached;

  std::int64_t phases() const { return height.phases() * width.phases(); }
  const ConvolutionCore& any() const { return cores[0]; }
  /// Calls visit(core, row phase, column phase) for those that have outputs in such images.
  template <class Visit>
  void for_each_phase(std::int64_t in_height, std::int64_t in_width, const Visit& visit) const {
    for (std::int64_t i = 0; i < phases(); ++i) {
      const ConvolutionCore& core = cores[static_cast<std::size_t>(i)];
      if (core.geometry.out_height(in_height) < 1 || core.geometry.out_width(in_width) < 1)
        continue;
      visit(core, height.phase(i / width.phases()), width.phase(i % width.phases()));
    }
  }
  Status make_cores(const KernelTable& kernels, const TransposedConvolutionConfig& config,
                    const void* weights);
  WorkSize work_size(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const;
  std::size_t bytes() const;
  /// What does not depend on the images.
  Explanation explain() const;
  TaskScratch task_scratch(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const;
  /// The pixels of a phase in the outputs, or in the residual, as images of their own.
  template <class Void>
  BasicImages<Void> pixels_of_phase(const ConvolutionCore& core, const AxisPhase& rows,
                                    const AxisPhase& columns, const ConstImages& in,
                                    const BasicImages<Void>& all) const;
};

TransposedConvolution::TransposedConvolution() noexcept = default;
TransposedConvolution::~TransposedConvolution() = default;
TransposedConvolution::TransposedConvolution(TransposedConvolution&&) noexcept = default;
TransposedConvolution& TransposedConvolution::operator=(TransposedConvolution&&) noexcept = default;

Status TransposedConvolution::create(const TransposedConvolutionConfig& config, const void* weights,
                                     TransposedConvolution& convolution) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_config(config, weights));
  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return no_memory();
  OCTET_RETURN_IF_ERROR(
      TransposedAxis::create({config.kernel_h, config.stride_h, config.dilation_h, config.pad_top,
                              config.pad_bottom, config.output_padding_h},
                             impl->height));
  OCTET_RETURN_IF_ERROR(
      TransposedAxis::create({config.kernel_w, config.stride_w, config.dilation_w, config.pad_left,
                              config.pad_right, config.output_padding_w},
                             impl->width));
  impl->filter = ConvolutionGeometry(as_convolution(config));
  OCTET_RETURN_IF_ERROR(impl->make_cores(*kernels, config, weights));
  if (!impl->height.reaches_all() || !impl->width.reaches_all())
    OCTET_RETURN_IF_ERROR(
        UnreachedPixels::create(*kernels, common_config(config), impl->unreached));
  call.end_create([&] { return impl->explain(); });
  convolution.impl_ = std::move(impl);
  return {};
}

Status TransposedConvolution::Impl::make_cores(const KernelTable& kernels,
                                               const TransposedConvolutionConfig& config,
                                               const void* weights) {
  cores.reset(new (std::nothrow) ConvolutionCore[static_cast<std::size_t>(phases())]);
  if (!cores) return no_memory();
  const WeightsView filter = view_filter(config, weights);
  for (std::int64_t i = 0; i < phases(); ++i) {
    const AxisPhase& rows = height.phase(i / width.phases());
    const AxisPhase& columns = width.phase(i % width.phases());
    AlignedBuffer<std::uint8_t> copy;
    WeightsView view = {};
    OCTET_RETURN_IF_ERROR(copy_taps(filter, config.kernel_w, rows, columns, copy, view));
    ConvolutionConfig phase = common_config(config);
    phase.kernel_h = rows.taps;
    phase.kernel_w = columns.taps;
    phase.dilation_h = rows.dilation;
    phase.dilation_w = columns.dilation;
    phase.pad_top = rows.pad_before;
    phase.pad_bottom = rows.pad_after;
    phase.pad_left = columns.pad_before;
    phase.pad_right = columns.pad_after;
    OCTET_RETURN_IF_ERROR(
        ConvolutionCore::create(kernels, phase, view, cores[static_cast<std::size_t>(i)]));
  }
  return {};
}

std::int64_t TransposedConvolution::out_height(std::int64_t in_height) const noexcept {
  return impl_ ? impl_->height.out_size(in_height) : 0;
}
std::int64_t TransposedConvolution::out_width(std::int64_t in_width) const noexcept {
  return impl_ ? impl_->width.out_size(in_width) : 0;
}
std::string_view TransposedConvolution::isa() const noexcept {
  return impl_ ? impl_->any().kernels->name : std::string_view();
}
std::size_t TransposedConvolution::packed_bytes() const noexcept {
  return impl_ ? impl_->bytes() : 0;
}

std::size_t TransposedConvolution::Impl::bytes() const {
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < phases(); ++i) bytes += cores[static_cast<std::size_t>(i)].bytes();
  return static_cast<std::size_t>(bytes);
}

Explanation TransposedConvolution::Impl::explain() const {
  Explanation made = any().explain("transposed_convolution");
  explain_shape(made, filter, any().out_channels, any().format.groups);
  made.packed_bytes = bytes();
  if (phases() == 1) return made;
  made.form = "phases";
  made.reason = "outputs of one remainder by the strides are a convolution";
  return made;
}

Explanation TransposedConvolution::explain(std::int64_t batch, std::int64_t in_height,
                                           std::int64_t in_width,
                                           const Executor* executor) const noexcept {
  if (!impl_) return {};
  Explanation made = impl_->explain();
  const Threads threads = threads_of(executor);
  made.scratch_bytes = scratch_bytes(batch, in_height, in_width, threads.count);
  if (made.scratch_bytes == 0) return made;
  explain_work(made, impl_->work_size(batch, in_height, in_width), threads);
  const VolumeSize in = {batch, 1, in_height, in_width};
  explain_shape(made, impl_->filter, impl_->any().out_channels, impl_->any().format.groups, &in);
  made.bytes = pixels_of(in) * static_cast<double>(impl_->filter.in_channels);
  impl_->for_each_phase(in_height, in_width, [&](const ConvolutionCore& core, auto&, auto&) {
    core.add_outputs(made, pixels_of(core.out_size(in)));
  });
  return made;
}

/// As if all phases were one convolution of their average depth. Each is cut in the same grid as
/// the others: then so is their sum, and no phase needs to wait for another.
WorkSize TransposedConvolution::Impl::work_size(std::int64_t batch, std::int64_t in_height,
                                                std::int64_t in_width) const {
  WorkSize all;
  std::int64_t rows = 0;
  double products = 0;
  for_each_phase(in_height, in_width, [&](const ConvolutionCore& core, auto&, auto&) {
    const WorkSize work = core.work_size({batch, 1, in_height, in_width});
    if (rows == 0 || work.k > all.k) all = work;
    rows += work.rows;
    products += static_cast<double>(work.rows) * static_cast<double>(work.taps * work.k);
  });
  all.rows = rows;
  const double per_tap = static_cast<double>(rows) * static_cast<double>(all.k);
  if (rows > 0) all.taps = static_cast<std::int64_t>(std::ceil(products / per_tap));
  return all;
}

TaskScratch TransposedConvolution::Impl::task_scratch(std::int64_t batch, std::int64_t in_height,
                                                      std::int64_t in_width) const {
  TaskScratch largest;
  for_each_phase(in_height, in_width, [&](const ConvolutionCore& core, auto&, auto&) {
    const VolumeSize in = {batch, 1, in_height, in_width};
    largest = largest.or_larger(core.task_scratch(in, core.block_size(in)));
  });
  return largest;
}

template <class Void>
BasicImages<Void> TransposedConvolution::Impl::pixels_of_phase(const ConvolutionCore& core,
                                                               const AxisPhase& rows,
                                                               const AxisPhase& columns,
                                                               const ConstImages& in,
                                                               const BasicImages<Void>& all) const {
  if (all.data == nullptr) return {};
  using Byte = std::conditional_t<std::is_const_v<Void>, const std::byte, std::byte>;
  BasicImages<Void> phase = all;
  phase.data = static_cast<Byte*>(all.data) +
               (rows.first * all.row_stride + columns.first * all.pixel_stride) * size_of(all.type);
  phase.height = core.geometry.out_height(in.height);
  phase.width = core.geometry.out_width(in.width);
  // A single line or pixel may claim any stride.
  if (phase.height > 1) phase.row_stride *= height.stride();
  if (phase.width > 1) phase.pixel_stride *= width.stride();
  return phase;
}

std::size_t TransposedConvolution::scratch_bytes(std::int64_t batch, std::int64_t in_height,
                                                 std::int64_t in_width,
                                                 int threads) const noexcept {
  if (!impl_) return 0;
  std::int64_t pixels = 0;
  if (batch < 0 || out_height(in_height) < 1 || out_width(in_width) < 1 ||
      !checked_product("pixels", out_height(in_height), out_width(in_width), pixels).ok() ||
      !checked_product("pixels", pixels, batch, pixels).ok() ||
      !impl_->any().input_fits({batch, 1, in_height, in_width}))
    return 0;
  const TaskGrid most =
      plan_tasks(impl_->work_size(batch, in_height, in_width), {.count = threads, .start_us = 0});
  return impl_->task_scratch(batch, in_height, in_width).bytes(most.tasks());
}

Status TransposedConvolution::run(const ConstImages& in, const Images& out,
                                  const Resources& resources,
                                  const ConstImages& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("transposed convolution: run before create");
  OCTET_RETURN_IF_ERROR(
      impl_->any().check_images_of_run(in, out, out_height(in.height), out_width(in.width)));
  OCTET_RETURN_IF_ERROR(check_residual(impl_->any().residual, residual, out));
  const VolumeSize size = {in.batch, 1, in.height, in.width};
  OCTET_RETURN_IF_ERROR(impl_->any().check_input_fits(size));
  const TaskGrid grid =
      plan_tasks(impl_->work_size(in.batch, in.height, in.width), threads_of(resources.executor));
  const TaskScratch scratch = impl_->task_scratch(in.batch, in.height, in.width);
  OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    impl_->for_each_phase(
        in.height, in.width,
        [&](const ConvolutionCore& core, const AxisPhase& rows, const AxisPhase& columns) {
          core.run_task(
              as_volumes(in), as_volumes(impl_->pixels_of_phase(core, rows, columns, in, out)),
              as_volumes(impl_->pixels_of_phase(core, rows, columns, in, residual)),
              core.block_size(size), grid, task, scratch.of_task(resources.scratch.data(), task));
        });
    if (impl_->unreached.empty() || task % grid.panel_parts != 0) return;
    const std::int64_t lines = out.batch * out.height, part = task / grid.panel_parts;
    impl_->unreached.fill(impl_->any(), impl_->height, impl_->width, out, residual,
                          part_begin(lines, grid.row_parts, part),
                          part_begin(lines, grid.row_parts, part + 1));
  });
  call.end_run([&] { return explain(in.batch, in.height, in.width, resources.executor); });
  return {};
}

}  // namespace octet
