#include <algorithm>
#include <cstring>

#include "operators/depthwise.hpp"

namespace octet {

void Depthwise::pack_panel(const WeightsView& weights, std::uint8_t flip, std::int64_t panel,
                           std::int32_t* column_sums) {
  const std::int64_t channels = std::min(panel_channels(), channels_ - panel * panel_channels());
  const std::int64_t positions = weights.taps / passes_;
  // Channels of one stream; the other streams have the same weights.
  const int streams = streams_for(channels);
  const std::int64_t lanes = kernels_->lanes / streams;
  const std::int64_t element = 4 / pattern_.slots;
  std::int8_t* step = weights_.get() + panel * panel_bytes();
  std::memset(step, 0, static_cast<std::size_t>(panel_bytes()));
  for (std::int64_t row = 0; row < pattern_.rows; ++row) {
    for (std::int64_t pass = 0; pass < passes_; ++pass) {
      for (std::int64_t tap = 0; tap < pattern_.taps; ++tap) {
        for (std::int64_t line = 0; line < lines(); ++line) {
          const std::int64_t slot = line % pattern_.slots;
          const std::int64_t position = pattern_.position(row, tap, line);
          if (position >= 0) {
            const std::uint8_t* from = weights.data +
                                       (pass * positions + position) * weights.tap_stride +
                                       panel * panel_channels() * weights.n_stride;
            for (std::int64_t c = 0; c < channels; ++c, from += weights.n_stride) {
              const auto value = static_cast<std::int8_t>(*from ^ flip);
              const auto wide = static_cast<std::int16_t>(value);
              if (row == 0) column_sums[c] += value;
              const DepthwiseLane at(c, halves(channels));
              for (int stream = 0; stream < streams; ++stream) {
                const std::int64_t lane = at.vector * kernels_->lanes + stream * lanes + at.lane;
                std::memcpy(step + lane * 4 + slot * element,
                            element == 1 ? static_cast<const void*>(&value) : &wide,
                            static_cast<std::size_t>(element));
              }
            }
          }
          if (slot == pattern_.slots - 1) step += step_bytes();
        }
      }
    }
  }
}

Status Depthwise::create(const KernelTable& kernels, const ConvolutionConfig& config,
                         const WeightsView& weights, const Quantization& quantization,
                         Depthwise& depthwise) {
  const KernelSign lhs(quantization.lhs_type, kernels.lhs_signed);
  const KernelSign rhs(weights.type, true);
  Depthwise made;
  made.kernels_ = &kernels;
  made.geometry_ = ConvolutionGeometry(config);
  made.channels_ = weights.n;
  made.multiplier_ = config.out_channels / config.in_channels;
  const std::int64_t width = made.panel_channels();
  made.panels_ = (weights.n + width - 1) / width;
  made.passes_ = weights.taps / (config.kernel_h * config.kernel_w);
  made.pattern_ = choose_depthwise_pattern(config, kernels, made.passes_);
  made.flips_ = lhs.flip;

  // What fill_panel_terms makes in the order of the channels, and its column sums.
  const auto natural_bias = allocate<std::int32_t>(width);
  const auto natural_scale = allocate<float>(width);
  made.weights_ = allocate<std::int8_t>(made.bytes());
  made.bias_ = allocate<std::int32_t>(made.panels_ * width);
  made.scale_ = allocate<float>(made.panels_ * width);
  if (!natural_bias || !natural_scale || !made.weights_ || !made.bias_ || !made.scale_)
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of packed weights",
                         static_cast<long long>(made.bytes()));
  made.terms_ = uniform_terms(quantization.epilogue);
  made.terms_.bias = made.bias_.get();
  made.terms_.scale = made.scale_.get();

  for (std::int64_t panel = 0; panel < made.panels_; ++panel) {
    const std::int64_t channels = std::min(width, weights.n - panel * width);
    std::fill_n(natural_bias.get(), width, 0);
    made.pack_panel(weights, rhs.flip ? 0x80 : 0, panel, natural_bias.get());
    fill_panel_terms(quantization, lhs, rhs, weights.taps, panel * width, channels, width,
                     natural_bias.get(), {natural_bias.get(), natural_scale.get(), nullptr});
    // Those of strips have one panel.
    if (const Status status = made.create_strips(weights, rhs.flip ? 0x80 : 0, natural_bias.get(),
                                                 natural_scale.get());
        !status.ok())
      return status;
    const int streams = made.streams_for(channels);
    const bool halved = made.halves(channels);
    for (std::int64_t c = 0; c < (halved ? width / 2 : width); ++c) {
      const DepthwiseLane at(c % (width / streams), halved);
      const std::int64_t term = panel * width + at.vector * kernels.lanes +
                                c / (width / streams) * (kernels.lanes / streams) + at.lane;
      made.bias_[static_cast<std::size_t>(term)] =
          natural_bias[static_cast<std::size_t>(c % (width / streams))];
      made.scale_[static_cast<std::size_t>(term)] =
          natural_scale[static_cast<std::size_t>(c % (width / streams))];
    }
  }
  depthwise = std::move(made);
  return {};
}

}  // namespace octet
