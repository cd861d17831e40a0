/// How a call's work is cut: blocks of rows, and tasks for the caller's threads.
#pragma once

#include <cstdint>

namespace octet {

/// Tasks over a grid of `row_parts` x `panel_parts`; see TaskPart.
struct TaskGrid {
  std::int64_t row_parts = 1;
  std::int64_t panel_parts = 1;
  std::int64_t tasks() const { return row_parts * panel_parts; }
};

/// [0, total) cut into `parts` of nearly equal size: where part i begins.
constexpr std::int64_t part_begin(std::int64_t total, std::int64_t parts, std::int64_t i) {
  if (parts == 1) return i * total;
  const std::int64_t larger = total % parts;
  return total / parts * i + (i < larger ? i : larger);
}

/// The rows and panels of one task of a grid, of so many in all.
struct TaskPart {
  constexpr TaskPart(const TaskGrid& grid, std::int64_t task, std::int64_t rows,
                     std::int64_t panels)
      : first_row(part_begin(rows, grid.row_parts, task / grid.panel_parts)),
        last_row(part_begin(rows, grid.row_parts, task / grid.panel_parts + 1)),
        first_panel(part_begin(panels, grid.panel_parts, task % grid.panel_parts)),
        last_panel(part_begin(panels, grid.panel_parts, task % grid.panel_parts + 1)) {}
  std::int64_t first_row, last_row;
  std::int64_t first_panel, last_panel;
};

/// What is known of a multiplication before it runs.
struct WorkSize {
  std::int64_t rows;       ///< M, or output pixels.
  std::int64_t panels;     ///< Over all groups.
  std::int64_t row_bytes;  ///< taps * k.
  std::int64_t columns;    ///< N over all groups.
  double multiplications;  ///< Multiply-accumulates of the whole call.
};

/// One task per thread at most, none smaller than is worth handing to another thread. The side that
/// is cut is the one that is larger in memory, so that the threads share the smaller: weights are
/// streamed once in all, or rows are.
TaskGrid plan_tasks(const WorkSize& work, int threads);

}  // namespace octet
