#include "operators/gemm_batch.hpp"

#include "operators/validate.hpp"

namespace octet {
namespace {

/// Whether matrices of the batch could share an element.
bool overlaps(const Matrix& out, const GemmBatch& batch) {
  if (batch.count <= 1 || out.rows == 0) return false;
  const std::int64_t one = (out.rows - 1) * out.row_stride + out.columns;
  if (batch.out_stride >= one) return false;
  const std::int64_t side_by_side = (batch.count - 1) * batch.out_stride + out.columns;
  return batch.out_stride < out.columns || side_by_side > out.row_stride;
}

}  // namespace

Status check_gemm_batch(const GemmConfig& config, const GemmBatch& batch) {
  OCTET_RETURN_IF_ERROR(check_at_least("batch.count", batch.count, 0));
  if (batch.scale.empty()) return {};
  OCTET_RETURN_IF_ERROR(check_equal("the size of batch.scale",
                                    static_cast<std::int64_t>(batch.scale.size()), batch.count,
                                    "batch.count"));
  if (!config.epilogue.scale.empty() || config.epilogue.type == DataType::kS32)
    return Status::invalid_argument(
        "batch.scale takes the place of epilogue.scale, which must be empty, for outputs other "
        "than s32");
  return check_scales("batch.scale", batch.scale, batch.count);
}

Status check_batch_operands(const GemmBatch& batch, const ConstMatrix& lhs, const ConstMatrix& rhs,
                            const Matrix& out, const ConstMatrix& residual) {
  std::int64_t rows = 0;
  OCTET_RETURN_IF_ERROR(checked_product("batch.count * M", batch.count, lhs.rows, rows));
  OCTET_RETURN_IF_ERROR(check_batch("batch.lhs_stride", lhs, batch.count, batch.lhs_stride));
  OCTET_RETURN_IF_ERROR(check_batch("batch.rhs_stride", rhs, batch.count, batch.rhs_stride));
  OCTET_RETURN_IF_ERROR(
      check_batch("batch.out_stride", as_const(out), batch.count, batch.out_stride));
  if (residual.data != nullptr)
    OCTET_RETURN_IF_ERROR(
        check_batch("batch.residual_stride", residual, batch.count, batch.residual_stride));
  if (overlaps(out, batch))
    return Status::invalid_argument("batch.out_stride is %lld: the outputs would overlap",
                                    static_cast<long long>(batch.out_stride));
  return {};
}

Epilogue epilogue_of(const GemmConfig& config, const GemmBatch& batch, std::int64_t i) {
  Epilogue epilogue = config.epilogue;
  if (!batch.scale.empty()) epilogue.scale = batch.scale.subspan(static_cast<std::size_t>(i), 1);
  return epilogue;
}

}  // namespace octet
