// Few outputs: neighbouring pixels are taken as one.
#include "support/convolution_layers.hpp"

namespace octet::test {
namespace {

class ConvolutionFolded : public ConvolutionLayers {
 protected:
  /// Weights without a zero point, or pixels would not be folded.
  void check_folded(const ConvolutionConfig& config, std::int64_t height, std::int64_t width,
                    bool table = false) {
    ConvolutionProblem problem{.config = config, .batch = 2, .height = height, .width = width};
    randomize(random_, problem);
    problem.weights_zero_point.clear();
    if (problem.config.weights_type == DataType::kU8) problem.weights_zero_point.assign(1, 128);
    add_fused(random_, problem, false, table);
    expect_exact(problem, isa());
  }
};

TEST_P(ConvolutionFolded, EqualsReferenceForEveryKernelAndStride) {
  for (std::int64_t out_channels : {1, 2, 3, 4, 5, 7, 8}) {
    for (std::int64_t kernel : {1, 2, 3, 5}) {
      for (std::int64_t stride : {1, 2, 3}) {
        for (std::int64_t channels : {1, 4, 19})
          check_folded(square_filter(channels, out_channels, kernel, kernel / 2, 1, stride), 9, 24,
                       stride == 2);
      }
    }
  }
}

TEST_P(ConvolutionFolded, EqualsReferenceForEveryWidth) {
  for (std::int64_t width = 3; width <= 40; ++width) {
    check_folded(square_filter(8, 3, 3, 1), 5, width);
    check_folded(square_filter(20, 4, 1, 0), 5, width);
    check_folded({.in_channels = 6,
                  .out_channels = 8,
                  .kernel_h = 2,
                  .kernel_w = 3,
                  .stride_w = 2,
                  .pad_left = 2,
                  .pad_right = 3},
                 4, width);
  }
}

OCTET_ON_EVERY_ISA(ConvolutionFolded);

}  // namespace
}  // namespace octet::test
