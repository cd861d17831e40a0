// Depthwise convolution of few channels: its lines are cut into strips that know no pixels.
#include <algorithm>
#include <numeric>

#include "operators/depthwise.hpp"

namespace octet {
namespace {

/// Bytes of scratch that stay in the L1 cache, beside the lines.
constexpr std::int64_t kStripScratch = 16 << 10;
/// More strips than these have too few outputs each for what it takes to begin one.
constexpr std::int64_t kMostStrips = 15;

}  // namespace

/// As many as bring the same channels again; 0 if panels of channels take less time.
std::int64_t Depthwise::strips_for(const DepthwisePattern& pattern, std::int64_t channels) {
  const std::int64_t strips = channels / std::gcd(channels, kStripBytes);
  const bool suits = pattern.direct && channels < kStripBytes && strips <= kMostStrips &&
                     (pattern.column_stride == 1 || channels == 4 || channels == 8);
  return suits ? strips : 0;
}

bool Depthwise::take_strips(const ConstImages& in, const Images& out) const {
  // A single pixel may claim any stride.
  return strips_.count > 0 && (in.width == 1 || in.pixel_stride == channels_) &&
         (out.width == 1 || out.pixel_stride == channels_);
}

std::int64_t Depthwise::strip_scratch(const Units& units) const {
  const std::int64_t stride = pattern_.column_stride;
  return stride * stride * strip_plane(units.columns, channels_);
}

std::int64_t Depthwise::strip_units(const Units& units) const {
  return std::clamp<std::int64_t>(kStripScratch / strip_scratch(units), 1, kMaxStripUnits);
}

/// `bias` and `scale` are in the order of the channels.
Status Depthwise::create_strips(const WeightsView& weights, std::uint8_t flip,
                                const std::int32_t* bias, const float* scale) {
  const std::int64_t count = strips_for(pattern_, channels_), bytes = count * kStripBytes;
  if (count == 0) return {};
  const std::int64_t row_taps = pattern_.rows * pattern_.taps;
  strips_.weights = allocate<std::int8_t>(bytes * row_taps * kKr);
  strips_.bias = allocate<std::int32_t>(bytes);
  strips_.scale = allocate<float>(bytes);
  if (!strips_.weights || !strips_.bias || !strips_.scale)
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of packed weights",
                         static_cast<long long>(bytes * row_taps * kKr));
  for (std::int64_t byte = 0; byte < bytes; ++byte) {
    const std::int64_t channel = byte % channels_;
    strips_.bias[static_cast<std::size_t>(byte)] = bias[channel];
    strips_.scale[static_cast<std::size_t>(byte)] = scale[channel];
    for (std::int64_t i = 0; i < row_taps; ++i) {
      std::int8_t* const to =
          strips_.weights.get() +
          ((byte / kStripBytes * row_taps + i) * kStripBytes + byte % kStripBytes) * kKr;
      for (std::int64_t line = 0; line < kKr; ++line) {
        const std::int64_t position = pattern_.position(i / pattern_.taps, i % pattern_.taps, line);
        to[line] =
            position < 0
                ? std::int8_t{0}
                : static_cast<std::int8_t>(
                      weights.data[position * weights.tap_stride + channel * weights.n_stride] ^
                      flip);
      }
    }
  }
  strips_.terms = terms_;
  strips_.terms.bias = strips_.bias.get();
  strips_.terms.scale = strips_.scale.get();
  strips_.count = count;
  return {};
}

}  // namespace octet
