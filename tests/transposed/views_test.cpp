// Strided images, batches, image sizes: none of them changes a byte.
#include <gtest/gtest.h>

#include "support/image_views.hpp"
#include "support/random_problems.hpp"

namespace octet::test {
namespace {

class TransposedViews : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(TransposedViews, LeaveGapsAlone) {
  expect_gaps_left_alone(transposed_of_every_form(random_, 2, 3, 4), isa());
}

TEST_P(TransposedViews, WorkWhereEveryPixelEndsAndBeginsAtAnUnmappedPage) {
  expect_no_access_between_pixels(transposed_of_every_form(random_, 1, 2, 3), isa());
}

TEST_P(TransposedViews, OneObjectTakesAnyImageSize) {
  for (const TransposedProblem& problem : transposed_of_every_form(random_, 1, 1, 1)) {
    // What one input leads to may all be cut off.
    const std::int64_t least = problem.out_height() < 1 ? 2 : 1;
    expect_any_size(
        problem, random_, isa(),
        {{1, 9, 9}, {3, least, least}, {1, least, 31}, {2, 13, 17}, {0, 5, 5}, {1, 9, 9}});
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
  expect_any_scratch(transposed_of_every_form(random_, 2, 3, 5), isa());
}

TEST_P(TransposedViews, OnePixelMayHaveAnyStrides) {
  TransposedProblem problem{
      .config = {.in_channels = 9, .out_channels = 20, .stride_h = 2, .stride_w = 2}};
  randomize(random_, problem);
  expect_any_strides_of_one_pixel(problem, isa());
}

OCTET_ON_EVERY_ISA(TransposedViews);

}  // namespace
}  // namespace octet::test
