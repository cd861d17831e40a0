#include "operators/transposed_axis.hpp"

#include <algorithm>
#include <numeric>

namespace octet {
namespace {

/// a / b and a modulo b, rounded down; b is positive.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t modulo(std::int64_t a, std::int64_t b) { return a - floor_divide(a, b) * b; }

bool by_first(const AxisPhase& a, const AxisPhase& b) { return a.first < b.first; }

}  // namespace

Status TransposedAxis::create(const Sizes& s, TransposedAxis& axis) {
  // Tap r leads from input v to output v * stride + r * dilation - pad_before. Taps whose outputs
  // have the same remainder are stride / common apart, and their inputs dilation / common.
  const std::int64_t common = std::gcd(s.stride, s.dilation);
  const std::int64_t tap_step = s.stride / common;
  axis.stride_ = s.stride;
  axis.extent_ = s.dilation * (s.kernel - 1) + 1 + s.output_padding - s.pad_before - s.pad_after;
  axis.phases_ = std::min(s.kernel, tap_step);
  axis.phase_ = allocate<AxisPhase>(axis.phases_);
  if (!axis.phase_)
    return Status::error(StatusCode::kOutOfMemory, "no memory for a TransposedConvolution");
  for (std::int64_t r = 0; r < axis.phases_; ++r) {
    AxisPhase phase;
    phase.first = modulo(r * s.dilation - s.pad_before, s.stride);
    phase.taps = (s.kernel - 1 - r) / tap_step + 1;
    phase.last_tap = r + (phase.taps - 1) * tap_step;
    phase.tap_step = tap_step;
    phase.dilation = s.dilation / common;
    // The first output takes the last tap from this input; the division leaves no remainder.
    phase.pad_before = -((phase.first + s.pad_before - phase.last_tap * s.dilation) / s.stride);
    // Of n inputs there are n - 1 + more outputs.
    const std::int64_t more = -floor_divide(phase.first - axis.extent_, s.stride);
    phase.pad_after = more - 1 - phase.pad_before + phase.dilation * (phase.taps - 1);
    axis.phase_[static_cast<std::size_t>(r)] = phase;
  }
  std::sort(axis.phase_.get(), axis.phase_.get() + axis.phases_, by_first);
  return {};
}

std::int64_t TransposedAxis::out_size(std::int64_t in_size) const {
  std::int64_t size = 0;
  if (in_size < 1 || __builtin_mul_overflow(in_size - 1, stride_, &size) ||
      __builtin_add_overflow(size, extent_, &size))
    return 0;
  return size;
}

bool TransposedAxis::reaches(std::int64_t output) const {
  const AxisPhase* begin = phase_.get();
  return std::binary_search(begin, begin + phases_, AxisPhase{.first = output % stride_}, by_first);
}

}  // namespace octet
