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

/// Which of the panels that a block is multiplied with in turn this is.
struct PanelTurn {
  PanelTurn() = default;  ///< The only one.
  /// Panel p of [begin, end).
  PanelTurn(std::int64_t p, std::int64_t begin, std::int64_t end)
      : first(p == begin), last(p + 1 == end) {}
  bool first = true, last = true;
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

/// Heights of the tiles that some rows are cut into.
struct TileHeights {
  std::int64_t most;
  std::int64_t step = 1;  ///< Several tiles have multiples of it, 1 or 2.
  /// What becomes of an odd row with a step of 2: the last tile overlaps the one before, or else is
  /// lower, and run by itself.
  bool overlap = false;
};

/// for_each_height() where there are several tiles; not in line, so that one tile is.
template <class Run>
[[gnu::noinline]] void for_heights_of_many(std::int64_t rows, const TileHeights& heights,
                                           Run& run) {
  // In 32 bits, which a CPU divides sooner; blocks are short.
  const auto divide_up = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::uint32_t>(a + b - 1) / static_cast<std::uint32_t>(b);
  };
  const std::int64_t step = heights.step;
  const std::uint32_t tiles = divide_up(rows, heights.most), steps = divide_up(rows, step);
  const std::int64_t missing = steps * step - rows;
  const std::int64_t low = steps / tiles * step, taller = steps % tiles;
  const std::int64_t lower = tiles - taller - missing;
  const std::int64_t last = heights.overlap ? low : low - missing;
  const struct {
    std::int64_t row, height, count;
  } parts[] = {
      {0, low + step, taller}, {taller * (low + step), low, lower}, {rows - last, last, missing}};
  for (const auto& part : parts) {
    if (part.count > 0) run(part.row, part.height, part.count);
  }
}

/// Calls `run(row, height, tiles)` for `rows` rows, cut into tiles of nearly equal height, so that
/// no tile is left with a row or two, which could not keep the dot units busy: once for those that
/// have a step of rows more than the others, and once for those.
template <class Run>
void for_each_height(std::int64_t rows, const TileHeights& heights, Run&& run) {
  if (rows <= heights.most) {
    run(0, rows, 1);
  } else {
    for_heights_of_many(rows, heights, run);
  }
}

/// Multiplies blocks of rows by panels. The epilogue of each tile goes beside the dot products of
/// the next, so the last one is left waiting: finish() before anything that it names changes.
class TileLoop {
 public:
  explicit TileLoop(const KernelTable& kernels) : kernels_(kernels) {}

  /// A block of rows times one panel. Not in line: between the arrays of its callers' frames code
  /// needs long offsets, for which the CPU's cache of decoded instructions has little room.
  [[gnu::noinline]] void multiply(const RowBlock& block, const Panel& panel, PanelTurn turn) {
    if (block.fused != nullptr) [[unlikely]] {
      return multiply_and_look_up(kernels_, block, panel.column, panel.columns,
                                  [&](const RowBlock& without_table) {
                                    multiply(without_table, panel, turn);
                                    finish();
                                  });
    }
    PanelRun run(*this, block, panel, turn);
    if (pending_.vectors != panel.vectors || run.tiles.finishing == nullptr) finish();
    const bool even = run.tiles.only_even || pairs_rows(kernels_);
    for_each_height(block.count, {run.tiles.max_rows, even ? 2 : 1, run.tiles.only_even}, run);
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
        only_even = max_rows > 1 && in_halves[max_rows - 2] == nullptr;
        if (only_even && rows < max_rows && of(rows) == nullptr) max_rows = kernels.tile_rows[v];
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
      const std::int64_t most = 4 * (several ? 512 : 256);
      const EpilogueTerms& terms = *panel.terms;
      const std::int64_t least = panel.vectors == 1 ? kMinHalvesK1 : kMinHalvesK;
      return panel.taps == 1 && panel.k >= least && panel.k * panel.vectors <= most &&
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
    /// There are even heights only. These tiles add to nothing, and may write a row twice.
    bool only_even = false;
  };

  /// A block and a panel, whose tiles are called height by height.
  struct PanelRun {
    PanelRun(TileLoop& loop, const RowBlock& block, const Panel& panel, PanelTurn turn)
        : loop(loop),
          block(block),
          panel(panel),
          pairs(block.pairs.data != nullptr && !(turn.first && turn.last)),
          tiles(loop.kernels_, panel, block.count, pairs && !turn.first) {
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
      args.finish_job = &loop.pending_;
      widens = block.wide_panel != nullptr && block.count > tiles.max_rows &&
               loop.kernels_.wide_tile[panel.vectors - 1][tiles.lowest - 1] != nullptr;
      if (tiles.finishing != nullptr) prefetch(turn);
    }
    /// `count` tiles of one height from row `row` on.
    void operator()(std::int64_t row, std::int64_t height, std::int64_t count) {
      if (pairs) args.pairs = block.pairs.data + row / 2 * block.pairs.stride;
      if (tiles.finishing == nullptr) return run_tiles(row, height, count);
      for (; count > 0; --count, row += height) {
        args.rows = block.rows + row;
        run_finishing(height);
        loop.wait_for_epilogue(block, panel, row, height);
      }
    }
    /// A panel that few tiles use streams in fast enough by itself.
    void prefetch(PanelTurn turn) {
      PrefetchJob& job = loop.prefetch_;
      job.lines = 0;
      if (turn.last || panel.next == nullptr || block.count <= 2 * tiles.max_rows) return;
      const std::int64_t tile_count = (block.count + tiles.max_rows - 1) / tiles.max_rows;
      job.next = reinterpret_cast<const std::uint8_t*>(panel.next);
      job.lines = panel.taps * round_up(panel.k, std::int64_t{kKr}) * panel.vectors *
                  loop.kernels_.lanes / 64;
      job.lines_per_step = job.lines / (tile_count * kStepsOfPrefetch) + 1;
    }
    /// Tiles that finish their own sums, in one call.
    void run_own(TileFn tile, std::int64_t row, std::int64_t height, std::int64_t count) {
      args.rows = block.rows + row;
      args.tiles = count;
      loop.wait_for_epilogue(block, panel, row, height);
      tile(args);
      loop.pending_.rows = 0;
    }
    /// The same; if `widens`, the first of a block widens the panel, and the others use what it
    /// wrote.
    void run_tiles(std::int64_t row, std::int64_t height, std::int64_t count) {
      TileFn tile = tiles.of(height);
      if (widens) {
        if (row == 0) {
          run_own(loop.kernels_.widening_tile[panel.vectors - 1][height - 1], 0, height, 1);
          row += height;
          if (--count == 0) return;
        }
        tile = loop.kernels_.wide_tile[panel.vectors - 1][height - 1];
      }
      run_own(tile, row, height, count);
    }
    void run_finishing(std::int64_t height) {
      const FinishJob& pending = loop.pending_;
      const std::int64_t groups = args.taps * (args.k / kKr);
      const std::int64_t steps = loop.prefetch_.lines > 0 ? kStepsOfPrefetch : pending.rows;
      args.interval = std::max<std::int64_t>(groups / (std::max(steps, pending.rows) + 1), 1);
      args.prefetch_job = &loop.prefetch_;
      args.sums = loop.sums_[loop.next_sums_];
      tiles.finishing[height - 1](args);
      loop.finish();
      loop.pending_.sums = args.sums;
      loop.next_sums_ ^= 1;
    }

    TileLoop& loop;
    const RowBlock& block;
    const Panel& panel;
    const bool pairs;  ///< The first panel's tiles write rows in pairs, others read them.
    const TileChoice tiles;
    bool widens;
    TileArgs args;  ///< Written field by field: to clear it takes as long as a small tile.
  };

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

}  // namespace octet
