#include "operators/filter_windows.hpp"

#include <algorithm>

namespace octet {

Status FilterWindows::create(const ConvolutionGeometry& geometry, const WeightsView& weights,
                             const Quantization& quantization, const PackedWeights& packed,
                             FilterWindows& windows) {
  FilterWindows made;
  made.geometry_ = geometry;
  const std::int64_t padded = packed.split().padded_columns();
  made.columns_ = packed.groups() * padded;
  const bool pads = std::max(geometry.pad_top, geometry.pad_bottom) > 0 ||
                    std::max(geometry.pad_left, geometry.pad_right) > 0;
  made.cuts_ = pads && weights.taps > 1 && geometry.kernel_d == 1 && !packed.uses_row_sums() &&
               geometry.kernel_h <= kMostKernel && geometry.kernel_w <= kMostKernel;
  const KernelSign lhs(quantization.lhs_type, packed.kernels().lhs_signed);
  const KernelSign rhs(weights.type, true);
  const std::int32_t zero_point = quantization.lhs_zero_point + lhs.shift;
  if (made.cuts_ && zero_point != 0) {
    made.sums_ = allocate<std::int32_t>(made.sum_count());
    if (!made.sums_) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
    std::fill_n(made.sums_.get(), made.sum_count(), 0);
    made.add_up(weights, rhs.flip ? 0x80 : 0, zero_point, padded, packed.terms().bias);
  }
  windows = std::move(made);
  return {};
}

void FilterWindows::add_up(const WeightsView& weights, std::uint8_t flip, std::int32_t zero_point,
                           std::int64_t padded, const std::int32_t* packed_bias) {
  // All of it wraps, as the sums in the tiles do: only the final result must fit int32.
  const auto bits = [](std::int32_t value) { return static_cast<std::uint32_t>(value); };
  for (std::int64_t tap = 0; tap < weights.taps; ++tap) {
    const std::int64_t r = tap / geometry_.kernel_w, s = tap % geometry_.kernel_w;
    for (std::int64_t i = 0; i < columns_; ++i) {
      const std::int64_t group = i / padded, n = i % padded;
      if (n >= weights.n) continue;
      const std::uint8_t* from = weights.data + group * weights.group_stride +
                                 tap * weights.tap_stride + n * weights.n_stride;
      std::int32_t sum = 0;
      for (std::int64_t k = 0; k < weights.k; ++k)
        sum += static_cast<std::int8_t>(from[k * weights.k_stride] ^ flip);
      sums(r + 1, s + 1)[i] =
          static_cast<std::int32_t>(bits(zero_point) * bits(sum) + bits(sums(r, s + 1)[i]) +
                                    bits(sums(r + 1, s)[i]) - bits(sums(r, s)[i]));
    }
  }
  for (std::int64_t i = 0; i < columns_; ++i)
    sums(0, 0)[i] = static_cast<std::int32_t>(
        bits(packed_bias[i]) + bits(sums(geometry_.kernel_h, geometry_.kernel_w)[i]));
}

WindowPanels::WindowPanels(const FilterWindows& windows, const PackedWeights& weights,
                           std::int32_t* bias)
    : windows_(windows),
      weights_(weights),
      terms_{weights.terms(), weights.terms()},
      bias_{bias, bias == nullptr ? nullptr : bias + windows.columns_} {
  for (int i = 0; i < 2; ++i) terms_[i].bias = bias_[i];
}

void WindowPanels::leave_out(const FilterWindow& window, const Panel& whole, Panel& panel) {
  const auto [rows, columns] = window;
  const std::int64_t kernel_w = windows_.geometry_.kernel_w;
  const std::int64_t tap_bytes =
      round_up(panel.k, std::int64_t{kKr}) * panel.vectors * weights_.split().lanes;
  panel.data = whole.data + (rows.first * kernel_w + columns.first) * tap_bytes;
  panel.taps = rows.count() * columns.count();
  panel.gaps = nullptr;
  if (columns.count() < kernel_w) {
    for (std::int64_t tap = 0; tap < panel.taps; ++tap)
      gaps_[tap] = (tap + 1) % columns.count() == 0 ? (kernel_w - columns.count()) * tap_bytes : 0;
    panel.gaps = gaps_;
  }
  const bool all = panel.taps == whole.taps;
  panel.tiles = all ? whole.tiles : nullptr;
  panel.terms = whole.terms;
  if (windows_.sums_ && !all) set_bias(window, panel);
}

void WindowPanels::set_bias(const FilterWindow& window, Panel& panel) {
  const auto [rows, columns] = window;
  const std::int64_t count = panel.vectors * weights_.split().lanes;
  std::int32_t* bias = bias_[next_] + panel.term;
  const auto combine = [&](const std::int32_t* from, std::uint32_t factor, std::int64_t r,
                           std::int64_t s) {
    const std::int32_t* sums = windows_.sums(r, s) + panel.term;
    for (std::int64_t i = 0; i < count; ++i)
      bias[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(from[i]) +
                                          factor * static_cast<std::uint32_t>(sums[i]));
  };
  constexpr std::uint32_t kLess = ~std::uint32_t{0};
  combine(windows_.sums(0, 0) + panel.term, kLess, rows.last, columns.last);
  if (rows.first > 0) combine(bias, 1, rows.first, columns.last);
  if (columns.first > 0) combine(bias, 1, rows.last, columns.first);
  if (rows.first > 0 && columns.first > 0) combine(bias, kLess, rows.first, columns.first);
  panel.terms = &terms_[next_];
  next_ ^= 1;
}

}  // namespace octet
