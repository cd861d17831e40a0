// Every operator gives the same bytes with any executor, and from any number of threads at once.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <thread>

#include "support/every_isa.hpp"
#include "support/executors.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "threads/large_calls.hpp"

namespace octet::test {
namespace {

class OperatorThreads : public OnEveryIsa {};

/// Runs the call; one that is worth it must have been cut.
void expect_same_with(const Call& call, CountingExecutor& executor) {
  expect_exact(call, &executor);
  if (executor.threads() > 1 && call.products >= kWorthThreads) {
    EXPECT_GE(executor.most_tasks(), 2) << call.name << ": nothing was cut";
  }
}

TEST_P(OperatorThreads, DoNotChangeTheResult) {
  std::array<std::int64_t, 6> most_tasks = {};  // by threads
  for (const Call& call : large_calls(isa())) {
    expect_exact(call, nullptr);
    for (std::size_t threads : {2, 3, 5}) {
      ThreadExecutor executor(static_cast<int>(threads));
      expect_same_with(call, executor);
      most_tasks[threads] = std::max(most_tasks[threads], executor.most_tasks());
    }
  }
  for (std::size_t threads : {2, 3, 5})
    EXPECT_EQ(most_tasks[threads], static_cast<std::int64_t>(threads));
}

TEST_P(OperatorThreads, MayCostAnythingToStart) {
  const double never = std::numeric_limits<double>::infinity();
  for (const Call& call : large_calls(isa())) {
    std::int64_t tasks_of_free = 0;
    for (double start_us : {0.0, std::numeric_limits<double>::quiet_NaN(), never}) {
      ReversedExecutor executor(5, start_us);
      expect_exact(call, &executor);  // scratch_bytes(5) is enough for each
      if (start_us == 0) tasks_of_free = executor.most_tasks();
      EXPECT_EQ(executor.most_tasks(), start_us == never ? 0 : tasks_of_free);
    }
  }
}

TEST_P(OperatorThreads, MayRunTasksInAnyOrder) {
  for (const Call& call : large_calls(isa())) {
    for (int threads : {3, 16}) {
      ReversedExecutor executor(threads);
      expect_same_with(call, executor);
    }
  }
}

TEST_P(OperatorThreads, MayShareOneObject) {
  for (const Call& call : large_calls(isa())) {
    const CaseScope scope(call.name);
    std::array<Cells, 2> results;
    {
      std::vector<std::jthread> callers;
      for (Cells& result : results) {
        callers.emplace_back([&] {
          ThreadExecutor executor(2);
          for (Executor* each :
               {static_cast<Executor*>(nullptr), static_cast<Executor*>(&executor)})
            result = call.run(each);
        });
      }
    }
    for (const Cells& result : results)
      expect_equal_cells(result, call.expected, call.columns, call.type, "concurrent run");
  }
}

TEST_P(OperatorThreads, DoNotChangeTheResultsOfRandomProblems) {
  random_sweep(12, [&](Random& random) {
    const std::int64_t m = random.integer(1, 400), n = random.integer(1, 400);
    const std::int64_t k = std::min<std::int64_t>(20'000'000 / (m * n) + 1, 20'000);
    const GemmProblem problem =
        random_gemm(random, m, n, k, type_combination(random.integer(0, kTypeCombinations - 1)));
    ThreadExecutor executor(static_cast<int>(random.integer(2, 7)));
    for (const Call& call : gemm_calls(problem, reference_gemm(problem), isa()))
      expect_exact(call, &executor);
  });
}

OCTET_ON_EVERY_ISA(OperatorThreads);

}  // namespace
}  // namespace octet::test
