// How sums become results, with expectations that are written out, not computed by the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmRounding : public OnEveryIsa {
 protected:
  /// Expects `expected` from the given sums. The weights are 0 and the sums come in as the bias:
  /// any int32 can be one.
  void expect_results(std::vector<std::int32_t> sums, OwnedEpilogue epilogue,
                      const Cells& expected) {
    GemmProblem problem{.n = static_cast<std::int64_t>(sums.size()), .epilogue = epilogue};
    problem.lhs = {0};
    problem.rhs.assign(sums.size(), 0);
    problem.epilogue.bias = std::move(sums);
    const CaseScope scope(isa() + ": " + describe(problem));
    ASSERT_EQ(reference_gemm(problem), expected);
    // More rows than one, so that full tiles and the rows left over both do it.
    problem.m = info().tile_rows + 1;
    problem.lhs.assign(static_cast<std::size_t>(problem.m), 0);
    Cells rows;
    for (std::int64_t i = 0; i < problem.m; ++i) {
      rows.insert(rows.end(), expected.begin(), expected.end());
    }
    for (const Cells& actual : {run_packed(problem, isa(), Placement::kEndsAtGuard),
                                run_one_shot_if_allowed(problem, rows)}) {
      expect_equal_cells(actual, rows, problem.n, epilogue.type, "from given sums");
    }
  }

 private:
  /// `gemm` refuses a bias near the ends of int32, as it does not look at the weights.
  Cells run_one_shot_if_allowed(const GemmProblem& problem, const Cells& otherwise) {
    for (std::int32_t bias : problem.epilogue.bias) {
      if (std::abs(static_cast<std::int64_t>(bias)) > INT32_MAX - 255 * 128) return otherwise;
    }
    return run_one_shot(problem, isa(), Placement::kEndsAtGuard);
  }
};

Cells to_cells(std::initializer_list<std::int32_t> values) {
  return {values.begin(), values.end()};
}

Cells to_cells(std::initializer_list<float> values) {
  Cells cells;
  for (float value : values) cells.push_back(std::bit_cast<std::uint32_t>(value));
  return cells;
}

TEST_P(GemmRounding, TiesGoToEven) {
  const OwnedEpilogue half{.type = DataType::kS8, .scale = {0.5f}};
  expect_results({-7, -5, -3, -1, 1, 3, 5, 7, 9, 11}, half,
                 to_cells({-4, -2, -2, 0, 0, 2, 2, 4, 4, 6}));
  // The zero point comes after rounding: an odd one does not change the parity of ties.
  const OwnedEpilogue odd_zero_point{.type = DataType::kU8, .scale = {0.5f}, .zero_point = 101};
  expect_results({-7, -5, -3, -1, 1, 3, 5, 7}, odd_zero_point,
                 to_cells({97, 99, 99, 101, 101, 103, 103, 105}));
}

TEST_P(GemmRounding, OnlyExactTiesAreTies) {
  // 0.5 and its float32 neighbours times 1 and 3.
  const float below = std::nextafter(0.5f, 0.0f), above = std::nextafter(0.5f, 1.0f);
  for (DataType type : {DataType::kU8, DataType::kS8}) {
    expect_results({1, 3, 5}, {.type = type, .scale = {below}}, to_cells({0, 1, 2}));
    expect_results({1, 3, 5}, {.type = type, .scale = {above}}, to_cells({1, 2, 3}));
  }
  expect_results({-1, -3, -5}, {.type = DataType::kS8, .scale = {above}}, to_cells({-1, -2, -3}));
}

TEST_P(GemmRounding, SumsAreRoundedToFloat32First) {
  // 2^24 + 1 and 2^24 + 3 are ties of the conversion; + 2 is exact.
  expect_results(
      {16777217, 16777218, 16777219, -16777217, -16777219, INT32_MAX - 128 * 255},
      {.type = DataType::kF32, .scale = {1.0f}},
      to_cells({16777216.0f, 16777218.0f, 16777220.0f, -16777216.0f, -16777220.0f, 2147451008.0f}));
  // 2^25 + 2 becomes 2^25, so that its product is a tie; 2^25 + 6 becomes 2^25 + 8.
  expect_results({33554434, 33554438}, {.type = DataType::kS8, .scale = {std::exp2(-26.0f)}},
                 to_cells({0, 1}));
  expect_results({INT32_MAX, INT32_MIN, INT32_MIN + 1}, {.type = DataType::kF32, .scale = {1.0f}},
                 to_cells({2147483648.0f, -2147483648.0f, -2147483648.0f}));
}

TEST_P(GemmRounding, HugeProductsSaturate) {
  for (float scale : {1.0f, 1e10f, 1e30f, FLT_MAX}) {
    expect_results({INT32_MAX, INT32_MIN, 1 << 24, -(1 << 24), 0},
                   {.type = DataType::kS8, .scale = {scale}}, to_cells({127, -128, 127, -128, 0}));
    expect_results({INT32_MAX, INT32_MIN, 1 << 24, -(1 << 24), 0},
                   {.type = DataType::kU8, .scale = {scale}, .zero_point = 128},
                   to_cells({255, 0, 255, 0, 128}));
    expect_results({INT32_MAX, INT32_MIN, 0},
                   {.type = DataType::kS8, .scale = {scale}, .zero_point = -128, .max = 6},
                   to_cells({6, -128, -128}));
  }
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  expect_results({2, -2, 1, 0}, {.type = DataType::kF32, .scale = {FLT_MAX}},
                 to_cells({kInfinity, -kInfinity, FLT_MAX, 0.0f}));
  expect_results({2, -2}, {.type = DataType::kF32, .scale = {FLT_MAX}, .min = -1, .max = 1},
                 to_cells({1.0f, -1.0f}));
}

TEST_P(GemmRounding, TheRangeIsThatOfTheType) {
  expect_results({-1, 0, 127, 128, 254, 255, 256, 1000}, {.type = DataType::kU8, .scale = {1.0f}},
                 to_cells({0, 0, 127, 128, 254, 255, 255, 255}));
  expect_results({-129, -128, -127, 126, 127, 128, 255, 256, 32768, 65536, -32769},
                 {.type = DataType::kS8, .scale = {1.0f}},
                 to_cells({-128, -128, -127, 126, 127, 127, 127, 127, 127, 127, -128}));
  expect_results({-1000, -3, 0, 3, 1000},
                 {.type = DataType::kU8, .scale = {1.0f}, .zero_point = 255},
                 to_cells({0, 252, 255, 255, 255}));
}

TEST_P(GemmRounding, TinyScalesGiveTheZeroPointAndSubnormals) {
  for (float scale : {FLT_TRUE_MIN, FLT_MIN, 1e-30f}) {
    expect_results({INT32_MAX, INT32_MIN, 1, 0},
                   {.type = DataType::kU8, .scale = {scale}, .zero_point = 3},
                   to_cells({3, 3, 3, 3}));
  }
  expect_results({1, -1, 3, 0}, {.type = DataType::kF32, .scale = {FLT_TRUE_MIN}},
                 to_cells({FLT_TRUE_MIN, -FLT_TRUE_MIN, 3 * FLT_TRUE_MIN, 0.0f}));
  expect_results({1, 5}, {.type = DataType::kF32, .scale = {FLT_MIN / 2}},
                 to_cells({FLT_MIN / 2, 5 * (FLT_MIN / 2)}));
}

TEST_P(GemmRounding, ClampsInOutputUnits) {
  expect_results({-9, 5, 7, 9}, {.type = DataType::kU8, .scale = {1}, .zero_point = 6, .min = 6},
                 to_cells({6, 11, 13, 15}));  // ReLU
  expect_results({-9, 5, 7, 9},
                 {.type = DataType::kS8, .scale = {1}, .zero_point = -4, .min = -4, .max = 2},
                 to_cells({-4, 1, 2, 2}));
  expect_results({-9, 5, 7, 9}, {.type = DataType::kF32, .scale = {0.25f}, .min = 0, .max = 2.25f},
                 to_cells({0.0f, 1.25f, 1.75f, 2.25f}));
}

TEST_P(GemmRounding, EveryClampMeetsEveryZeroPoint) {
  constexpr std::int32_t kSums[] = {
      -40000, -32769, -32768, -257, -256, -255, -129, -128, -127, -2,  -1,  0,     1,     2,    126,
      127,    128,    129,    254,  255,  256,  257,  383,  384,  511, 512, 32767, 32768, 40000};
  for (DataType type : {DataType::kU8, DataType::kS8}) {
    const auto low = static_cast<std::int32_t>(lowest_of(type)), high = low + 255;
    for (std::int32_t zero_point : {low, low + 1, low + 128, high - 1, high}) {
      for (auto [min, max] : {std::pair{low, high}, std::pair{low, high - 1}, std::pair{low, low},
                              std::pair{low + 1, high}, std::pair{high, high},
                              std::pair{low + 128, high}, std::pair{low + 3, high - 9}}) {
        Cells expected;
        for (std::int32_t sum : kSums) expected.push_back(std::clamp(sum + zero_point, min, max));
        expect_results({std::begin(kSums), std::end(kSums)},
                       {.type = type,
                        .scale = {1.0f},
                        .zero_point = zero_point,
                        .min = static_cast<float>(min),
                        .max = static_cast<float>(max)},
                       expected);
      }
    }
  }
}

TEST_P(GemmRounding, ClampsToZeroHaveTheSignThatScalarGives) {
  GemmProblem problem{.n = 35, .epilogue = {.type = DataType::kF32, .scale = {1}}};
  problem.lhs = {1};
  for (std::int32_t i = 0; i < problem.n; ++i) problem.rhs.push_back(i % 3 - 1);
  for (auto [min, max] : {std::pair{-0.0f, 5.0f}, std::pair{-5.0f, -0.0f}, std::pair{0.0f, 5.0f},
                          std::pair{-5.0f, 0.0f}, std::pair{-0.0f, 0.0f}}) {
    problem.epilogue.min = min;
    problem.epilogue.max = max;
    const CaseScope scope(isa() + ": " + describe(problem));
    expect_equal_cells(run_packed(problem, isa(), Placement::kEndsAtGuard),
                       run_packed(problem, "scalar", Placement::kEndsAtGuard), problem.n,
                       DataType::kF32, "signs of zero");
  }
}

OCTET_ON_EVERY_ISA(GemmRounding);

}  // namespace
}  // namespace octet::test
