#include "operators/unreached_pixels.hpp"

#include <cstring>
#include <utility>

#include "operators/convolution_weights.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

Status no_memory() {
  return Status::error(StatusCode::kOutOfMemory, "no memory for outputs that no tap reaches");
}

}  // namespace

Status UnreachedPixels::create(const KernelTable& kernels, const ConvolutionConfig& config,
                               UnreachedPixels& pixels) {
  // The product of a zero.
  const ConvolutionConfig zero = {.in_type = config.in_type,
                                  .in_zero_point = config.in_zero_point,
                                  .in_channels = 1,
                                  .out_channels = config.out_channels,
                                  .epilogue = epilogue_of_sums(config.epilogue)};
  const DataType type = zero.epilogue.type;
  const std::int64_t n = config.out_channels;
  const auto weights = allocate<std::uint8_t>(n);
  // add_residual() reads whole vectors of sums.
  const std::int64_t bytes = round_up(n, std::int64_t{kernels.lanes}) * size_of(type);
  auto pixel = allocate<std::uint8_t>(bytes);
  if (!weights || !pixel) return no_memory();
  std::memset(pixel.get(), 0, static_cast<std::size_t>(bytes));
  std::memset(weights.get(), 0, static_cast<std::size_t>(n));
  ConvolutionCore core;
  OCTET_RETURN_IF_ERROR(
      ConvolutionCore::create(kernels, zero, view_weights(zero, weights.get()), core));
  const auto in = static_cast<std::uint8_t>(config.in_zero_point);
  const BlockSize block = core.block_size({1, 1, 1, 1});
  const TaskScratch scratch = core.task_scratch({1, 1, 1, 1}, block);
  const auto memory = allocate<std::byte>(static_cast<std::int64_t>(scratch.bytes(1)));
  if (!memory) return no_memory();
  core.run_task(as_volumes(ConstImages{&in, config.in_type, 1, 1, 1, 1, 1, 1, 1}),
                as_volumes(Images{pixel.get(), type, 1, 1, 1, n, n, n, n}), {}, block, TaskGrid(),
                0, scratch.of_task(memory.get(), 0));
  pixels.pixel_ = std::move(pixel);
  return {};
}

void UnreachedPixels::write(const ConvolutionCore& reached, void* pixel,
                            const std::uint8_t* residual) const {
  const std::int64_t channels = reached.out_channels;
  if (residual == nullptr) {
    std::memcpy(pixel, pixel_.get(),
                static_cast<std::size_t>(channels * size_of(reached.out_type)));
    return;
  }
  const auto* sums = reinterpret_cast<const std::int32_t*>(pixel_.get());
  reached.fused.add_residual(*reached.kernels,
                             {nullptr, sums, channels, 1, channels, 0, &residual, &pixel});
  reached.fused.look_up(*reached.kernels, &pixel, 1, 0, channels);
}

void UnreachedPixels::fill(const ConvolutionCore& reached, const TransposedAxis& height,
                           const TransposedAxis& width, const Images& out,
                           const ConstImages& residual, std::int64_t first,
                           std::int64_t last) const {
  const std::int64_t size = size_of(out.type);
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t n = i / out.height, y = i % out.height;
    auto* line =
        static_cast<std::byte*>(out.data) + (n * out.image_stride + y * out.row_stride) * size;
    const auto* others = static_cast<const std::uint8_t*>(residual.data);
    if (others != nullptr) others += n * residual.image_stride + y * residual.row_stride;
    const auto fill_pixels = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t x = begin; x < end; ++x)
        write(reached, line + x * out.pixel_stride * size, others + x * residual.pixel_stride);
    };
    if (height.reaches(y)) {
      width.for_each_gap(out.width, fill_pixels);
    } else {
      fill_pixels(0, out.width);
    }
  }
}

}  // namespace octet
