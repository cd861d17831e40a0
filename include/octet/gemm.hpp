/// Quantized matrix multiplication: out [M, N] = epilogue(lhs [M, K] x rhs [K, N]).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "octet/epilogue.hpp"
#include "octet/executor.hpp"
#include "octet/explain.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

namespace octet {

/// What a multiplication means, apart from its sizes.
struct GemmConfig {
  DataType lhs_type = DataType::kU8;  ///< kU8 or kS8: activations.
  std::int32_t lhs_zero_point = 0;    ///< Inside lhs_type's range.
  /// Of the weights, inside their type's range: [N], [1], or empty for 0.
  std::span<const std::int32_t> rhs_zero_point = {};
  bool rhs_transposed = false;  ///< The rhs view is [N, K], as most frameworks keep linear layers.
  Epilogue epilogue = {};
  std::string_view max_isa = {};  ///< See choose_isa(); empty: the best there is.
};

/// Multiplication by constant weights: `create` packs them once, `run` takes any M.
///
/// The sums are exact: `create` bounds the worst case for these weights and this bias and refuses
/// (kOutOfRange) what could leave int32. A Gemm is immutable: any number of threads may run it.
class Gemm {
 public:
  Gemm() noexcept;
  ~Gemm();
  Gemm(Gemm&&) noexcept;
  Gemm& operator=(Gemm&&) noexcept;

  /// Packs `rhs` (kS8 or kU8; [K, N], or [N, K] if rhs_transposed), which need not live longer.
  /// On error `gemm` is unchanged.
  static Status create(const GemmConfig& config, const ConstMatrix& rhs, Gemm& gemm) noexcept;

  /// out [M, N] = epilogue(lhs [M, K] x rhs). `lhs` has config.lhs_type, `out` has epilogue.type;
  /// they do not overlap. M is 0 or more. `residual` [M, N]: see Epilogue. Allocates nothing.
  Status run(const ConstMatrix& lhs, const Matrix& out, const Resources& resources = {},
             const ConstMatrix& residual = {}) const noexcept;

  /// Bytes of scratch that are enough for `run` with M rows and any executor of `threads` threads.
  std::size_t scratch_bytes(std::int64_t m, int threads = 1) const noexcept;

  /// What `run` does for M rows with this executor; sizes that it would refuse leave the fields of
  /// the run as they are by default.
  Explanation explain(std::int64_t m, const Executor* executor = nullptr) const noexcept;

  std::string_view isa() const noexcept;      ///< Of the kernels in use; empty before `create`.
  std::size_t packed_bytes() const noexcept;  ///< Held by this object for the packed weights.

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

/// Multiplication by weights given with the call, for one use (attention): packs a panel of `rhs`
/// at a time into scratch. K is limited so that no rhs could overflow int32:
/// K * max|lhs - zero_point| * max|rhs - zero_point| + max|bias| < 2^31.
Status gemm(const GemmConfig& config, const ConstMatrix& lhs, const ConstMatrix& rhs,
            const Matrix& out, const Resources& resources,
            const ConstMatrix& residual = {}) noexcept;

/// Bytes of scratch that are enough for `gemm` with any executor of `threads` threads; 0 if the
/// sizes or the ISA are invalid.
std::size_t gemm_scratch_bytes(const GemmConfig& config, std::int64_t m, std::int64_t n,
                               std::int64_t k, int threads = 1) noexcept;

/// Multiplications of one shape, as in attention. Matrix i of an operand begins i * stride elements
/// after its view; with a stride of 0 all share one.
struct GemmBatch {
  std::int64_t count = 1;  ///< 0 or more.
  std::int64_t lhs_stride = 0;
  std::int64_t rhs_stride = 0;
  /// Outputs do not overlap: they follow each other, or lie side by side within rows (heads of
  /// [rows, heads, columns]: out_stride = columns, row_stride = heads * columns).
  std::int64_t out_stride = 0;
  std::int64_t residual_stride = 0;
  /// [count]: of each matrix, in the place of epilogue.scale, which is then empty. Or empty.
  std::span<const float> scale = {};
};

/// `gemm` for each matrix of a batch: `lhs`, `rhs`, `out` and `residual` are the views of the
/// first. The threads share the matrices, and the rows and columns of each where there are few. All
/// other limits are those of `gemm`.
Status batched_gemm(const GemmConfig& config, const GemmBatch& batch, const ConstMatrix& lhs,
                    const ConstMatrix& rhs, const Matrix& out, const Resources& resources,
                    const ConstMatrix& residual = {}) noexcept;

/// Bytes of scratch that are enough for `batched_gemm` with any executor of `threads` threads; 0 if
/// the sizes or the ISA are invalid.
std::size_t batched_gemm_scratch_bytes(const GemmConfig& config, const GemmBatch& batch,
                                       std::int64_t m, std::int64_t n, std::int64_t k,
                                       int threads = 1) noexcept;

/// What `batched_gemm` does with weights of `rhs_type` and this executor. No shape if the sizes or
/// the ISA are invalid.
Explanation explain_batched_gemm(const GemmConfig& config, const GemmBatch& batch, std::int64_t m,
                                 std::int64_t n, std::int64_t k, DataType rhs_type,
                                 const Executor* executor = nullptr) noexcept;

}  // namespace octet
