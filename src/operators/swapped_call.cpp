// Weights [N, K] of a call, read as rows: the rows are packed in their place.
#include <algorithm>

#include "dispatch/schedule.hpp"
#include "operators/call_weights.hpp"

namespace octet {

void CallWeights::sum_columns(std::int64_t p, std::int32_t* sums) const {
  const std::uint8_t* const ones = scratch_.ones;
  PlainTileArgs args = {};
  args.rows = &ones;
  args.k = weights_.k;
  args.weights = source(p, 0);
  args.stride = weights_.n_stride;
  args.columns = split_.columns_of(p);
  args.ends = true;
  args.sums = sums;
  kernels_.plain_tile[static_cast<int>(PlainSource::kColumns)][0][0](args);
}

void CallWeights::multiply_swapped(const RowBlock& block, std::int64_t first, std::int64_t last) {
  const PanelSplit rows = swapped_split(kernels_, block.count);
  const std::int64_t row_stride = block.count > 1 ? block.rows[1] - block.rows[0] : 0;
  for (std::int64_t i = 0; i < rows.panels; ++i) {
    PackArgs args = {};
    args.source = block.rows[rows.column(i)];
    args.k_stride = 1;
    args.n_stride = row_stride;
    args.taps = 1;
    args.k = weights_.k;
    args.columns = rows.columns_of(i);
    args.vectors = rows.vectors_of(i);
    args.flip = lhs_.flip ? 0x80 : 0;
    args.panel = scratch_.panels[i].panel;
    kernels_.pack(args);
  }
  if (needs_column_sums_) std::fill_n(scratch_.ones, weights_.k, std::uint8_t{1});
  FinishJob waiting[kMaxJobPanels] = {};  // the epilogue of the columns before
  for (std::int64_t p = first, turn = 0; p < last; ++p, turn ^= 1) {
    const std::int64_t set = turn * kMaxJobPanels;
    std::int32_t* column_sums = needs_column_sums_ ? scratch_.panels[0].column_sums : nullptr;
    if (needs_column_sums_) sum_columns(p, column_sums);
    const EpilogueTerms& terms = fill_terms(p, set, column_sums);
    for (std::int64_t i = 0; i < rows.panels; ++i) {
      FinishJob& job = waiting[i];
      SwappedTileArgs args = {};
      args.weights = source(p, 0);
      args.stride = weights_.n_stride;
      args.k = weights_.k;
      args.columns = split_.columns_of(p);
      args.panel = scratch_.panels[i].panel;
      args.sums = scratch_.plain_sums[turn][i];
      args.finish_job = &job;
      const std::int64_t tiles = divide_up(args.columns, std::int64_t{kSwappedColumns});
      args.interval =
          std::clamp<std::int64_t>(args.k / kKr / (divide_up(job.rows, tiles) + 1), 1, 16);
      kernels_.swapped_tile[rows.vectors_of(i) - kMinSwappedVectors](args);
      finish(job);
      job = {};
      job.epilogue = &terms;
      job.vectors = kernels_.max_vectors;
      job.sums = args.sums;
      job.rows = rows.columns_of(i);
      job.out = block.out + rows.column(i);
      job.column = split_.column(p);
      job.columns = args.columns;
      job.row_sums = block.row_sums == nullptr ? nullptr : block.row_sums + rows.column(i);
    }
  }
  for (FinishJob& job : waiting) finish(job);
}

}  // namespace octet
