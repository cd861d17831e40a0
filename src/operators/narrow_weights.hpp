/// Weights of few columns, for the kernels that keep the values of k along the lanes.
#pragma once

#include <cstdint>

#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// Beside a PackedWeights of one panel, whose terms it shares.
class NarrowWeights {
 public:
  /// Dot products of a row that it saves against a panel, most of whose lanes such weights leave
  /// empty; 0 where it does not pay.
  static std::int64_t dots_saved(const KernelTable& kernels, const WeightsView& weights);

  static Status create(const KernelTable& kernels, const WeightsView& weights,
                       NarrowWeights& narrow);

  bool empty() const { return bytes_ == 0; }
  std::int64_t bytes() const { return bytes_; }

  /// A block of rows, through the epilogue of `packed`.
  void multiply(const RowBlock& block, const PackedWeights& packed) const;

 private:
  std::int64_t n_ = 0, k_ = 0;
  std::int64_t column_bytes_ = 0;  ///< Of a column, in steps.
  std::int64_t bytes_ = 0;
  AlignedBuffer<std::int8_t> data_;  ///< [ceil(n / columns)][steps][columns][step], see NarrowArgs.
};

}  // namespace octet
