#include "operators/grouped.hpp"

#include <algorithm>
#include <cstring>

namespace octet {

void GroupedWeights::pack_panel(const WeightsView& weights, std::uint8_t flip, std::int64_t panel,
                                std::int32_t* column_sums) {
  const std::int64_t first = panel * panel_channels(), count = columns_of(panel);
  const std::int64_t lanes = kernels_->lanes, repeat = panel_channels() >> log_streams(panel);
  const int group_channels = static_cast<int>(group_channels_);
  std::int8_t* to = weights_.get() + panel * panel_bytes();
  std::memset(to, 0, static_cast<std::size_t>(panel_bytes()));
  const auto put = [&](std::int64_t lane, int i, std::int8_t value) {
    if (weight_bytes() == 1) {
      to[lane * kKr + i] = value;
    } else {
      const std::int16_t wide = value;
      std::memcpy(to + i % 2 * 4 * lanes + lane * 4 + i / 2 * 2, &wide, sizeof wide);
    }
  };
  for (std::int64_t tap = 0; tap < taps_; ++tap) {
    for (std::int64_t step = 0; step < group_channels_ / kKr; ++step) {
      for (std::int64_t index = 0; index < panel_channels(); ++index) {
        const std::int64_t channel = channel_of(index, panel);
        const bool counts = channel == grouped_channel(index, kernels_->lanes, group_channels);
        const std::int64_t in = grouped_input(index, kernels_->lanes, step) % repeat;
        if (channel < count) {
          const std::uint8_t* from =
              weights.data + (first + channel) / group_channels_ * weights.group_stride +
              tap * weights.tap_stride + channel % group_channels_ * weights.n_stride;
          for (int i = 0; i < kKr; ++i) {
            const std::uint8_t byte = from[(in % group_channels_ + i) * weights.k_stride];
            const auto value = static_cast<std::int8_t>(byte ^ flip);
            put(index % lanes, i, value);
            if (counts) column_sums[channel] += value;
          }
        }
        if ((index + 1) % lanes == 0) to += kKr * lanes * weight_bytes();
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
      const auto channel = static_cast<std::size_t>(made.channel_of(i, panel));
      made.bias_[static_cast<std::size_t>(first + i)] = column_sums[channel];
      made.scale_[static_cast<std::size_t>(first + i)] = scale[channel];
    }
  }
  grouped = std::move(made);
  return {};
}

void GroupedWeights::multiply(const RowBlock& block, const FusedEpilogue& fused, std::int64_t first,
                              std::int64_t last) const {
  for (std::int64_t panel = first; panel < last; ++panel) {
    multiply_panel(block, panel);
    fused.look_up(*kernels_, block.out, block.count, panel * panel_channels(), columns_of(panel));
  }
}

void GroupedWeights::multiply_panel(const RowBlock& block, std::int64_t panel) const {
  const int log = log_streams(panel);
  const std::int64_t whole = block.count >> log << log;
  if (whole > 0) multiply_panel(block.part(0, whole), panel, log);
  // Streams have the same weights: what is left needs no others.
  if (whole < block.count) multiply_panel(block.part(whole, block.count - whole), panel, 0);
}

void GroupedWeights::multiply_panel(const RowBlock& block, std::int64_t panel,
                                    int log_streams) const {
  FinishJob job = {};
  job.column = job.term = panel * panel_channels();
  job.columns = columns_of(panel);
  job.epilogue = &terms_;
  TileArgs args = {};
  args.tap_stride = block.tap_stride;
  args.row_offset = job.term;
  args.taps = taps_;
  args.k = group_channels_;
  args.panel = weights_.get() + panel * panel_bytes();
  args.finish_job = &job;
  for_each_height(block.count >> log_streams, {kernels_->grouped_rows[log_streams]},
                  [&](std::int64_t row, std::int64_t height, std::int64_t tiles) {
                    const RowBlock part =
                        block.part(row << log_streams, tiles * height << log_streams);
                    args.tiles = tiles;
                    args.rows = part.rows;
                    job.out = part.out;
                    job.residual = part.residual;
                    kernels_->grouped[flips_][log_streams][height - 1](args);
                  });
}

}  // namespace octet
