// Convolutions give the same bytes with any executor, and from any number of threads at once.
#include <gtest/gtest.h>

#include <thread>

#include "support/every_isa.hpp"
#include "support/executors.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_convolution.hpp"
#include "threads/large_problems.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

class ConvolutionThreads : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(ConvolutionThreads, DoNotChangeTheResult) {
  for (const ConvolutionProblem& problem : large_convolutions(random_)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_convolution(problem);
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    for (int threads : {1, 2, 5}) {
      ThreadExecutor executor(threads);
      ReversedExecutor reversed(threads + 1);
      for (CountingExecutor* each :
           {static_cast<CountingExecutor*>(&executor), static_cast<CountingExecutor*>(&reversed)}) {
        expect_equal_cells(run_images(convolution, problem, kEnds, each), expected,
                           problem.config.out_channels, problem.epilogue.type, "with threads");
        EXPECT_GE(each->most_tasks(), each->threads() > 1 ? 2 : 0) << "nothing was cut";
      }
    }
  }
}

TEST_P(ConvolutionThreads, MayShareOneObject) {
  for (const ConvolutionProblem& problem : large_convolutions(random_)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Convolution convolution = make_convolution(problem, isa(), kEnds);
    std::array<Cells, 3> results;
    {
      std::vector<std::jthread> callers;
      for (Cells& result : results) {
        callers.emplace_back([&] {
          ThreadExecutor executor(2);
          for (Executor* each :
               {static_cast<Executor*>(nullptr), static_cast<Executor*>(&executor)})
            result = run_images(convolution, problem, kEnds, each);
        });
      }
    }
    const Cells expected = reference_convolution(problem);
    for (const Cells& result : results) {
      expect_equal_cells(result, expected, problem.config.out_channels, problem.epilogue.type,
                         "concurrent run");
    }
  }
}

OCTET_ON_EVERY_ISA(ConvolutionThreads);

}  // namespace
}  // namespace octet::test
