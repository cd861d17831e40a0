// The cost of a task, in nanoseconds of a server core of these years. What matters is that tasks
// compare rightly with each other and, within a factor of two, with the waking of a thread: faster
// and slower cores move both. The figures are measured on Zen 5.
#include "dispatch/schedule.hpp"

#include <cmath>

#include "kernels/kernel.hpp"

namespace octet {
namespace {

/// What a further thread must save at least.
constexpr double kEachThread = 500;

/// Two dot products start per cycle. An ISA that is slower than this for its width (AVX2, scalar)
/// is cut later than it could be, never too early.
constexpr double kDotsPerNs = 2 * 3.7;
/// A tile of fewer rows waits for its panel, which comes from the L2 cache.
constexpr double kLeastRows = 2.5;
/// Depthwise tiles have few independent sums.
constexpr double kDepthwiseDotsPerNs = 5;
/// The epilogue narrows about so many outputs; it is much of what depthwise layers do.
constexpr double kOutputsPerNs = 20;
/// Depthwise layers interleave the channels of their input.
constexpr double kInterleavedBytesPerNs = 100;
/// A convolution computes a pointer for each tap of a pixel.
constexpr double kPointersPerNs = 2.5;
/// From the L3 cache. Memory gives half; but what comes from there is worth a thread anyway.
constexpr double kReadBytesPerNs = 100;
constexpr double kPackedBytesPerNs = 50;
/// Of the L2 cache: weights beyond this are read again for each block of rows.
constexpr double kL2Bytes = 512 * 1024;
constexpr std::int64_t kBlockRows = 252;
/// Where two tasks write to the same cache line of an output row, it goes from core to core.
constexpr std::int64_t kCacheLine = 64;
constexpr double kSharedLine = 40;

/// Panels after which a task may end without sharing cache lines, if rows begin on one.
std::int64_t panels_to_a_line(const WorkSize& work) {
  std::int64_t panels = 1;
  while (panels * work.panel_columns * size_of(work.out_type) % kCacheLine != 0) panels *= 2;
  return panels;
}

/// Of the largest task of a grid.
double task_time(const WorkSize& work, const TaskGrid& grid) {
  const std::int64_t steps = divide_up(divide_up(work.panels, grid.panel_step), grid.panel_parts);
  const std::int64_t panels = std::min(steps * grid.panel_step, work.panels);
  const std::int64_t task_rows = divide_up(work.rows, grid.row_parts) * work.unit_rows;
  const std::int64_t tiles = divide_up(task_rows, work.tile_rows);

  const auto rows = static_cast<double>(task_rows);
  const std::int64_t group_columns = divide_up(work.columns / work.groups, work.lanes) * work.lanes;
  const auto columns = static_cast<double>(std::min(panels * work.panel_columns, group_columns)) *
                       static_cast<double>(work.groups);
  const auto depth =
      static_cast<double>(work.taps) * static_cast<double>(divide_up(work.k, kKr) * kKr);
  const double dots = std::max(rows, kLeastRows * static_cast<double>(tiles)) * columns * depth /
                      (work.lanes * kKr);
  const double outputs = rows * columns;
  double arithmetic = outputs / kOutputsPerNs;
  if (work.unit_rows > 1) {
    const double share = columns / static_cast<double>(group_columns);
    arithmetic += dots / kDepthwiseDotsPerNs +
                  rows * share * static_cast<double>(work.row_bytes) / kInterleavedBytesPerNs;
  } else {
    arithmetic += dots / kDotsPerNs;
  }
  if (work.taps > 1) arithmetic += rows * static_cast<double>(work.taps) / kPointersPerNs;

  double weights = columns * depth;
  if (work.rows_per_weights > 0)
    weights *= static_cast<double>(divide_up(task_rows, work.rows_per_weights));
  if (work.packs_weights) arithmetic += weights / kPackedBytesPerNs;
  if (weights > kL2Bytes) weights *= static_cast<double>(divide_up(task_rows, kBlockRows));
  const double reading = (weights + rows * static_cast<double>(work.row_bytes) +
                          outputs * static_cast<double>(size_of(work.out_type))) /
                         kReadBytesPerNs;

  const std::int64_t out_size = size_of(work.out_type);
  const bool shares_lines = (grid.panel_step * work.panel_columns * out_size % kCacheLine != 0 ||
                             work.columns * out_size % kCacheLine != 0);
  const double sharing = grid.panel_parts > 1 && shares_lines ? rows * kSharedLine : 0;
  // Either hides the other. A part of the reading is counted in any case: between grids of equal
  // arithmetic it decides for the one that reads least.
  return std::max(arithmetic, reading) + reading / 8 + sharing;
}

}  // namespace

TaskGrid plan_tasks(const WorkSize& work, const Threads& threads) {
  TaskGrid best;
  if (threads.count <= 1) return best;
  // Far below any use for a second thread, and without a division: small calls are to be short.
  constexpr std::int64_t kSmall = 1'000'000;
  if (work.rows < kSmall && work.columns < kSmall && work.taps < kSmall && work.k < kSmall &&
      static_cast<double>(work.rows * work.columns) * static_cast<double>(work.unit_rows) *
              static_cast<double>(work.taps * (work.k + 64)) <
          kSmall)
    return best;
  const double start = 1000 * threads.start_us;
  double best_time = task_time(work, best);
  if (best_time < 2 * start) return best;
  // Where one more thread costs what it saves.
  const auto most = static_cast<std::int64_t>(
      std::min<double>(threads.count, std::sqrt(best_time / kEachThread)));
  const std::int64_t lines = panels_to_a_line(work);
  for (std::int64_t step : {lines, std::int64_t{1}}) {
    const std::int64_t steps = divide_up(work.panels, step);
    for (std::int64_t panel_parts = 1; panel_parts <= std::min(most, steps); ++panel_parts) {
      const std::int64_t most_rows = std::min(most / panel_parts, work.rows);
      // With fewer than half of the threads nothing ends earlier.
      for (std::int64_t row_parts = (most_rows + 1) / 2; row_parts <= most_rows; ++row_parts) {
        const TaskGrid grid = {row_parts, panel_parts, step};
        if (grid.tasks() == 1) continue;
        const double time =
            start + kEachThread * static_cast<double>(grid.tasks() - 2) + task_time(work, grid);
        if (time >= best_time) continue;
        best = grid;
        best_time = time;
      }
    }
    if (lines == 1) break;
  }
  return best;
}

std::int64_t plan_parts(double nanoseconds, const Threads& threads) {
  if (threads.count <= 1 || nanoseconds < 2000 * threads.start_us) return 1;
  const double most = std::sqrt(nanoseconds / kEachThread);
  return most < 2 ? 1 : static_cast<std::int64_t>(std::min<double>(threads.count, most));
}

}  // namespace octet
