/// The loop that every operator runs: a block of rows times panels, tile by tile.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/fused_epilogue.hpp"
#include "operators/packed_weights.hpp"

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

/// What becomes of a block's rows in pairs, see TileArgs::pairs.
enum class Pairing : std::uint8_t {
  kNone,   ///< There is no other panel that would use them.
  kWrite,  ///< The first panel's tiles write them,
  kRead,   ///< those of all others read them.
};
/// For panel p of [first, last).
inline Pairing pairing_of(std::int64_t p, std::int64_t first, std::int64_t last) {
  if (last - first == 1) return Pairing::kNone;
  return p == first ? Pairing::kWrite : Pairing::kRead;
}

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

/// One panel and where its columns go.
struct Panel {
  const EpilogueTerms* terms;
  const std::int8_t* data;
  const std::int8_t* next;  ///< The panel after it, if it is to be fetched meanwhile, or null.
  std::int64_t taps, k;
  int vectors;
  std::int64_t columns;
  std::int64_t row_offset;  ///< Bytes from a row pointer to this panel's first k.
  std::int64_t column;      ///< Of out.
  std::int64_t term;        ///< Of the epilogue's arrays.
  bool flip;
  Pairing pairing = Pairing::kNone;
  const std::int64_t* gaps = nullptr;  ///< [taps], see TileArgs.
};

/// for_each_height() where there are several tiles; not in line, so that one tile is.
template <class Run>
[[gnu::noinline]] void for_heights_of_many(std::int64_t rows, std::int64_t max_rows,
                                           std::int64_t step, const Run& run) {
  // In 32 bits, which a CPU divides sooner; blocks are short.
  const auto divide_up = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::uint32_t>(a + b - 1) / static_cast<std::uint32_t>(b);
  };
  const std::uint32_t tiles = divide_up(rows, max_rows), steps = divide_up(rows, step);
  const std::int64_t missing = steps * step - rows;
  const std::int64_t low = steps / tiles * step, taller = steps % tiles;
  const std::int64_t lower = tiles - taller - missing;
  if (taller > 0) run(0, low + step, taller);
  if (lower > 0) run(taller * (low + step), low, lower);
  if (missing > 0) run(rows + missing - low, low - missing, 1);
}

/// Calls `run(row, height, tiles)` for `rows` rows, cut into tiles of nearly equal height, so that
/// no tile is left with a row or two, which could not keep the dot units busy: once for those that
/// have `step` rows more than the others, and once for those. All heights are multiples of `step`,
/// 1 or 2, but that of a last odd row's tile, which then is run by itself.
template <class Run>
void for_each_height(std::int64_t rows, std::int64_t max_rows, std::int64_t step, const Run& run) {
  if (rows <= max_rows) {
    run(0, rows, 1);
  } else {
    for_heights_of_many(rows, max_rows, step, run);
  }
}

/// Multiplies blocks of rows by panels. The epilogue of each tile goes beside the dot products of
/// the next, so the last one is left waiting: finish() before anything that it names changes.
class TileLoop {
 public:
  explicit TileLoop(const KernelTable& kernels) : kernels_(kernels) {}

  /// A block of rows times one panel.
  void multiply(const RowBlock& block, const Panel& panel) {
    if (block.fused != nullptr) [[unlikely]] {
      return multiply_and_look_up(kernels_, block, panel.column, panel.columns,
                                  [&](const RowBlock& without_table) {
                                    multiply(without_table, panel);
                                    finish();
                                  });
    }
    const bool paired = panel.pairing == Pairing::kRead && block.pairs.data != nullptr;
    const TileChoice tiles(kernels_, panel, block.count, paired);
    if (pending_.vectors != panel.vectors || tiles.finishing == nullptr) finish();
    TileArgs args;  // field by field: to clear it takes as long as a small tile
    args.tap_stride = block.tap_stride;
    args.row_offset = panel.row_offset;
    args.taps = panel.taps;
    args.k = panel.k;
    args.panel = panel.data;
    args.gaps = panel.gaps;
    args.wide_panel = block.wide_panel;
    args.flip = panel.flip ? 0x80 : 0;
    args.pair_stride = block.pairs.stride;
    args.pairs = nullptr;
    const bool pairs = panel.pairing != Pairing::kNone && block.pairs.data != nullptr;

    const bool widens = block.wide_panel != nullptr && block.count > tiles.max_rows &&
                        kernels_.wide_tile[panel.vectors - 1][tiles.lowest - 1] != nullptr;
    prefetch_ = {};
    // A panel that few tiles use streams in fast enough by itself.
    if (panel.next != nullptr && block.count > 2 * tiles.max_rows) {
      const std::int64_t tile_count = (block.count + tiles.max_rows - 1) / tiles.max_rows;
      prefetch_.next = reinterpret_cast<const std::uint8_t*>(panel.next);
      prefetch_.lines =
          panel.taps * round_up(panel.k, std::int64_t{kKr}) * panel.vectors * kernels_.lanes / 64;
      prefetch_.lines_per_step = prefetch_.lines / (tile_count * kStepsOfPrefetch) + 1;
    }
    for_each_height(block.count, tiles.max_rows, pairs_rows(kernels_) ? 2 : 1,
                    [&](std::int64_t row, std::int64_t height, std::int64_t count) {
                      if (pairs) args.pairs = block.pairs.data + row / 2 * block.pairs.stride;
                      if (tiles.finishing == nullptr) {
                        run_tiles(tiles, widens, block, panel, row, height, count, args);
                        return;
                      }
                      for (; count > 0; --count, row += height) {
                        args.rows = block.rows + row;
                        run_finishing(tiles, height, args);
                        wait_for_epilogue(block, panel, row, height);
                      }
                    });
  }

  /// Takes what is waiting through the epilogue.
  void finish() {
    if (pending_.next_row < pending_.rows) kernels_.finish[pending_.vectors - 1](pending_);
  }

 private:
  /// The tiles for a panel, by height.
  struct TileChoice {
    TileChoice(const KernelTable& kernels, const Panel& panel, std::int64_t rows, bool paired) {
      const int v = panel.vectors - 1;
      max_rows = kernels.max_rows[v];
      lowest = rows > 2 * max_rows ? max_rows : rows > max_rows ? rows / 2 : rows;
      by_height = kernels.tile[paired ? kPairedRows : panel.flip][v];
      const TileFn* in_halves = kernels.halves_tile[panel.flip][v];
      if (in_halves[max_rows - 1] != nullptr && suits_halves(panel, rows > max_rows) &&
          !(panel.next != nullptr && rows > 2 * max_rows)) {
        halves = in_halves;
        return;
      }
      const std::int64_t groups = panel.taps * ((panel.k + kKr - 1) / kKr);
      const TileFn* of_height = kernels.finishing_tile[panel.flip][v];
      // In a short tile the epilogue would have no dot products to go beside.
      if (groups * panel.vectors > 64 && of_height[lowest - 1] != nullptr &&
          !panel.terms->residual.is_used()) {
        finishing = of_height;
      } else {
        max_rows = kernels.tile_rows[v];
      }
    }
    /// Each half reads the panel, which must stay in the L1 cache, or for a single tile come in
    /// from the L2 cache meanwhile.
    static bool suits_halves(const Panel& panel, bool several) {
      const std::int64_t most = several ? 512 : 256;
      const EpilogueTerms& terms = *panel.terms;
      return panel.taps == 1 && panel.k >= kMinHalvesK && panel.k <= most &&
             size_of(terms.type) == 1 && terms.small_scales && terms.rhs_zero_point == nullptr;
    }
    /// Finishes its own sums.
    TileFn of(std::int64_t height) const {
      if (halves != nullptr && halves[height - 1] != nullptr) return halves[height - 1];
      return by_height[height - 1];
    }
    std::int64_t max_rows;
    std::int64_t lowest;  ///< Rows of the lowest tile; of three and more, of any.
    const TileFn* by_height;
    const TileFn* halves = nullptr;  ///< Null for some heights.
    const TileFn* finishing = nullptr;
  };

  /// `count` tiles that finish their own sums, in one call.
  void run_own(TileFn tile, const RowBlock& block, const Panel& panel, std::int64_t row,
               std::int64_t height, std::int64_t count, TileArgs& args) {
    args.rows = block.rows + row;
    args.tiles = count;
    args.finish_job = &pending_;
    wait_for_epilogue(block, panel, row, height);
    tile(args);
    pending_.rows = 0;
  }

  /// The same of any height. If `widens`, the first of a block widens the panel, and the others use
  /// what it wrote.
  void run_tiles(const TileChoice& tiles, bool widens, const RowBlock& block, const Panel& panel,
                 std::int64_t row, std::int64_t height, std::int64_t count, TileArgs& args) {
    TileFn tile = tiles.of(height);
    if (widens) {
      if (row == 0) {
        run_own(kernels_.widening_tile[panel.vectors - 1][height - 1], block, panel, 0, height, 1,
                args);
        row += height;
        if (--count == 0) return;
      }
      tile = kernels_.wide_tile[panel.vectors - 1][height - 1];
    }
    run_own(tile, block, panel, row, height, count, args);
  }

  void run_finishing(const TileChoice& tiles, std::int64_t height, TileArgs& args) {
    const std::int64_t groups = args.taps * (args.k / kKr);
    const std::int64_t steps = prefetch_.lines > 0 ? kStepsOfPrefetch : pending_.rows;
    args.interval = std::max<std::int64_t>(groups / (std::max(steps, pending_.rows) + 1), 1);
    args.finish_job = &pending_;
    args.prefetch_job = &prefetch_;
    args.sums = sums_[next_sums_];
    tiles.finishing[height - 1](args);
    finish();
    pending_.sums = args.sums;
    next_sums_ ^= 1;
  }

  /// Field by field: a copy of the struct would wait until they have all reached the cache.
  void wait_for_epilogue(const RowBlock& block, const Panel& panel, std::int64_t row,
                         std::int64_t height) {
    pending_.rows = height;
    pending_.next_row = 0;
    pending_.vectors = panel.vectors;
    pending_.out = block.out + row;
    pending_.column = panel.column;
    pending_.term = panel.term;
    pending_.columns = panel.columns;
    pending_.row_sums = block.row_sums == nullptr ? nullptr : block.row_sums + row;
    pending_.residual = block.residual == nullptr ? nullptr : block.residual + row;
    pending_.epilogue = panel.terms;
  }

  const KernelTable& kernels_;
  /// Per tile, so that the memory is not asked for too much at once.
  static constexpr std::int64_t kStepsOfPrefetch = 32;

  FinishJob pending_;
  PrefetchJob prefetch_;
  int next_sums_ = 0;
  alignas(64) std::int32_t sums_[2][kMaxTileSums];
};

/// Panel p of one group of packed weights, of panels [first, last) that are multiplied in turn; the
/// one after it is to be fetched meanwhile.
inline Panel packed_panel(const PackedWeights& weights, std::int64_t group, std::int64_t p,
                          std::int64_t first, std::int64_t last) {
  const PanelSplit& split = weights.split();
  constexpr std::int64_t kInCache = 1024 * 1024;  // weights that the L2 cache keeps anyway
  const bool fetches = weights.bytes() > kInCache;
  return {.terms = &weights.terms(),
          .data = weights.panel(group, p),
          .next = fetches && p + 1 < last ? weights.panel(group, p + 1) : nullptr,
          .taps = weights.taps(),
          .k = weights.k(),
          .vectors = split.vectors_of(p),
          .columns = split.columns_of(p),
          .row_offset = group * weights.row_bytes(),
          .column = group * split.n + split.column(p),
          .term = weights.term(group, p),
          .flip = weights.flips_lhs(),
          .pairing = pairing_of(p, first, last)};
}

}  // namespace octet
