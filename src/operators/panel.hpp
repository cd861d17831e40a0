/// One panel of packed weights, and the tiles that multiply it.
#pragma once

#include <cstdint>

#include "dispatch/registry.hpp"

namespace octet {

struct PanelTiles;

/// One panel and where its columns go.
struct Panel {
  const EpilogueTerms* terms;
  const std::int8_t* data;
  const std::int8_t* next;  ///< The panel after it, if it is worth fetching ahead of time, or null.
  std::int64_t taps, k;
  int vectors;
  std::int64_t columns;
  std::int64_t row_offset;  ///< Bytes from a row pointer to this panel's first k.
  std::int64_t column;      ///< Of out.
  std::int64_t term;        ///< Of the epilogue's arrays.
  bool flip;
  const std::int64_t* gaps;  ///< [taps] or null, see TileArgs.
  /// [kBlockSizes], or null where they have not been chosen ahead of time.
  const PanelTiles* tiles;
};

/// Blocks of rows by the tiles that they are cut into: one, two, or more.
enum class BlockTiles : std::uint8_t { kOne, kTwo, kMany };
inline constexpr int kBlockSizes = 3;
inline BlockTiles block_tiles(std::int64_t rows, std::int64_t max_rows) {
  if (rows <= max_rows) return BlockTiles::kOne;
  return rows <= 2 * max_rows ? BlockTiles::kTwo : BlockTiles::kMany;
}

/// The tiles for a panel, by height: what does not depend on the rows themselves.
struct PanelTiles {
  PanelTiles() = default;  ///< Not set.
  PanelTiles(const KernelTable& kernels, const Panel& panel, BlockTiles block)
      : max_rows(kernels.max_rows[panel.vectors - 1]),
        plain_rows(kernels.tile_rows[panel.vectors - 1]),
        plain(kernels.tile[panel.flip][panel.vectors - 1]),
        halves(nullptr),
        finishing(nullptr),
        only_even(false) {
    const int v = panel.vectors - 1;
    const TileFn* in_halves = kernels.halves_tile[panel.flip][v];
    if (in_halves[max_rows - 1] != nullptr && suits_halves(panel, block) &&
        !(panel.next != nullptr && block == BlockTiles::kMany)) {
      halves = in_halves;
      only_even = max_rows > 1 && in_halves[max_rows - 2] == nullptr;
      return;
    }
    const std::int64_t groups = panel.taps * ((panel.k + kKr - 1) / kKr);
    // In a short tile the epilogue would have no dot products to go beside.
    if (groups * panel.vectors > 64 && !panel.terms->residual.is_used()) {
      finishing = kernels.finishing_tile[panel.flip][v];
    } else {
      max_rows = plain_rows;
    }
  }
  /// Finishes its own sums.
  TileFn own(std::int64_t height) const {
    if (halves != nullptr && halves[height - 1] != nullptr) return halves[height - 1];
    return plain[height - 1];
  }

  std::int64_t max_rows;
  std::int64_t plain_rows;
  const TileFn* plain;
  const TileFn* halves;     ///< Or null; null for some heights.
  const TileFn* finishing;  ///< The same.
  /// There are even heights only. These tiles add to nothing, and may write a row twice.
  bool only_even;

 private:
  /// Each half reads the panel, which must stay in the L1 cache, or for a single tile come in from
  /// the L2 cache meanwhile.
  static bool suits_halves(const Panel& panel, BlockTiles block) {
    const std::int64_t most = 4 * (block == BlockTiles::kOne ? 256 : 512);
    const EpilogueTerms& terms = *panel.terms;
    const std::int64_t least = panel.vectors == 1 ? kMinHalvesK1 : kMinHalvesK;
    return panel.taps == 1 && panel.k >= least && panel.k * panel.vectors <= most &&
           size_of(terms.type) == 1 && terms.small_scales && terms.rhs_zero_point == nullptr;
  }
};

}  // namespace octet
