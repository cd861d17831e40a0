#include "threads/large_calls.hpp"

#include <array>
#include <cmath>
#include <memory>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_batch.hpp"
#include "support/run_gemm.hpp"
#include "support/run_images.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;
constexpr double kConvolutionProducts = 9e6;

template <class Problem>
struct Solved {
  Problem problem;
  Cells expected;
};

std::vector<Solved<GemmProblem>> large_gemms() {
  std::vector<Solved<GemmProblem>> solved;
  Random random(first_seed());
  for (auto [m, n, k] :
       {std::array{2603, 21, 431}, std::array{3, 3101, 2123}, std::array{251, 361, 283},
        std::array{2, 331, 30000}, std::array{7, 64, 300}, std::array{2, 3, 5}}) {
    const Types types = type_combination(random.integer(0, kTypeCombinations - 1));
    GemmProblem problem = random_gemm(random, m, n, k, types);
    if (solved.size() % 2 == 0) add_fused(random, problem, random.chance(70), random.chance(70));
    Cells expected = reference_gemm(problem);
    solved.push_back({std::move(problem), std::move(expected)});
  }
  GemmProblem folded =
      random_gemm(random, 40003, 5, 33, {DataType::kU8, DataType::kS8, DataType::kS8});
  folded.rhs_zero_point.clear();
  Cells expected = reference_gemm(folded);
  solved.push_back({std::move(folded), std::move(expected)});
  return solved;
}

/// Many small matrices, and few large ones.
std::vector<Solved<BatchProblem>> large_batches() {
  std::vector<Solved<BatchProblem>> solved;
  Random random(first_seed());
  for (auto [count, m, n, k] : {std::array{23, 77, 130, 90}, std::array{2, 150, 201, 330}}) {
    const Types types = type_combination(random.integer(0, kTypeCombinations - 1));
    BatchProblem problem = random_batch(random, random_layouts(random), count, m, n, k, types);
    Cells expected = reference_batch(problem);
    solved.push_back({std::move(problem), std::move(expected)});
  }
  return solved;
}

/// Images as large as it takes.
std::vector<Solved<ConvolutionProblem>> large_convolutions() {
  std::vector<Solved<ConvolutionProblem>> solved;
  Random random(first_seed());
  for (ConvolutionProblem& problem : convolutions_of_every_form(random, 2, 1, 1)) {
    const ConvolutionConfig& c = problem.config;
    if (c.stride_h > 1) continue;
    const std::int64_t per_pixel =
        c.out_channels * c.kernel_h * c.kernel_w * c.in_channels / c.groups;
    problem.height = static_cast<std::int64_t>(
                         std::sqrt(kConvolutionProducts / static_cast<double>(2 * per_pixel))) +
                     1;
    problem.width = problem.height + 1;
    fill_operands(random, problem);
    if (random.chance(50)) add_fused(random, problem, random.chance(70), random.chance(70));
    Cells expected = reference_images(problem);
    solved.push_back({std::move(problem), std::move(expected)});
  }
  return solved;
}

/// Both dense and depthwise, with and without outputs that nothing reaches.
std::vector<Solved<TransposedProblem>> large_transposed() {
  std::vector<Solved<TransposedProblem>> solved;
  Random random(first_seed());
  for (auto [channels, groups, kernel, stride] :
       {std::array{50, 1, 3, 2}, std::array{50, 1, 2, 3}, std::array{300, 300, 4, 2}}) {
    TransposedProblem problem{.config = {.in_channels = channels,
                                         .out_channels = channels,
                                         .kernel_h = kernel,
                                         .kernel_w = kernel,
                                         .stride_h = stride,
                                         .stride_w = stride,
                                         .pad_top = 1,
                                         .pad_right = 1,
                                         .groups = groups},
                              .batch = 2};
    const double per_pixel = 2.0 * channels * channels / groups * kernel * kernel;
    problem.height = static_cast<std::int64_t>(std::sqrt(kConvolutionProducts / per_pixel)) + 1;
    problem.width = problem.height + 1;
    randomize(random, problem);
    Cells expected = reference_images(problem);
    solved.push_back({std::move(problem), std::move(expected)});
  }
  return solved;
}

}  // namespace

std::vector<Call> gemm_calls(const GemmProblem& problem, const Cells& expected,
                             const std::string& isa) {
  const auto shared = std::make_shared<const GemmProblem>(problem);
  const auto gemm = std::make_shared<const Gemm>(make_gemm(problem, isa, kEnds));
  const Call packed = {
      isa + ", packed: " + describe(problem),
      static_cast<double>(problem.m * problem.n * problem.k),
      expected,
      problem.n,
      problem.epilogue.type,
      [=](Executor* executor) { return run_rows(*gemm, *shared, 0, shared->m, kEnds, executor); }};
  Call one_shot = packed;
  one_shot.name = isa + ", one-shot: " + describe(problem);
  one_shot.run = [=](Executor* executor) { return run_one_shot(*shared, isa, kEnds, executor); };
  return {packed, one_shot};
}

std::vector<Call> large_calls(const std::string& isa) {
  static const auto gemms = large_gemms();
  static const auto batches = large_batches();
  static const auto convolutions = large_convolutions();
  static const auto transposed = large_transposed();
  std::vector<Call> calls;
  for (const auto& [problem, expected] : gemms) {
    for (Call& call : gemm_calls(problem, expected, isa)) calls.push_back(std::move(call));
  }
  for (const auto& [problem, expected] : batches) {
    const GemmProblem& first = problem.matrices[0];
    const auto products = static_cast<double>(first.m * first.n * first.k) *
                          static_cast<double>(problem.matrices.size());
    calls.push_back({isa + ": " + describe(problem), products, expected, first.n,
                     first.epilogue.type, [&problem = problem, isa](Executor* executor) {
                       return run_batch(problem, isa, kEnds, executor);
                     }});
  }
  for (const auto& [problem, expected] : convolutions) {
    const auto convolution =
        std::make_shared<const Convolution>(make_convolution(problem, isa, kEnds));
    calls.push_back({isa + ": " + describe(problem), kConvolutionProducts, expected,
                     problem.config.out_channels, problem.epilogue.type,
                     [&problem = problem, convolution](Executor* executor) {
                       return run_images(*convolution, problem, kEnds, executor);
                     }});
  }
  for (const auto& [problem, expected] : transposed) {
    const auto convolution =
        std::make_shared<const TransposedConvolution>(make_convolution(problem, isa, kEnds));
    calls.push_back({isa + ": " + describe(problem), kConvolutionProducts, expected,
                     problem.config.out_channels, problem.epilogue.type,
                     [&problem = problem, convolution](Executor* executor) {
                       return run_images(*convolution, problem, kEnds, executor);
                     }});
  }
  return calls;
}

void expect_exact(const Call& call, Executor* executor) {
  const CaseScope scope(call.name);
  const std::string what =
      executor == nullptr ? "alone" : std::to_string(executor->threads()) + " threads";
  expect_equal_cells(call.run(executor), call.expected, call.columns, call.type, what.c_str());
}

}  // namespace octet::test
