#include "operators/transposed_weights.hpp"

namespace octet {

WeightsView view_filter(const TransposedConvolutionConfig& c, const void* weights) {
  WeightsView view = {};
  view.data = static_cast<const std::uint8_t*>(weights);
  view.type = c.weights_type;
  view.groups = c.groups;
  view.taps = c.kernel_h * c.kernel_w;
  view.k = c.in_channels / c.groups;
  view.n = c.out_channels / c.groups;
  switch (c.weights_layout) {
    case TransposedWeightsLayout::kIOHW:
      view.tap_stride = 1;
      view.n_stride = view.taps;
      view.k_stride = view.n * view.taps;
      view.group_stride = view.k * view.k_stride;
      break;
    case TransposedWeightsLayout::kOHWI:
      view.set_contiguous();
      break;
    case TransposedWeightsLayout::kHWOI:
      view.k_stride = 1;
      view.n_stride = view.k;
      view.tap_stride = c.out_channels * view.k;
      view.group_stride = view.n * view.n_stride;
      break;
  }
  return view;
}

Status copy_taps(const WeightsView& filter, std::int64_t kernel_w, const AxisPhase& rows,
                 const AxisPhase& columns, AlignedBuffer<std::uint8_t>& copy, WeightsView& view) {
  view = filter;
  view.taps = rows.taps * columns.taps;
  view.set_contiguous();
  copy = allocate<std::uint8_t>(view.groups * view.group_stride);
  if (!copy) return Status::error(StatusCode::kOutOfMemory, "no memory for the weights");
  view.data = copy.get();
  std::uint8_t* to = copy.get();
  for (std::int64_t group = 0; group < view.groups; ++group) {
    for (std::int64_t n = 0; n < view.n; ++n) {
      for (std::int64_t i = 0; i < view.taps; ++i) {
        const std::int64_t r = rows.last_tap - i / columns.taps * rows.tap_step;
        const std::int64_t s = columns.last_tap - i % columns.taps * columns.tap_step;
        const std::uint8_t* from = filter.data + group * filter.group_stride + n * filter.n_stride +
                                   (r * kernel_w + s) * filter.tap_stride;
        for (std::int64_t k = 0; k < view.k; ++k) *to++ = from[k * filter.k_stride];
      }
    }
  }
  return {};
}

}  // namespace octet
