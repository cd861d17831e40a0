#include "operators/convolution_weights.hpp"

#include <algorithm>

namespace octet {

WeightsView view_weights(const ConvolutionConfig& c, const void* weights) {
  WeightsView view = {};
  view.data = static_cast<const std::uint8_t*>(weights);
  view.type = c.weights_type;
  view.groups = c.groups;
  view.taps = c.kernel_h * c.kernel_w;
  view.k = c.in_channels / c.groups;
  view.n = c.out_channels / c.groups;
  switch (c.weights_layout) {
    case WeightsLayout::kOHWI:
      view.set_contiguous();
      break;
    case WeightsLayout::kOIHW:
      view.n_stride = view.k * view.taps;
      view.k_stride = view.taps;
      view.tap_stride = 1;
      break;
    case WeightsLayout::kHWIO:
      view.tap_stride = view.k * c.out_channels;
      view.k_stride = c.out_channels;
      view.n_stride = 1;
      break;
  }
  view.group_stride = view.n * view.n_stride;
  return view;
}

namespace {

Status no_memory() { return Status::error(StatusCode::kOutOfMemory, "no memory for the weights"); }

}  // namespace

Status merge_taps(const KernelTable& kernels, const WeightsView& view, const TapMerge& merge,
                  AlignedBuffer<std::uint8_t>& copy, WeightsView& merged) {
  const std::int64_t of_tap = view.taps / merge.taps, k = of_tap * view.k;
  const std::int64_t rows = view.taps / merge.columns;
  merged = view;
  merged.taps = merge.taps;
  merged.k = merge.whole ? PackedWeights::whole_k(kernels, view.n, merge.taps, k) : k;
  merged.set_contiguous();
  const std::int64_t bytes = view.n * merged.n_stride;
  copy = allocate<std::uint8_t>(bytes);
  if (!copy) return no_memory();
  merged.data = copy.get();
  std::fill_n(copy.get(), bytes, KernelSign(view.type, true).zero());
  for (std::int64_t n = 0; n < view.n; ++n) {
    for (std::int64_t i = 0; i < view.taps; ++i) {
      const std::int64_t tap = i % rows * merge.columns + i / rows;
      const std::uint8_t* from = view.data + n * view.n_stride + tap * view.tap_stride;
      std::uint8_t* to =
          copy.get() + n * merged.n_stride + i / of_tap * merged.tap_stride + i % of_tap * view.k;
      for (std::int64_t k_of_tap = 0; k_of_tap < view.k; ++k_of_tap)
        to[k_of_tap] = from[k_of_tap * view.k_stride];
    }
  }
  return {};
}

Status subtract_zero_points(const ConvolutionConfig& c, const WeightsView& view,
                            AlignedBuffer<std::uint8_t>& copy, WeightsView& split) {
  copy = allocate<std::uint8_t>(kZeroPointPasses * view.taps * view.n);
  if (!copy) return no_memory();
  const std::int32_t sign_offset = view.type == DataType::kS8 ? 128 : 0;
  for (std::int64_t tap = 0; tap < view.taps; ++tap) {
    for (std::int64_t n = 0; n < view.n; ++n) {
      const std::uint8_t byte = view.data[tap * view.tap_stride + n * view.n_stride];
      const auto& zero_points = c.weights_zero_point;
      std::int32_t rest = (byte ^ sign_offset) - sign_offset;
      if (!zero_points.empty())
        rest -= zero_points[zero_points.size() == 1 ? 0 : static_cast<std::size_t>(n)];
      for (std::int64_t pass = 0; pass < kZeroPointPasses; ++pass) {
        const std::int32_t part = std::clamp(rest, -128, 127);
        copy[static_cast<std::size_t>((pass * view.taps + tap) * view.n + n)] =
            static_cast<std::uint8_t>(part);
        rest -= part;
      }
    }
  }
  split = view;
  split.data = copy.get();
  split.type = DataType::kS8;
  split.taps = kZeroPointPasses * view.taps;
  split.tap_stride = view.n;
  split.n_stride = 1;
  return {};
}

}  // namespace octet
