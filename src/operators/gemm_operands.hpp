/// What GEMM with packed weights and GEMM with weights given per call have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "octet/gemm.hpp"
#include "operators/packed_weights.hpp"
#include "operators/row_pointers.hpp"
#include "operators/staging.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

/// With the epilogue of the tiles, which must live as long.
Quantization quantization_of(const GemmConfig& config, const Epilogue& epilogue);

/// The rhs as [K, N], whichever way the caller keeps it.
WeightsView view_rhs(const GemmConfig& config, const ConstMatrix& rhs);

Status check_gemm_config(const GemmConfig& config, const ConstMatrix& rhs);
/// `k` and `n` are those of the weights.
Status check_unusual_operands(DataType lhs_type, DataType out_type, std::int64_t k, std::int64_t n,
                              const ConstMatrix& lhs, const Matrix& out);
/// Beyond any doubt, at a glance: small calls are to be short.
template <class Matrix>
bool is_plain(const Matrix& matrix, DataType type, std::int64_t columns) {
  constexpr std::int64_t kSmall = std::int64_t{1} << 30;
  return matrix.type == type && matrix.columns == columns && matrix.data != nullptr &&
         matrix.rows >= 0 && matrix.rows < kSmall && matrix.row_stride >= columns &&
         matrix.row_stride < kSmall;
}
inline Status check_gemm_operands(DataType lhs_type, DataType out_type, std::int64_t k,
                                  std::int64_t n, const ConstMatrix& lhs, const Matrix& out) {
  if (is_plain(lhs, lhs_type, k) && is_plain(out, out_type, n) && lhs.rows == out.rows) return {};
  return check_unusual_operands(lhs_type, out_type, k, n, lhs, out);
}

/// What the threads of a call share; without what is said of weights that are not packed yet.
WorkSize gemm_work(const KernelTable& kernels, const PanelSplit& split, std::int64_t m,
                   std::int64_t k, DataType out_type);

/// What the explanations of both have in common: direct or staged rows, and the sizes.
void explain_rows(Explanation& explanation, const KernelTable& kernels);
void explain_gemm_size(Explanation& explanation, std::int64_t batch, std::int64_t m, std::int64_t n,
                       std::int64_t k);

/// Rows of a block: enough tiles that a panel, once in the L2 cache, is used many times.
inline constexpr std::int64_t kBlockRows = 252;

/// Scratch of one task, of up to `rows` rows; none where rows are direct and nobody shares them.
struct GemmScratch {
  constexpr GemmScratch() : stage(kBlockRows) {}  ///< Of rows that are direct.
  GemmScratch(ScratchCursor& scratch, const KernelTable& kernels, const PanelSplit& split,
              std::int64_t rows, std::int64_t k, std::int64_t most_bytes)
      : stage(scratch, kernels, rows, k, kBlockRows, most_bytes) {
    // A single tile has no others to widen a panel for.
    if (stages_rows(kernels) && rows > kernels.max_rows[kernels.max_vectors - 1])
      wide_panel = take_wide_panel(scratch, kernels, split, 1, k);
    pairs = take_row_pairs(scratch, kernels, split, std::min(rows, kBlockRows), 1, k);
  }
  /// Whether there is any.
  static bool needed(const KernelTable& kernels, const PanelSplit& split) {
    return stages_rows(kernels) || shares_pairs(kernels, split);
  }
  RowStage stage;
  std::int16_t* wide_panel = nullptr;
  RowPairs pairs;
};
/// What a block of staged rows may fill. More than an L2 cache holds: the rows of a tile are read
/// again for every panel, in the time of that many products, but the weights for every block.
inline constexpr std::int64_t kStagedBytes = 2 * 1024 * 1024;

/// The memory of MatrixRows, apart from what it keeps in registers.
struct MatrixRowTables {
  alignas(64) const std::uint8_t* rows[kBlockRows];
  alignas(64) void* out[kBlockRows];
  const std::uint8_t* residual[kBlockRows];
  std::int32_t row_sums[kBlockRows];
  RowBlock block;
};

/// A block of rows of lhs and out.
class MatrixRows {
 public:
  /// Rows of a matrix with `k` columns, staged in `scratch` if the kernels want it.
  MatrixRows(MatrixRowTables& tables, const KernelTable& kernels, bool flip, std::int64_t k,
             const GemmScratch& scratch, const FusedEpilogue& fused)
      : tables_(tables),
        block_(tables.block),
        kernels_(kernels),
        flip_(flip),
        k_(k),
        stage_(scratch.stage) {
    block_.count = 0;
    block_.row_sums = nullptr;
    block_.rows = tables_.rows;
    block_.tap_stride = kBlockRows;
    block_.out = tables_.out;
    block_.wide_panel = scratch.wide_panel;
    block_.fused = fused.has_table() ? &fused : nullptr;
    block_.residual = tables_.residual;
    // Field by field: a copy of what was just written would wait for the stores.
    block_.pairs.data = scratch.pairs.data;
    block_.pairs.stride = scratch.pairs.stride;
  }
  /// Rows [first, first + count) behind those that are there already, at most kBlockRows in all.
  /// The residual may be none.
  void add(const ConstMatrix& lhs, const Matrix& out, const ConstMatrix& residual,
           std::int64_t first, std::int64_t count) {
    // A single row may claim any stride.
    const std::int64_t out_stride = out.rows > 1 ? out.row_stride * size_of(out.type) : 0;
    const auto* lhs_row = static_cast<const std::uint8_t*>(lhs.data) + first * lhs.row_stride;
    auto* out_row = static_cast<std::byte*>(out.data) + first * out_stride;
    const std::int64_t behind = block_.count;
    block_.count = behind + count;
    point_to_rows(kernels_, tables_.rows + behind, lhs_row, lhs.row_stride, count);
    point_to_rows(kernels_, tables_.out + behind, out_row, out_stride, count);
    if (residual.data != nullptr)
      point_to_rows(tables_.residual + behind,
                    static_cast<const std::uint8_t*>(residual.data) + first * residual.row_stride,
                    residual.row_stride, count);
    if (stages_rows(kernels_)) stage(behind, count);
  }
  /// Computes the row sums, into this object.
  void add_row_sums() {
    kernels_.row_sums[flip_]({tables_.rows, kBlockRows, 0, 1, k_, block_.count, tables_.row_sums});
    block_.row_sums = tables_.row_sums;
  }
  const RowBlock& block() const { return block_; }

 private:
  /// Rows [first, first + count).
  void stage(std::int64_t first, std::int64_t count) {
    const std::uint8_t** rows = tables_.rows + first;
    std::uint8_t* staged = stage_.data + first * stage_.stride;
    kernels_.stage({rows[0], rows[count > 1 ? 1 : 0] - rows[0], count, k_,
                    static_cast<std::uint8_t>(flip_ ? 0x80 : 0), staged, stage_.stride});
    point_to_rows(kernels_, rows, staged, stage_.stride, count);
  }

  MatrixRowTables& tables_;
  RowBlock& block_;
  const KernelTable& kernels_;
  const bool flip_;
  const std::int64_t k_;
  const RowStage& stage_;
};

/// body(first, count) for blocks of rows [begin, end), nearly equal and at most `most`.
template <class Body>
void for_each_block(std::int64_t begin, std::int64_t end, std::int64_t most, const Body& body) {
  const std::int64_t rows = end - begin;
  // Small calls notice a division.
  const std::int64_t blocks = rows > most ? divide_up(rows, most) : rows > 0 ? 1 : 0;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t first = part_begin(rows, blocks, i);
    body(begin + first, part_begin(rows, blocks, i + 1) - first);
  }
}

}  // namespace octet
