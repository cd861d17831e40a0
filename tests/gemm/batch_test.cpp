// Batched GEMM: every matrix is what `gemm` makes of it, however the operands lie.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_batch.hpp"

namespace octet::test {
namespace {

class BatchedGemm : public OnEveryIsa {
 protected:
  void expect_exact(const BatchProblem& problem) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_batch(problem);
    const GemmProblem& first = problem.matrices[0];
    for (Placement placement : kPlacements)
      expect_equal_cells(run_batch(problem, isa(), placement), expected, first.n,
                         first.epilogue.type, "batched_gemm");
  }
  Random random_{first_seed()};
};

TEST_P(BatchedGemm, EqualsReferenceInEveryLayoutAndType) {
  const BatchLayout inputs[] = {BatchLayout::kShared, BatchLayout::kOneByOne,
                                BatchLayout::kSideBySide};
  int t = 0;
  for (BatchLayout lhs : inputs) {
    for (BatchLayout rhs : inputs) {
      for (BatchLayout out : {BatchLayout::kOneByOne, BatchLayout::kSideBySide}) {
        expect_exact(random_batch(random_, {lhs, rhs, out}, 3, 5, 19, 23, type_combination(t++)));
      }
    }
  }
}

TEST_P(BatchedGemm, EqualsReferenceAroundEveryTileEdge) {
  for (std::int64_t m : around({1, info().tile_rows})) {
    for (std::int64_t n : around({info().tile_columns})) {
      for (std::int64_t count : {1, 2, 5})
        expect_exact(random_batch(random_, random_layouts(random_), count, m, n,
                                  random_.integer(1, 40),
                                  type_combination(random_.integer(0, kTypeCombinations - 1))));
    }
  }
}

TEST_P(BatchedGemm, EqualsReferenceOnAttention) {
  for (bool transposed : {true, false}) {
    BatchProblem problem =
        random_batch(random_, random_layouts(random_), 4, 37, transposed ? 130 : 64,
                     transposed ? 64 : 130, type_combination(1));
    for (GemmProblem& matrix : problem.matrices) matrix.rhs_transposed = transposed;
    expect_exact(problem);
  }
}

/// Rows are packed for the weights where those of a call lie equally far apart.
TEST_P(BatchedGemm, EqualsReferenceForWeightsThatAreReadAsRows) {
  for (BatchLayout lhs : {BatchLayout::kOneByOne, BatchLayout::kSideBySide}) {
    for (BatchLayout rhs : {BatchLayout::kShared, BatchLayout::kOneByOne}) {
      for (std::int64_t m : {16, 48}) {
        BatchProblem problem = random_batch(random_, {lhs, rhs, BatchLayout::kOneByOne}, 3, m,
                                            2 * info().tile_columns, 301, type_combination(2));
        for (GemmProblem& matrix : problem.matrices) matrix.rhs_transposed = true;
        expect_exact(problem);
      }
    }
  }
}

TEST_P(BatchedGemm, EqualsReferenceOnRandomProblems) {
  random_sweep(60, [&](Random& random) {
    expect_exact(random_batch(random, random_layouts(random), random.integer(1, 6),
                              random.integer(1, 30), random.integer(1, 100), random.integer(1, 90),
                              type_combination(random.integer(0, kTypeCombinations - 1))));
  });
}

OCTET_ON_EVERY_ISA(BatchedGemm);

}  // namespace
}  // namespace octet::test
