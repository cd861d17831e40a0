// Kernels, strides, dilations, paddings, groups and channel counts.
#include "support/convolution_layers.hpp"

namespace octet::test {
namespace {

class ConvolutionShapes : public ConvolutionLayers {
 protected:
  /// With the padding that keeps the image size at stride 1.
  static ConvolutionConfig same(std::int64_t in_channels, std::int64_t out_channels,
                                std::int64_t kernel, std::int64_t stride = 1,
                                std::int64_t dilation = 1) {
    return square_filter(in_channels, out_channels, kernel, dilation * (kernel - 1) / 2, dilation,
                         stride);
  }
};

constexpr std::int64_t kChannels[] = {1, 2, 3, 4, 5, 8, 16, 17, 33};

TEST_P(ConvolutionShapes, EqualReferenceForEveryKernelAndChannelCount) {
  for (std::int64_t kernel : {1, 2, 3, 5, 7}) {
    for (std::int64_t channels : kChannels) {
      check(same(channels, 9, kernel), 1, 9, 8);
    }
  }
}

TEST_P(ConvolutionShapes, EqualReferenceAroundTheTileInOutChannels) {
  const std::int64_t nr = info().tile_columns;
  for (std::int64_t out_channels : around({1, nr / 2, nr, 2 * nr})) {
    check(same(6, out_channels, 3), 1, 4, 5);
    check(same(16, out_channels, 1), 1, 3, 5);
  }
}

TEST_P(ConvolutionShapes, EqualReferenceForEveryStrideAndDilation) {
  for (std::int64_t stride : {1, 2, 3}) {
    for (std::int64_t dilation : {1, 2, 3}) {
      for (std::int64_t channels : {3, 8, 17}) {
        check(same(channels, 7, 3, stride, dilation), 2, 11, 10);
      }
      check(same(4, 5, 1, stride, dilation), 2, 11, 10);
    }
  }
}

TEST_P(ConvolutionShapes, MayDifferByDirection) {
  ConvolutionConfig config = same(5, 6, 3);
  config.kernel_w = 4;
  config.stride_h = 2;
  config.stride_w = 3;
  config.dilation_h = 3;
  config.pad_top = 2;
  config.pad_left = 3;
  config.pad_bottom = 1;
  config.pad_right = 0;
  check(config, 2, 12, 15);
}

TEST_P(ConvolutionShapes, MayHaveOneDimension) {
  for (std::int64_t kernel : {2, 3, 9, 31}) {
    for (std::int64_t channels : {1, 4, 20}) {
      check({.in_channels = channels,
             .out_channels = 11,
             .kernel_w = kernel,
             .stride_w = 2,
             .pad_left = kernel - 1},  // causal
            2, 1, 40);
    }
  }
}

// They see the image turned.
TEST_P(ConvolutionShapes, MayHaveFiltersOfOneColumn) {
  for (std::int64_t channels : {1, 3, 4, 8, 20}) {
    for (std::int64_t width : {1, 2, 7, 15, 40}) {
      check({.in_channels = channels, .out_channels = 7, .kernel_h = 5, .pad_top = 2}, 2, 41,
            width);
      check({.in_channels = channels,
             .out_channels = 19,
             .kernel_h = 4,
             .stride_h = 2,
             .stride_w = 3,
             .pad_top = 3,
             .pad_left = 1,
             .pad_bottom = 2,
             .pad_right = 4},
            1, 30, width);
      check({.in_channels = channels, .out_channels = 3, .kernel_h = 3, .dilation_h = 4}, 1, 33,
            width);
      check({.in_channels = channels, .out_channels = 3, .stride_h = 2, .stride_w = 2}, 2, 33,
            width);
    }
  }
  // So far apart that it would pay to leave out taps in the padding.
  check({.in_channels = 64,
         .out_channels = 70,
         .kernel_h = 3,
         .dilation_h = 60,
         .pad_top = 60,
         .pad_bottom = 60},
        1, 200, 3);
}

TEST_P(ConvolutionShapes, MayPadMoreThanTheKernelOrTheImage) {
  for (std::int64_t channels : {1, 3, 16}) {
    ConvolutionConfig config = same(channels, 6, 3);
    config.pad_top = 5;
    config.pad_left = 4;
    config.pad_bottom = 7;
    config.pad_right = 9;
    check(config, 1, 2, 3);
    config.stride_h = config.stride_w = 2;
    check(config, 2, 1, 1);
  }
}

TEST_P(ConvolutionShapes, MayHaveAKernelLargerThanTheImage) {
  for (std::int64_t channels : {1, 3, 16}) {
    check(same(channels, 6, 7), 1, 2, 3);
    check(same(channels, 6, 5, 2, 3), 1, 4, 1);
    check({.in_channels = channels, .out_channels = 6, .kernel_h = 4, .kernel_w = 3}, 2, 4, 3);
  }
}

// Of images with more lines than a block of output pixels needs, a few are kept at a time.
TEST_P(ConvolutionShapes, EqualReferenceForImagesOfManyBlocks) {
  for (std::int64_t channels : {1, 3, 5, 8}) {  // runs and taps
    check(same(channels, 5, 3), 2, 31, 43);
    check(same(channels, 5, 3, 2, 3), 2, 67, 53);
    check(same(channels, 3, 2, 3), 3, 50, 47);
  }
  ConvolutionConfig grouped = same(10, 4, 3);
  grouped.groups = 2;
  check(grouped, 1, 35, 41);
  check(same(6, 3, 1, 3), 2, 101, 103);
}

TEST_P(ConvolutionShapes, EqualReferenceForBatchesOfSmallImages) {
  for (std::int64_t channels : {3, 8}) {
    check(same(channels, 3, 3), 70, 3, 4);
    check(same(channels, 3, 3, 2), 90, 6, 5);
    check(same(channels, 3, 5), 300, 1, 2);
  }
}

TEST_P(ConvolutionShapes, EqualReferenceForNarrowImages) {
  for (std::int64_t channels : {3, 8}) {
    check(same(channels, 3, 3), 2, 700, 1);
    check({.in_channels = channels, .out_channels = 4, .kernel_h = 3, .stride_h = 5}, 2, 2000, 1);
    check({.in_channels = channels, .out_channels = 4, .kernel_h = 3, .dilation_h = 90}, 2, 800, 2);
  }
}

TEST_P(ConvolutionShapes, MayHaveThousandsOfTaps) {
  check(same(1, 3, 47), 1, 3, 2);
  check(same(7, 3, 47), 1, 3, 2);
  ConvolutionConfig depthwise = same(5, 5, 47);
  depthwise.groups = 5;
  check(depthwise, 1, 3, 2);
}

TEST_P(ConvolutionShapes, EqualReferenceForEveryGrouping) {
  for (std::int64_t groups : {2, 3, 8}) {
    for (std::int64_t group_in : {2, 3, 4, 5, 16}) {
      for (std::int64_t group_out : {1, 3, 17}) {
        for (std::int64_t kernel : {1, 3}) {
          ConvolutionConfig config = same(groups * group_in, groups * group_out, kernel);
          config.groups = groups;
          check(config, 1, 5, 4);
        }
      }
    }
  }
}

TEST_P(ConvolutionShapes, EqualReferenceForDepthwise) {
  for (std::int64_t multiplier : {1, 2, 3}) {
    for (std::int64_t channels : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100}) {
      ConvolutionConfig config = same(channels, channels * multiplier, 3);
      config.groups = channels;
      check(config, 1, 5, 6);
    }
  }
}

TEST_P(ConvolutionShapes, EqualReferenceForDepthwiseKernelsStridesAndDilations) {
  for (std::int64_t kernel : {1, 2, 3, 4, 5, 7}) {
    for (std::int64_t stride : {1, 2, 3}) {
      for (std::int64_t dilation : {1, 2}) {
        ConvolutionConfig config = same(19, 19, kernel, stride, dilation);
        config.groups = 19;
        check(config, 2, 9, 10);
      }
    }
  }
  check({.in_channels = 21, .out_channels = 21, .kernel_w = 31, .pad_left = 15, .groups = 21}, 1, 1,
        50);
  check({.in_channels = 34,
         .out_channels = 34,
         .kernel_h = 3,
         .kernel_w = 3,
         .pad_top = 4,
         .pad_left = 5,
         .pad_bottom = 3,
         .pad_right = 6,
         .groups = 34},
        1, 2, 1);
}

OCTET_ON_EVERY_ISA(ConvolutionShapes);

}  // namespace
}  // namespace octet::test
