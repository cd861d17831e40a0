#include "operators/gemm_operands.hpp"

#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {

Quantization quantization_of(const GemmConfig& config, const Epilogue& epilogue) {
  return {config.lhs_type, config.lhs_zero_point, config.rhs_zero_point, epilogue};
}

WeightsView view_rhs(const GemmConfig& config, const ConstMatrix& rhs) {
  WeightsView view = {};
  view.data = static_cast<const std::uint8_t*>(rhs.data);
  view.type = rhs.type;
  view.groups = 1;
  view.taps = 1;
  view.k = config.rhs_transposed ? rhs.columns : rhs.rows;
  view.n = config.rhs_transposed ? rhs.rows : rhs.columns;
  view.k_stride = config.rhs_transposed ? 1 : rhs.row_stride;
  view.n_stride = config.rhs_transposed ? rhs.row_stride : 1;
  return view;
}

Status check_gemm_config(const GemmConfig& config, const ConstMatrix& rhs) {
  OCTET_RETURN_IF_ERROR(check_8bit("lhs_type", config.lhs_type));
  OCTET_RETURN_IF_ERROR(check_zero_point("lhs_zero_point", config.lhs_zero_point, config.lhs_type));
  OCTET_RETURN_IF_ERROR(check_8bit("rhs.type", rhs.type));
  OCTET_RETURN_IF_ERROR(check_at_least("rhs.rows", rhs.rows, 1));
  OCTET_RETURN_IF_ERROR(check_matrix("rhs", rhs));
  const std::int64_t n = config.rhs_transposed ? rhs.rows : rhs.columns;
  OCTET_RETURN_IF_ERROR(check_zero_points("rhs_zero_point", config.rhs_zero_point, n, rhs.type));
  return check_epilogue(config.epilogue, n);
}

Status check_unusual_operands(DataType lhs_type, DataType out_type, std::int64_t k, std::int64_t n,
                              const ConstMatrix& lhs, const Matrix& out) {
  OCTET_RETURN_IF_ERROR(check_type("lhs.type", lhs.type, lhs_type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, out_type));
  OCTET_RETURN_IF_ERROR(check_matrix("lhs", lhs));
  OCTET_RETURN_IF_ERROR(check_matrix("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("lhs.columns", lhs.columns, k, "K of the weights"));
  OCTET_RETURN_IF_ERROR(check_equal("out.columns", out.columns, n, "N of the weights"));
  return check_equal("out.rows", out.rows, lhs.rows, "lhs.rows");
}

WorkSize gemm_work(const KernelTable& kernels, const PanelSplit& split, std::int64_t m,
                   std::int64_t k, DataType out_type) {
  const int vectors = split.vectors_of(0);
  return {.rows = m,
          .row_bytes = k,
          .tile_rows = kernels.max_rows[vectors - 1],
          .panels = split.panels,
          .panel_columns = vectors * split.lanes,
          .columns = split.n,
          .k = k,
          .out_type = out_type,
          .lanes = kernels.lanes};
}

void explain_rows(Explanation& explanation, const KernelTable& kernels) {
  explanation.staged = stages_rows(kernels);
  explanation.form = explanation.staged ? "staged" : "direct";
  explanation.reason = explanation.staged ? "the dot product takes values of 16 bits"
                                          : "the dot product takes bytes, as they lie";
}

void explain_gemm_size(Explanation& explanation, std::int64_t batch, std::int64_t m, std::int64_t n,
                       std::int64_t k) {
  if (batch == 1) {
    set_shape(explanation, "M %lld, N %lld, K %lld", static_cast<long long>(m),
              static_cast<long long>(n), static_cast<long long>(k));
  } else {
    set_shape(explanation, "%lld of M %lld, N %lld, K %lld", static_cast<long long>(batch),
              static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k));
  }
  const auto count = static_cast<double>(batch);
  const auto rows = static_cast<double>(m), columns = static_cast<double>(n);
  const auto depth = static_cast<double>(k);
  explanation.operations = 2 * count * rows * columns * depth;
  explanation.bytes = count * (rows * depth + depth * columns +
                               rows * columns * static_cast<double>(size_of(explanation.out_type)));
}

}  // namespace octet
