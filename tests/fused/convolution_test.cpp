// Residual and table fused into convolution, in all its forms; tables in requantize().
#include <set>

#include "quantize/random_quantize.hpp"
#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

class FusedConvolution : public OnEveryIsa {
 protected:
  /// With a residual, a table, and both; each output type in turn.
  void expect_all_exact(ConvolutionProblem problem) {
    constexpr DataType kTypes[] = {DataType::kU8, DataType::kS8, DataType::kF32};
    for (const auto& [residual, table] :
         {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
      randomize(random_, problem);
      const ConvolutionConfig& c = problem.config;
      problem.epilogue = random_epilogue(random_, random_.pick(kTypes), c.out_channels,
                                         c.kernel_h * c.kernel_w * c.in_channels / c.groups);
      if (random_.chance(60)) problem.weights_zero_point = {};
      problem.residual = {};
      add_fused(random_, problem, residual, table);
      for (auto* gaps : {&problem.in_gaps, &problem.out_gaps, &problem.residual_gaps}) {
        for (std::int64_t& gap : *gaps)
          gap = random_.integer(0, 1) * random_.integer(0, 1) * random_.integer(1, 40);
      }
      expect_exact(problem, isa());
      forms_.insert(std::string(make_convolution(problem, isa(), Placement::kEndsAtGuard).form()));
    }
  }
  static ConvolutionProblem with(std::int64_t in_channels, std::int64_t out_channels,
                                 std::int64_t groups, std::int64_t kernel_h, std::int64_t kernel_w,
                                 std::int64_t stride, std::array<std::int64_t, 3> size) {
    return {.config = {.in_channels = in_channels,
                       .out_channels = out_channels,
                       .kernel_h = kernel_h,
                       .kernel_w = kernel_w,
                       .stride_h = stride,
                       .stride_w = stride,
                       .pad_top = kernel_h / 2,
                       .pad_left = kernel_w / 2,
                       .pad_bottom = (kernel_h - 1) / 2,
                       .pad_right = (kernel_w - 1) / 2,
                       .groups = groups},
            .batch = size[0],
            .height = size[1],
            .width = size[2]};
  }

  Random random_{first_seed()};
  std::set<std::string> forms_;
};

TEST_P(FusedConvolution, EqualsReferenceInEveryForm) {
  for (int i = 0; i < 2; ++i) {
    for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 2, 7, 9))
      expect_all_exact(problem);
  }
  for (std::int64_t channels : {16, 70, 130}) {
    expect_all_exact(with(channels, channels + 1, 1, 1, 1, 1, {2, 9, 8}));
    expect_all_exact(with(channels, channels, 1, 3, 3, 2, {1, 15, 16}));
  }
  for (std::int64_t channels : {1, 3, 4}) {
    expect_all_exact(with(channels, 40, 1, 3, 3, 1, {2, 9, 17}));
    expect_all_exact(with(channels, 16, 1, 7, 7, 2, {1, 20, 19}));
  }
  for (std::int64_t group : {4, 8, 16}) {
    for (std::int64_t groups : {2, 5, 8, 17, 18})
      expect_all_exact(with(groups * group, groups * group, groups, 3, 3, 1, {2, 6, 11}));
  }
  EXPECT_TRUE(forms_.contains("depthwise") && forms_.contains("indirect"));
  EXPECT_EQ(forms_.contains("grouped"), isa() != "scalar");
}

/// Streams, panels, bands, and parts of bands.
TEST_P(FusedConvolution, EqualsReferenceForDepthwise) {
  for (std::int64_t channels : {1, 7, 16, 17, 32, 33, 48, 64, 65, 130}) {
    for (std::int64_t stride : {1, 2}) {
      expect_all_exact(with(channels, channels, channels, 3, 3, stride, {2, 9, 7}));
      expect_all_exact(with(channels, channels, channels, 5, 5, stride, {1, 7, 12}));
    }
    expect_all_exact(with(channels, 2 * channels, channels, 3, 3, 1, {1, 5, 6}));
    expect_all_exact(with(channels, channels, channels, 1, 9, 1, {3, 1, 70}));
  }
  for (std::int64_t width : {70, 150, 301})
    expect_all_exact(with(20, 20, 20, 3, 3, 1, {1, 6, width}));
}

TEST_P(FusedConvolution, TablesOfRequantizeAreExact) {
  for (DataType type : k8BitTypes) {
    for (std::int64_t columns : {1, 63, 64, 65, 200}) {
      for (std::int64_t gap : {0, 5}) {
        auto [problem, epilogue] = random_requantize(random_, 3, columns, type);
        problem.out_gap = gap;
        add_fused(random_, epilogue, false, true);
        expect_requantizes_exactly(problem, epilogue, isa());
      }
    }
  }
}

OCTET_ON_EVERY_ISA(FusedConvolution);

}  // namespace
}  // namespace octet::test
