// Strided images, batches, image sizes: none of them changes a byte.
#include <gtest/gtest.h>

#include "support/image_views.hpp"
#include "support/random_problems.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

class ConvolutionViews : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(ConvolutionViews, LeaveGapsAlone) {
  expect_gaps_left_alone(convolutions_of_every_form(random_, 2, 5, 6), isa());
}

TEST_P(ConvolutionViews, WorkWhereEveryPixelEndsAndBeginsAtAnUnmappedPage) {
  expect_no_access_between_pixels(convolutions_of_every_form(random_, 1, 3, 4), isa());
}

TEST_P(ConvolutionViews, WorkWhereEveryRowEndsAndBeginsAtAnUnmappedPage) {
  constexpr std::int64_t kTwoPages = 8192;
  for (ConvolutionProblem& problem : convolutions_of_every_form(random_, 2, 3, 7)) {
    problem.in_gaps = {0, kTwoPages - 7 * problem.config.in_channels, kTwoPages};
    problem.out_gaps = {0,
                        kTwoPages / size_of(problem.epilogue.type) -
                            problem.out_width() * problem.config.out_channels,
                        0};
    expect_exact(problem, isa());
  }
}

TEST_P(ConvolutionViews, ImagesDoNotDependOnTheirBatch) {
  for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 5, 7, 6)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    Cells singles;
    const auto image_size = static_cast<std::ptrdiff_t>(problem.in.size()) / problem.batch;
    for (std::int64_t b = 0; b < problem.batch; ++b) {
      ConvolutionProblem single = problem;
      single.batch = 1;
      const auto begin = problem.in.begin() + b * image_size;
      single.in.assign(begin, begin + image_size);
      const Cells cells = run_images(convolution, single, kEnds);
      singles.insert(singles.end(), cells.begin(), cells.end());
    }
    expect_equal_cells(run_images(convolution, problem, kEnds), singles,
                       problem.config.out_channels, problem.epilogue.type, "whole batch");
  }
}

TEST_P(ConvolutionViews, OneObjectTakesAnyImageSize) {
  for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 1, 1)) {
    expect_any_size(
        problem, random_, isa(),
        {{1, 9, 9}, {3, 1, 1}, {1, 2, 31}, {2, 19, 23}, {2, 17, 1}, {0, 5, 5}, {1, 9, 9}});
  }
}

TEST_P(ConvolutionViews, CallsDoNotSeeWhatTheScratchHolds) {
  expect_any_scratch(convolutions_of_every_form(random_, 1, 6, 7), isa());
}

TEST_P(ConvolutionViews, OnePixelMayHaveAnyStrides) {
  for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 1, 1))
    expect_any_strides_of_one_pixel(problem, isa());
}

OCTET_ON_EVERY_ISA(ConvolutionViews);

}  // namespace
}  // namespace octet::test
