// Types, layouts, zero points and extremes, with padding.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

struct Form {
  std::int64_t in_channels, out_channels, groups, kernel;
};

/// Each way in which an implementation might take a convolution: few channels, pointwise, many
/// channels, grouped, depthwise, depthwise with a multiplier.
constexpr Form kForms[] = {{1, 5, 1, 3},  {3, 18, 1, 3}, {16, 7, 1, 1},   {20, 35, 1, 3},
                           {12, 6, 3, 3}, {8, 8, 1, 2},  {35, 35, 35, 3}, {6, 12, 6, 3}};

class ConvolutionValues : public OnEveryIsa {
 protected:
  ConvolutionProblem problem_of(const Form& form) {
    ConvolutionProblem problem{.config = {.in_channels = form.in_channels,
                                          .out_channels = form.out_channels,
                                          .kernel_h = form.kernel,
                                          .kernel_w = form.kernel,
                                          .pad_top = 1,
                                          .pad_left = 2,
                                          .pad_bottom = 2,
                                          .pad_right = 1,
                                          .groups = form.groups},
                               .height = 4,
                               .width = 5};
    randomize(random_, problem);
    return problem;
  }
  void set_types(ConvolutionProblem& problem, Types types) {
    ConvolutionConfig& c = problem.config;
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

TEST_P(ConvolutionValues, AreExactForEveryTypeAndLayout) {
  for (const Form& form : kForms) {
    for (int t = 0; t < kTypeCombinations; ++t) {
      for (WeightsLayout layout :
           {WeightsLayout::kOHWI, WeightsLayout::kOIHW, WeightsLayout::kHWIO}) {
        ConvolutionProblem problem = problem_of(form);
        set_types(problem, type_combination(t));
        problem.config.weights_layout = layout;
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(ConvolutionValues, AreExactWithExtremesAndPadding) {
  constexpr Values kValues[] = {Values::kHighest, Values::kLowest, Values::kExtremes};
  for (const Form& form : kForms) {
    for (int t = 0; t < kTypeCombinations; ++t) {
      for (Values in : kValues) {
        for (Values weights : kValues) {
          ConvolutionProblem problem = problem_of(form);
          set_types(problem, type_combination(t));
          fill_operands(random_, problem, in, weights);
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(ConvolutionValues, AreExactWithExtremeZeroPointsAndPadding) {
  for (const Form& form : kForms) {
    for (int t = 0; t < kTypeCombinations; ++t) {
      const Types types = type_combination(t);
      for (std::int64_t in : {lowest_of(types.lhs), highest_of(types.lhs)}) {
        for (std::int64_t weights : {lowest_of(types.rhs), highest_of(types.rhs)}) {
          ConvolutionProblem problem = problem_of(form);
          set_types(problem, types);
          problem.config.in_zero_point = static_cast<std::int32_t>(in);
          problem.weights_zero_point = {static_cast<std::int32_t>(weights)};
          expect_exact(problem, isa());
          problem.weights_zero_point = random_values(random_, types.rhs, form.out_channels);
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(ConvolutionValues, PaddingIsTheRealValueZero) {
  for (const Form& form : kForms) {
    ConvolutionProblem problem = problem_of(form);
    set_types(problem, {DataType::kU8, DataType::kU8, DataType::kS32});
    problem.config.in_zero_point = 201;
    problem.weights_zero_point = {13};
    problem.epilogue.bias = {};
    problem.in.assign(problem.in.size(), 201);  // as if all of the image were padding
    const Convolution convolution = make_convolution(problem, isa(), Placement::kEndsAtGuard);
    for (std::uint32_t cell : run_images(convolution, problem, Placement::kEndsAtGuard)) {
      ASSERT_EQ(cell, 0u) << describe(problem);
    }
  }
}

TEST_P(ConvolutionValues, TheLongestExtremeSumIsExact) {
  // 65793 * 255 * 128 = 2^31 - 128: 65793 = 3 * 7 * 13 * 241.
  for (std::int64_t kernel : {1, 3}) {
    ConvolutionProblem problem{
        .config = {.in_channels = 65793 / kernel, .out_channels = 2, .kernel_w = kernel},
        .width = kernel};
    fill_operands(random_, problem, Values::kHighest, Values::kLowest);
    expect_exact(problem, isa());
    problem.config.in_channels += 1;
    const std::vector<std::int8_t> weights(
        static_cast<std::size_t>(2 * kernel * problem.config.in_channels), -128);
    ConvolutionConfig config = problem.config;
    config.max_isa = isa();
    Convolution convolution;
    EXPECT_EQ(Convolution::create(config, weights.data(), convolution).code(),
              StatusCode::kOutOfRange);
  }
}

OCTET_ON_EVERY_ISA(ConvolutionValues);

}  // namespace
}  // namespace octet::test
