/// Problems that are worth several threads, and ragged in every direction.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "support/random_problems.hpp"

namespace octet::test {

/// Multiply-accumulates from which five threads surely have something to do.
inline constexpr double kWorthThreads = 7e6;

/// Tall, wide, square, with few rows and few columns, and two that are too small to be cut.
inline std::vector<GemmProblem> large_gemms(Random& random) {
  std::vector<GemmProblem> problems;
  for (auto [m, n, k] : {std::array{2603, 21, 131}, std::array{3, 2101, 1123},
                         std::array{151, 261, 183}, std::array{53, 101, 1402},
                         std::array{2, 131, 30000}, std::array{7, 64, 300}, std::array{2, 3, 5}}) {
    const Types types = type_combination(random.integer(0, kTypeCombinations - 1));
    problems.push_back(random_gemm(random, m, n, k, types));
  }
  return problems;
}

/// Of every form, with images as large as it takes.
inline std::vector<ConvolutionProblem> large_convolutions(Random& random) {
  std::vector<ConvolutionProblem> problems = convolutions_of_every_form(random, 2, 1, 1);
  std::erase_if(problems, [](const auto& problem) { return problem.config.stride_h > 1; });
  for (ConvolutionProblem& problem : problems) {
    const ConvolutionConfig& c = problem.config;
    const std::int64_t per_pixel =
        c.out_channels * c.kernel_h * c.kernel_w * c.in_channels / c.groups;
    const double pixels = kWorthThreads / static_cast<double>(2 * per_pixel);
    problem.height = static_cast<std::int64_t>(std::sqrt(pixels)) + 1;
    problem.width = problem.height + 1;
    fill_operands(random, problem);
  }
  return problems;
}

}  // namespace octet::test
