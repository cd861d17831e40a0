// Strided images, batches, image sizes: none of them changes a byte.
#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_convolution.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

class ConvolutionViews : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(ConvolutionViews, LeaveGapsAlone) {
  using Gaps = std::array<std::int64_t, 3>;
  // The negative ones take back the gap after a row's last pixel, or after an image's last row.
  constexpr Gaps kGaps[] = {{1, 0, 0},   {0, 5, 0},    {0, 0, 7}, {13, 3, 1},
                            {16, 64, 0}, {13, -13, 0}, {0, 5, -5}};
  for (ConvolutionProblem& problem : convolutions_of_every_form(random_, 2, 5, 6)) {
    for (std::size_t i = 0; i < std::size(kGaps); ++i) {
      problem.in_gaps = kGaps[i];
      problem.out_gaps = kGaps[(i + 3) % std::size(kGaps)];
      expect_exact(problem, isa());
    }
  }
}

TEST_P(ConvolutionViews, WorkWhereEveryPixelEndsAndBeginsAtAnUnmappedPage) {
  constexpr std::int64_t kTwoPages = 8192;
  for (ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 3, 4)) {
    problem.in_gaps = {kTwoPages - problem.config.in_channels, 0, 0};
    problem.out_gaps = {kTwoPages / size_of(problem.epilogue.type) - problem.config.out_channels, 0,
                        0};
    expect_exact(problem, isa());
  }
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
  for (ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 1, 1)) {
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    for (auto [batch, height, width] :
         {std::array{1, 9, 9}, std::array{3, 1, 1}, std::array{1, 2, 31}, std::array{2, 19, 23},
          std::array{2, 17, 1}, std::array{0, 5, 5}, std::array{1, 9, 9}}) {
      problem.batch = batch;
      problem.height = height;
      problem.width = width;
      const auto count =
          static_cast<std::int64_t>(batch) * height * width * problem.config.in_channels;
      problem.in = random_values(random_, problem.config.in_type, count);
      const CaseScope scope(isa() + ": " + describe(problem));
      expect_equal_cells(run_images(convolution, problem, kEnds), reference_convolution(problem),
                         problem.config.out_channels, problem.epilogue.type, "another size");
    }
  }
}

TEST_P(ConvolutionViews, CallsDoNotSeeWhatTheScratchHolds) {
  for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 6, 7)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_convolution(problem);
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    for (int fill : {0x00, 0x7F, 0x80, 0xFF}) {
      const ScratchFill filled(static_cast<std::byte>(fill));
      expect_equal_cells(run_images(convolution, problem, kEnds), expected,
                         problem.config.out_channels, problem.epilogue.type, "Convolution::run");
    }
  }
}

TEST_P(ConvolutionViews, OnePixelMayHaveAnyStrides) {
  for (const ConvolutionProblem& problem : convolutions_of_every_form(random_, 1, 1, 1)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    GuardedTensor in =
        guarded_images(problem.config.in_type, {1, 1, 1, problem.config.in_channels}, {}, kEnds);
    in.store(problem.in);
    const DataType type = problem.epilogue.type;
    const GuardedTensor out =
        guarded_images(type, {1, 1, 1, problem.config.out_channels}, {}, kEnds);
    ConstImages in_view = in.const_images();
    Images out_view = out.images();
    in_view.pixel_stride = in_view.row_stride = in_view.image_stride = INT64_MAX;
    out_view.pixel_stride = out_view.row_stride = out_view.image_stride = INT64_MAX;
    const GuardedScratch scratch(convolution.scratch_bytes(1, 1, 1), kEnds);
    const Status status = convolution.run(in_view, out_view, {scratch.bytes()});
    EXPECT_TRUE(status.ok()) << status.message();
    expect_equal_cells(out.load(), reference_convolution(problem), problem.config.out_channels,
                       type, "one pixel");
  }
}

OCTET_ON_EVERY_ISA(ConvolutionViews);

}  // namespace
}  // namespace octet::test
