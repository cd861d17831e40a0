/// The weights of a transposed convolution, taken apart into those of its phases.
#pragma once

#include <cstdint>

#include "octet/transposed_convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/packed_weights.hpp"
#include "operators/transposed_axis.hpp"

namespace octet {

/// The whole filter; its taps are numbered row by row.
WeightsView view_filter(const TransposedConvolutionConfig& config, const void* weights);

/// The taps of a phase, in its order, copied to [groups][n][taps][k].
Status copy_taps(const WeightsView& filter, std::int64_t kernel_w, const AxisPhase& rows,
                 const AxisPhase& columns, AlignedBuffer<std::uint8_t>& copy, WeightsView& view);

}  // namespace octet
