#include "support/run_images.hpp"

#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_epilogue.hpp"
#include "support/guarded_tensor.hpp"

namespace octet::test {
namespace {

/// From the problem's [O, H, W, I] to config.weights_layout; all of them are 8-bit.
std::vector<std::uint8_t> weights_in_layout(const ConvolutionProblem& problem) {
  const ConvolutionConfig& c = problem.config;
  const std::int64_t group_in = c.in_channels / c.groups;
  std::vector<std::uint8_t> bytes(problem.weights.size());
  auto value = problem.weights.begin();
  for (std::int64_t o = 0; o < c.out_channels; ++o) {
    for (std::int64_t h = 0; h < c.kernel_h; ++h) {
      for (std::int64_t w = 0; w < c.kernel_w; ++w) {
        for (std::int64_t i = 0; i < group_in; ++i) {
          std::int64_t at = 0;
          switch (c.weights_layout) {
            case WeightsLayout::kOHWI:
              at = ((o * c.kernel_h + h) * c.kernel_w + w) * group_in + i;
              break;
            case WeightsLayout::kOIHW:
              at = ((o * group_in + i) * c.kernel_h + h) * c.kernel_w + w;
              break;
            case WeightsLayout::kHWIO:
              at = ((h * c.kernel_w + w) * group_in + i) * c.out_channels + o;
              break;
          }
          bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(*value++);
        }
      }
    }
  }
  return bytes;
}

/// The same from [I, O / groups, H, W].
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

template <class Operation, class Config>
Operation make(const ImageProblem<Config>& problem, std::string_view isa, Placement placement) {
  const GuardedEpilogue epilogue(problem.epilogue, placement);
  const GuardedArray<std::int32_t> weights_zero_point(problem.weights_zero_point, placement);
  const GuardedArray<std::uint8_t> weights(weights_in_layout(problem), placement);
  Config config = problem.config;
  config.weights_zero_point = weights_zero_point.span();
  config.epilogue = epilogue.epilogue;
  config.max_isa = isa;
  Operation operation;
  const Status status = Operation::create(config, weights.span().data(), operation);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(operation.isa(), isa);
  return operation;
}

}  // namespace

Convolution make_convolution(const ConvolutionProblem& problem, std::string_view isa,
                             Placement placement) {
  return make<Convolution>(problem, isa, placement);
}

TransposedConvolution make_convolution(const TransposedProblem& problem, std::string_view isa,
                                       Placement placement) {
  return make<TransposedConvolution>(problem, isa, placement);
}

template <class Operation, class Config>
Cells run_images(const Operation& operation, const ImageProblem<Config>& problem,
                 Placement placement, Executor* executor) {
  const Config& c = problem.config;
  EXPECT_EQ(operation.out_height(problem.height), problem.out_height());
  EXPECT_EQ(operation.out_width(problem.width), problem.out_width());

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
  const GuardedScratch scratch(operation.scratch_bytes(problem.batch, problem.height, problem.width,
                                                       executor ? executor->threads() : 1),
                               placement);
  const auto& added = problem.epilogue.residual;
  GuardedTensor residual = guarded_images(
      added ? added->type : DataType::kS8,
      {added ? problem.batch : 0, problem.out_height(), problem.out_width(), c.out_channels},
      problem.residual_gaps, placement);
  if (added) {
    residual.store(problem.residual);
    residual.seal_input();
  }
  const Status status = operation.run(in.const_images(), out.images(), {scratch.bytes(), executor},
                                      added ? residual.const_images() : ConstImages{});
  EXPECT_TRUE(status.ok()) << status.message();
  out.expect_gaps_untouched();
  return out.load();
}
template Cells run_images(const Convolution&, const ConvolutionProblem&, Placement, Executor*);
template Cells run_images(const TransposedConvolution&, const TransposedProblem&, Placement,
                          Executor*);

template <class Config>
void expect_exact(const ImageProblem<Config>& problem, std::string_view isa) {
  const CaseScope scope(std::string(isa) + ": " + describe(problem));
  const Cells expected = reference_images(problem);
  for (Placement placement : kPlacements) {
    const auto operation = make_convolution(problem, isa, placement);
    expect_equal_cells(run_images(operation, problem, placement), expected,
                       problem.config.out_channels, problem.epilogue.type, "run");
  }
}
template void expect_exact(const ConvolutionProblem&, std::string_view);
template void expect_exact(const TransposedProblem&, std::string_view);

}  // namespace octet::test
