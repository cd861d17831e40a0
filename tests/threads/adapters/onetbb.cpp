#include "octet/executors/onetbb.hpp"

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <vector>

#include "threads/adapters/pool.hpp"

namespace octet::test {
namespace {

class OneTbbPool final : public Pool {
 public:
  explicit OneTbbPool(int threads)
      : at_most_(oneapi::tbb::global_control::max_allowed_parallelism,
                 static_cast<std::size_t>(threads)),
        arena_(threads),
        executor_(arena_) {}
  Executor& executor() override { return executor_; }

 private:
  oneapi::tbb::global_control at_most_;  // more threads than cores, too
  oneapi::tbb::task_arena arena_;
  OneTbbExecutor executor_;
};

TEST(OneTbbExecutor, MayBeUsedFromTasksOfItsArena) {
  oneapi::tbb::task_arena arena(3);
  OneTbbExecutor executor(arena);
  std::vector<int> calls(20);
  arena.execute([&] {
    oneapi::tbb::parallel_for(0, 4, [&](int outer) {
      executor.parallel_for(
          5, [](void* context, std::int64_t i) { ++static_cast<int*>(context)[i]; },
          calls.data() + 5 * outer);
    });
  });
  EXPECT_EQ(calls, std::vector<int>(20, 1));
}

TEST(OneTbbExecutor, TakesTheCostOfItsThreadsFromTheCaller) {
  oneapi::tbb::task_arena arena(2);
  EXPECT_EQ(OneTbbExecutor(arena, 7).start_us(), 7);
}

}  // namespace

std::unique_ptr<Pool> make_pool(int threads) { return std::make_unique<OneTbbPool>(threads); }

}  // namespace octet::test
