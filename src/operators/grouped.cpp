#include "operators/grouped.hpp"

#include <algorithm>
#include <cstring>

namespace octet {

void GroupedWeights::pack_panel(const WeightsView& weights, std::uint8_t flip, std::int64_t panel,
                                std::int32_t* column_sums) {
  const std::int64_t first = panel * panel_channels();
  const std::int64_t count = std::min(panel_channels(), channels_ - first);
  std::int8_t* to = weights_.get() + panel * panel_bytes();
  std::memset(to, 0, static_cast<std::size_t>(panel_bytes()));
  for (std::int64_t tap = 0; tap < taps_; ++tap) {
    for (std::int64_t n = 0; n < group_channels_; ++n, to += panel_channels()) {
      for (std::int64_t c = 0; c < count; ++c) {
        const std::int64_t group = (first + c) / group_channels_, k = (first + c) % group_channels_;
        const std::uint8_t byte =
            weights.data[group * weights.group_stride + tap * weights.tap_stride +
                         k * weights.k_stride + n * weights.n_stride];
        to[c] = static_cast<std::int8_t>(byte ^ flip);
        column_sums[group * group_channels_ + n - first] += to[c];
      }
    }
  }
}

Status GroupedWeights::create(const KernelTable& kernels, const WeightsView& weights,
                              const Quantization& quantization, GroupedWeights& grouped) {
  const KernelSign lhs(quantization.lhs_type, kernels.lhs_signed);
  const KernelSign rhs(weights.type, true);
  GroupedWeights made;
  made.kernels_ = &kernels;
  made.taps_ = weights.taps;
  made.channels_ = weights.groups * weights.n;
  made.group_channels_ = weights.n;
  made.flips_ = lhs.flip;
  const std::int64_t width = made.panel_channels();
  const auto column_sums = allocate<std::int32_t>(width);
  const auto scale = allocate<float>(width);
  made.weights_ = allocate<std::int8_t>(made.bytes());
  made.bias_ = allocate<std::int32_t>(made.panels() * width);
  made.scale_ = allocate<float>(made.panels() * width);
  if (!column_sums || !scale || !made.weights_ || !made.bias_ || !made.scale_)
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of packed weights",
                         static_cast<long long>(made.bytes()));
  made.terms_ = uniform_terms(quantization.epilogue);
  made.terms_.bias = made.bias_.get();
  made.terms_.scale = made.scale_.get();

  for (std::int64_t panel = 0; panel < made.panels(); ++panel) {
    const std::int64_t first = panel * width;
    std::fill_n(column_sums.get(), width, 0);
    made.pack_panel(weights, rhs.flip ? 0x80 : 0, panel, column_sums.get());
    fill_panel_terms(quantization, lhs, rhs, weights.taps * weights.k, first,
                     std::min(width, made.channels_ - first), width, column_sums.get(),
                     {column_sums.get(), scale.get(), nullptr});
    for (std::int64_t i = 0; i < width; ++i) {
      const auto channel = static_cast<std::size_t>(
          grouped_channel(i, kernels.lanes, static_cast<int>(made.group_channels_)));
      made.bias_[static_cast<std::size_t>(first + i)] = column_sums[channel];
      made.scale_[static_cast<std::size_t>(first + i)] = scale[channel];
    }
  }
  grouped = std::move(made);
  return {};
}

void GroupedWeights::add_residual_to_panel(const RowBlock& block, const FusedEpilogue& fused,
                                           std::int64_t panel) const {
  constexpr std::int64_t kRows = 48, kMaxColumns = 64;
  alignas(64) std::int32_t sums[kRows * kMaxColumns];  // in the L1 cache
  void* out[kRows];
  for (std::int64_t i = 0; i < kRows; ++i) out[i] = sums + i * kMaxColumns;
  for (std::int64_t first = 0; first < block.count; first += kRows) {
    const RowBlock outputs = block.part(first, std::min(kRows, block.count - first));
    RowBlock part = outputs;
    part.out = out;
    multiply_panel(part, panel, 0);
    fused.add_residual(*kernels_, {nullptr, sums, kMaxColumns, part.count, columns_of(panel),
                                   panel * panel_channels(), outputs.residual, outputs.out});
  }
}

void GroupedWeights::multiply(const RowBlock& block, const FusedEpilogue& fused, std::int64_t first,
                              std::int64_t last) const {
  for (std::int64_t panel = first; panel < last; ++panel) {
    const std::int64_t column = panel * panel_channels();
    if (fused.adds_residual()) {
      add_residual_to_panel(block, fused, panel);
    } else {
      multiply_panel(block, panel, column);
    }
    fused.look_up(*kernels_, block.out, block.count, column, columns_of(panel));
  }
}

void GroupedWeights::multiply_panel(const RowBlock& block, std::int64_t panel,
                                    std::int64_t out_column) const {
  FinishJob job = {};
  job.column = out_column;
  job.term = panel * panel_channels();
  job.columns = columns_of(panel);
  job.epilogue = &terms_;
  TileArgs args = {};
  args.tap_stride = block.tap_stride;
  args.row_offset = job.term;
  args.taps = taps_;
  args.panel = weights_.get() + panel * panel_bytes();
  args.finish_job = &job;
  for_each_height(block.count, max_rows(), 1,
                  [&](std::int64_t row, std::int64_t height, std::int64_t tiles) {
                    args.tiles = tiles;
                    args.rows = block.rows + row;
                    job.out = block.out + row;
                    kernels_->grouped[flips_][table()][height - 1](args);
                  });
}

}  // namespace octet
