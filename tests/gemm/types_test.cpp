// Every combination of element types, with operands and zero points at the ends of their ranges.
#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmTypes : public OnEveryIsa {
 protected:
  /// Sizes within, at and beyond a tile.
  std::vector<std::array<std::int64_t, 3>> sizes() const {
    const std::int64_t mr = info().tile_rows, nr = info().tile_columns;
    return {{1, 1, 1}, {2, 5, 7}, {mr + 1, nr + 3, 18}};
  }
};

constexpr Values kValues[] = {Values::kHighest, Values::kLowest, Values::kExtremes};

TEST_P(GemmTypes, AreExactWithExtremesInEveryOperandAtOnce) {
  Random random(first_seed());
  for (int t = 0; t < kTypeCombinations; ++t) {
    const Types types = type_combination(t);
    for (const auto& [m, n, k] : sizes()) {
      for (Values lhs : kValues) {
        for (Values rhs : kValues) {
          GemmProblem problem = random_gemm(random, m, n, k, types);
          problem.lhs_zero_point = 0;
          problem.rhs_zero_point = {};
          fill_operands(random, problem, lhs, rhs);
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(GemmTypes, AreExactWithExtremeZeroPoints) {
  Random random(first_seed());
  for (int t = 0; t < kTypeCombinations; ++t) {
    const Types types = type_combination(t);
    for (const auto& [m, n, k] : sizes()) {
      for (std::int64_t lhs_zero_point : {lowest_of(types.lhs), highest_of(types.lhs)}) {
        for (std::int64_t rhs_zero_point : {lowest_of(types.rhs), highest_of(types.rhs)}) {
          GemmProblem problem = random_gemm(random, m, n, k, types);
          problem.lhs_zero_point = static_cast<std::int32_t>(lhs_zero_point);
          problem.rhs_zero_point = {static_cast<std::int32_t>(rhs_zero_point)};
          fill_operands(random, problem, random.pick(kValues), random.pick(kValues));
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(GemmTypes, TakeZeroPointsPerColumn) {
  Random random(first_seed());
  for (int t = 0; t < kTypeCombinations; ++t) {
    const Types types = type_combination(t);
    for (const auto& [m, n, k] : sizes()) {
      GemmProblem problem = random_gemm(random, m, n, k, types);
      problem.rhs_zero_point = random_values(random, types.rhs, n);
      expect_exact(problem, isa());
    }
  }
}

TEST_P(GemmTypes, GiveTheZeroPointForOperandsAtTheirZeroPoints) {
  Random random(first_seed());
  for (DataType lhs_type : k8BitTypes) {
    for (DataType rhs_type : k8BitTypes) {
      GemmProblem problem = random_gemm(random, 3, 35, 21, {lhs_type, rhs_type, DataType::kU8});
      problem.epilogue.bias = {};
      problem.epilogue.zero_point = 77;
      problem.epilogue.min = 0;
      problem.epilogue.max = 255;
      problem.lhs.assign(problem.lhs.size(), problem.lhs_zero_point);
      const Cells expected(static_cast<std::size_t>(problem.m * problem.n), 77);
      EXPECT_EQ(run_packed(problem, isa(), Placement::kEndsAtGuard), expected);
      EXPECT_EQ(run_one_shot(problem, isa(), Placement::kEndsAtGuard), expected);
    }
  }
}

OCTET_ON_EVERY_ISA(GemmTypes);

}  // namespace
}  // namespace octet::test
