// The reference that all other tests believe, against numbers worked out by hand.
#include <gtest/gtest.h>

#include "support/reference.hpp"

namespace octet::test {
namespace {

TEST(TransposedReference, ScattersEachPixel) {
  TransposedProblem problem{
      .config = {.in_channels = 1, .out_channels = 1, .kernel_w = 3, .stride_w = 2}, .width = 2};
  problem.in = {10, 100};
  problem.weights = {1, 2, 3};
  ASSERT_EQ(problem.out_width(), 5);
  EXPECT_EQ(reference_images(problem), (Cells{10, 20, 30 + 100, 200, 300}));
  problem.config.pad_left = 1;
  problem.config.output_padding_w = 2;
  EXPECT_EQ(reference_images(problem), (Cells{20, 130, 200, 300, 0, 0}));
  problem.config.dilation_w = 2;
  EXPECT_EQ(reference_images(problem), (Cells{0, 20 + 100, 0, 30 + 200, 0, 300, 0, 0}));
}

TEST(TransposedReference, KeepsGroupsApart) {
  TransposedProblem problem{.config = {.in_channels = 2, .out_channels = 4, .groups = 2}};
  problem.in = {10, 100};
  problem.weights = {1, 2, 3, 4};  // [in_channels, out_channels / groups]
  EXPECT_EQ(reference_images(problem), (Cells{10, 20, 300, 400}));
  problem.config.in_zero_point = 10;
  problem.weights_zero_point = {0, 0, 0, 1};
  problem.epilogue.bias = {7, 0, 0, 0};
  EXPECT_EQ(reference_images(problem), (Cells{7, 0, 270, 270}));
}

}  // namespace
}  // namespace octet::test
