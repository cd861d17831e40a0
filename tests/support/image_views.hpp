/// How images may lie in memory, for convolutions and transposed ones alike: none of it changes a
/// byte of the result.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_images.hpp"

namespace octet::test {

/// Gaps of every kind, in images and outputs, are neither read nor written.
template <class Problem>
void expect_gaps_left_alone(std::vector<Problem> problems, std::string_view isa) {
  using Gaps = std::array<std::int64_t, 3>;
  // The negative ones take back the gap after a row's last pixel, or after an image's last row.
  constexpr Gaps kGaps[] = {{1, 0, 0},   {0, 5, 0},    {0, 0, 7}, {13, 3, 1},
                            {16, 64, 0}, {13, -13, 0}, {0, 5, -5}};
  for (Problem& problem : problems) {
    for (std::size_t i = 0; i < std::size(kGaps); ++i) {
      problem.in_gaps = kGaps[i];
      problem.out_gaps = kGaps[(i + 3) % std::size(kGaps)];
      expect_exact(problem, isa);
    }
  }
}

/// Every pixel ends and begins at an unmapped page.
template <class Problem>
void expect_no_access_between_pixels(std::vector<Problem> problems, std::string_view isa) {
  constexpr std::int64_t kTwoPages = 8192;
  for (Problem& problem : problems) {
    problem.in_gaps = {kTwoPages - problem.config.in_channels, 0, 0};
    problem.out_gaps = {kTwoPages / size_of(problem.epilogue.type) - problem.config.out_channels, 0,
                        0};
    expect_exact(problem, isa);
  }
}

/// One object takes images of each of these batches, heights and widths.
template <class Problem>
void expect_any_size(Problem problem, Random& random, std::string_view isa,
                     const std::vector<std::array<std::int64_t, 3>>& sizes) {
  constexpr Placement kEnds = Placement::kEndsAtGuard;
  const auto operation = make_convolution(problem, isa, kEnds);
  for (const auto& [batch, height, width] : sizes) {
    problem.batch = batch;
    problem.height = height;
    problem.width = width;
    problem.in = random_values(random, problem.config.in_type,
                               batch * height * width * problem.config.in_channels);
    const CaseScope scope(std::string(isa) + ": " + describe(problem));
    expect_equal_cells(run_images(operation, problem, kEnds), reference_images(problem),
                       problem.config.out_channels, problem.epilogue.type, "another size");
  }
}

/// What the scratch holds before a call does not show.
template <class Problem>
void expect_any_scratch(const std::vector<Problem>& problems, std::string_view isa) {
  constexpr Placement kEnds = Placement::kEndsAtGuard;
  for (const Problem& problem : problems) {
    const CaseScope scope(std::string(isa) + ": " + describe(problem));
    const Cells expected = reference_images(problem);
    const auto operation = make_convolution(problem, isa, kEnds);
    for (int fill : {0x00, 0x7F, 0x80, 0xFF}) {
      const ScratchFill filled(static_cast<std::byte>(fill));
      expect_equal_cells(run_images(operation, problem, kEnds), expected,
                         problem.config.out_channels, problem.epilogue.type, "run");
    }
  }
}

/// With images of one pixel in and out no stride is ever used.
template <class Problem>
void expect_any_strides_of_one_pixel(const Problem& problem, std::string_view isa) {
  constexpr Placement kEnds = Placement::kEndsAtGuard;
  const CaseScope scope(std::string(isa) + ": " + describe(problem));
  const auto operation = make_convolution(problem, isa, kEnds);
  GuardedTensor in =
      guarded_images(problem.config.in_type, {1, 1, 1, problem.config.in_channels}, {}, kEnds);
  in.store(problem.in);
  const DataType type = problem.epilogue.type;
  const GuardedTensor out = guarded_images(type, {1, 1, 1, problem.config.out_channels}, {}, kEnds);
  ConstImages in_view = in.const_images();
  Images out_view = out.images();
  in_view.pixel_stride = in_view.row_stride = in_view.image_stride = INT64_MAX;
  out_view.pixel_stride = out_view.row_stride = out_view.image_stride = INT64_MAX;
  const GuardedScratch scratch(operation.scratch_bytes(1, 1, 1), kEnds);
  const Status status = operation.run(in_view, out_view, {scratch.bytes()});
  EXPECT_TRUE(status.ok()) << status.message();
  expect_equal_cells(out.load(), reference_images(problem), problem.config.out_channels, type,
                     "one pixel");
}

}  // namespace octet::test
