/// What tests of convolutions by their sizes start from.
#pragma once

#include <cstdint>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {

/// A dense square filter, padded by `pad` on all sides.
inline ConvolutionConfig square_filter(std::int64_t in_channels, std::int64_t out_channels,
                                       std::int64_t kernel, std::int64_t pad,
                                       std::int64_t dilation = 1, std::int64_t stride = 1) {
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

class ConvolutionLayers : public OnEveryIsa {
 protected:
  /// Randomizes all but the sizes, twice, and compares with the reference.
  void check(const ConvolutionConfig& config, std::int64_t batch, std::int64_t height,
             std::int64_t width) {
    for (int repeat = 0; repeat < 2; ++repeat) {
      ConvolutionProblem problem{
          .config = config, .batch = batch, .height = height, .width = width};
      randomize(random_, problem);
      expect_exact(problem, isa());
    }
  }

  Random random_{first_seed()};
};

}  // namespace octet::test
