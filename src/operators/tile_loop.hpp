/// The loop that every operator runs: a block of rows times panels, tile by tile.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/packed_weights.hpp"

namespace octet {

/// Rows of a block, wherever they come from: the caller's memory, or staged in scratch.
struct RowBlock {
  std::int64_t count = 0;
  const std::uint8_t* const* rows = nullptr;  ///< Row i of tap t: rows[t * tap_stride + i].
  std::int64_t tap_stride = 0;
  void* const* out = nullptr;              ///< [count]: column 0 of each output row.
  const std::int32_t* row_sums = nullptr;  ///< [count], where the weights use them.
};

/// One panel and where its columns go.
struct Panel {
  const KernelTable* kernels;
  const EpilogueTerms* terms;
  const std::int8_t* data;
  std::int64_t taps, k;
  int vectors;
  std::int64_t columns;
  std::int64_t row_offset;  ///< Bytes from a row pointer to this panel's first k (or channel).
  std::int64_t column;      ///< Of out.
  std::int64_t term;        ///< Of the epilogue's arrays.
  bool flip;
  bool depthwise;
};

/// The tiles for a panel, by height.
struct TileChoice {
  TileChoice(const Panel& panel, bool packing) {
    const KernelTable& kernels = *panel.kernels;
    if (panel.depthwise) {
      plain = kernels.depthwise[panel.vectors - 1];
      max_rows = kernels.depthwise_rows;
      return;
    }
    plain = kernels.tile[panel.flip][panel.vectors - 1];
    max_rows = kernels.max_rows[panel.vectors - 1];
    if (packing && panel.vectors == kernels.max_vectors && kernels.packing_rows > 0) {
      packing_tiles = kernels.packing_tile[panel.flip];
      max_rows = kernels.packing_rows;
    }
  }
  TileFn of(std::int64_t height) const {
    const TileFn packing = packing_tiles == nullptr ? nullptr : packing_tiles[height - 1];
    return packing != nullptr ? packing : plain[height - 1];
  }
  std::int64_t max_rows;
  const TileFn* plain;
  const TileFn* packing_tiles = nullptr;
};

/// A block of rows times one panel. `job`, if any, is advanced meanwhile. The rows are cut into
/// tiles of nearly equal height, so that no tile is left with a row or two, which could not keep
/// the dot units busy.
inline void multiply_panel(const RowBlock& block, const Panel& panel, PackJob* job = nullptr) {
  const TileChoice tiles(panel, job != nullptr);
  const std::int64_t max_rows = tiles.max_rows;
  TileArgs args = {};
  args.tap_stride = block.tap_stride;
  args.row_offset = panel.row_offset;
  args.taps = panel.taps;
  args.k = panel.k;
  args.panel = panel.data;
  args.column = panel.column;
  args.term = panel.term;
  args.columns = panel.columns;
  args.flip = panel.flip ? 0x80 : 0;
  args.epilogue = panel.terms;
  args.pack_job = job;

  const std::int64_t tile_count =
      block.count <= max_rows ? 1 : (block.count + max_rows - 1) / max_rows;
  const std::int64_t low = tile_count == 1 ? block.count : block.count / tile_count;
  std::int64_t taller = block.count - low * tile_count;  // the first few tiles have one row more
  for (std::int64_t row = 0; row < block.count; --taller) {
    const std::int64_t height = low + (taller > 0 ? 1 : 0);
    args.rows = block.rows + row;
    args.out = block.out + row;
    args.row_sums = block.row_sums == nullptr ? nullptr : block.row_sums + row;
    tiles.of(height)(args);
    row += height;
  }
}

/// A block of rows times panels [first, last) of one group of packed weights.
inline void multiply_panels(const RowBlock& block, const PackedWeights& weights, std::int64_t group,
                            std::int64_t first, std::int64_t last) {
  const PanelSplit& split = weights.split();
  for (std::int64_t p = first; p < last; ++p) {
    multiply_panel(block,
                   {.kernels = &weights.kernels(),
                    .terms = &weights.terms(),
                    .data = weights.panel(group, p),
                    .taps = weights.taps(),
                    .k = weights.k(),
                    .vectors = split.vectors_of(p),
                    .columns = split.columns_of(p),
                    .row_offset = weights.depthwise() ? split.column(p) : group * weights.k(),
                    .column = group * split.n + split.column(p),
                    .term = weights.term(group, p),
                    .flip = weights.flips_lhs(),
                    .depthwise = weights.depthwise()});
  }
}

}  // namespace octet
