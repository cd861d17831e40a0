// Types, layouts, zero points and extremes; filters that leave outputs out, or reach none.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

class TransposedValues : public OnEveryIsa {
 protected:
  void set_types(TransposedProblem& problem, Types types) {
    TransposedConvolutionConfig& c = problem.config;
    c.in_type = types.lhs;
    c.weights_type = types.rhs;
    c.in_zero_point = 0;
    problem.weights_zero_point = {};
    problem.epilogue = random_epilogue(random_, types.out, c.out_channels,
                                       c.kernel_h * c.kernel_w * c.in_channels / c.groups);
    fill_operands(random_, problem);
  }

  Random random_{first_seed()};
};

TEST_P(TransposedValues, AreExactForEveryTypeAndLayout) {
  for (TransposedProblem& problem : transposed_of_every_form(random_, 1, 3, 2)) {
    for (int t = 0; t < kTypeCombinations; ++t) {
      set_types(problem, type_combination(t));
      for (TransposedWeightsLayout layout :
           {TransposedWeightsLayout::kIOHW, TransposedWeightsLayout::kOHWI,
            TransposedWeightsLayout::kHWOI}) {
        problem.config.weights_layout = layout;
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(TransposedValues, AreExactWithExtremes) {
  constexpr Values kValues[] = {Values::kHighest, Values::kLowest, Values::kExtremes};
  for (TransposedProblem& problem : transposed_of_every_form(random_, 1, 2, 3)) {
    for (Values in : kValues) {
      for (Values weights : kValues) {
        set_types(problem, type_combination(random_.integer(0, kTypeCombinations - 1)));
        const DataType in_type = problem.config.in_type;
        problem.config.in_zero_point = static_cast<std::int32_t>(
            random_.chance(50) ? lowest_of(in_type) : highest_of(in_type));
        problem.weights_zero_point = random_values(random_, problem.config.weights_type,
                                                   problem.config.out_channels, Values::kExtremes);
        fill_operands(random_, problem, in, weights);
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(TransposedValues, OutputsThatNothingReachesAreTheEpilogueOfZero) {
  TransposedProblem problem{.config = {.in_channels = 5,
                                       .out_channels = 3,
                                       .stride_h = 3,
                                       .stride_w = 1000,
                                       .output_padding_h = 4},
                            .height = 2,
                            .width = 2};
  for (DataType type : kOutTypes) {
    randomize(random_, problem);
    problem.epilogue = random_epilogue(random_, type, 3, 5);
    problem.epilogue.bias = {-1000, 7, 1000};
    expect_exact(problem, isa());
  }
}

/// Whatever is cut off: pads in place of every line and column that one input leads to.
TEST_P(TransposedValues, AreExactWithPadsOfEverySize) {
  constexpr std::int64_t kSize = 3;
  for (std::int64_t kernel : {1, 2, 3, 4}) {
    for (std::int64_t stride : {1, 2, 3}) {
      const std::int64_t all = (kSize - 1) * stride + kernel;
      for (std::int64_t before = 0; before < all; ++before) {
        const std::int64_t after = random_.integer(0, all - before - 1);
        TransposedProblem problem{.config = {.in_channels = 6,
                                             .out_channels = 4,
                                             .kernel_h = kernel,
                                             .kernel_w = kernel,
                                             .stride_h = stride,
                                             .stride_w = stride,
                                             .pad_top = before,
                                             .pad_left = after,
                                             .pad_bottom = after,
                                             .pad_right = before},
                                  .batch = 2,
                                  .height = kSize,
                                  .width = kSize};
        randomize(random_, problem);
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(TransposedValues, TheLongestExtremeSumIsExact) {
  // 65793 * 255 * 128 = 2^31 - 128. The two taps of this filter never meet in one sum.
  TransposedProblem problem{
      .config = {.in_channels = 65793, .out_channels = 1, .kernel_w = 2, .stride_w = 2},
      .width = 2};
  fill_operands(random_, problem, Values::kHighest, Values::kLowest);
  expect_exact(problem, isa());
  TransposedConvolutionConfig config = problem.config;
  config.max_isa = isa();
  config.stride_w = 1;  // Now they do.
  const std::vector<std::int8_t> weights(std::size_t{2} * 65793, -128);
  TransposedConvolution convolution;
  EXPECT_EQ(TransposedConvolution::create(config, weights.data(), convolution).code(),
            StatusCode::kOutOfRange);
}

OCTET_ON_EVERY_ISA(TransposedValues);

}  // namespace
}  // namespace octet::test
