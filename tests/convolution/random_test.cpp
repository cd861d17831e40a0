// Random convolutions: every field at once.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

class ConvolutionRandom : public OnEveryIsa {};

ConvolutionProblem random_convolution(Random& random) {
  ConvolutionProblem problem;
  ConvolutionConfig& c = problem.config;
  const std::int64_t largest = random.chance(15) ? 70 : 9;
  c.groups = random.chance(50) ? 1 : random.integer(1, 40);
  const bool depthwise = c.groups > 1 && random.chance(60);
  c.in_channels = c.groups * (depthwise ? 1 : random.integer(1, c.groups > 1 ? 5 : largest));
  c.out_channels = c.groups * random.integer(1, c.groups > 1 ? 3 : largest);
  c.kernel_h = random.integer(1, 5);
  c.kernel_w = random.integer(1, 5);
  c.stride_h = random.integer(1, 3);
  c.stride_w = random.integer(1, 3);
  c.dilation_h = random.integer(1, 3);
  c.dilation_w = random.integer(1, 3);
  if (random.chance(70)) {
    c.pad_top = random.integer(0, 4);
    c.pad_left = random.integer(0, 4);
    c.pad_bottom = random.integer(0, 4);
    c.pad_right = random.integer(0, 4);
  }
  problem.batch = random.integer(1, 3);
  // At least so large that one output exists.
  const auto at_least_fitting = [&](std::int64_t kernel, std::int64_t dilation, std::int64_t pads) {
    const std::int64_t smallest = std::max<std::int64_t>(dilation * (kernel - 1) + 1 - pads, 1);
    return random.integer(smallest, smallest + 9);
  };
  problem.height = at_least_fitting(c.kernel_h, c.dilation_h, c.pad_top + c.pad_bottom);
  problem.width = at_least_fitting(c.kernel_w, c.dilation_w, c.pad_left + c.pad_right);
  for (std::size_t d = 0; d < 3; ++d) {
    if (random.chance(25)) problem.in_gaps[d] = random.integer(1, 40);
    if (random.chance(25)) problem.out_gaps[d] = random.integer(1, 40);
  }
  randomize(random, problem);
  return problem;
}

TEST_P(ConvolutionRandom, EqualsReference) {
  random_sweep(700, [&](Random& random) { expect_exact(random_convolution(random), isa()); });
}

OCTET_ON_EVERY_ISA(ConvolutionRandom);

}  // namespace
}  // namespace octet::test
