// 3D convolution: every field at once, numbers worked out by hand, views, threads.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/executors.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/volume_problem.hpp"

namespace octet::test {
namespace {

class Convolution3dOf : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST(VolumeReference, AddsThePlanesOfTheFilter) {
  VolumeProblem problem{.plane = {.config = {.in_channels = 1, .out_channels = 1}},
                        .depth = 4,
                        .kernel_d = 2,
                        .stride_d = 2,
                        .dilation_d = 2,
                        .pad_front = 1};
  problem.plane.in = {1, 2, 3, 4};
  problem.plane.weights = {10, 100};
  // Planes (-1, 1) and (1, 3); the first is padding.
  EXPECT_EQ(reference_volumes(problem), (Cells{200, 20 + 400}));
}

VolumeProblem random_volumes(Random& random) {
  VolumeProblem problem;
  ConvolutionConfig& c = problem.plane.config;
  const std::int64_t largest = random.chance(15) ? 40 : 9;
  c.groups = random.chance(60) ? 1 : random.integer(1, 20);
  c.in_channels = c.groups * random.integer(1, c.groups > 1 ? 5 : largest);
  c.out_channels = c.groups * random.integer(1, c.groups > 1 ? 5 : largest);
  problem.plane.batch = random.integer(1, 2);
  const auto draw = [&](std::int64_t& kernel, std::int64_t& stride, std::int64_t& dilation,
                        std::int64_t& before, std::int64_t& after, std::int64_t& size) {
    kernel = random.integer(1, 4);
    stride = random.integer(1, 3);
    dilation = random.chance(30) ? random.integer(1, 3) : 1;
    before = random.integer(0, 3);
    after = random.integer(0, 3);
    const std::int64_t smallest =
        std::max<std::int64_t>(dilation * (kernel - 1) + 1 - before - after, 1);
    size = random.integer(smallest, smallest + 5);
  };
  draw(problem.kernel_d, problem.stride_d, problem.dilation_d, problem.pad_front, problem.pad_back,
       problem.depth);
  draw(c.kernel_h, c.stride_h, c.dilation_h, c.pad_top, c.pad_bottom, problem.plane.height);
  draw(c.kernel_w, c.stride_w, c.dilation_w, c.pad_left, c.pad_right, problem.plane.width);
  for (std::size_t d = 0; d < 3; ++d) {
    if (random.chance(25)) problem.plane.in_gaps[d] = random.integer(1, 40);
    if (random.chance(25)) problem.plane.out_gaps[d] = random.integer(1, 40);
  }
  randomize(random, problem);
  return problem;
}

TEST_P(Convolution3dOf, RandomProblemsEqualTheReference) {
  random_sweep(400, [&](Random& random) { expect_exact(random_volumes(random), isa()); });
}

/// Few channels, many, a group of 4, of one: 3x3x3 with borders on all sides.
VolumeProblem layer(Random& random, std::int64_t in, std::int64_t out, std::int64_t groups,
                    std::int64_t stride_d, std::int64_t size) {
  VolumeProblem problem{.plane = {.config = {.in_channels = in,
                                             .out_channels = out,
                                             .kernel_h = 3,
                                             .kernel_w = 3,
                                             .pad_top = 1,
                                             .pad_left = 1,
                                             .pad_bottom = 1,
                                             .pad_right = 1,
                                             .groups = groups},
                                  .batch = 2,
                                  .height = size,
                                  .width = size + 1},
                        .depth = size + 2,
                        .kernel_d = 3,
                        .stride_d = stride_d,
                        .pad_front = 1,
                        .pad_back = 1};
  randomize(random, problem);
  return problem;
}

TEST_P(Convolution3dOf, ResidualsAndTablesEqualTheReference) {
  random_sweep(100, [&](Random& random) {
    VolumeProblem problem = random_volumes(random);
    ConvolutionProblem& plane = problem.plane;
    const bool residual = random.chance(80);
    plane.epilogue = random_epilogue(random, random.chance(20) ? DataType::kF32 : DataType::kS8,
                                     plane.config.out_channels, 9 * plane.config.in_channels);
    // As if the output's depth were more of the batch.
    const std::int64_t batch = plane.batch;
    plane.batch *= problem.out_depth();
    add_fused(random, plane, residual, !residual || random.chance(30));
    plane.batch = batch;
    if (random.chance(25)) plane.residual_gaps = {3, 1, 9};
    expect_exact(problem, isa());
  });
}

TEST_P(Convolution3dOf, LayersOfEveryFormEqualTheReference) {
  for (std::int64_t stride_d : {1, 2, 5}) {
    expect_exact(layer(random_, 3, 17, 1, stride_d, 5), isa());
    expect_exact(layer(random_, 24, 33, 1, stride_d, 4), isa());
    expect_exact(layer(random_, 20, 20, 5, stride_d, 4), isa());
    expect_exact(layer(random_, 7, 7, 7, stride_d, 4), isa());
  }
}

TEST_P(Convolution3dOf, ThreadsDoNotChangeTheResult) {
  for (const VolumeProblem& problem :
       {layer(random_, 16, 40, 1, 1, 12), layer(random_, 2, 40, 1, 2, 20)}) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Convolution3d convolution = make_convolution3d(problem, isa(), Placement::kEndsAtGuard);
    const Cells alone = run_volumes(convolution, problem, Placement::kEndsAtGuard);
    for (int threads : {2, 3}) {
      ThreadExecutor executor(threads);
      expect_equal_cells(run_volumes(convolution, problem, Placement::kEndsAtGuard, &executor),
                         alone, problem.plane.config.out_channels, problem.plane.epilogue.type,
                         "threads");
      EXPECT_GE(executor.most_tasks(), 2);
    }
  }
}

TEST_P(Convolution3dOf, OneFilterPlaneIsAConvolutionOfEachPlane) {
  VolumeProblem problem = layer(random_, 9, 9, 9, 1, 6);
  problem.kernel_d = 1;
  problem.pad_front = problem.pad_back = 0;
  randomize(random_, problem);
  expect_exact(problem, isa());
}

TEST_P(Convolution3dOf, GapsBetweenVolumesAreLeftAlone) {
  VolumeProblem problem = layer(random_, 6, 5, 1, 2, 4);
  const std::int64_t depth = problem.depth, out_depth = problem.out_depth();
  // Behind each volume lie planes that belong to none.
  const auto in_plane = static_cast<std::size_t>(problem.plane.height * problem.plane.width * 6);
  const auto out_plane =
      static_cast<std::size_t>(problem.plane.out_height() * problem.plane.out_width() * 5);
  const std::size_t in_volume = in_plane * static_cast<std::size_t>(depth + 3);
  const std::size_t out_volume = out_plane * static_cast<std::size_t>(out_depth + 2);
  std::vector<std::uint8_t> in(2 * in_volume, 0xA5);
  for (std::size_t n = 0; n < 2; ++n) {
    const std::size_t count = in_plane * static_cast<std::size_t>(depth);
    for (std::size_t i = 0; i < count; ++i)
      in[n * in_volume + i] = static_cast<std::uint8_t>(problem.plane.in[n * count + i]);
  }
  problem.plane.epilogue = {};  // the plain sums, of four bytes
  const Convolution3d convolution = make_convolution3d(problem, isa(), Placement::kEndsAtGuard);
  const Cells sums = reference_volumes(problem);
  Cells out(2 * out_volume, 0xA5A5A5A5u);
  ConstVolumes in_view =
      const_volumes(in.data(), 2, depth, problem.plane.height, problem.plane.width, 6);
  in_view.type = problem.plane.config.in_type;
  in_view.volume_stride = static_cast<std::int64_t>(in_volume);
  Volumes out_view = volumes(reinterpret_cast<std::int32_t*>(out.data()), 2, out_depth,
                             problem.plane.out_height(), problem.plane.out_width(), 5);
  out_view.volume_stride = static_cast<std::int64_t>(out_volume);
  Workspace workspace;
  const Status status = convolution.run(in_view, out_view,
                                        {workspace.reserve(convolution.scratch_bytes(
                                            2, depth, problem.plane.height, problem.plane.width))});
  ASSERT_TRUE(status.ok()) << status.message();
  const std::size_t used = out_plane * static_cast<std::size_t>(out_depth);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t n = i / out_volume, at = i % out_volume;
    ASSERT_EQ(out[i], at < used ? sums[n * used + at] : 0xA5A5A5A5u) << i;
  }
}

OCTET_ON_EVERY_ISA(Convolution3dOf);

}  // namespace
}  // namespace octet::test
