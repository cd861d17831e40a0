// Depthwise convolution and groups of few channels: every edge of their panels, tiles, bands and
// parts, and every pattern of lines.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

struct Size {
  std::int64_t batch = 1, height = 1, width = 1;
};

class ConvolutionByChannel : public OnEveryIsa {
 protected:
  static ConvolutionConfig depthwise(std::int64_t channels, std::int64_t kernel_h,
                                     std::int64_t kernel_w, std::int64_t stride = 1) {
    return {.in_channels = channels,
            .out_channels = channels,
            .kernel_h = kernel_h,
            .kernel_w = kernel_w,
            .stride_h = stride,
            .stride_w = stride,
            .pad_top = (kernel_h - 1) / 2,
            .pad_left = (kernel_w - 1) / 2,
            .pad_bottom = kernel_h / 2,
            .pad_right = kernel_w / 2,
            .groups = channels};
  }
  static ConvolutionConfig grouped(std::int64_t groups, std::int64_t group_channels,
                                   std::int64_t kernel, std::int64_t stride = 1) {
    ConvolutionConfig config = depthwise(groups * group_channels, kernel, kernel, stride);
    config.groups = groups;
    return config;
  }
  ConvolutionProblem random_problem(const ConvolutionConfig& config, const Size& size) {
    ConvolutionProblem problem{
        .config = config, .batch = size.batch, .height = size.height, .width = size.width};
    randomize(random_, problem);
    return problem;
  }
  void check(const ConvolutionConfig& config, const Size& size) {
    expect_exact(random_problem(config, size), isa());
  }
  std::string_view form_of(const ConvolutionProblem& problem) {
    return make_convolution(problem, isa(), Placement::kEndsAtGuard).form();
  }

  Random random_{first_seed()};
};

TEST_P(ConvolutionByChannel, EqualsReferenceForEveryWidthAndHeight) {
  for (std::int64_t stride : {1, 2}) {
    for (std::int64_t width = 1; width <= 27; ++width)
      check(depthwise(19, 3, 3, stride), {1, 5, width});
    for (std::int64_t height = 1; height <= 11; ++height) {
      check(depthwise(35, 3, 3, stride), {1, height, 4});
      check(depthwise(7, 5, 5, stride), {2, height, 5});
    }
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceAroundEveryPanelAndStream) {
  for (std::int64_t channels : around({8, 16, 32, 48, 64, 80, 96, 128, 144})) {
    check(depthwise(channels, 3, 3), {1, 9, 7});
    check(depthwise(channels, 3, 3, 2), {1, 9, 7});
    check(depthwise(channels, 5, 5), {1, 9, 4});
    check(depthwise(channels, 1, 7), {1, 3, 14});
  }
}

/// Tiles that follow each other along x, and what is left of a line behind them.
TEST_P(ConvolutionByChannel, EqualsReferenceForManyTapsOfEveryWidth) {
  for (std::int64_t width = 11; width <= 29; ++width) {
    check(depthwise(37, 5, 5), {1, 7, width});
    check(depthwise(64, 5, 5, 2), {1, 5, 2 * width});
    check(depthwise(65, 7, 7), {1, 3, width});
    check(depthwise(48, 1, 31), {1, 1, 4 * width - 1});
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceForEveryKernel) {
  for (std::int64_t kernel_h = 1; kernel_h <= 9; ++kernel_h) {
    for (std::int64_t kernel_w = 1; kernel_w <= 7; ++kernel_w) {
      for (std::int64_t stride : {1, 2, 3})
        check(depthwise(18, kernel_h, kernel_w, stride), {1, 10, 9});
    }
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceForEveryStrideAndDilationOfEachDirection) {
  for (std::int64_t stride_h : {1, 2, 3, 4}) {
    for (std::int64_t dilation_h : {1, 2, 3, 4}) {
      ConvolutionConfig config = depthwise(9, 3, 3);
      config.stride_h = stride_h;
      config.dilation_h = dilation_h;
      config.stride_w = 5 - stride_h;
      config.dilation_w = 5 - dilation_h;
      check(config, {2, 13, 14});
      config.pad_top = 9;
      config.pad_right = 12;
      check(config, {1, 3, 5});
    }
  }
}

/// Bytes out, by scales of which depthwise_direct takes any.
TEST_P(ConvolutionByChannel, EqualsReferenceForFiltersOfThreeAndAnyPadding) {
  const auto check_bytes = [&](const ConvolutionConfig& config, const Size& size) {
    ConvolutionProblem problem = random_problem(config, size);
    problem.epilogue.type = size.height % 2 == 0 ? DataType::kU8 : DataType::kS8;
    problem.epilogue.zero_point = problem.epilogue.type == DataType::kU8 ? 100 : -3;
    problem.epilogue.min = static_cast<float>(lowest_of(problem.epilogue.type) + 5);
    problem.epilogue.max = static_cast<float>(highest_of(problem.epilogue.type) - 9);
    problem.epilogue.scale = {0.013f};
    expect_exact(problem, isa());
  };
  for (std::int64_t stride : {1, 2}) {
    for (std::int64_t top : {0, 1, 2, 6}) {
      for (std::int64_t left : {0, 1, 2, 7}) {
        for (std::int64_t channels : {16, 33, 64, 97}) {
          ConvolutionConfig config = depthwise(channels, 3, 3, stride);
          config.pad_top = top;
          config.pad_left = left;
          config.pad_bottom = 2 + left;
          config.pad_right = 2 + top;
          for (const Size& size : {Size{1, 1, 1}, Size{3, 2, 9}, Size{1, 7, 6}, Size{2, 10, 3}})
            check_bytes(config, size);
        }
      }
    }
    for (std::int64_t channels : around({32, 64})) {
      check_bytes(depthwise(channels, 3, 3, stride), {1, 5, 197});
      for (std::int64_t width = 1; width <= 9; ++width)
        check_bytes(depthwise(channels, 3, 3, stride), {1, width % 5 + 1, width});
    }
    // Few channels, whose lines may be taken as bytes, whole or in parts, several units at a time.
    for (std::int64_t channels = 1; channels < 32; ++channels) {
      for (std::int64_t width : {1, 2, 7, 31, 32, 33, 97, 230})
        check_bytes(depthwise(channels, 3, 3, stride), {2, (width + channels) % 7 + 1, width});
    }
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceForFiltersOfOneLine) {
  for (std::int64_t kernel : {1, 2, 3, 4, 5, 8, 9, 31}) {
    for (std::int64_t stride : {1, 2, 3, 4, 5, 6}) {
      for (std::int64_t dilation : {1, 2, 5}) {
        ConvolutionConfig config = depthwise(21, 1, kernel);
        config.stride_w = stride;
        config.dilation_w = dilation;
        config.pad_left = dilation * (kernel - 1);  // causal
        check(config, {1, 1, 37});
        check(config, {2, 2, 1});
      }
    }
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceForEveryMultiplier) {
  for (std::int64_t multiplier : {2, 3, 4, 5, 7, 40}) {
    for (std::int64_t channels : {2, 3, 11, 16, 17, 33, 40}) {
      ConvolutionConfig config = depthwise(channels, 3, 3);
      config.out_channels *= multiplier;
      check(config, {1, 3, 4});
    }
  }
}

TEST_P(ConvolutionByChannel, EqualsReferenceForLinesThatAreCut) {
  check(depthwise(5, 3, 3), {1, 3, 430});
  check(depthwise(33, 7, 7), {1, 3, 200});
  check(depthwise(3, 1, 31), {1, 1, 1500});
  ConvolutionConfig config = depthwise(3, 3, 3);
  config.dilation_w = 70;
  config.pad_left = config.pad_right = 70;
  check(config, {1, 2, 300});
}

TEST_P(ConvolutionByChannel, EqualsReferenceWhereTapsAreFarApart) {
  ConvolutionConfig config = depthwise(3, 2, 3);
  config.dilation_w = 600;
  config.pad_left = config.pad_right = 600;
  const ConvolutionProblem problem = random_problem(config, {1, 3, 20});
  EXPECT_EQ(form_of(problem), "indirect");
  expect_exact(problem, isa());
}

TEST_P(ConvolutionByChannel, EqualsReferenceForScalesOfAnySize) {
  for (float scale : {0.5f, 0.50001f, 3.0f, 1e6f, 3e38f}) {
    for (const ConvolutionConfig& config :
         {depthwise(37, 3, 3), depthwise(37, 5, 5), grouped(9, 4, 3), grouped(9, 8, 3),
          grouped(9, 16, 3), depthwise(37, 3, 3, 2)}) {
      for (const DataType type : k8BitTypes) {
        ConvolutionProblem problem = random_problem(config, {1, 4, 6});
        problem.epilogue.type = type;
        problem.epilogue.zero_point = static_cast<std::int32_t>(lowest_of(type)) + 100;
        problem.epilogue.min = static_cast<float>(lowest_of(type));
        problem.epilogue.max = static_cast<float>(highest_of(type));
        problem.epilogue.scale = {scale};
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(ConvolutionByChannel, GroupsEqualReferenceAroundEveryPanel) {
  for (std::int64_t group_channels : {4, 8, 16}) {
    for (std::int64_t groups : {2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}) {
      check(grouped(groups, group_channels, 3), {1, 4, 5});
      check(grouped(groups, group_channels, 2, 2), {2, 5, 3});
      check(grouped(groups, group_channels, 1), {1, 1, 14});
    }
  }
}

/// Tiles of every height, of one pixel to a row, two or four, and what is left of them.
TEST_P(ConvolutionByChannel, GroupsEqualReferenceForEveryNumberOfPixels) {
  for (std::int64_t width = 1; width <= 41; ++width) {
    check(grouped(3, 4, 3), {1, 1, width});
    check(grouped(3, 8, 3), {1, 1, width});
    check(grouped(9, 8, 1), {1, 1, width});
    check(grouped(5, 16, 3), {1, 1, width});
  }
}

TEST_P(ConvolutionByChannel, FormsAreTheExpectedOnes) {
  ConvolutionProblem problem = random_problem(depthwise(20, 3, 3), {1, 4, 4});
  EXPECT_EQ(form_of(problem), "depthwise");
  problem = random_problem(grouped(5, 4, 3), {1, 4, 4});
  problem.config.weights_type = DataType::kS8;
  problem.weights_zero_point = {};
  EXPECT_EQ(form_of(problem), isa() == "scalar" ? "indirect" : "grouped");
  problem.weights_zero_point = {3};
  EXPECT_EQ(form_of(problem), "indirect") << "zero points need sums of each group's rows";
  problem = random_problem(grouped(5, 16, 3), {1, 4, 4});
  problem.config.weights_type = DataType::kS8;
  problem.weights_zero_point = {};
  EXPECT_EQ(form_of(problem), isa() == "scalar" ? "indirect" : "grouped");
  problem.config.groups = 4;
  problem.config.in_channels = problem.config.out_channels = 4 * 20;
  randomize(random_, problem);
  EXPECT_EQ(form_of(problem), "indirect") << "groups of 20 channels";
}

OCTET_ON_EVERY_ISA(ConvolutionByChannel);

}  // namespace
}  // namespace octet::test
