// Views with gaps: what lies between the rows is neither read nor written. Strides of two pages put
// an unmapped page between each row and the next.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmStrides : public OnEveryIsa {};

constexpr std::int64_t kPageBytes = 4096;

std::int64_t gap_to(std::int64_t stride, std::int64_t columns) { return stride - columns; }

TEST_P(GemmStrides, LeaveGapsAlone) {
  Random random(first_seed());
  const std::int64_t mr = info().tile_rows, nr = info().tile_columns;
  int t = 0;
  for (std::int64_t gap : {0, 1, 3, 5, 64}) {
    for (std::int64_t m : {std::int64_t{2}, mr, mr + 1}) {
      for (std::int64_t n : {std::int64_t{3}, nr - 1, nr + 1}) {
        for (std::int64_t k : {3, 8, 33}) {
          GemmProblem problem = random_gemm(random, m, n, k, type_combination(t++));
          problem.lhs_gap = gap;
          problem.rhs_gap = (gap * 7) % 11;
          problem.out_gap = (gap * 5) % 9;
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(GemmStrides, WorkWhereEveryRowEndsAndBeginsAtAnUnmappedPage) {
  Random random(first_seed());
  const std::int64_t mr = info().tile_rows, nr = info().tile_columns;
  int t = 0;
  for (std::int64_t m : {std::int64_t{1}, mr, 2 * mr + 1}) {
    for (std::int64_t n : {std::int64_t{1}, nr - 1, nr + 1}) {
      for (std::int64_t k : {1, 2, 3, 4, 31, 61, 64}) {
        GemmProblem problem = random_gemm(random, m, n, k, type_combination(t++));
        const std::int64_t out_stride = 2 * kPageBytes / size_of(problem.epilogue.type);
        problem.lhs_gap = gap_to(2 * kPageBytes, k);
        problem.rhs_gap = gap_to(2 * kPageBytes, problem.rhs_transposed ? k : n);
        problem.out_gap = gap_to(out_stride, n);
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(GemmStrides, WorkForStridesThatAliasInTheCache) {
  Random random(first_seed());
  int t = 0;
  for (std::int64_t stride : {1024, 2048, 4096}) {
    for (std::int64_t m : {1, 13, 40}) {
      for (std::int64_t k : {64, 127, 1000}) {
        GemmProblem problem = random_gemm(random, m, 37, k, type_combination(t++));
        problem.lhs_gap = gap_to(stride, k);
        problem.out_gap = gap_to(stride, problem.n);
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(GemmStrides, OneRowMayHaveAnyStride) {
  Random random(first_seed());
  for (int t = 0; t < kTypeCombinations; ++t) {
    const GemmProblem problem = random_gemm(random, 1, 21, 7, type_combination(t));
    const CaseScope scope(isa() + ": " + describe(problem));
    const Gemm gemm = make_gemm(problem, isa(), Placement::kEndsAtGuard);
    GuardedTensor lhs = guarded_matrix(problem.lhs_type, 1, problem.k, 0, Placement::kEndsAtGuard);
    lhs.store(problem.lhs);
    const DataType type = problem.epilogue.type;
    const GuardedTensor out = guarded_matrix(type, 1, problem.n, 0, Placement::kEndsAtGuard);
    ConstMatrix lhs_view = lhs.const_matrix();
    Matrix out_view = out.matrix();
    lhs_view.row_stride = out_view.row_stride = INT64_MAX;
    const GuardedScratch scratch(gemm.scratch_bytes(1), Placement::kEndsAtGuard);
    const Status status = gemm.run(lhs_view, out_view, {scratch.bytes()});
    EXPECT_TRUE(status.ok()) << status.message();
    expect_equal_cells(out.load(), reference_gemm(problem), problem.n, type, "one row");
  }
}

TEST_P(GemmStrides, TouchNothingForNoRows) {
  Random random(first_seed());
  const GemmProblem problem = random_gemm(random, 0, 21, 5, {});
  expect_exact(problem, isa());
}

OCTET_ON_EVERY_ISA(GemmStrides);

}  // namespace
}  // namespace octet::test
