// The same bytes whatever the batch, the split, the call and the scratch.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmInvariance : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

constexpr Placement kEnds = Placement::kEndsAtGuard;

TEST_P(GemmInvariance, RowsDoNotDependOnTheBatchTheyComeIn) {
  for (int t = 0; t < kTypeCombinations; ++t) {
    const GemmProblem problem = random_gemm(random_, 45, 70, 33, type_combination(t));
    const CaseScope scope(describe(problem));
    const Gemm gemm = make_gemm(problem, isa(), kEnds);
    const Cells all = run_rows(gemm, problem, 0, problem.m, kEnds);
    for (std::int64_t block : {1, 2, 7, 32}) {
      Cells blocks;
      for (std::int64_t row = 0; row < problem.m; row += block) {
        const Cells part = run_rows(gemm, problem, row, std::min(block, problem.m - row), kEnds);
        blocks.insert(blocks.end(), part.begin(), part.end());
      }
      expect_equal_cells(blocks, all, problem.n, problem.epilogue.type, "in blocks of rows");
    }
  }
}

/// Columns [first, first + count) of a problem.
GemmProblem column_block(const GemmProblem& whole, std::int64_t first, std::int64_t count) {
  GemmProblem part = whole;
  part.n = count;
  const auto take = [&](auto& values) {
    if (values.size() <= 1) return;
    values.erase(values.begin() + first + count, values.end());
    values.erase(values.begin(), values.begin() + first);
  };
  take(part.rhs_zero_point);
  take(part.epilogue.scale);
  take(part.epilogue.bias);
  part.rhs.clear();
  for (std::int64_t l = 0; l < whole.k; ++l) {
    const auto begin = whole.rhs.begin() + l * whole.n + first;
    part.rhs.insert(part.rhs.end(), begin, begin + count);
  }
  return part;
}

TEST_P(GemmInvariance, ColumnsDoNotDependOnTheirNeighbours) {
  for (int t = 0; t < kTypeCombinations; ++t) {
    const GemmProblem problem = random_gemm(random_, 9, 75, 21, type_combination(t));
    const Cells all = run_packed(problem, isa(), kEnds);
    for (std::int64_t first = 0; first < problem.n;) {
      const std::int64_t count = std::min(random_.integer(1, 40), problem.n - first);
      const GemmProblem part = column_block(problem, first, count);
      const CaseScope scope(describe(part));
      Cells expected;
      for (std::int64_t i = 0; i < problem.m; ++i) {
        const auto begin = all.begin() + i * problem.n + first;
        expected.insert(expected.end(), begin, begin + count);
      }
      const DataType type = part.epilogue.type;
      expect_equal_cells(run_packed(part, isa(), kEnds), expected, count, type, "packed");
      expect_equal_cells(run_one_shot(part, isa(), kEnds), expected, count, type, "one-shot");
      first += count;
    }
  }
}

TEST_P(GemmInvariance, PermutedRowsGivePermutedResults) {
  for (int t = 0; t < kTypeCombinations; ++t) {
    const GemmProblem problem = random_gemm(random_, 31, 37, 18, type_combination(t));
    const CaseScope scope(describe(problem));
    const Cells straight = run_packed(problem, isa(), kEnds);
    GemmProblem reversed = problem;
    Cells expected;
    reversed.lhs.clear();
    for (std::int64_t i = problem.m - 1; i >= 0; --i) {
      const auto row = problem.lhs.begin() + i * problem.k;
      reversed.lhs.insert(reversed.lhs.end(), row, row + problem.k);
      const auto out = straight.begin() + i * problem.n;
      expected.insert(expected.end(), out, out + problem.n);
    }
    expect_equal_cells(run_packed(reversed, isa(), kEnds), expected, problem.n,
                       problem.epilogue.type, "rows reversed");
  }
}

TEST_P(GemmInvariance, CallsDoNotSeeWhatTheScratchHolds) {
  for (int t = 0; t < kTypeCombinations; ++t) {
    const GemmProblem problem = random_gemm(random_, 25, 150, 19, type_combination(t));
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_gemm(problem);
    for (int fill : {0x00, 0x7F, 0x80, 0xFF}) {
      const ScratchFill filled(static_cast<std::byte>(fill));
      const DataType type = problem.epilogue.type;
      expect_equal_cells(run_packed(problem, isa(), kEnds), expected, problem.n, type, "packed");
      expect_equal_cells(run_one_shot(problem, isa(), kEnds), expected, problem.n, type,
                         "one-shot");
    }
  }
}

OCTET_ON_EVERY_ISA(GemmInvariance);

}  // namespace
}  // namespace octet::test
