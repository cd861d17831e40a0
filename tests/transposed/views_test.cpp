// Strided images, batches, image sizes: none of them changes a byte.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_transposed.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

class TransposedViews : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(TransposedViews, LeaveGapsAlone) {
  using Gaps = std::array<std::int64_t, 3>;
  constexpr Gaps kGaps[] = {{1, 0, 0}, {0, 5, 0}, {0, 0, 7}, {13, 3, 1}, {13, -13, 0}, {0, 5, -5}};
  for (TransposedProblem& problem : transposed_of_every_form(random_, 2, 3, 4)) {
    for (std::size_t i = 0; i < std::size(kGaps); ++i) {
      problem.in_gaps = kGaps[i];
      problem.out_gaps = kGaps[(i + 3) % std::size(kGaps)];
      expect_exact(problem, isa());
    }
  }
}

TEST_P(TransposedViews, WorkWhereEveryPixelEndsAndBeginsAtAnUnmappedPage) {
  constexpr std::int64_t kTwoPages = 8192;
  for (TransposedProblem& problem : transposed_of_every_form(random_, 1, 2, 3)) {
    problem.in_gaps = {kTwoPages - problem.config.in_channels, 0, 0};
    problem.out_gaps = {kTwoPages / size_of(problem.epilogue.type) - problem.config.out_channels, 0,
                        0};
    expect_exact(problem, isa());
  }
}

TEST_P(TransposedViews, OneObjectTakesAnyImageSize) {
  for (TransposedProblem& problem : transposed_of_every_form(random_, 1, 1, 1)) {
    // What one input leads to may all be cut off.
    const std::int64_t least = problem.out_height() < 1 ? 2 : 1;
    const TransposedConvolution convolution = make_transposed(problem, isa(), kEnds);
    for (auto [batch, height, width] :
         {std::array{1, 9, 9}, std::array{3, 0, 0}, std::array{1, 1, 31}, std::array{2, 13, 17},
          std::array{0, 5, 5}, std::array{1, 9, 9}}) {
      problem.batch = batch;
      problem.height = std::max<std::int64_t>(height, least);
      problem.width = std::max<std::int64_t>(width, least);
      problem.in = random_values(
          random_, problem.config.in_type,
          problem.batch * problem.height * problem.width * problem.config.in_channels);
      const CaseScope scope(isa() + ": " + describe(problem));
      expect_equal_cells(run_images(convolution, problem, kEnds), reference_transposed(problem),
                         problem.config.out_channels, problem.epilogue.type, "another size");
    }
  }
}

/// Lines of several images are in use at the same time, far apart.
TEST_P(TransposedViews, MostLinesMayBeCutOff) {
  for (std::int64_t height = 3; height < 20; height += 2) {
    TransposedProblem problem{.config = {.in_channels = 3,
                                         .out_channels = 2,
                                         .pad_top = height / 2,
                                         .pad_bottom = height / 2},
                              .batch = 4,
                              .height = height,
                              .width = 100};
    randomize(random_, problem);
    expect_exact(problem, isa());
  }
}

TEST_P(TransposedViews, CallsDoNotSeeWhatTheScratchHolds) {
  for (const TransposedProblem& problem : transposed_of_every_form(random_, 2, 3, 5)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_transposed(problem);
    const TransposedConvolution convolution = make_transposed(problem, isa(), kEnds);
    for (int fill : {0x00, 0x7F, 0x80, 0xFF}) {
      const ScratchFill filled(static_cast<std::byte>(fill));
      expect_equal_cells(run_images(convolution, problem, kEnds), expected,
                         problem.config.out_channels, problem.epilogue.type, "run");
    }
  }
}

TEST_P(TransposedViews, OnePixelMayHaveAnyStrides) {
  TransposedProblem problem{
      .config = {.in_channels = 9, .out_channels = 20, .stride_h = 2, .stride_w = 2}};
  randomize(random_, problem);
  const TransposedConvolution convolution = make_transposed(problem, isa(), kEnds);
  GuardedTensor in = guarded_images(problem.config.in_type, {1, 1, 1, 9}, {}, kEnds);
  in.store(problem.in);
  const GuardedTensor out = guarded_images(problem.epilogue.type, {1, 1, 1, 20}, {}, kEnds);
  ConstImages in_view = in.const_images();
  Images out_view = out.images();
  in_view.pixel_stride = in_view.row_stride = in_view.image_stride = INT64_MAX;
  out_view.pixel_stride = out_view.row_stride = out_view.image_stride = INT64_MAX;
  const GuardedScratch scratch(convolution.scratch_bytes(1, 1, 1), kEnds);
  const Status status = convolution.run(in_view, out_view, {scratch.bytes()});
  EXPECT_TRUE(status.ok()) << status.message();
  expect_equal_cells(out.load(), reference_transposed(problem), 20, problem.epilogue.type,
                     "one pixel");
}

OCTET_ON_EVERY_ISA(TransposedViews);

}  // namespace
}  // namespace octet::test
