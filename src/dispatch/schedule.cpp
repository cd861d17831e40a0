#include "dispatch/schedule.hpp"

#include <algorithm>

namespace octet {
namespace {

/// Multiply-accumulates that take about as long as waking another thread: a few microseconds.
constexpr double kWorthATask = 1 << 20;

}  // namespace

TaskGrid plan_tasks(const WorkSize& work, int threads) {
  if (threads <= 1) return {};
  const double useful = std::max(work.multiplications / kWorthATask, 1.0);
  const auto wanted = static_cast<std::int64_t>(std::min<double>(threads, useful));
  TaskGrid grid;
  if (wanted <= 1) return grid;
  const bool cut_panels = work.columns > work.rows && work.panels >= wanted;
  if (cut_panels) {
    grid.panel_parts = wanted;
  } else {
    grid.row_parts = std::min(wanted, work.rows);
    grid.panel_parts = std::min(wanted / grid.row_parts, work.panels);
  }
  return grid;
}

}  // namespace octet
