#include "operators/call_weights.hpp"

#include "dispatch/schedule.hpp"

namespace octet {
namespace {

/// Values of k that kMaxJobPanels panels are multiplied by before their next values, or one if
/// `alone`: what such a step reads, and what the next one will, fit the L2 cache, where rows a
/// multiple of a page apart share few sets.
std::int64_t plain_k(const WeightsView& weights, bool alone) {
  if (is_transposed(weights)) return weights.k;
  if (!rows_are_far_apart(weights)) return alone ? 1024 : 512;
  return weights.k_stride % 4096 == 0 ? 128 : 256;
}

}  // namespace

CallScratch::CallScratch(ScratchCursor& scratch, const KernelTable& kernels,
                         const PanelSplit& split, std::int64_t rows, std::int64_t k) {
  const std::int64_t columns =
      std::min(split.vectors, std::int64_t{kernels.max_vectors}) * split.lanes;
  const std::int64_t panels_together = std::min<std::int64_t>(split.panels, kMaxJobPanels);
  for (int i = 0; i < panels_together; ++i) {
    panels[i].panel = scratch.take<std::int8_t>(round_up(k, std::int64_t{kKr}) * columns);
    panels[i].column_sums = scratch.take<std::int32_t>(columns);
  }
  for (PanelTerms& set : terms) {
    set.bias = scratch.take<std::int32_t>(columns);
    set.scale = scratch.take<float>(columns);
    set.rhs_zero_point = scratch.take<std::int32_t>(columns);
  }
  if (kernels.plain_rows == 0) return;
  // One more for the column sums; the epilogue reads up to a multiple of four.
  const std::int64_t plain_rows = round_up(std::min(rows, kPlainRows), split.lanes) + 1;
  for (auto& turn : plain_sums) {
    for (int i = 0; i < panels_together; ++i)
      turn[i] = scratch.take<std::int32_t>(plain_rows * columns);
  }
  ones = scratch.take<std::uint8_t>(k);
}

CallWeights::CallWeights(const KernelTable& kernels, const WeightsView& weights,
                         const PanelSplit& split, KernelSign lhs, KernelSign rhs,
                         const Quantization& quantization, const CallScratch& scratch)
    : kernels_(kernels),
      weights_(weights),
      split_(split),
      lhs_(lhs),
      rhs_(rhs),
      quantization_(quantization),
      scratch_(scratch),
      needs_column_sums_(quantization.lhs_zero_point + lhs.shift != 0) {
  const bool row_sums = needs_row_sums(quantization, rhs);
  const EpilogueTerms uniform = uniform_terms(quantization.epilogue);
  for (int i = 0; i < kTermSets; ++i) {
    terms_[i] = uniform;
    terms_[i].bias = scratch.terms[i].bias;
    terms_[i].scale = scratch.terms[i].scale;
    terms_[i].rhs_zero_point = row_sums ? scratch.terms[i].rhs_zero_point : nullptr;
  }
}

const EpilogueTerms& CallWeights::fill_terms(std::int64_t p, std::int64_t set,
                                             const std::int32_t* column_sums) {
  EpilogueTerms& terms = terms_[set];
  PanelTerms arrays = scratch_.terms[set];
  if (terms.rhs_zero_point == nullptr) arrays.rhs_zero_point = nullptr;
  fill_panel_terms(quantization_, lhs_, rhs_, weights_.k, split_.column(p), split_.columns_of(p),
                   split_.vectors_of(p) * split_.lanes, column_sums, arrays);
  return terms;
}

PackJob CallWeights::pack(std::int64_t first, std::int64_t last) const {
  PackJob job;
  const int together = rows_are_far_apart(weights_) ? kMaxJobPanels : 1;
  job.count = static_cast<int>(std::min<std::int64_t>(together, last - first));
  for (int i = 0; i < job.count; ++i) {
    const CallScratch::Buffer& buffer = scratch_.panels[i];
    job.panels[i] = pack_panel_args(weights_, 0, split_, first + i, rhs_, buffer.panel,
                                    needs_column_sums_ ? buffer.column_sums : nullptr);
  }
  kernels_.pack_together(job);
  return job;
}

Panel CallWeights::packed_panel(std::int64_t p, const PackArgs& packed) {
  return {.terms = &fill_terms(p, p % 2, packed.column_sums),
          .data = packed.panel,
          .next = nullptr,
          .taps = 1,
          .k = weights_.k,
          .vectors = packed.vectors,
          .columns = packed.columns,
          .row_offset = 0,
          .column = split_.column(p),
          .term = 0,
          .flip = lhs_.flip,
          .gaps = nullptr,
          .tiles = nullptr};
}

/// The rows of a block for plain tiles. Where column sums are wanted, a row of ones comes first:
/// its products are the sums. It is flipped like the others.
struct CallWeights::PlainTiles {
  PlainTiles(const CallWeights& weights, const RowBlock& block)
      : of_source(weights.kernels_.plain_tile),
        flip(weights.lhs_.flip),
        columns(std::int64_t{weights.kernels_.max_vectors} * weights.split_.lanes),
        fits_cache(weights.weights_.fit_cache()) {
    if (weights.needs_column_sums_) rows[count++] = weights.scratch_.ones;
    for (std::int64_t i = 0; i < block.count; ++i) rows[count++] = block.rows[i];
  }
  /// Whether the first of several tiles writes a panel for the others.
  bool has_panel() const { return count > kMaxPlainRows; }
  /// args: all but the rows and the work beside; sums of the first row. The tile that writes the
  /// panel advances `own`, the others `next` and `waiting`, at equal distances.
  void run(PlainSource source, PlainTileArgs args, FinishJob& waiting, FetchRowsJob& own,
           FetchRowsJob& next) const {
    const std::int64_t groups = args.k / kKr;
    std::int64_t working_tiles = divide_up(count, kMaxPlainRows);
    if (source == PlainSource::kRows && has_panel()) {
      source = PlainSource::kRowsToPanel;
      --working_tiles;
    } else {
      next.steps = 0;
      if (fits_cache) args.ahead = nullptr;
    }
    args.finish_job = &waiting;
    const std::int64_t steps = std::max(next.steps, waiting.rows - waiting.next_row);
    const std::int64_t interval =
        std::max<std::int64_t>(groups / (divide_up(steps, working_tiles) + 1), 1);
    std::int32_t* sums = args.sums;
    for_each_height(count, {kMaxPlainRows},
                    [&](std::int64_t row, std::int64_t height, std::int64_t tiles) {
                      for (; tiles > 0; --tiles, row += height) {
                        const bool writes = source == PlainSource::kRowsToPanel;
                        args.fetch_job = writes ? &own : &next;
                        args.interval = !writes ? interval : own.steps > 0 ? 1 : groups + 1;
                        args.rows = rows + row;
                        args.sums = sums + row * columns;
                        of_source[static_cast<int>(source)][flip][height - 1](args);
                        if (writes) source = PlainSource::kPanel;
                      }
                    });
  }
  const PlainTileFn (&of_source)[kPlainSources][2][kMaxPlainRows];
  const bool flip;
  const std::int64_t columns;
  const bool fits_cache;
  std::int64_t count = 0;
  const std::uint8_t* rows[kPlainRows + 1];
};

void CallWeights::multiply_plain(const RowBlock& block, std::int64_t first, std::int64_t last) {
  if (needs_column_sums_) std::fill_n(scratch_.ones, weights_.k, lhs_.flip ? 0x81 : 0x01);
  const bool transposed = is_transposed(weights_);
  const PlainTiles tiles(*this, block);
  // Few tiles would notice how many pages the lines of a panel lie on.
  const bool by_lines =
      !transposed && tiles.count > 3 * kMaxPlainRows && !rows_are_far_apart(weights_);
  const std::int64_t k_step = plain_k(weights_, by_lines);
  const std::int64_t together = transposed || by_lines ? 1 : kMaxJobPanels;
  PlainTileArgs args = {};
  args.stride = transposed ? weights_.n_stride : weights_.k_stride;
  args.flip = rhs_.flip ? 0x80808080u : 0;
  args.panel = scratch_.panels[0].panel;

  FinishJob waiting[kMaxJobPanels] = {};  // the epilogue of the panels before
  for (std::int64_t p = first, turn = 0; p < last; p += together, turn ^= 1) {
    const std::int64_t end = std::min(last, p + together);
    for (std::int64_t k = 0; k < weights_.k; k += args.k) {
      // No step of a few values comes last.
      args.k = weights_.k - k < 2 * k_step ? weights_.k - k : k_step;
      args.row_offset = k;
      args.adds = k > 0;
      args.ends = k + args.k == weights_.k;
      const std::uint8_t* next = nullptr;  // what follows
      if (!args.ends) next = source(p, k + args.k);
      if (args.ends && end < last) next = source(end, 0);
      for (std::int64_t i = p; i < end; ++i) {
        args.weights = source(i, k);
        args.columns = split_.columns_of(i);
        args.sums = scratch_.plain_sums[turn][i - p];
        const bool is_first = i == first && k == 0;
        FetchRowsJob fetch_own, fetch_next;
        if (by_lines) {
          if (is_first) fetch_own = fetch_lines(args.weights, args.k);
          if (next != nullptr) fetch_next = fetch_lines(next, args.k);
        } else {
          // Of each row, all that these panels will need; each fetches its share of the rows. The
          // very first fetches for those beside it.
          const bool for_beside = is_first && i + 1 < end;
          const std::int64_t share = for_beside ? args.k : args.k / kKr;
          args.ahead = next == nullptr ? nullptr : next + (i - p) * share * weights_.k_stride;
          if (for_beside) args.ahead = source(i + 1, 0);
          if (args.ahead != nullptr) fetch_next = {args.ahead, share, 64, weights_.k_stride};
        }
        tiles.run(transposed ? PlainSource::kColumns : PlainSource::kRows, args, waiting[i - p],
                  fetch_own, fetch_next);
      }
    }
    for (std::int64_t i = p; i < end; ++i) {
      FinishJob& job = waiting[i - p];
      finish(job);
      job = plain_epilogue(block, i, turn * kMaxJobPanels + i - p);
    }
  }
  for (FinishJob& job : waiting) finish(job);
}

FetchRowsJob CallWeights::fetch_lines(const std::uint8_t* panel, std::int64_t k) const {
  constexpr std::int64_t kBehind = 63;  // a line that begins in the panel before came with it
  return {panel + kBehind, k / kFetchLines, weights_.k_stride, kFetchLines * weights_.k_stride};
}

void CallWeights::finish(FinishJob& job) const {
  if (job.next_row < job.rows) kernels_.finish[job.vectors - 1](job);
}

FinishJob CallWeights::plain_epilogue(const RowBlock& block, std::int64_t p, std::int64_t set) {
  const std::int32_t* sums = scratch_.plain_sums[set / kMaxJobPanels][set % kMaxJobPanels];
  FinishJob job = {};
  job.epilogue = &fill_terms(p, set, needs_column_sums_ ? sums : nullptr);
  job.vectors = kernels_.max_vectors;
  job.sums = needs_column_sums_ ? sums + job.vectors * split_.lanes : sums;
  job.rows = block.count;
  job.out = block.out;
  job.column = split_.column(p);
  job.columns = split_.columns_of(p);
  job.row_sums = block.row_sums;
  return job;
}

}  // namespace octet
