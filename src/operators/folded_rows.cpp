#include "operators/folded_rows.hpp"

#include <algorithm>
#include <bit>

namespace octet {
namespace {

/// Each column would need another row sum, or another row of a residual.
bool rows_differ(const WeightsView& weights, const Quantization& quantization) {
  return needs_row_sums(quantization, KernelSign(weights.type, true)) ||
         quantization.epilogue.residual;
}

/// `fold` copies, in `memory`.
template <class T>
std::span<const T> repeated(std::span<const T> values, std::int64_t fold, T* memory) {
  T* next = memory;
  for (std::int64_t f = 0; f < fold; ++f) next = std::copy(values.begin(), values.end(), next);
  return {memory, next};
}

}  // namespace

std::int64_t fold_of(const KernelTable& kernels, const WeightsView& weights,
                     const Quantization& quantization) {
  if (rows_differ(weights, quantization)) return 1;
  constexpr std::int64_t kMostBytes = 16 * 1024;  // the panel stays in the L1 cache
  const std::int64_t row_bytes = round_up(weights.k, std::int64_t{kKr}) * kernels.lanes;
  return std::max<std::int64_t>(std::min(kernels.lanes / weights.n, kMostBytes / row_bytes), 1);
}

std::int64_t fold_of(const KernelTable& kernels, const ConvolutionConfig& config,
                     const WeightsView& weights, const Quantization& quantization) {
  const bool can = config.groups == 1 && config.dilation_w == 1 && config.form.empty();
  if (!can || weights.n > kernels.lanes || rows_differ(weights, quantization)) return 1;
  // A power of two divides most widths.
  constexpr std::int64_t kMost = 4;
  const auto fitting = static_cast<std::uint64_t>(kernels.lanes / weights.n);
  return std::min(static_cast<std::int64_t>(std::bit_floor(fitting)), kMost);
}

Status FoldedWeights::create(const WeightsView& weights, const Epilogue& epilogue,
                             std::int64_t kernel_w, std::int64_t stride, std::int64_t fold,
                             FoldedWeights& folded) {
  const std::int64_t rows = weights.taps / kernel_w, width = kernel_w + stride * (fold - 1);
  FoldedWeights made;
  WeightsView& view = made.view_;
  view = weights;
  view.taps = rows * width;
  view.n = weights.n * fold;
  view.set_contiguous();
  const std::int64_t bytes = view.n * view.taps * view.k;
  made.data_ = allocate<std::uint8_t>(bytes);
  made.scale_ = allocate<float>(view.n);
  made.bias_ = allocate<std::int32_t>(view.n);
  if (!made.data_ || !made.scale_ || !made.bias_)
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of folded weights",
                         static_cast<long long>(bytes));
  view.data = made.data_.get();
  std::fill_n(made.data_.get(), bytes, KernelSign(weights.type, true).zero());
  for (std::int64_t column = 0; column < view.n; ++column) {
    const std::int64_t n = column % weights.n, first = column / weights.n * stride;
    for (std::int64_t tap = 0; tap < weights.taps; ++tap) {
      const std::uint8_t* from = weights.data + n * weights.n_stride + tap * weights.tap_stride;
      const std::int64_t wider = tap / kernel_w * width + first + tap % kernel_w;
      std::uint8_t* to = made.data_.get() + column * view.n_stride + wider * view.tap_stride;
      for (std::int64_t k = 0; k < weights.k; ++k) to[k] = from[k * weights.k_stride];
    }
  }
  made.epilogue_ = epilogue;
  if (epilogue.scale.size() > 1)
    made.epilogue_.scale = repeated(epilogue.scale, fold, made.scale_.get());
  made.epilogue_.bias = repeated(epilogue.bias, fold, made.bias_.get());
  folded = std::move(made);
  return {};
}

}  // namespace octet
