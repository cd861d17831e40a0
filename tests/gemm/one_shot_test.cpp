// Weights given with the call: what decides whether they are multiplied as they are or packed, and
// how much of them at a time, are the rows, K, N and the distance of the weights' rows.
#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class OneShotGemm : public OnEveryIsa {
 protected:
  /// `rhs_gap` elements follow each row of the weights.
  void check(std::int64_t m, std::int64_t n, std::int64_t k, bool transposed,
             std::int64_t rhs_gap) {
    GemmProblem problem = random_gemm(random_, m, n, k, type_combination(next_++));
    problem.rhs_transposed = transposed;
    problem.rhs_gap = rhs_gap;
    const CaseScope scope(isa() + ": " + describe(problem));
    expect_equal_cells(run_one_shot(problem, isa(), Placement::kEndsAtGuard),
                       reference_gemm(problem), problem.n, problem.epilogue.type, "gemm()");
  }

 private:
  Random random_{first_seed()};
  std::int64_t next_ = 0;
};

TEST_P(OneShotGemm, EqualsReferenceForEveryRowCount) {
  const std::int64_t nr = info().tile_columns;
  for (std::int64_t m = 1; m <= 50; ++m) {
    for (bool transposed : {false, true}) check(m, 2 * nr + 50, 301 + m % 4, transposed, m % 3);
  }
}

TEST_P(OneShotGemm, EqualsReferenceForEveryTailOfColumnsAndDepth) {
  const std::int64_t nr = info().tile_columns;
  for (std::int64_t n = nr > 16 ? nr - 16 : 1; n <= nr; ++n) {
    for (bool transposed : {false, true}) {
      for (std::int64_t m : {2, 7}) check(m, n, 196 + n % 67, transposed, 0);
    }
  }
}

TEST_P(OneShotGemm, EqualsReferenceWhereRowsArePackedForTheWeights) {
  const std::int64_t nr = info().tile_columns;
  for (std::int64_t m : {30, 32, 33, 47, 48, 64, 79, 96, 112, 192, 193, 230}) {
    const std::int64_t n = 4 * nr - m % 16;
    for (std::int64_t k : {515, 772}) check(m, n, k + m % 3, true, m % 2);
  }
  check(300, 3 * nr + 5, 2050, true, 0);
}

TEST_P(OneShotGemm, EqualsReferenceForEveryTypeWhereRowsArePackedForTheWeights) {
  const std::int64_t nr = info().tile_columns;
  for (int types = 0; types < kTypeCombinations; ++types) check(32, 2 * nr, 303, true, 0);
}

TEST_P(OneShotGemm, EqualsReferenceAcrossStepsOfK) {
  const std::int64_t n = 5 * info().tile_columns;
  for (std::int64_t k : {511, 1023, 1024, 1539}) {
    for (std::int64_t m : {1, 6, 13, 48}) check(m, n, k, false, 0);
  }
}

TEST_P(OneShotGemm, EqualsReferenceForRowsOfWeightsThatAreFarApart) {
  const std::int64_t n = 9 * info().tile_columns;
  for (std::int64_t stride : {1100, 4096}) {
    for (std::int64_t m : {1, 5, 13, 49, 100}) check(m, n, 1027 + m, false, stride - n);
  }
  check(485, 65, 1025, false, 1024);
}

OCTET_ON_EVERY_ISA(OneShotGemm);

}  // namespace
}  // namespace octet::test
