/// Weights that are given with a call: multiplied as they are, or packed just before.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/aligned_buffer.hpp"
#include "operators/call_plan.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// Of the panels that are multiplied together, and of those before them.
inline constexpr int kTermSets = 2 * kMaxJobPanels;

/// What a task needs beside the caller's weights, for up to `rows` rows.
struct CallScratch {
  CallScratch(ScratchCursor& scratch, const KernelTable& kernels, const PanelSplit& split,
              std::int64_t rows, std::int64_t k);

  struct Buffer {
    std::int8_t* panel;
    std::int32_t* column_sums;
  };
  Buffer panels[kMaxJobPanels];
  PanelTerms terms[kTermSets];
  /// [rows][columns of a panel], of the panels that are multiplied and of those before them.
  std::int32_t* plain_sums[2][kMaxJobPanels];
  std::uint8_t* ones;  ///< [K]
};

class CallWeights {
 public:
  CallWeights(const KernelTable& kernels, const WeightsView& weights, const PanelSplit& split,
              KernelSign lhs, KernelSign rhs, const Quantization& quantization,
              const CallScratch& scratch);

  /// At most kPlainRows rows times panels [first, last) of those of a plan.
  void multiply_plain(const RowBlock& block, std::int64_t first, std::int64_t last);

  /// The same of at most kSwappedRows rows, equally far apart in memory, which are packed.
  void multiply_swapped(const RowBlock& block, std::int64_t first, std::int64_t last);

  /// Packs panels [first, last) and calls multiply(panel, turn) for each. Its terms are valid until
  /// the call after the next.
  template <class Multiply>
  void multiply_packed(std::int64_t first, std::int64_t last, const Multiply& multiply) {
    for (std::int64_t p = first; p < last;) {
      const PackJob job = pack(p, last);
      for (int i = 0; i < job.count; ++i, ++p)
        multiply(packed_panel(p, job.panels[i]), PanelTurn(p, first, last));
    }
  }

 private:
  struct PlainTiles;

  PackJob pack(std::int64_t first, std::int64_t last) const;
  void sum_columns(std::int64_t p, std::int32_t* sums) const;
  /// One line of each of `k` rows: of weights whose rows are near.
  FetchRowsJob fetch_lines(const std::uint8_t* panel, std::int64_t k) const;
  void finish(FinishJob& job) const;
  FinishJob plain_epilogue(const RowBlock& block, std::int64_t p, std::int64_t set);
  Panel packed_panel(std::int64_t p, const PackArgs& packed);
  const EpilogueTerms& fill_terms(std::int64_t p, std::int64_t set,
                                  const std::int32_t* column_sums);
  const std::uint8_t* source(std::int64_t p, std::int64_t k) const {
    return weights_.data + k * weights_.k_stride + split_.column(p) * weights_.n_stride;
  }

  const KernelTable& kernels_;
  const WeightsView& weights_;
  const PanelSplit& split_;
  KernelSign lhs_;
  KernelSign rhs_;
  const Quantization& quantization_;
  const CallScratch& scratch_;
  bool needs_column_sums_;
  EpilogueTerms terms_[kTermSets];
};

}  // namespace octet
