// Every form of convolution, forced, on every layer that it can compute.
#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

constexpr std::string_view kForms[] = {"indirect", "runs",    "im2col",
                                       "columns",  "grouped", "depthwise"};

class ConvolutionForms : public OnEveryIsa {
 protected:
  /// Whether a form can compute a layer; where it cannot, it says so.
  bool serves(const ConvolutionProblem& problem) {
    ConvolutionConfig config = problem.config;
    config.max_isa = isa();
    config.weights_zero_point = problem.weights_zero_point;
    const std::vector<std::uint8_t> weights(problem.weights.size());
    Convolution convolution;
    const Status status = Convolution::create(config, weights.data(), convolution);
    if (status.ok()) {
      EXPECT_EQ(convolution.form(), config.form);
      return true;
    }
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << status.message();
    EXPECT_NE(status.message().find("form"), std::string_view::npos) << status.message();
    return false;
  }
  Random random_{first_seed()};
};

struct Layer {
  std::int64_t in_channels, out_channels, kernel_h, kernel_w, stride, dilation_w, groups;
};
constexpr Layer kLayers[] = {
    {3, 17, 7, 7, 2, 1, 1},  {1, 6, 5, 5, 1, 1, 1},    {16, 9, 1, 1, 1, 1, 1},
    {5, 33, 1, 10, 3, 1, 1}, {2, 8, 16, 2, 2, 1, 1},   {13, 70, 3, 3, 1, 1, 1},
    {7, 5, 3, 2, 1, 2, 1},   {1, 3, 17, 1, 1, 1, 1},   {8, 8, 3, 3, 1, 1, 2},
    {32, 32, 3, 3, 2, 1, 4}, {19, 19, 3, 3, 2, 1, 19}, {6, 12, 5, 5, 1, 1, 6},
    {16, 20, 3, 3, 1, 1, 1}, {16, 9, 3, 4, 2, 1, 1},   {3, 6, 1, 1, 2, 1, 1},
    {3, 9, 5, 1, 1, 1, 1},   {24, 7, 4, 1, 2, 1, 1},   {4, 40, 3, 3, 1, 1, 1},
    {8, 12, 3, 3, 2, 1, 1}};

/// Forms that an ISA has no kernel for.
bool is_absent(std::string_view form, std::string_view isa) {
  if (form == "columns") return isa == "scalar" || isa.starts_with("neon");
  return form == "grouped" && isa == "scalar";
}

TEST_P(ConvolutionForms, EqualTheReferenceWhereTheyServe) {
  for (const std::string_view form : kForms) {
    int served = 0;
    for (const Layer& layer : kLayers) {
      for (const bool zero_points : {false, true}) {
        ConvolutionProblem problem{.config = {.in_channels = layer.in_channels,
                                              .out_channels = layer.out_channels,
                                              .kernel_h = layer.kernel_h,
                                              .kernel_w = layer.kernel_w,
                                              .stride_h = layer.stride,
                                              .stride_w = layer.stride,
                                              .dilation_w = layer.dilation_w,
                                              .pad_top = layer.kernel_h / 2,
                                              .pad_left = layer.kernel_w / 3,
                                              .pad_bottom = layer.kernel_h / 3,
                                              .pad_right = layer.kernel_w / 2,
                                              .groups = layer.groups,
                                              .form = form},
                                   .batch = 2,
                                   .height = 9,
                                   // the shuffles of columns repeat after up to 1 KB
                                   .width = form == "columns" ? 75 : 11};
        randomize(random_, problem);
        if (!zero_points) {
          problem.config.weights_type = DataType::kS8;
          problem.weights = random_values(random_, DataType::kS8,
                                          static_cast<std::int64_t>(problem.weights.size()));
          problem.weights_zero_point.clear();
        }
        if (!serves(problem)) continue;
        ++served;
        SCOPED_TRACE(form);
        expect_exact(problem, isa());
      }
    }
    EXPECT_EQ(served == 0, is_absent(form, isa())) << form;
  }
}

TEST_P(ConvolutionForms, AreRefusedByNameWhereTheyAreUnknown) {
  ConvolutionProblem problem{
      .config = {.in_channels = 3, .out_channels = 4, .form = "winograd"}, .height = 4, .width = 4};
  randomize(random_, problem);
  ConvolutionConfig config = problem.config;
  config.max_isa = isa();
  const std::vector<std::uint8_t> weights(problem.weights.size());
  Convolution convolution;
  const Status status = Convolution::create(config, weights.data(), convolution);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("form is \"winograd\""), std::string_view::npos)
      << status.message();
}

OCTET_ON_EVERY_ISA(ConvolutionForms);

}  // namespace
}  // namespace octet::test
