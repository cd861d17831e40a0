// Pooling gives the same bytes with any executor: cut by pixels, by channels and by both.
#include "pooling/pooling_problem.hpp"
#include "support/executors.hpp"

namespace octet::test {
namespace {

/// So little that all of the problems but one are worth several threads.
constexpr double kStartUs = 1;

class PoolingThreads : public OnEveryIsa {};

TEST_P(PoolingThreads, DoNotChangeTheResult) {
  Random random(first_seed());
  const PoolingProblem problems[] = {
      {.window = {3, 3, 2, 2, 1, 1, 1, 1}, .batch = 3, .height = 70, .width = 69, .channels = 70},
      {.window = {50, 50}, .height = 50, .width = 50, .channels = 601},
      {.window = {30, 30}, .batch = 3, .height = 30, .width = 30, .channels = 513},
      {.window = {1, 9, 1, 1}, .height = 1, .width = 9000, .channels = 40},
      {.window = {2, 2}, .height = 3, .width = 3, .channels = 5}};
  for (PoolingProblem problem : problems) {
    for (int threads : {2, 7}) {
      ThreadExecutor executor(threads, kStartUs);
      ReversedExecutor reversed(3 * threads, kStartUs);
      randomize(random, problem);
      expect_pools_exactly(problem, isa(), &executor);
      expect_pools_exactly(problem, isa(), &reversed);
      EXPECT_EQ(executor.most_tasks() > 1, problem.channels > 5) << describe(problem);
    }
  }
}

OCTET_ON_EVERY_ISA(PoolingThreads);

}  // namespace
}  // namespace octet::test
