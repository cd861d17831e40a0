#include "operators/filter_windows.hpp"

#include <algorithm>

namespace octet {
namespace {

/// [filter rows][groups][padded columns]: what the kernels add up for an input of ones.
void add_row_column_sums(const WeightsView& weights, const PackedWeights& packed,
                         std::int64_t filter_rows, std::uint8_t flip, std::int32_t* sums) {
  const std::int64_t row_taps = weights.taps / filter_rows;
  const std::int64_t padded = packed.split().padded_columns();
  for (std::int64_t tap = 0; tap < weights.taps; ++tap) {
    for (std::int64_t group = 0; group < weights.groups; ++group) {
      std::int32_t* to = sums + (tap / row_taps * weights.groups + group) * padded;
      for (std::int64_t n = 0; n < weights.n; ++n) {
        const std::uint8_t* from = weights.data + group * weights.group_stride +
                                   tap * weights.tap_stride + n * weights.n_stride;
        std::int32_t sum = 0;
        for (std::int64_t k = 0; k < weights.k; ++k)
          sum += static_cast<std::int8_t>(from[k * weights.k_stride] ^ flip);
        to[n] += sum;
      }
    }
  }
}

}  // namespace

Status FilterWindows::create(const ConvolutionGeometry& geometry, const WeightsView& weights,
                             const Quantization& quantization, const PackedWeights& packed,
                             FilterWindows& windows) {
  FilterWindows made;
  made.geometry_ = geometry;
  made.tile_rows_ = packed.kernels().max_rows[packed.split().vectors_of(0) - 1];
  made.columns_ = packed.groups() * packed.split().padded_columns();
  const std::int64_t filter_rows = geometry.kernel_h;
  made.cuts_ = filter_rows > 1 && filter_rows <= kMostFilterRows && geometry.kernel_d == 1 &&
               !packed.uses_row_sums() && geometry.pad_top + geometry.pad_bottom > 0;
  const KernelSign lhs(quantization.lhs_type, packed.kernels().lhs_signed);
  const KernelSign rhs(weights.type, true);
  const std::int32_t zero_point = quantization.lhs_zero_point + lhs.shift;
  AlignedBuffer<std::int32_t> sums;
  if (made.cuts_ && zero_point != 0) {
    const std::int64_t windows_count = filter_rows * (filter_rows + 1) / 2;
    sums = allocate<std::int32_t>(filter_rows * made.columns_);
    made.bias_ = allocate<std::int32_t>(windows_count * made.columns_);
    if (!sums || !made.bias_)
      return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
    std::fill_n(sums.get(), filter_rows * made.columns_, 0);
    add_row_column_sums(weights, packed, filter_rows, rhs.flip ? 0x80 : 0, sums.get());
  }
  std::int32_t* bias = made.bias_.get();
  for (std::int64_t first = 0; made.cuts_ && first < filter_rows; ++first) {
    for (std::int64_t last = first + 1; last <= filter_rows; ++last) {
      EpilogueTerms& terms = made.terms_[index({first, last})];
      terms = packed.terms();
      if (bias == nullptr) continue;
      // The packed bias takes the zero point times all weights away: here not those left out.
      for (std::int64_t i = 0; i < made.columns_; ++i) {
        auto total = static_cast<std::uint32_t>(packed.terms().bias[i]);
        for (std::int64_t r = 0; r < filter_rows; ++r) {
          if (r >= first && r < last) continue;
          total +=
              static_cast<std::uint32_t>(zero_point) *
              static_cast<std::uint32_t>(sums[static_cast<std::size_t>(r * made.columns_ + i)]);
        }
        bias[i] = static_cast<std::int32_t>(total);
      }
      terms.bias = bias;
      bias += made.columns_;
    }
  }
  windows = std::move(made);
  return {};
}

FilterWindow FilterWindows::of_line(std::int64_t y, std::int64_t in_height) const {
  const std::int64_t top = y * geometry_.stride_h - geometry_.pad_top;
  const std::int64_t step = geometry_.dilation_h;
  const std::int64_t first = top >= 0 ? 0 : (step - 1 - top) / step;
  const std::int64_t room = in_height - 1 - top;
  const std::int64_t last = room < 0 ? 0 : std::min(room / step + 1, geometry_.kernel_h);
  if (first >= last) return whole();
  return {first, last};
}

int FilterWindows::cut(std::int64_t first, std::int64_t count, std::int64_t in_height,
                       std::int64_t out_height, std::int64_t out_width,
                       WindowRows (&runs)[kMostCuts]) const {
  if (!cuts_) return 0;
  // Tiles of few rows wait for their weights as if they had more.
  constexpr std::int64_t kLeastRows = 3;
  const auto time = [&](const WindowRows& run) {
    const std::int64_t tiles = (run.count + tile_rows_ - 1) / tile_rows_;
    return std::max(run.count, kLeastRows * tiles) * (run.window.last - run.window.first);
  };
  int cuts = 0;
  std::int64_t x = first % out_width, line = first / out_width, total = 0;
  for (std::int64_t row = 0; row < count; ++line, x = 0) {
    const std::int64_t pixels = std::min(count - row, out_width - x);
    const FilterWindow window = of_line(line % out_height, in_height);
    if (cuts > 0 && runs[cuts - 1].window == window) {
      runs[cuts - 1].count += pixels;
    } else if (cuts == kMostCuts) {
      return 0;
    } else {
      runs[cuts++] = {row, pixels, window};
    }
    row += pixels;
  }
  for (int i = 0; i < cuts; ++i) total += time(runs[i]);
  constexpr double kClearly = 0.97;
  const auto whole_time = static_cast<double>(time({0, count, whole()}));
  return static_cast<double>(total) < kClearly * whole_time ? cuts : 0;
}

std::int64_t FilterWindows::bytes() const {
  if (!bias_) return 0;
  return geometry_.kernel_h * (geometry_.kernel_h + 1) / 2 * columns_ *
         std::int64_t{sizeof(std::int32_t)};
}

}  // namespace octet
