// Explanations agree with what the operators say and do.
#include <algorithm>
#include <vector>

#include "octet/octet.hpp"
#include "support/every_isa.hpp"
#include "support/executors.hpp"

namespace octet::test {
namespace {

class Explain : public OnEveryIsa {
 protected:
  /// What holds for every run.
  void expect_plausible(const Explanation& e, std::string_view operation, double products) {
    EXPECT_EQ(e.operation, operation);
    EXPECT_EQ(e.isa, isa());
    EXPECT_NE(e.form, "");
    EXPECT_NE(e.reason, "");
    EXPECT_EQ(e.operations, 2 * products);
    EXPECT_GE(e.tile_rows, 1);
    EXPECT_GE(e.tile_columns, 1);
    EXPECT_GE(e.panels, 1);
    EXPECT_GE(e.tasks(), 1);
    EXPECT_LE(e.tasks(), e.threads);
  }

  const std::vector<std::int8_t> weights_ = std::vector<std::int8_t>(9 * 300 * 500, 1);
};

TEST_P(Explain, Gemm) {
  Gemm gemm;
  const GemmConfig config = {.lhs_type = DataType::kS8, .max_isa = isa()};
  EXPECT_EQ(gemm.explain(5).operation, "");
  ASSERT_TRUE(Gemm::create(config, const_matrix(weights_.data(), 300, 500), gemm).ok());
  for (int threads : {1, 2}) {
    const ReversedExecutor executor(threads, 4);
    const Explanation e = gemm.explain(400, &executor);
    expect_plausible(e, "gemm", 400.0 * 300 * 500);
    EXPECT_EQ(std::string(e.shape), "M 400, N 500, K 300");
    EXPECT_EQ(e.in_type, DataType::kS8);
    EXPECT_EQ(e.bytes, 400 * 300 + 300 * 500 + 4 * 400 * 500);
    EXPECT_LE(e.tile_rows, info().tile_rows);
    EXPECT_LE(e.tile_columns, info().tile_columns);
    EXPECT_GE(e.tile_columns * e.panels, 500);
    EXPECT_EQ(e.threads, threads);
    EXPECT_EQ(e.start_us, threads > 1 ? 4 : 0);
    EXPECT_EQ(e.packed_bytes, gemm.packed_bytes());
    EXPECT_EQ(e.scratch_bytes, gemm.scratch_bytes(400, threads));
    EXPECT_TRUE(!e.staged || e.scratch_bytes > 0);  // direct rows need some where they are paired
    const Explanation one_shot =
        explain_batched_gemm(config, {}, 400, 500, 300, DataType::kS8, &executor);
    expect_plausible(one_shot, "one_shot_gemm", 400.0 * 300 * 500);
    EXPECT_EQ(one_shot.scratch_bytes, gemm_scratch_bytes(config, 400, 500, 300, threads));
  }
  EXPECT_EQ(gemm.explain(-1).operations, 0);
  EXPECT_EQ(std::string(explain_batched_gemm(config, {}, 1, 0, 1, DataType::kS8).shape), "");
}

TEST_P(Explain, TasksAreThoseOfTheRun) {
  Gemm gemm;
  ASSERT_TRUE(Gemm::create({.max_isa = isa()}, const_matrix(weights_.data(), 300, 500), gemm).ok());
  const std::vector<std::uint8_t> lhs(400 * 300, 1);
  std::vector<std::int32_t> out(400 * 500);
  ThreadExecutor executor(3);
  Workspace workspace;
  ASSERT_TRUE(gemm.run(const_matrix(lhs.data(), 400, 300), matrix(out.data(), 400, 500),
                       {workspace.reserve(gemm.scratch_bytes(400, 3)), &executor})
                  .ok());
  EXPECT_EQ(gemm.explain(400, &executor).tasks(), std::max<std::int64_t>(executor.most_tasks(), 1));
}

TEST_P(Explain, ConvolutionsOfEveryForm) {
  const struct {
    std::int64_t channels, groups, kernel;
  } forms[] = {{3, 1, 5}, {64, 1, 3}, {64, 1, 1}, {64, 16, 3}, {64, 64, 3}};
  for (const auto& [channels, groups, kernel] : forms) {
    Convolution convolution;
    EXPECT_EQ(convolution.explain(1, 9, 9).operation, "");
    ASSERT_TRUE(Convolution::create({.in_channels = channels,
                                     .out_channels = 64,
                                     .kernel_h = kernel,
                                     .kernel_w = kernel,
                                     .stride_w = 2,
                                     .groups = groups,
                                     .max_isa = isa()},
                                    weights_.data(), convolution)
                    .ok());
    const ReversedExecutor executor(2);
    const Explanation e = convolution.explain(2, 30, 31, &executor);
    const auto pixels =
        static_cast<double>(2 * convolution.out_height(30) * convolution.out_width(31));
    expect_plausible(e, "convolution",
                     pixels * static_cast<double>(64 * kernel * kernel * channels / groups));
    EXPECT_EQ(e.form, convolution.form());
    EXPECT_EQ(e.packed_bytes, convolution.packed_bytes());
    EXPECT_EQ(e.scratch_bytes, convolution.scratch_bytes(2, 30, 31, 2));
    EXPECT_TRUE(std::string_view(e.shape).starts_with("2x30x31, ")) << e.shape;
    EXPECT_EQ(convolution.explain(2, 0, 31).operations, 0);
  }
}

TEST_P(Explain, TransposedConvolution) {
  TransposedConvolution convolution;
  EXPECT_EQ(convolution.explain(1, 9, 9).operation, "");
  ASSERT_TRUE(TransposedConvolution::create({.in_channels = 20,
                                             .out_channels = 30,
                                             .kernel_h = 3,
                                             .kernel_w = 3,
                                             .stride_h = 2,
                                             .stride_w = 3,
                                             .max_isa = isa()},
                                            weights_.data(), convolution)
                  .ok());
  const ReversedExecutor executor(2);
  const Explanation e = convolution.explain(2, 7, 8, &executor);
  // Every tap of every input pixel, and in the rows of two taps those beyond the image.
  expect_plausible(e, "transposed_convolution", 2.0 * (7 + 8 * 2) * 8 * 3 * 20 * 30);
  EXPECT_EQ(e.form, "phases");
  EXPECT_EQ(e.packed_bytes, convolution.packed_bytes());
  EXPECT_EQ(e.scratch_bytes, convolution.scratch_bytes(2, 7, 8, 2));
  EXPECT_EQ(std::string(e.shape), "2x7x8, 20 to 30 channels, 3x3, stride 2x3");
}

OCTET_ON_EVERY_ISA(Explain);

}  // namespace
}  // namespace octet::test
