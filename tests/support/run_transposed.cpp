#include "support/run_transposed.hpp"

#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"

namespace octet::test {
namespace {

/// From the problem's [I, O / groups, H, W] to config.weights_layout; all of them are 8-bit.
std::vector<std::uint8_t> weights_in_layout(const TransposedProblem& problem) {
  const TransposedConvolutionConfig& c = problem.config;
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  std::vector<std::uint8_t> bytes(problem.weights.size());
  auto value = problem.weights.begin();
  for (std::int64_t i = 0; i < c.in_channels; ++i) {
    for (std::int64_t j = 0; j < group_out; ++j) {
      const std::int64_t o = i / group_in * group_out + j;
      for (std::int64_t h = 0; h < c.kernel_h; ++h) {
        for (std::int64_t w = 0; w < c.kernel_w; ++w) {
          std::int64_t at = 0;
          switch (c.weights_layout) {
            case TransposedWeightsLayout::kIOHW:
              at = ((i * group_out + j) * c.kernel_h + h) * c.kernel_w + w;
              break;
            case TransposedWeightsLayout::kOHWI:
              at = ((o * c.kernel_h + h) * c.kernel_w + w) * group_in + i % group_in;
              break;
            case TransposedWeightsLayout::kHWOI:
              at = ((h * c.kernel_w + w) * c.out_channels + o) * group_in + i % group_in;
              break;
          }
          bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(*value++);
        }
      }
    }
  }
  return bytes;
}

}  // namespace

TransposedConvolution make_transposed(const TransposedProblem& problem, std::string_view isa,
                                      Placement placement) {
  const GuardedArray<float> scale(problem.epilogue.scale, placement);
  const GuardedArray<std::int32_t> bias(problem.epilogue.bias, placement);
  const GuardedArray<std::int32_t> weights_zero_point(problem.weights_zero_point, placement);
  const GuardedArray<std::uint8_t> weights(weights_in_layout(problem), placement);
  TransposedConvolutionConfig config = problem.config;
  config.weights_zero_point = weights_zero_point.span();
  config.epilogue = {.type = problem.epilogue.type,
                     .scale = scale.span(),
                     .bias = bias.span(),
                     .zero_point = problem.epilogue.zero_point,
                     .min = problem.epilogue.min,
                     .max = problem.epilogue.max};
  config.max_isa = isa;
  TransposedConvolution convolution;
  const Status status = TransposedConvolution::create(config, weights.span().data(), convolution);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(convolution.isa(), isa);
  return convolution;
}

Cells run_images(const TransposedConvolution& convolution, const TransposedProblem& problem,
                 Placement placement, Executor* executor) {
  const TransposedConvolutionConfig& c = problem.config;
  EXPECT_EQ(convolution.out_height(problem.height), problem.out_height());
  EXPECT_EQ(convolution.out_width(problem.width), problem.out_width());

  GuardedTensor in =
      guarded_images(c.in_type, {problem.batch, problem.height, problem.width, c.in_channels},
                     problem.in_gaps, placement);
  in.store(problem.in);
  in.seal_input();
  const GuardedTensor out =
      guarded_images(problem.epilogue.type,
                     {problem.batch, problem.out_height(), problem.out_width(), c.out_channels},
                     problem.out_gaps, placement);
  out.seal_output();
  const GuardedScratch scratch(
      convolution.scratch_bytes(problem.batch, problem.height, problem.width,
                                executor ? executor->threads() : 1),
      placement);
  const Status status =
      convolution.run(in.const_images(), out.images(), {scratch.bytes(), executor});
  EXPECT_TRUE(status.ok()) << status.message();
  out.expect_gaps_untouched();
  return out.load();
}

void expect_exact(const TransposedProblem& problem, std::string_view isa) {
  const CaseScope scope(std::string(isa) + ": " + describe(problem));
  const Cells expected = reference_transposed(problem);
  for (Placement placement : kPlacements) {
    const TransposedConvolution convolution = make_transposed(problem, isa, placement);
    expect_equal_cells(run_images(convolution, problem, placement), expected,
                       problem.config.out_channels, problem.epilogue.type,
                       "TransposedConvolution::run");
  }
}

}  // namespace octet::test
