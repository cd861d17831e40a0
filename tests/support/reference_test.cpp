// The reference itself, against values worked out by hand.
#include "support/reference.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <limits>

namespace octet::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Reference, RoundsToFloat32Once) {
  EXPECT_EQ(to_float32(16777217.0L), 16777216.0f);
  EXPECT_EQ(to_float32(16777219.0L), 16777220.0f);
  EXPECT_EQ(to_float32(16777217.0000001L), 16777218.0f);
  EXPECT_EQ(to_float32(-16777217.0L), -16777216.0f);
  EXPECT_EQ(to_float32(1e39L), kInfinity);
  EXPECT_EQ(to_float32(static_cast<long double>(FLT_TRUE_MIN) / 2), 0.0f);
  EXPECT_EQ(to_float32(static_cast<long double>(FLT_TRUE_MIN) * 3 / 2), 2 * FLT_TRUE_MIN);
}

TEST(Reference, RoundsHalfToEven) {
  const std::pair<long double, long double> cases[] = {
      {0.5L, 0},   {1.5L, 2}, {2.5L, 2},   {-0.5L, 0},   {-1.5L, -2},
      {-2.5L, -2}, {0.7L, 1}, {-0.7L, -1}, {0.4999L, 0}, {16777217.5L, 16777218}};
  for (auto [value, rounded] : cases) EXPECT_EQ(round_half_even(value), rounded) << value;
  EXPECT_EQ(round_half_even(kInfinity), kInfinity);
}

TEST(Reference, MultipliesMatrices) {
  GemmProblem problem{.m = 2, .n = 2, .k = 3};
  problem.lhs = {1, 2, 3, 4, 5, 6};
  problem.rhs = {1, -1, 2, -2, 3, -3};
  problem.epilogue.bias = {100, 200};
  EXPECT_EQ(reference_gemm(problem), (Cells{114, 186, 132, 168}));

  problem.lhs_zero_point = 1;        // lhs 0 1 2, 3 4 5
  problem.rhs_zero_point = {1, -1};  // columns 0 1 2 and 0 -1 -2
  problem.epilogue.bias = {};
  EXPECT_EQ(reference_gemm(problem), (Cells{5, 0u - 5, 14, 0u - 14}));

  problem.epilogue = {.type = DataType::kU8, .scale = {0.5f, 0.25f}, .zero_point = 3, .max = 9};
  EXPECT_EQ(reference_gemm(problem), (Cells{5, 2, 9, 0}));
  problem.epilogue = {.type = DataType::kF32, .scale = {0.5f}, .min = -3};
  EXPECT_EQ(reference_gemm(problem),
            (Cells{std::bit_cast<std::uint32_t>(2.5f), std::bit_cast<std::uint32_t>(-2.5f),
                   std::bit_cast<std::uint32_t>(7.0f), std::bit_cast<std::uint32_t>(-3.0f)}));
}

TEST(Reference, ConvolvesWithPaddingThatCountsAsZero) {
  // A 2x2 image, a 3x3 kernel of ones, padding 1: each output sums the whole image.
  ConvolutionProblem problem{.config = {.in_zero_point = 1,
                                        .in_channels = 1,
                                        .out_channels = 1,
                                        .kernel_h = 3,
                                        .kernel_w = 3,
                                        .pad_top = 1,
                                        .pad_left = 1,
                                        .pad_bottom = 1,
                                        .pad_right = 1},
                             .height = 2,
                             .width = 2};
  problem.in = {2, 3, 4, 5};
  problem.weights.assign(9, 1);
  EXPECT_EQ(reference_images(problem), (Cells{10, 10, 10, 10}));
  problem.weights_zero_point = {-1};  // weights of 2
  EXPECT_EQ(reference_images(problem), (Cells{20, 20, 20, 20}));
}

TEST(Reference, ConvolvesWithStridesDilationAndGroups) {
  ConvolutionProblem problem{.config = {.in_channels = 2,
                                        .out_channels = 2,
                                        .kernel_w = 2,
                                        .stride_w = 2,
                                        .dilation_w = 2,
                                        .pad_left = 1,
                                        .groups = 2},
                             .width = 5};
  problem.in = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50};  // two channels
  problem.weights = {1, 2, 3, 4};                    // [out_channel, kernel_w]
  // Positions (-1, 1) and (1, 3); the first is padding.
  ASSERT_EQ(problem.out_width(), 2);
  EXPECT_EQ(reference_images(problem), (Cells{4, 80, 10, 220}));
  problem.width = 1;  // with the padding 2, less than the kernel's 3
  EXPECT_EQ(problem.out_width(), 0);
}

TEST(Reference, QuantizesAndDequantizes) {
  EXPECT_EQ(reference_quantize(1.25f, 0.5f, 3, DataType::kU8), 5u);
  EXPECT_EQ(reference_quantize(-1e30f, 0.5f, 3, DataType::kU8), 0u);
  EXPECT_EQ(reference_quantize(kInfinity, 0.5f, 3, DataType::kS8), 127u);
  EXPECT_EQ(reference_quantize(std::numeric_limits<float>::quiet_NaN(), 1, 3, DataType::kS8),
            static_cast<std::uint32_t>(-128));
  EXPECT_EQ(reference_dequantize(-3, 0.5f, 2), std::bit_cast<std::uint32_t>(-2.5f));
}

}  // namespace
}  // namespace octet::test
