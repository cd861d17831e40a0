// Layers so large that taps in the padding are left out, on every side and in every combination.
#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

class ConvolutionPadding : public OnEveryIsa {
 protected:
  /// Randomizes all but the sizes, three times, and compares with the reference.
  void check(const ConvolutionConfig& config, std::int64_t batch, std::int64_t height,
             std::int64_t width) {
    for (int repeat = 0; repeat < 3; ++repeat) {
      ConvolutionProblem problem{
          .config = config, .batch = batch, .height = height, .width = width};
      randomize(random_, problem);
      expect_exact(problem, isa());
    }
  }

  /// Padded by `pad` on all sides.
  static ConvolutionConfig padded(std::int64_t in_channels, std::int64_t out_channels,
                                  std::int64_t kernel, std::int64_t pad, std::int64_t dilation = 1,
                                  std::int64_t stride = 1) {
    return {.in_channels = in_channels,
            .out_channels = out_channels,
            .kernel_h = kernel,
            .kernel_w = kernel,
            .stride_h = stride,
            .stride_w = stride,
            .dilation_h = dilation,
            .dilation_w = dilation,
            .pad_top = pad,
            .pad_left = pad,
            .pad_bottom = pad,
            .pad_right = pad};
  }

 private:
  Random random_{first_seed()};
};

TEST_P(ConvolutionPadding, LargeDilations) {
  for (std::int64_t dilation : {4, 6, 9, 15})
    check(padded(67, 40, 3, dilation, dilation), 1, 13, 14);
}

TEST_P(ConvolutionPadding, SmallImages) {
  for (std::int64_t size : {4, 5, 7, 8}) check(padded(128, 72, 3, 1), 3, size, size);
}

TEST_P(ConvolutionPadding, BlocksThatBeginAndEndAnywhere) {
  check(padded(64, 33, 3, 5, 5), 1, 37, 17);
  check(padded(64, 33, 3, 2, 2), 5, 9, 11);
}

TEST_P(ConvolutionPadding, LargeKernelsAndStrides) {
  check(padded(48, 40, 5, 2), 1, 12, 13);
  check(padded(32, 40, 7, 3), 1, 10, 9);
  check(padded(32, 40, 9, 4), 1, 9, 10);
  check(padded(96, 40, 3, 3, 3, 2), 2, 17, 16);
}

TEST_P(ConvolutionPadding, WiderThanTheImage) { check(padded(96, 33, 3, 12, 6), 1, 5, 6); }

TEST_P(ConvolutionPadding, DiffersByDirection) {
  ConvolutionConfig config = padded(96, 33, 3, 0);
  config.kernel_w = 5;
  config.dilation_h = 4;
  config.pad_left = 4;
  config.pad_bottom = 8;
  check(config, 1, 14, 9);
  config.pad_left = 0;
  check(config, 1, 14, 9);
}

TEST_P(ConvolutionPadding, SeveralGroups) {
  ConvolutionConfig config = padded(160, 120, 3, 4, 4);
  config.groups = 2;
  check(config, 1, 9, 10);
}

OCTET_ON_EVERY_ISA(ConvolutionPadding);

}  // namespace
}  // namespace octet::test
