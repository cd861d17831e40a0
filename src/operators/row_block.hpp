/// A block of rows that panels are multiplied with.
#pragma once

#include <cstdint>

#include "dispatch/registry.hpp"
#include "operators/fused_epilogue.hpp"

namespace octet {

/// Whether the tiles multiply two rows at once; see TileArgs::pairs.
inline bool pairs_rows(const KernelTable& kernels) {
  return kernels.tile[kPairedRows][0][0] != nullptr;
}

/// Scratch for rows in pairs.
struct RowPairs {
  std::uint8_t* data = nullptr;
  std::int64_t stride = 0;  ///< Bytes from a pair to the next.
};

/// Rows of a block, wherever they come from: the caller's memory, or staged in scratch.
struct RowBlock {
  std::int64_t count = 0;
  const std::uint8_t* const* rows = nullptr;  ///< Row i of tap t: rows[t * tap_stride + i].
  std::int64_t tap_stride = 0;
  void* const* out = nullptr;              ///< [count]: column 0 of each output row.
  const std::int32_t* row_sums = nullptr;  ///< [count], where the weights use them.
  std::int16_t* wide_panel = nullptr;    ///< Staged rows: room for a panel, see take_wide_panel().
  RowPairs pairs;                        ///< Room for all rows in pairs, or none.
  const FusedEpilogue* fused = nullptr;  ///< If it has a table for the outputs.
  const std::uint8_t* const* residual = nullptr;  ///< [count]: like `out`, where it is added.

  /// Rows [first, first + count).
  RowBlock part(std::int64_t first, std::int64_t count) const {
    RowBlock made = *this;
    made.count = count;
    made.rows += first;
    made.out += first;
    if (row_sums != nullptr) made.row_sums += first;
    if (residual != nullptr) made.residual += first;
    if (pairs.data != nullptr) made.pairs.data += (first + 1) / 2 * pairs.stride;
    return made;
  }
};

/// Columns [column, column + columns) of a block whose outputs go through a table: calls
/// multiply(block) with one that has none.
template <class Multiply>
[[gnu::noinline]] void multiply_and_look_up(const KernelTable& kernels, const RowBlock& block,
                                            std::int64_t column, std::int64_t columns,
                                            const Multiply& multiply) {
  RowBlock without_table = block;
  without_table.fused = nullptr;
  multiply(without_table);
  block.fused->look_up(kernels, block.out, block.count, column, columns);
}

}  // namespace octet
