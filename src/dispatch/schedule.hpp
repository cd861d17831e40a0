/// How a call's work is cut into tasks for the caller's threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "octet/types.hpp"

namespace octet {

/// The threads that a call may use.
struct Threads {
  int count = 1;
  double start_us = 0;  ///< Of Executor::start_us.
};

/// Tasks over a grid of `row_parts` x `panel_parts`; see TaskPart.
struct TaskGrid {
  std::int64_t row_parts = 1;
  std::int64_t panel_parts = 1;
  std::int64_t panel_step = 1;  ///< Panels are cut at multiples of this.
  constexpr std::int64_t tasks() const { return row_parts * panel_parts; }
};

/// [0, total) cut into `parts` of nearly equal size: where part i begins.
constexpr std::int64_t part_begin(std::int64_t total, std::int64_t parts, std::int64_t i) {
  if (parts == 1) return i * total;
  const std::int64_t larger = total % parts;
  return total / parts * i + (i < larger ? i : larger);
}

/// a / b, rounded up; for any a of 0 and more.
constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b > 0); }

/// The rows and panels of one task of a grid, of so many in all.
struct TaskPart {
  constexpr TaskPart(const TaskGrid& grid, std::int64_t task, std::int64_t rows,
                     std::int64_t panels)
      : last_row(rows), last_panel(panels) {
    if (grid.tasks() == 1) return;  // without divisions: small calls are to be short
    first_row = part_begin(rows, grid.row_parts, task / grid.panel_parts);
    last_row = part_begin(rows, grid.row_parts, task / grid.panel_parts + 1);
    first_panel = panel_begin(grid, task % grid.panel_parts, panels);
    last_panel = panel_begin(grid, task % grid.panel_parts + 1, panels);
  }
  std::int64_t first_row = 0, last_row;
  std::int64_t first_panel = 0, last_panel;

 private:
  static constexpr std::int64_t panel_begin(const TaskGrid& grid, std::int64_t part,
                                            std::int64_t panels) {
    const std::int64_t steps = divide_up(panels, grid.panel_step);
    return std::min(panels, part_begin(steps, grid.panel_parts, part) * grid.panel_step);
  }
};

/// What is known of a multiplication before it runs.
struct WorkSize {
  std::int64_t rows = 0;           ///< M, or output pixels.
  std::int64_t unit_rows = 1;      ///< Depthwise: `rows` counts units of so many pixels.
  std::int64_t row_bytes = 0;      ///< Of the lhs, read for one row; of a pixel, for one output.
  std::int64_t tile_rows = 1;      ///< Of the tallest tile.
  std::int64_t panels = 1;         ///< Of one group.
  std::int64_t panel_columns = 1;  ///< Of the widest, what pads it included.
  std::int64_t columns = 1;        ///< Of an output row; rows are taken to lie back to back.
  std::int64_t groups = 1;         ///< Each has its own panels.
  std::int64_t taps = 1;           ///< A row has so many pointers.
  std::int64_t k = 1;              ///< Of a tap; the kernels round it up to kKr.
  DataType out_type = DataType::kS8;
  int lanes = 1;                      ///< Of the kernels' vectors.
  std::int64_t rows_per_weights = 0;  ///< Then come other weights; 0: the same for all rows.
  bool packs_weights = false;         ///< Every task packs the weights that it uses.
};

/// The grid whose slowest task ends first, of those with at most one task per thread; or one task,
/// the calling thread alone, where the work would gain less than it costs to start the others. Only
/// this depends on `start_us`: the tasks are either one or those of a start that costs nothing. The
/// choice rests on the sizes alone, and results never depend on it.
TaskGrid plan_tasks(const WorkSize& work, const Threads& threads);

/// Into how many tasks to cut work that can be cut anywhere and takes so long on one thread.
std::int64_t plan_parts(double nanoseconds, const Threads& threads);

}  // namespace octet
