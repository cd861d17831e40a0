/// How the rows of a block are cut into tiles.
#pragma once

#include <cstdint>

namespace octet {

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
  const auto most = static_cast<std::uint32_t>(heights.most);
  const auto count = static_cast<std::uint32_t>(rows);
  const std::int64_t step = heights.step;
  const std::uint32_t steps = step == 1 ? count : (count + 1) / 2;
  const std::int64_t missing = steps * step - rows;
  const std::uint32_t tiles = count <= 2 * most ? 2 : (count + most - 1) / most;
  const bool two = tiles == 2;
  const std::int64_t low = (two ? steps / 2 : steps / tiles) * step;
  const std::int64_t taller = two ? steps % 2 : steps % tiles;
  const std::int64_t lower = tiles - taller - missing;
  if (taller > 0) run(0, low + step, taller);
  if (lower > 0) run(taller * (low + step), low, lower);
  if (missing == 0) return;
  const std::int64_t last = heights.overlap ? low : low - missing;
  run(rows - last, last, missing);
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

}  // namespace octet
