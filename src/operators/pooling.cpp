#include "octet/pooling.hpp"

#include <algorithm>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "operators/out_size.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

Status check_window(const PoolingWindow& w) {
  const struct {
    const char* name;
    std::int64_t value, least;
  } sizes[] = {{"window.kernel_h", w.kernel_h, 1},     {"window.kernel_w", w.kernel_w, 1},
               {"window.stride_h", w.stride_h, 1},     {"window.stride_w", w.stride_w, 1},
               {"window.pad_top", w.pad_top, 0},       {"window.pad_left", w.pad_left, 0},
               {"window.pad_bottom", w.pad_bottom, 0}, {"window.pad_right", w.pad_right, 0}};
  for (const auto& size : sizes) {
    OCTET_RETURN_IF_ERROR(check_at_least(size.name, size.value, size.least));
    OCTET_RETURN_IF_ERROR(check_at_most(size.name, size.value, INT32_MAX));
  }
  OCTET_RETURN_IF_ERROR(check_at_most("window.pad_top", w.pad_top, w.kernel_h - 1));
  OCTET_RETURN_IF_ERROR(check_at_most("window.pad_left", w.pad_left, w.kernel_w - 1));
  OCTET_RETURN_IF_ERROR(check_at_most("window.pad_bottom", w.pad_bottom, w.kernel_h - 1));
  return check_at_most("window.pad_right", w.pad_right, w.kernel_w - 1);
}

Status check_operands(const PoolingWindow& window, const ConstImages& in, const Images& out) {
  OCTET_RETURN_IF_ERROR(check_window(window));
  OCTET_RETURN_IF_ERROR(check_8bit("in.type", in.type));
  OCTET_RETURN_IF_ERROR(check_8bit("out.type", out.type));
  OCTET_RETURN_IF_ERROR(check_images("in", in));
  const std::int64_t height = window.out_height(in.height), width = window.out_width(in.width);
  OCTET_RETURN_IF_ERROR(check_at_least("in.height: window.out_height", height, 1));
  OCTET_RETURN_IF_ERROR(check_at_least("in.width: window.out_width", width, 1));
  OCTET_RETURN_IF_ERROR(check_images("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.batch", out.batch, in.batch, "in.batch"));
  OCTET_RETURN_IF_ERROR(
      check_equal("out.height", out.height, height, "window.out_height(in.height)"));
  OCTET_RETURN_IF_ERROR(check_equal("out.width", out.width, width, "window.out_width(in.width)"));
  return check_equal("out.channels", out.channels, in.channels, "in.channels");
}

/// The part of a window along one dimension that lies inside the image.
struct Inside {
  Inside(std::int64_t window, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
         std::int64_t size)
      : begin(std::max<std::int64_t>(window * stride - pad, 0)),
        end(std::min(window * stride - pad + kernel, size)) {}
  std::int64_t count() const { return end - begin; }
  std::int64_t begin, end;
};

/// A part of the outputs of a call.
struct PoolPart {
  std::int64_t first_pixel, last_pixel;  ///< Numbered through the batch.
  std::int64_t first_channel, channels;
};

/// Calls `run(args)` for runs of windows of one size, `args` without what averages need.
template <class Run>
void for_each_run(const PoolingWindow& window, const ConstImages& in, const Images& out,
                  const PoolPart& part, const Run& run) {
  const auto whole_windows_end =
      (in.width + (window.pad_left - window.kernel_w)) / window.stride_w + 1;
  PoolArgs args = {};
  args.in_step = window.stride_w * in.pixel_stride;
  args.row_stride = in.row_stride;
  args.pixel_stride = in.pixel_stride;
  args.channels = part.channels;
  args.flip = in.type == DataType::kS8 ? 0x80 : 0;
  args.out_step = out.pixel_stride;
  for (std::int64_t pixel = part.first_pixel; pixel < part.last_pixel; pixel += args.windows) {
    const std::int64_t line = pixel / out.width, x = pixel % out.width;
    const std::int64_t n = line / out.height, y = line % out.height;
    const Inside rows(y, window.kernel_h, window.stride_h, window.pad_top, in.height);
    const Inside columns(x, window.kernel_w, window.stride_w, window.pad_left, in.width);
    const std::int64_t end = std::min(out.width, x + part.last_pixel - pixel);
    args.windows = columns.count() == window.kernel_w ? std::min(end, whole_windows_end) - x : 1;
    args.rows = rows.count();
    args.columns = columns.count();
    args.in = static_cast<const std::uint8_t*>(in.data) + n * in.image_stride +
              rows.begin * in.row_stride + columns.begin * in.pixel_stride + part.first_channel;
    args.out = static_cast<std::uint8_t*>(out.data) + n * out.image_stride + y * out.row_stride +
               x * out.pixel_stride + part.first_channel;
    run(args);
  }
}

/// Tasks are parts of the output pixels, and of the channels where there are few pixels.
template <class Run>
void pool(const PoolingWindow& window, const ConstImages& in, const Images& out, Executor* executor,
          const Run& run) {
  constexpr double kValuesPerNs = 100;  // maxima up to 300, averages 50 to 90
  constexpr std::int64_t kCacheLine = 64;
  const std::int64_t pixels = out.batch * out.height * out.width;
  const std::int64_t blocks = divide_up(out.channels, kCacheLine);
  const double values = static_cast<double>(pixels) * static_cast<double>(out.channels) *
                        static_cast<double>(window.kernel_h) * static_cast<double>(window.kernel_w);
  if (pixels == 0) return;
  const std::int64_t tasks = plan_parts(values / kValuesPerNs, threads_of(executor));
  const std::int64_t pixel_parts = std::min(tasks, pixels);
  const std::int64_t channel_parts = std::min(tasks / pixel_parts, blocks);
  run_tasks(executor, pixel_parts * channel_parts, [&](std::int64_t task) {
    const std::int64_t i = task / channel_parts, j = task % channel_parts;
    const std::int64_t channel = part_begin(blocks, channel_parts, j) * kCacheLine;
    const std::int64_t end = part_begin(blocks, channel_parts, j + 1) * kCacheLine;
    const PoolPart part = {part_begin(pixels, pixel_parts, i),
                           part_begin(pixels, pixel_parts, i + 1), channel,
                           std::min(end, out.channels) - channel};
    for_each_run(window, in, out, part, run);
  });
}

}  // namespace

std::int64_t PoolingWindow::out_height(std::int64_t in_height) const noexcept {
  if (!check_window(*this).ok()) return 0;
  return out_size(in_height, pad_top, pad_bottom, kernel_h, stride_h, 1);
}
std::int64_t PoolingWindow::out_width(std::int64_t in_width) const noexcept {
  if (!check_window(*this).ok()) return 0;
  return out_size(in_width, pad_left, pad_right, kernel_w, stride_w, 1);
}

Status max_pool(const PoolingWindow& window, const ConstImages& in, const Images& out,
                Executor* executor, std::string_view max_isa) noexcept {
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_operands(window, in, out));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, in.type));
  pool(window, in, out, executor, kernels->elements->max_pool);
  return {};
}

Status average_pool(const AveragePoolingConfig& config, const ConstImages& in, const Images& out,
                    Executor* executor) noexcept {
  const KernelTable* kernels = nullptr;
  const PoolingWindow& window = config.window;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_operands(window, in, out));
  OCTET_RETURN_IF_ERROR(check_scales("scale", {&config.scale, 1}, 1));
  OCTET_RETURN_IF_ERROR(check_zero_point("in_zero_point", config.in_zero_point, in.type));
  OCTET_RETURN_IF_ERROR(check_zero_point("zero_point", config.zero_point, out.type));
  const std::int64_t kernel_pixels = window.kernel_h * window.kernel_w;
  if (kernel_pixels > INT32_MAX / 255)
    return Status::error(StatusCode::kOutOfRange,
                         "window.kernel_h * window.kernel_w is %lld, but must be at most %d: sums "
                         "could leave int32",
                         static_cast<long long>(kernel_pixels), INT32_MAX / 255);

  const EpilogueTerms terms = uniform_terms({.type = out.type, .zero_point = config.zero_point});
  const std::int32_t flipped_by = in.type == DataType::kS8 ? 128 : 0;
  pool(window, in, out, executor, [&](const PoolArgs& windows) {
    const std::int64_t pixels = windows.rows * windows.columns;
    const std::int64_t count = config.count_include_pad ? kernel_pixels : pixels;
    PoolArgs args = windows;
    args.bias = static_cast<std::int32_t>(-pixels * (config.in_zero_point + flipped_by));
    args.scale = config.scale / static_cast<float>(count);
    args.epilogue = &terms;
    kernels->elements->average_pool(args);
  });
  return {};
}

}  // namespace octet
