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
  std::int16_t* wide_panel = nullptr;  ///< Staged rows: room for a panel, see take_wide_panel().
};

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
};

/// Calls `run(row, height, tiles)` for `rows` rows, cut into tiles of nearly equal height, so that
/// no tile is left with a row or two, which could not keep the dot units busy: once for those that
/// have a row more than the others, and once for those.
template <class Run>
void for_each_height(std::int64_t rows, std::int64_t max_rows, const Run& run) {
  if (rows <= max_rows) {
    run(0, rows, 1);
    return;
  }
  const std::int64_t tiles = (rows + max_rows - 1) / max_rows;
  const std::int64_t low = rows / tiles, taller = rows % tiles;
  if (taller > 0) run(0, low + 1, taller);
  run(taller * (low + 1), low, tiles - taller);
}

/// Multiplies blocks of rows by panels. The epilogue of each tile goes beside the dot products of
/// the next, so the last one is left waiting: finish() before anything that it names changes.
class TileLoop {
 public:
  explicit TileLoop(const KernelTable& kernels) : kernels_(kernels) {}

  /// A block of rows times one panel.
  void multiply(const RowBlock& block, const Panel& panel) {
    const TileChoice tiles(kernels_, panel);
    if (pending_.vectors != panel.vectors || tiles.finishing == nullptr) finish();
    TileArgs args = {};
    args.tap_stride = block.tap_stride;
    args.row_offset = panel.row_offset;
    args.taps = panel.taps;
    args.k = panel.k;
    args.panel = panel.data;
    args.wide_panel = block.wide_panel;

    const bool widens = block.wide_panel != nullptr && block.count > tiles.max_rows;
    prefetch_ = {};
    // A panel that few tiles use streams in fast enough by itself.
    if (panel.next != nullptr && block.count > 2 * tiles.max_rows) {
      const std::int64_t tile_count = (block.count + tiles.max_rows - 1) / tiles.max_rows;
      prefetch_.next = reinterpret_cast<const std::uint8_t*>(panel.next);
      prefetch_.lines =
          panel.taps * round_up(panel.k, std::int64_t{kKr}) * panel.vectors * kernels_.lanes / 64;
      prefetch_.lines_per_step = prefetch_.lines / (tile_count * kStepsOfPrefetch) + 1;
    }
    for_each_height(block.count, tiles.max_rows,
                    [&](std::int64_t row, std::int64_t height, std::int64_t count) {
                      if (tiles.finishing == nullptr) {
                        run_plain(tiles, widens, block, panel, row, height, count, args);
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
    TileChoice(const KernelTable& kernels, const Panel& panel) {
      plain = kernels.tile[panel.flip][panel.vectors - 1];
      max_rows = kernels.max_rows[panel.vectors - 1];
      const std::int64_t groups = panel.taps * ((panel.k + kKr - 1) / kKr);
      // In a short tile the epilogue would have no dot products to go beside.
      if (groups * panel.vectors <= 64) return;
      const TileFn* of_height = kernels.finishing_tile[panel.flip][panel.vectors - 1];
      if (of_height[0] == nullptr) return;
      finishing = of_height;
    }
    std::int64_t max_rows;
    const TileFn* plain;
    const TileFn* finishing = nullptr;
  };

  /// `count` tiles that finish their own sums, in one call. If `widens`, the first of a block
  /// widens the panel, and the others use what it wrote.
  void run_plain(const TileChoice& tiles, bool widens, const RowBlock& block, const Panel& panel,
                 std::int64_t row, std::int64_t height, std::int64_t count, TileArgs& args) {
    const auto run = [&](TileFn tile, std::int64_t first, std::int64_t calls) {
      args.rows = block.rows + first;
      args.tiles = calls;
      wait_for_epilogue(block, panel, first, height);
      tile(args);
    };
    args.finish_job = &pending_;
    if (!widens) {
      run(tiles.plain[height - 1], row, count);
    } else {
      if (row == 0) {
        run(kernels_.widening_tile[panel.vectors - 1][height - 1], 0, 1);
        row += height;
        --count;
      }
      if (count > 0) run(kernels_.wide_tile[panel.vectors - 1][height - 1], row, count);
    }
    pending_.rows = 0;
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
    pending_.epilogue = panel.terms;
  }

  const KernelTable& kernels_;
  /// Per tile, so that the memory is not asked for too much at once.
  static constexpr std::int64_t kStepsOfPrefetch = 32;

  FinishJob pending_ = {};
  PrefetchJob prefetch_;
  int next_sums_ = 0;
  alignas(64) std::int32_t sums_[2][kMaxTileSums];
};

/// Panel p of one group of packed weights; the one after it, if it is below `last`, is to be
/// fetched meanwhile.
inline Panel packed_panel(const PackedWeights& weights, std::int64_t group, std::int64_t p,
                          std::int64_t last) {
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
          .flip = weights.flips_lhs()};
}

}  // namespace octet
