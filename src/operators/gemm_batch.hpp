/// The matrices of a batched GEMM as one long list of rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "octet/gemm.hpp"
#include "operators/gemm_operands.hpp"

namespace octet {

/// The count and the scales.
Status check_gemm_batch(const GemmConfig& config, const GemmBatch& batch);
/// The strides; the matrices are the first ones, and valid on their own. There may be no residual.
Status check_batch_operands(const GemmBatch& batch, const ConstMatrix& lhs, const ConstMatrix& rhs,
                            const Matrix& out, const ConstMatrix& residual);

/// Whether all rows of the batch are multiplied by the same weights and scales.
inline bool shares_weights(const GemmBatch& batch) {
  return batch.count <= 1 || (batch.rhs_stride == 0 && batch.scale.empty());
}

/// The epilogue of matrix i.
Epilogue epilogue_of(const GemmConfig& config, const GemmBatch& batch, std::int64_t i);

/// Matrix i of an operand.
template <class Void>
BasicMatrix<Void> matrix_of(BasicMatrix<Void> first, std::int64_t stride, std::int64_t i) {
  using Byte = std::conditional_t<std::is_const_v<Void>, const std::byte, std::byte>;
  first.data = static_cast<Byte*>(first.data) + i * stride * size_of(first.type);
  return first;
}

/// Adds rows [first, first + count) of the batch, counted through its matrices.
inline void add_batch_rows(const GemmBatch& batch, const ConstMatrix& lhs, const Matrix& out,
                           const ConstMatrix& residual, std::int64_t first, std::int64_t count,
                           MatrixRows& rows) {
  for (const std::int64_t end = first + count; first < end;) {
    const std::int64_t i = first / lhs.rows;
    const std::int64_t last = std::min(end, (i + 1) * lhs.rows);
    rows.add(matrix_of(lhs, batch.lhs_stride, i), matrix_of(out, batch.out_stride, i),
             residual.data == nullptr ? residual : matrix_of(residual, batch.residual_stride, i),
             first - i * lhs.rows, last - first);
    first = last;
  }
}

}  // namespace octet
