#include "operators/call_plan.hpp"

#include <algorithm>

#include "dispatch/schedule.hpp"

namespace octet {
namespace {

bool reads_rows_in_place(const WeightsView& weights, std::int64_t rows) {
  return rows * 6 <= weights.k &&
         (rows <= kPlainRows || (rows_are_far_apart(weights) && rows <= 480));
}

/// Whether roles can be swapped: s8 weights, panels of rows as the tiles have them, and scratch for
/// all of a block.
bool can_swap(const WeightsView& weights, const PanelSplit& split, const PanelSplit& rows) {
  return weights.type == DataType::kS8 && weights.k_stride == 1 &&
         rows.vectors >= kMinSwappedVectors && rows.panels <= split.panels;
}

}  // namespace

CallPlan plan_call(const KernelTable& kernels, const WeightsView& weights, const PanelSplit& split,
                   std::int64_t rows, bool evenly_spaced) {
  if (kernels.plain_rows == 0 || split.vectors_of(0) < kernels.max_vectors) return {};
  const std::int64_t panels =
      split.narrow == kernels.max_vectors ? split.panels : split.wider_panels;
  const CallPlan plain = {CallForm::kPlain, panels};
  if (!is_transposed(weights)) return reads_rows_in_place(weights, rows) ? plain : CallPlan();

  const std::int64_t k = weights.k;
  const std::int64_t packed = rows * (k + 12) + 10 * k;
  const std::int64_t in_place = rows * (k + 170);
  CallPlan best = in_place <= packed ? plain : CallPlan();
  const std::int64_t blocks = divide_up(rows, kSwappedRows);
  const PanelSplit block = swapped_split(kernels, divide_up(rows, blocks));
  if (!evenly_spaced || !can_swap(weights, split, block)) return best;
  const std::int64_t swapped =
      blocks * block.padded_columns() * (k + 40) + (blocks - 1) * 3 * k + rows * 10 * k / weights.n;
  if (swapped < std::min(in_place, packed)) best = {CallForm::kSwapped, panels};
  return best;
}

}  // namespace octet
