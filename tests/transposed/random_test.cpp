// Random transposed convolutions: every field at once.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

class TransposedRandom : public OnEveryIsa {};

TransposedProblem random_transposed(Random& random) {
  TransposedProblem problem;
  TransposedConvolutionConfig& c = problem.config;
  const std::int64_t largest = random.chance(15) ? 70 : 9;
  c.groups = random.chance(60) ? 1 : random.integer(1, 30);
  const bool depthwise = c.groups > 1 && random.chance(60);
  c.in_channels = c.groups * (depthwise ? 1 : random.integer(1, c.groups > 1 ? 5 : largest));
  c.out_channels = c.groups * random.integer(1, c.groups > 1 ? 3 : largest);
  c.kernel_h = random.integer(1, 5);
  c.kernel_w = random.integer(1, 5);
  c.stride_h = random.integer(1, 4);
  c.stride_w = random.integer(1, 4);
  if (random.chance(40)) {
    c.dilation_h = random.integer(1, 4);
    c.dilation_w = random.integer(1, 4);
  }
  if (random.chance(30)) {
    c.output_padding_h = random.integer(0, 6);
    c.output_padding_w = random.integer(0, 6);
  }
  problem.batch = random.integer(1, 3);
  problem.height = random.integer(1, 9);
  problem.width = random.integer(1, 9);
  if (random.chance(70)) {
    // As much as leaves something: often more than any tap reaches beyond the image.
    c.pad_top = random.integer(0, std::min<std::int64_t>(problem.out_height() - 1, 7));
    c.pad_bottom = random.integer(0, std::min<std::int64_t>(problem.out_height() - 1, 7));
    c.pad_left = random.integer(0, std::min<std::int64_t>(problem.out_width() - 1, 7));
    c.pad_right = random.integer(0, std::min<std::int64_t>(problem.out_width() - 1, 7));
  }
  for (std::size_t d = 0; d < 3; ++d) {
    if (random.chance(25)) problem.in_gaps[d] = random.integer(1, 40);
    if (random.chance(25)) problem.out_gaps[d] = random.integer(1, 40);
  }
  randomize(random, problem);
  add_fused(random, problem, random.chance(25), random.chance(15));
  if (random.chance(25)) problem.residual_gaps = {1, 0, 7};
  return problem;
}

TEST_P(TransposedRandom, EqualsReference) {
  random_sweep(700, [&](Random& random) { expect_exact(random_transposed(random), isa()); });
}

OCTET_ON_EVERY_ISA(TransposedRandom);

}  // namespace
}  // namespace octet::test
