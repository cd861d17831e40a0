/// One dimension of a transposed convolution, taken apart into ordinary convolutions.
#pragma once

#include <cstdint>

#include "octet/status.hpp"
#include "operators/aligned_buffer.hpp"

namespace octet {

/// Outputs `first`, `first + stride`, ... of a line: all of them are reached by the same taps, and
/// are a convolution of stride 1 by those, in reverse order.
struct AxisPhase {
  std::int64_t first = 0;     ///< Less than the stride.
  std::int64_t taps = 0;      ///< Of the convolution:
  std::int64_t last_tap = 0;  ///< its tap i is tap last_tap - i * tap_step of the filter.
  std::int64_t tap_step = 0;
  std::int64_t dilation = 0;
  /// Of the convolution, such that its outputs are those of the phase. May be negative.
  std::int64_t pad_before = 0, pad_after = 0;
};

class TransposedAxis {
 public:
  struct Sizes {
    std::int64_t kernel, stride, dilation, pad_before, pad_after, output_padding;
  };
  static Status create(const Sizes& sizes, TransposedAxis& axis);

  /// 0 or less where nothing is left, or where 63 bits cannot count them.
  std::int64_t out_size(std::int64_t in_size) const;

  std::int64_t stride() const { return stride_; }
  std::int64_t phases() const { return phases_; }
  /// By `first`, lowest first.
  const AxisPhase& phase(std::int64_t i) const { return phase_[static_cast<std::size_t>(i)]; }
  /// Whether taps reach every output.
  bool reaches_all() const { return phases_ == stride_; }
  bool reaches(std::int64_t output) const;
  /// Calls fill(begin, end) for each run of those outputs below `out_size` that no tap reaches.
  template <class Fill>
  void for_each_gap(std::int64_t out_size, const Fill& fill) const {
    for (std::int64_t base = 0; base < out_size && !reaches_all(); base += stride_) {
      std::int64_t begin = base;
      for (std::int64_t i = 0; i <= phases_; ++i) {
        const std::int64_t end = base + (i < phases_ ? phase(i).first : stride_);
        if (begin < end && begin < out_size) fill(begin, end < out_size ? end : out_size);
        begin = end + 1;
      }
    }
  }

 private:
  std::int64_t stride_ = 1;
  std::int64_t extent_ = 0;  ///< Outputs of a single input.
  std::int64_t phases_ = 0;
  AlignedBuffer<AxisPhase> phase_;
};

}  // namespace octet
