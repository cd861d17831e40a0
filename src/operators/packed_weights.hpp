/// Weights as the kernels want them, with everything that the epilogue needs.
#pragma once

#include <cstdint>
#include <span>

#include "dispatch/registry.hpp"
#include "octet/epilogue.hpp"
#include "octet/status.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/panel.hpp"

namespace octet {

/// The caller's weights: value (group, tap, k, n) at data + the sum of index * stride, in bytes.
struct WeightsView {
  const std::uint8_t* data;
  DataType type;
  std::int64_t groups, taps, k, n;  ///< k and n per group.
  std::int64_t group_stride, tap_stride, k_stride, n_stride;

  /// Whether a second-level cache is likely to hold all of them, if they were used lately.
  bool fit_cache() const { return groups * taps * k * n <= 768 * 1024; }

  /// Strides of [group, n, tap, k], contiguous.
  void set_contiguous() {
    k_stride = 1;
    tap_stride = k;
    n_stride = taps * k;
    group_stride = n * n_stride;
  }
};

/// How the columns of a group are cut into panels: as few as possible, and as equal as possible.
struct PanelSplit {
  PanelSplit() = default;
  PanelSplit(std::int64_t n, const KernelTable& kernels)
      : PanelSplit(n, kernels, kernels.max_vectors) {}
  PanelSplit(std::int64_t n, const KernelTable& kernels, int max_vectors)
      : n(n),
        lanes(kernels.lanes),
        vectors((n + lanes - 1) / lanes),
        panels((vectors + max_vectors - 1) / max_vectors),
        narrow(vectors / panels),
        wider_panels(vectors % panels) {}

  std::int64_t first_vector(std::int64_t panel) const {
    return panel * narrow + (panel < wider_panels ? panel : wider_panels);
  }
  int vectors_of(std::int64_t panel) const {
    return static_cast<int>(first_vector(panel + 1) - first_vector(panel));
  }
  std::int64_t column(std::int64_t panel) const { return first_vector(panel) * lanes; }
  std::int64_t columns_of(std::int64_t panel) const {
    const std::int64_t end = column(panel + 1);
    return (end < n ? end : n) - column(panel);
  }
  std::int64_t padded_columns() const { return vectors * lanes; }

  std::int64_t n = 0;
  std::int64_t lanes = 1;
  std::int64_t vectors = 0;
  std::int64_t panels = 0;
  std::int64_t narrow = 0;        ///< Vectors of most panels;
  std::int64_t wider_panels = 0;  ///< the first few have one more.
};

/// One side's quantization as the kernel sees it: the top bit flipped where its type differs from
/// the kernel's, and the zero point moved along.
struct KernelSign {
  KernelSign() = default;
  KernelSign(DataType type, bool kernel_is_signed)
      : flip((type == DataType::kS8) != kernel_is_signed),
        shift(!flip              ? 0
              : kernel_is_signed ? -128
                                 : 128) {}
  bool flip = false;
  std::int32_t shift = 0;  ///< Added to values and zero points by the flip.
  /// What the kernel sees as 0.
  std::uint8_t zero() const { return flip ? 0x80 : 0; }
};

/// What an operator's rows and columns mean, apart from the weights themselves.
struct Quantization {
  DataType lhs_type;
  std::int32_t lhs_zero_point;
  std::span<const std::int32_t> rhs_zero_point;
  const Epilogue& epilogue;
};

/// Packs one panel of the weights into `packed`.
PackArgs pack_panel_args(const WeightsView& weights, std::int64_t group, const PanelSplit& split,
                         std::int64_t panel, KernelSign rhs, std::int8_t* packed,
                         std::int32_t* column_sums);

/// The terms of an epilogue that do not depend on the column.
EpilogueTerms uniform_terms(const Epilogue& epilogue);

/// Fills the per-column terms of one panel, `columns` of them from global column `column` on, from
/// the panel's column sums: with all values as the kernel sees them,
///   sum (a - za)(b - zb) = sum a b - za * sum b - zb * sum a + values * za * zb,
/// so bias[n] - za * column_sums[n] + values * za * zb[n] is the constant, and zb[n] the factor of
/// the row sum. The rest, up to `padded`, is set to harmless values. `column_sums` may be `bias`,
/// or null where za is 0.
struct PanelTerms {
  std::int32_t* bias;
  float* scale;
  std::int32_t* rhs_zero_point;  ///< Null if all are zero.
};
void fill_panel_terms(const Quantization& quantization, KernelSign lhs, KernelSign rhs,
                      std::int64_t values, std::int64_t column, std::int64_t columns,
                      std::int64_t padded, const std::int32_t* column_sums,
                      const PanelTerms& terms);

/// True if, as the kernel sees it, some rhs zero point is not zero: row sums are needed.
bool needs_row_sums(const Quantization& quantization, KernelSign rhs);

/// Refuses (kOutOfRange) weights for which some lhs could take sum + bias out of int32. With a null
/// `data`, for which any weights could.
Status check_sums_fit(const WeightsView& weights, const Quantization& quantization);

class PackedWeights {
 public:
  static Status create(const KernelTable& kernels, const WeightsView& weights,
                       const Quantization& quantization, PackedWeights& packed) {
    return create(kernels, weights, quantization, weights.k, packed);
  }
  /// Of rows of `k` values: zeros stand behind those of the weights, and rows are readable as far.
  static Status create(const KernelTable& kernels, const WeightsView& weights,
                       const Quantization& quantization, std::int64_t k, PackedWeights& packed);
  /// The least multiple that leaves no end of k in the tiles for so many columns.
  static std::int64_t whole_k(const KernelTable& kernels, std::int64_t columns, std::int64_t taps,
                              std::int64_t k);

  const KernelTable& kernels() const { return *kernels_; }
  const PanelSplit& split() const { return split_; }
  const EpilogueTerms& terms() const { return terms_[0]; }
  std::int64_t groups() const { return groups_; }
  std::int64_t taps() const { return taps_; }
  std::int64_t k() const { return k_; }
  /// From one group's k to the next in a row, as the kernels take it.
  std::int64_t row_bytes() const {
    return kernels_->lhs_bytes == 1 ? k_ : round_up(k_, std::int64_t{kKr}) * kernels_->lhs_bytes;
  }
  bool flips_lhs() const { return flips_lhs_; }
  bool uses_row_sums() const { return terms().rhs_zero_point != nullptr; }

  /// Made once: to put one together takes as long as a small tile.
  const Panel& panel(std::int64_t group, std::int64_t panel) const {
    return panels_[group * split_.panels + panel];
  }
  std::int64_t bytes() const { return groups_ * split_.vectors * bytes_per_vector(); }

 private:
  Panel make_panel(std::int64_t group, std::int64_t panel) const;
  void choose_tiles();
  std::int64_t bytes_per_vector() const {
    return taps_ * round_up(packed_k_, std::int64_t{kKr}) * kernels_->lanes;
  }

  const KernelTable* kernels_ = nullptr;
  PanelSplit split_;
  std::int64_t groups_ = 0, taps_ = 0, k_ = 0, packed_k_ = 0;
  bool flips_lhs_ = false;
  AlignedBuffer<EpilogueTerms> terms_;  ///< One. On the heap, where the panels can point to it.
  AlignedBuffer<Panel> panels_;         ///< [groups][panels]
  AlignedBuffer<PanelTiles> tiles_;     ///< [groups][panels][kBlockSizes]
  AlignedBuffer<std::int8_t> data_;
  AlignedBuffer<std::int32_t> bias_;
  AlignedBuffer<float> scale_;
  AlignedBuffer<std::int32_t> rhs_zero_point_;
};

}  // namespace octet
