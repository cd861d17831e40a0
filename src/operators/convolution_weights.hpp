/// The caller's filter as views that can be packed: as it lies, or copied into the order that a
/// form of convolution wants.
#pragma once

#include <cstdint>

#include "octet/convolution.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

/// A tap per filter position, k = in_channels / groups.
WeightsView view_weights(const ConvolutionConfig& c, const void* weights);

/// How taps become fewer.
struct TapMerge {
  std::int64_t taps;  ///< That neighbouring ones are merged into.
  /// If not 1, all taps of the first of so many columns of the filter come first, and so on.
  std::int64_t columns;
  bool whole;  ///< Zeros behind the values of k make them PackedWeights::whole_k().
};
/// [out_channels][taps][k], for one group.
Status merge_taps(const KernelTable& kernels, const WeightsView& view, const TapMerge& merge,
                  AlignedBuffer<std::uint8_t>& copy, WeightsView& merged);

/// Depthwise weights less their zero points need 9 bits, for which an s8 has no room: each becomes
/// a sum of three s8, and the taps are gone through three times. [passes * taps][channels]
inline constexpr std::int64_t kZeroPointPasses = 3;
Status subtract_zero_points(const ConvolutionConfig& c, const WeightsView& view,
                            AlignedBuffer<std::uint8_t>& copy, WeightsView& split);

}  // namespace octet
