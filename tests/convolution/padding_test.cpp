// Layers so large that taps in the padding are left out, on every side and in every combination.
#include "support/convolution_layers.hpp"

namespace octet::test {
namespace {

class ConvolutionPadding : public ConvolutionLayers {};

TEST_P(ConvolutionPadding, LargeDilations) {
  for (std::int64_t dilation : {4, 6, 9, 15})
    check(square_filter(67, 40, 3, dilation, dilation), 1, 13, 14);
}

TEST_P(ConvolutionPadding, SmallImages) {
  for (std::int64_t size : {4, 5, 7, 8}) check(square_filter(128, 72, 3, 1), 3, size, size);
}

TEST_P(ConvolutionPadding, BlocksThatBeginAndEndAnywhere) {
  check(square_filter(64, 33, 3, 5, 5), 1, 37, 17);
  check(square_filter(64, 33, 3, 2, 2), 5, 9, 11);
}

TEST_P(ConvolutionPadding, LargeKernelsAndStrides) {
  check(square_filter(48, 40, 5, 2), 1, 12, 13);
  check(square_filter(32, 40, 7, 3), 1, 10, 9);
  check(square_filter(32, 40, 9, 4), 1, 9, 10);
  check(square_filter(96, 40, 3, 3, 3, 2), 2, 17, 16);
}

TEST_P(ConvolutionPadding, WiderThanTheImage) { check(square_filter(96, 33, 3, 12, 6), 1, 5, 6); }

TEST_P(ConvolutionPadding, DiffersByDirection) {
  ConvolutionConfig config = square_filter(96, 33, 3, 0);
  config.kernel_w = 5;
  config.dilation_h = 4;
  config.pad_left = 4;
  config.pad_bottom = 8;
  check(config, 1, 14, 9);
  config.pad_left = 0;
  check(config, 1, 14, 9);
}

TEST_P(ConvolutionPadding, SeveralGroups) {
  ConvolutionConfig config = square_filter(160, 120, 3, 4, 4);
  config.groups = 2;
  check(config, 1, 9, 10);
}

OCTET_ON_EVERY_ISA(ConvolutionPadding);

}  // namespace
}  // namespace octet::test
