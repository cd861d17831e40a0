/// What GEMM with packed weights and GEMM with weights given per call have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "octet/gemm.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tile_loop.hpp"

namespace octet {

Quantization quantization_of(const GemmConfig& config);

/// The rhs as [K, N], whichever way the caller keeps it.
WeightsView view_rhs(const GemmConfig& config, const ConstMatrix& rhs);

Status check_gemm_config(const GemmConfig& config, const ConstMatrix& rhs);
/// `k` and `n` are those of the weights.
Status check_gemm_operands(DataType lhs_type, DataType out_type, std::int64_t k, std::int64_t n,
                           const ConstMatrix& lhs, const Matrix& out);

/// What the threads of a call share; without what is said of weights that are not packed yet.
WorkSize gemm_work(const KernelTable& kernels, const PanelSplit& split, std::int64_t m,
                   std::int64_t k, DataType out_type);

/// Rows of a block: enough tiles that a panel, once in the L2 cache, is used many times.
inline constexpr std::int64_t kBlockRows = 252;

/// A block of rows of lhs and out, with its pointers on the stack.
class MatrixRows {
 public:
  MatrixRows() {
    block_.rows = rows_;
    block_.tap_stride = kBlockRows;
    block_.out = out_;
  }
  /// Rows [first, first + count) behind those that are there already, at most kBlockRows in all.
  void add(const ConstMatrix& lhs, const Matrix& out, std::int64_t first, std::int64_t count) {
    // A single row may claim any stride.
    const std::int64_t out_stride = out.rows > 1 ? out.row_stride * size_of(out.type) : 0;
    const auto* lhs_row = static_cast<const std::uint8_t*>(lhs.data) + first * lhs.row_stride;
    auto* out_row = static_cast<std::byte*>(out.data) + first * out_stride;
    for (std::int64_t i = 0; i < count; ++i) {
      rows_[block_.count + i] = lhs_row + i * lhs.row_stride;
      out_[block_.count + i] = out_row + i * out_stride;
    }
    block_.count += count;
  }
  /// Computes the row sums, into this object.
  void add_row_sums(const KernelTable& kernels, bool flip, std::int64_t k) {
    kernels.row_sums[flip]({rows_, kBlockRows, 0, 1, k, block_.count, row_sums_});
    block_.row_sums = row_sums_;
  }
  const RowBlock& block() const { return block_; }

 private:
  RowBlock block_;
  const std::uint8_t* rows_[kBlockRows];
  void* out_[kBlockRows];
  std::int32_t row_sums_[kBlockRows];
};

/// body(first, count) for blocks of rows [begin, end), nearly equal and at most kBlockRows.
template <class Body>
void for_each_block(std::int64_t begin, std::int64_t end, const Body& body) {
  const std::int64_t blocks = (end - begin + kBlockRows - 1) / kBlockRows;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t first = part_begin(end - begin, blocks, i);
    body(begin + first, part_begin(end - begin, blocks, i + 1) - first);
  }
}

}  // namespace octet
