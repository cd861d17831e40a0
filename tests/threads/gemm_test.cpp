// GEMM gives the same bytes with any executor, and from any number of threads at once.
#include <gtest/gtest.h>

#include <thread>

#include "support/every_isa.hpp"
#include "support/executors.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_gemm.hpp"
#include "threads/large_problems.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

class GemmThreads : public OnEveryIsa {
 protected:
  void expect_same_with(const GemmProblem& problem, const Cells& expected, Executor& executor) {
    const CaseScope scope(isa() + ' ' + std::to_string(executor.threads()) +
                          " threads: " + describe(problem));
    const DataType type = problem.epilogue.type;
    expect_equal_cells(run_packed(problem, isa(), kEnds, &executor), expected, problem.n, type,
                       "packed");
    expect_equal_cells(run_one_shot(problem, isa(), kEnds, &executor), expected, problem.n, type,
                       "one-shot");
  }

  Random random_{first_seed()};
};

TEST_P(GemmThreads, DoNotChangeTheResult) {
  std::array<std::int64_t, 6> most_tasks = {};  // by threads
  for (const GemmProblem& problem : large_gemms(random_)) {
    const Cells expected = reference_gemm(problem);
    for (int threads = 1; threads <= 5; ++threads) {
      ThreadExecutor executor(threads);
      expect_same_with(problem, expected, executor);
      auto& most = most_tasks[static_cast<std::size_t>(threads)];
      most = std::max(most, executor.most_tasks());
    }
  }
  for (int threads = 2; threads <= 5; ++threads) {
    EXPECT_GE(most_tasks[static_cast<std::size_t>(threads)], threads) << "nothing was cut";
  }
}

TEST_P(GemmThreads, MayRunTasksInAnyOrder) {
  for (const GemmProblem& problem : large_gemms(random_)) {
    const Cells expected = reference_gemm(problem);
    for (int threads : {2, 3, 16}) {
      ReversedExecutor executor(threads);
      expect_same_with(problem, expected, executor);
    }
  }
}

TEST_P(GemmThreads, MayShareOneObject) {
  for (const GemmProblem& problem : large_gemms(random_)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Gemm gemm = make_gemm(problem, isa(), kEnds);
    std::array<Cells, 3> results;
    {
      std::vector<std::jthread> callers;
      for (Cells& result : results) {
        callers.emplace_back([&] {
          ThreadExecutor executor(2);
          for (Executor* each :
               {static_cast<Executor*>(nullptr), static_cast<Executor*>(&executor)})
            result = run_rows(gemm, problem, 0, problem.m, kEnds, each);
        });
      }
    }
    const Cells expected = reference_gemm(problem);
    for (const Cells& result : results) {
      expect_equal_cells(result, expected, problem.n, problem.epilogue.type, "concurrent run");
    }
  }
}

TEST_P(GemmThreads, DoNotChangeTheResultsOfRandomProblems) {
  for (int i = 0; i < sweep_count(12); ++i) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(i);
    const CaseScope scope("OCTET_TEST_SEED=" + std::to_string(seed));
    Random random(seed);
    const std::int64_t m = random.integer(1, 400), n = random.integer(1, 400);
    const auto k = static_cast<std::int64_t>(kWorthThreads) / (m * n);
    const GemmProblem problem =
        random_gemm(random, m, n, std::min<std::int64_t>(k + 1, 20000),
                    type_combination(random.integer(0, kTypeCombinations - 1)));
    ThreadExecutor executor(static_cast<int>(random.integer(2, 7)));
    expect_same_with(problem, reference_gemm(problem), executor);
  }
}

OCTET_ON_EVERY_ISA(GemmThreads);

}  // namespace
}  // namespace octet::test
