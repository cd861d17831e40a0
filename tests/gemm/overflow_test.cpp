// The longest sums that fit into int32 are exact; the next longer ones are refused.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmOverflow : public OnEveryIsa {
 protected:
  Status create(const GemmProblem& problem) const {
    GuardedTensor rhs = guarded_matrix(problem.rhs_type, problem.k, problem.n, 0, kEnds);
    rhs.store(problem.rhs);
    Gemm gemm;
    return Gemm::create(config_of(problem), rhs.const_matrix(), gemm);
  }

  Status one_shot(const GemmProblem& problem) const {
    GuardedTensor lhs = guarded_matrix(problem.lhs_type, problem.m, problem.k, 0, kEnds);
    GuardedTensor rhs = guarded_matrix(problem.rhs_type, problem.k, problem.n, 0, kEnds);
    const GuardedTensor out = guarded_matrix(DataType::kS32, problem.m, problem.n, 0, kEnds);
    lhs.store(problem.lhs);
    rhs.store(problem.rhs);
    const GemmConfig config = config_of(problem);
    Workspace workspace;
    const auto scratch =
        workspace.reserve(gemm_scratch_bytes(config, problem.m, problem.n, problem.k));
    return gemm(config, lhs.const_matrix(), rhs.const_matrix(), out.matrix(), {scratch});
  }

  static constexpr Placement kEnds = Placement::kEndsAtGuard;

 private:
  GemmConfig config_of(const GemmProblem& problem) const {
    return {.lhs_type = problem.lhs_type,
            .lhs_zero_point = problem.lhs_zero_point,
            .rhs_zero_point = problem.rhs_zero_point,
            .epilogue = {.type = DataType::kS32, .bias = problem.epilogue.bias},
            .max_isa = isa()};
  }
};

/// 65793 * 255 * 128 = 2^31 - 128: the longest sum whose terms may all be extreme.
constexpr std::int64_t kLongest = 65793;

GemmProblem uniform(std::int64_t k, DataType lhs_type, std::int32_t lhs, DataType rhs_type,
                    std::int32_t rhs) {
  GemmProblem problem{.m = 2, .n = 3, .k = k, .lhs_type = lhs_type, .rhs_type = rhs_type};
  problem.lhs.assign(static_cast<std::size_t>(problem.m * k), lhs);
  problem.rhs.assign(static_cast<std::size_t>(k * problem.n), rhs);
  return problem;
}

TEST_P(GemmOverflow, TheLongestExtremeSumIsExact) {
  GemmProblem problem = uniform(kLongest, DataType::kU8, 255, DataType::kS8, -128);
  expect_exact(problem, isa());
  problem.lhs_type = DataType::kS8;  // 127 - -128 is 255 again
  problem.lhs_zero_point = -128;
  problem.lhs.assign(problem.lhs.size(), 127);
  expect_exact(problem, isa());
  problem.rhs_type = DataType::kU8;  // 0 - 128 is -128 again
  problem.rhs_zero_point = {128};
  problem.rhs.assign(problem.rhs.size(), 0);
  expect_exact(problem, isa());
}

TEST_P(GemmOverflow, OneTermMoreIsRefused) {
  const GemmProblem longer = uniform(kLongest + 1, DataType::kU8, 255, DataType::kS8, -128);
  EXPECT_EQ(create(longer).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(one_shot(longer).code(), StatusCode::kOutOfRange);
}

TEST_P(GemmOverflow, TheZeroPointWidensTheRange) {
  // lhs - 255 and rhs - -128 are up to 255 both: 33025 * 255 * 255 = 2^31 - 33023.
  GemmProblem problem = uniform(33025, DataType::kU8, 0, DataType::kS8, 127);
  problem.lhs_zero_point = 255;
  problem.rhs_zero_point = {-128};
  expect_exact(problem, isa());
  GemmProblem longer = uniform(33026, DataType::kU8, 0, DataType::kS8, 127);
  longer.lhs_zero_point = 255;
  longer.rhs_zero_point = {-128};
  EXPECT_EQ(create(longer).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(one_shot(longer).code(), StatusCode::kOutOfRange);
}

TEST_P(GemmOverflow, TheBiasCountsToo) {
  GemmProblem problem = uniform(kLongest, DataType::kU8, 255, DataType::kS8, -128);
  problem.epilogue.bias = {127, -127, 0};  // |sum| = 2^31 - 1 at most
  expect_exact(problem, isa());

  problem.epilogue.bias = {0, -128, 0};  // exactly -2^31, which is in int32
  EXPECT_EQ(run_packed(problem, isa(), kEnds), reference_gemm(problem));
  EXPECT_EQ(one_shot(problem).code(), StatusCode::kOutOfRange);

  problem.epilogue.bias = {0, 0, -129};
  EXPECT_EQ(create(problem).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(one_shot(problem).code(), StatusCode::kOutOfRange);
}

TEST_P(GemmOverflow, CreateLooksAtTheWeights) {
  // Weights <= 0 and lhs >= 0: no sum is positive, so that any positive bias is safe.
  GemmProblem problem = uniform(1, DataType::kU8, 0, DataType::kS8, -1);
  problem.epilogue.bias = {INT32_MAX, 0, INT32_MIN + 255};
  EXPECT_EQ(run_packed(problem, isa(), kEnds), reference_gemm(problem));
  problem.lhs.assign(problem.lhs.size(), 255);
  EXPECT_EQ(run_packed(problem, isa(), kEnds), reference_gemm(problem));
  problem.epilogue.bias = {0, 0, INT32_MIN + 254};
  EXPECT_EQ(create(problem).code(), StatusCode::kOutOfRange);
  problem.rhs = {0, 1, 0};
  problem.epilogue.bias = {INT32_MAX, INT32_MAX - 255, INT32_MIN};
  EXPECT_EQ(run_packed(problem, isa(), kEnds), reference_gemm(problem));
  problem.epilogue.bias = {0, INT32_MAX - 254, 0};
  EXPECT_EQ(create(problem).code(), StatusCode::kOutOfRange);
}

TEST_P(GemmOverflow, SmallWeightsAllowALongerSum) {
  GemmProblem problem = uniform(3 * kLongest, DataType::kU8, 255, DataType::kS8, -1);
  for (std::size_t i = 0; i < problem.rhs.size(); i += 5) problem.rhs[i] = 1;
  EXPECT_EQ(run_packed(problem, isa(), kEnds), reference_gemm(problem));
  EXPECT_EQ(one_shot(problem).code(), StatusCode::kOutOfRange);  // any weights could come
}

TEST_P(GemmOverflow, OnlyTheResultMustFit) {
  // 254 - 255 times 127 - 126: -1. The sum of raw products, the row sum times 126 and the column
  // sum times 255 all leave int32 on the way.
  GemmProblem problem = uniform(4 * kLongest, DataType::kU8, 254, DataType::kS8, 127);
  problem.lhs_zero_point = 255;
  problem.rhs_zero_point = {126};
  EXPECT_EQ(run_packed(problem, isa(), kEnds), Cells(6, static_cast<std::uint32_t>(-4 * kLongest)));
  for (DataType lhs_type : {DataType::kU8, DataType::kS8}) {
    for (DataType rhs_type : {DataType::kU8, DataType::kS8}) {
      GemmProblem extreme =
          uniform(4 * kLongest, lhs_type, static_cast<std::int32_t>(highest_of(lhs_type)), rhs_type,
                  static_cast<std::int32_t>(highest_of(rhs_type)));
      extreme.lhs_zero_point = static_cast<std::int32_t>(highest_of(lhs_type)) - 1;
      extreme.rhs_zero_point = {static_cast<std::int32_t>(highest_of(rhs_type)) - 1};
      EXPECT_EQ(run_packed(extreme, isa(), kEnds), Cells(6, 4 * kLongest));
    }
  }
}

OCTET_ON_EVERY_ISA(GemmOverflow);

}  // namespace
}  // namespace octet::test
