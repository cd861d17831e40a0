/// Packing that is pipelined with compute, for weights that are given with the call.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/aligned_buffer.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// Panels that are packed together: several where the rows of a panel lie on more pages of memory
/// than the CPU keeps addresses of.
constexpr int panels_per_job(std::int64_t k) { return k < 512 ? 1 : kMaxJobPanels; }

/// Where a task of the one-shot form packs: some panels are multiplied while the next are packed.
struct PanelRing {
  PanelRing(ScratchCursor& scratch, const PanelSplit& split, const KernelTable& kernels,
            std::int64_t k) {
    const std::int64_t columns =
        std::min(split.vectors, std::int64_t{kernels.max_vectors}) * split.lanes;
    for (auto& slot : slots) {
      for (int i = 0; i < panels_per_job(k); ++i) {
        slot[i].panel = scratch.take<std::int8_t>(round_up(k, std::int64_t{kKr}) * columns);
        slot[i].column_sums = scratch.take<std::int32_t>(columns);
      }
    }
    terms.bias = scratch.take<std::int32_t>(columns);
    terms.scale = scratch.take<float>(columns);
    terms.rhs_zero_point = scratch.take<std::int32_t>(columns);
  }
  struct Buffer {
    std::int8_t* panel;
    std::int32_t* column_sums;
  };
  Buffer slots[2][kMaxJobPanels];
  PanelTerms terms;
};

/// Packs panels of weights while their predecessors are multiplied.
class PanelPipeline {
 public:
  PanelPipeline(const KernelTable& kernels, const WeightsView& weights, const PanelSplit& split,
                KernelSign lhs, KernelSign rhs, const Quantization& quantization,
                const PanelRing& ring)
      : kernels_(kernels),
        weights_(weights),
        split_(split),
        lhs_(lhs),
        rhs_(rhs),
        quantization_(quantization),
        ring_(ring),
        terms_(uniform_terms(quantization.epilogue)) {
    if (!needs_row_sums(quantization, rhs)) ring_.terms.rhs_zero_point = nullptr;
    terms_.bias = ring_.terms.bias;
    terms_.scale = ring_.terms.scale;
    terms_.rhs_zero_point = ring_.terms.rhs_zero_point;
  }

  /// multiply(panel, job) for panels [first, last), each with all of `rows` rows; it may advance
  /// the job, if there is one.
  template <class Multiply>
  void run(std::int64_t first, std::int64_t last, std::int64_t rows, const Multiply& multiply) {
    // The first job is packed with nothing to hide it: the jobs grow from one panel on.
    int panels = 1;
    PackJob packed = job_for(first, last, panels, 0, rows);
    for (std::int64_t p = first, slot = 1; p < last; slot = 1 - slot) {
      kernels_.continue_packing(packed, INT64_MAX);  // what the tiles have left
      panels = std::min(2 * panels, panels_per_job(weights_.k));
      const std::int64_t next = p + packed.count;
      PackJob job = {};
      if (next < last) job = job_for(next, last, panels, slot, packed.count * rows);
      for (int i = 0; i < packed.count; ++i, ++p) {
        Panel panel = panel_of(p, packed.panels[i]);
        panel.pairing = pairing_of(p, first, last);
        multiply(panel, next < last ? &job : nullptr);
      }
      packed = job;
    }
  }

 private:
  /// The packing of up to `count` panels from p on, beside tiles of `rows` rows.
  PackJob job_for(std::int64_t p, std::int64_t last, int count, std::int64_t slot,
                  std::int64_t rows) const {
    PackJob job = {};
    job.count = static_cast<int>(std::min<std::int64_t>(count, last - p));
    for (int i = 0; i < job.count; ++i) {
      const PanelRing::Buffer& buffer = ring_.slots[slot][i];
      const bool sums = quantization_.lhs_zero_point + lhs_.shift != 0;
      job.panels[i] = pack_panel_args(weights_, 0, split_, p + i, rhs_, buffer.panel,
                                      sums ? buffer.column_sums : nullptr);
      if (sums) std::fill_n(buffer.column_sums, job.panels[i].vectors * split_.lanes, 0);
    }
    // Every tile does its share of the steps, at equal distances.
    const std::int64_t height = std::max(kernels_.packing_rows, 1);
    const std::int64_t tiles = std::max<std::int64_t>((rows + height - 1) / height, 1);
    const std::int64_t steps = (weights_.k + kPackStep - 1) / kPackStep * job.count;
    const std::int64_t steps_per_tile = (steps + tiles - 1) / tiles;
    job.interval = std::max<std::int64_t>(weights_.k / kKr / (steps_per_tile + 1), 1);
    return job;
  }

  /// A packed panel, and its terms of the epilogue.
  Panel panel_of(std::int64_t p, const PackArgs& packed) const {
    fill_panel_terms(quantization_, lhs_, rhs_, weights_.k, split_.column(p), packed.columns,
                     packed.vectors * split_.lanes, packed.column_sums, ring_.terms);
    return {.terms = &terms_,
            .data = packed.panel,
            .next = nullptr,
            .taps = 1,
            .k = weights_.k,
            .vectors = packed.vectors,
            .columns = packed.columns,
            .row_offset = 0,
            .column = split_.column(p),
            .term = 0,
            .flip = lhs_.flip};
  }

  const KernelTable& kernels_;
  const WeightsView& weights_;
  const PanelSplit& split_;
  KernelSign lhs_;
  KernelSign rhs_;
  const Quantization& quantization_;
  PanelRing ring_;
  EpilogueTerms terms_;
};

}  // namespace octet
