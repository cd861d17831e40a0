/// The loop that every operator runs: a block of rows times panels, tile by tile.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/packed_weights.hpp"
#include "operators/row_block.hpp"
#include "operators/tile_heights.hpp"

namespace octet {

/// Which of the panels that a block is multiplied with in turn this is.
struct PanelTurn {
  PanelTurn() = default;  ///< The only one.
  /// Panel p of [begin, end).
  PanelTurn(std::int64_t p, std::int64_t begin, std::int64_t end)
      : first(p == begin), last(p + 1 == end) {}
  bool first = true, last = true;
};

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
    TileArgs args;     // written field by field: to clear it takes as long as a small tile
    PanelTiles tiles;  // of a panel whose tiles have not been chosen ahead of time
    PanelRun run(*this, block, panel, turn, args, tiles);
    if (run.finishing == nullptr || pending_.vectors != panel.vectors) finish();
    if (block.count <= run.max_rows) return run(0, block.count, 1);
    const bool even = run.tiles->only_even || pairs_rows(kernels_);
    // A copy: the run of a single tile can stay in registers.
    PanelRun many = run;
    for_heights_of_many(block.count, {run.max_rows, even ? 2 : 1, run.tiles->only_even}, many);
  }

  /// Takes what is waiting through the epilogue.
  void finish() {
    if (pending_.next_row < pending_.rows) kernels_.finish[pending_.vectors - 1](pending_);
  }

 private:
  /// A block and a panel, whose tiles are called height by height.
  struct PanelRun {
    [[gnu::always_inline]] PanelRun(TileLoop& loop, const RowBlock& block, const Panel& panel,
                                    PanelTurn turn, TileArgs& args, PanelTiles& made)
        : loop(loop),
          block(block),
          panel(panel),
          args(args),
          pairs(block.pairs.data != nullptr && !(turn.first && turn.last)),
          reads_pairs(pairs && !turn.first) {
      choose_tiles(made);
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
      if (finishing != nullptr) prefetch(turn);
    }
    [[gnu::always_inline]] void choose_tiles(PanelTiles& made) {
      const KernelTable& kernels = loop.kernels_;
      const int v = panel.vectors - 1;
      const std::int64_t rows = block.count, tallest = kernels.max_rows[v];
      const BlockTiles size = block_tiles(rows, tallest);
      if (panel.tiles == nullptr) [[unlikely]] {
        made = PanelTiles(kernels, panel, size);
        tiles = &made;
      } else {
        tiles = panel.tiles + static_cast<int>(size);
      }
      max_rows = tiles->max_rows;
      finishing = tiles->finishing;
      if (tiles->only_even && rows < max_rows && tiles->own(rows) == nullptr)
        max_rows = tiles->plain_rows;
      if (finishing == nullptr && block.wide_panel == nullptr) return;
      const std::int64_t lowest = size == BlockTiles::kMany  ? tallest
                                  : size == BlockTiles::kTwo ? rows / 2
                                                             : rows;
      if (finishing != nullptr && finishing[lowest - 1] == nullptr) {
        finishing = nullptr;
        max_rows = tiles->plain_rows;
      }
      widens = block.wide_panel != nullptr && rows > max_rows &&
               kernels.wide_tile[v][lowest - 1] != nullptr;
    }
    /// `count` tiles of one height from row `row` on.
    [[gnu::always_inline]] void operator()(std::int64_t row, std::int64_t height,
                                           std::int64_t count) {
      if (pairs) args.pairs = block.pairs.data + row / 2 * block.pairs.stride;
      if (finishing == nullptr) return run_tiles(row, height, count);
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
      if (turn.last || panel.next == nullptr || block.count <= 2 * max_rows) return;
      const std::int64_t tile_count = (block.count + max_rows - 1) / max_rows;
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
      const int v = panel.vectors - 1;
      TileFn tile =
          reads_pairs ? loop.kernels_.tile[kPairedRows][v][height - 1] : tiles->own(height);
      if (widens) {
        if (row == 0) {
          run_own(loop.kernels_.widening_tile[v][height - 1], 0, height, 1);
          row += height;
          if (--count == 0) return;
        }
        tile = loop.kernels_.wide_tile[v][height - 1];
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
      finishing[height - 1](args);
      loop.finish();
      loop.pending_.sums = args.sums;
      loop.next_sums_ ^= 1;
    }

    TileLoop& loop;
    const RowBlock& block;
    const Panel& panel;
    TileArgs& args;
    const bool pairs;  ///< The first panel's tiles write rows in pairs, others read them.
    const bool reads_pairs;
    bool widens = false;
    const PanelTiles* tiles;
    const TileFn* finishing;  ///< Null: the tiles finish their own sums.
    std::int64_t max_rows;
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
