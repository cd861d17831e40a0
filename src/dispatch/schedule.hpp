/// How a call's work is cut: blocks of rows, and tasks for the caller's threads.
#pragma once

#include <cstdint>

namespace octet {

/// Tasks over a grid of `row_parts` x `panel_parts`; task i has row part i / panel_parts.
struct TaskGrid {
  std::int64_t row_parts = 1;
  std::int64_t panel_parts = 1;
  std::int64_t tasks() const { return row_parts * panel_parts; }
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
