// Few columns: several rows without gaps are multiplied as one.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmFolded : public OnEveryIsa {
 protected:
  /// Signed weights without a zero point, or none would be folded.
  GemmProblem problem(std::int64_t m, std::int64_t n, std::int64_t k) {
    const DataType lhs = random_.chance(50) ? DataType::kU8 : DataType::kS8;
    const DataType outs[] = {DataType::kU8, DataType::kS8, DataType::kS32, DataType::kF32};
    GemmProblem made = random_gemm(random_, m, n, k, {lhs, DataType::kS8, outs[next_++ % 4]});
    made.rhs_zero_point.clear();
    made.lhs_gap = made.out_gap = 0;
    return made;
  }

  Random random_{first_seed()};
  int next_ = 0;
};

TEST_P(GemmFolded, EqualsReferenceForEveryNumberOfColumns) {
  for (std::int64_t n = 1; n <= 9; ++n) {
    for (std::int64_t m : {31, 32, 33, 47, 63, 64, 65, 100, 131, 600})
      for (std::int64_t k : {1, 3, 4, 5, 16, 27, 64, 65}) expect_exact(problem(m, n, k), isa());
  }
}

TEST_P(GemmFolded, EqualsReferenceWithGaps) {
  for (std::int64_t n : {1, 4, 7}) {
    for (int i = 0; i < 8; ++i) {
      GemmProblem made = problem(100 + i, n, 20 + i);
      (i % 2 == 0 ? made.lhs_gap : made.out_gap) = 1 + i;
      expect_exact(made, isa());
    }
  }
}

TEST_P(GemmFolded, EqualsReferenceForUnsignedWeightsAroundTheirMiddle) {
  for (std::int64_t n : {1, 3, 8}) {
    GemmProblem made =
        random_gemm(random_, 90, n, 40, {DataType::kU8, DataType::kU8, DataType::kS8});
    made.rhs_zero_point.assign(static_cast<std::size_t>(n), 128);
    expect_exact(made, isa());
  }
}

OCTET_ON_EVERY_ISA(GemmFolded);

}  // namespace
}  // namespace octet::test
