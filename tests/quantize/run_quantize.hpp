/// The element-wise operators on guarded matrices.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <string_view>
#include <vector>

#include "octet/octet.hpp"
#include "support/every_isa.hpp"
#include "support/guarded_epilogue.hpp"
#include "support/guarded_tensor.hpp"
#include "support/reference.hpp"

namespace octet::test {

struct QuantizeProblem {
  DataType in_type = DataType::kF32, out_type = DataType::kU8;
  std::int64_t rows = 1, columns = 1;
  std::int64_t in_gap = 0, out_gap = 0;
  std::vector<float> scale = {};
  std::vector<std::int32_t> zero_point = {};
  Cells in = {};  ///< [rows, columns]
};

/// Calls `operation(in, out)` between guards, once for each placement, and expects `expected`.
template <class Operation>
void expect_cells(const QuantizeProblem& problem, const Cells& expected, const std::string& name,
                  Operation operation) {
  const CaseScope scope(name + ' ' + name_of(problem.in_type) + " to " + name_of(problem.out_type) +
                        " [" + std::to_string(problem.rows) + ", " +
                        std::to_string(problem.columns) + "] gaps " +
                        std::to_string(problem.in_gap) + ' ' + std::to_string(problem.out_gap));
  for (Placement placement : kPlacements) {
    GuardedTensor in =
        guarded_matrix(problem.in_type, problem.rows, problem.columns, problem.in_gap, placement);
    in.store(problem.in);
    in.seal_input();
    const GuardedTensor out =
        guarded_matrix(problem.out_type, problem.rows, problem.columns, problem.out_gap, placement);
    out.seal_output();
    const GuardedArray<float> scale(problem.scale, placement);
    const GuardedArray<std::int32_t> zero_point(problem.zero_point, placement);
    const Status status =
        operation(in.const_matrix(), out.matrix(), scale.span(), zero_point.span());
    EXPECT_TRUE(status.ok()) << status.message();
    out.expect_gaps_untouched();
    expect_equal_cells(out.load(), expected, problem.columns, problem.out_type, name.c_str());
  }
}

inline void expect_quantizes_exactly(const QuantizeProblem& p, std::string_view isa,
                                     Executor* executor = nullptr) {
  Cells expected;
  for (std::size_t i = 0; i < p.in.size(); ++i) {
    const std::int64_t column = static_cast<std::int64_t>(i) % p.columns;
    expected.push_back(reference_quantize(std::bit_cast<float>(p.in[i]),
                                          per_column(p.scale, column, 1.0f),
                                          per_column(p.zero_point, column, 0), p.out_type));
  }
  expect_cells(p, expected, std::string(isa) + ": quantize",
               [&](const ConstMatrix& in, const Matrix& out, auto scale, auto zero_point) {
                 return quantize({scale, zero_point, isa}, in, out, executor);
               });
}

inline void expect_dequantizes_exactly(const QuantizeProblem& p, std::string_view isa,
                                       Executor* executor = nullptr) {
  Cells expected;
  for (std::size_t i = 0; i < p.in.size(); ++i) {
    const std::int64_t column = static_cast<std::int64_t>(i) % p.columns;
    expected.push_back(reference_dequantize(static_cast<std::int32_t>(p.in[i]),
                                            per_column(p.scale, column, 1.0f),
                                            per_column(p.zero_point, column, 0)));
  }
  expect_cells(p, expected, std::string(isa) + ": dequantize",
               [&](const ConstMatrix& in, const Matrix& out, auto scale, auto zero_point) {
                 return dequantize({scale, zero_point, isa}, in, out, executor);
               });
}

/// The epilogue's scale is taken from the problem; its bias wraps around.
inline void expect_requantizes_exactly(const QuantizeProblem& p, OwnedEpilogue epilogue,
                                       std::string_view isa, Executor* executor = nullptr) {
  epilogue.type = p.out_type;
  epilogue.scale = p.scale;
  Cells expected;
  for (std::size_t i = 0; i < p.in.size(); ++i) {
    const std::int64_t column = static_cast<std::int64_t>(i) % p.columns;
    const auto bias = static_cast<std::uint32_t>(per_column(epilogue.bias, column, 0));
    expected.push_back(
        reference_epilogue(epilogue, static_cast<std::int32_t>(p.in[i] + bias), column));
  }
  const GuardedEpilogue guarded(epilogue, Placement::kEndsAtGuard);
  expect_cells(p, expected, std::string(isa) + ": requantize",
               [&](const ConstMatrix& in, const Matrix& out, auto, auto) {
                 return requantize(guarded.epilogue, in, out, executor, isa);
               });
}

}  // namespace octet::test
