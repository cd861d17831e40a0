/// Staged rows: copies in scratch, in the form that an ISA's dot product takes, of rows that it
/// cannot use as they are. Direct rows need nothing of this.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dispatch/registry.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

inline bool stages_rows(const KernelTable& kernels) { return kernels.lhs_bytes > 1; }

/// `bytes`, up to an odd number of cache lines: rows so far apart do not meet in the same sets.
constexpr std::int64_t odd_lines(std::int64_t bytes) {
  constexpr std::int64_t kLine = 64;
  return ((bytes + kLine - 1) / kLine | 1) * kLine;
}

/// Where a task's tiles keep the current panel widened for the blocks' other tiles; null if rows
/// are direct, or if the panel would leave no room in the L2 cache: each tile then widens for
/// itself.
inline std::int16_t* take_wide_panel(ScratchCursor& scratch, const KernelTable& kernels,
                                     const PanelSplit& split, std::int64_t taps, std::int64_t k) {
  constexpr std::int64_t kMostBytes = 512 * 1024;
  const std::int64_t values = taps * round_up(k, std::int64_t{kKr}) * split.lanes *
                              std::min(split.vectors, std::int64_t{kernels.max_vectors});
  if (!stages_rows(kernels) || values * kernels.lhs_bytes > kMostBytes) return nullptr;
  return scratch.take<std::int16_t>(values);
}

/// Whether several panels can share rows that the first of them puts in pairs.
inline bool shares_pairs(const KernelTable& kernels, const PanelSplit& split) {
  return pairs_rows(kernels) && split.panels > 1;
}

/// Where the tiles of a task's first panel put a block's rows in pairs for the others, if any.
inline RowPairs take_row_pairs(ScratchCursor& scratch, const KernelTable& kernels,
                               const PanelSplit& split, std::int64_t rows, std::int64_t taps,
                               std::int64_t k) {
  if (!shares_pairs(kernels, split)) return {};
  RowPairs pairs;
  pairs.stride = odd_lines(2 * taps * round_up(k, std::int64_t{8}));
  pairs.data = scratch.take<std::uint8_t>((rows + 1) / 2 * pairs.stride);
  return pairs;
}

/// A block of consecutive rows of a matrix, staged.
struct RowStage {
  /// Direct rows, in blocks of so many.
  explicit constexpr RowStage(std::int64_t block_rows) : block_rows(block_rows) {}
  /// Direct rows: takes nothing, and blocks are of `most_rows`. Else blocks are of so many rows, of
  /// `rows` in all, that they fill `most_bytes`, and of whole tiles.
  RowStage(ScratchCursor& scratch, const KernelTable& kernels, std::int64_t rows, std::int64_t k,
           std::int64_t most_rows, std::int64_t most_bytes)
      : block_rows(most_rows) {
    if (!stages_rows(kernels)) return;
    stride = odd_lines(round_up(k, std::int64_t{kKr}) * kernels.lhs_bytes);
    const std::int64_t tallest = kernels.max_rows[kernels.max_vectors - 1];
    block_rows = std::clamp(most_bytes / stride, 2 * tallest, most_rows) / tallest * tallest;
    data = scratch.take<std::uint8_t>(std::min(rows, block_rows) * stride);
  }
  std::int64_t block_rows;
  std::int64_t stride = 0;
  std::uint8_t* data = nullptr;
};

}  // namespace octet
