#include "octet/executors/pthreadpool.hpp"

#include <gtest/gtest.h>

#include "threads/adapters/pool.hpp"

namespace octet::test {
namespace {

class PthreadpoolPool final : public Pool {
 public:
  explicit PthreadpoolPool(int threads)
      : pool_(pthreadpool_create(static_cast<std::size_t>(threads))), executor_(pool_) {}
  PthreadpoolPool(const PthreadpoolPool&) = delete;
  PthreadpoolPool& operator=(const PthreadpoolPool&) = delete;
  ~PthreadpoolPool() override { pthreadpool_destroy(pool_); }
  Executor& executor() override { return executor_; }

 private:
  pthreadpool_t pool_;
  PthreadpoolExecutor executor_;
};

TEST(PthreadpoolExecutor, WithoutAPoolIsTheCallingThread) {
  PthreadpoolExecutor executor(nullptr);
  EXPECT_EQ(executor.threads(), 1);
  int calls[3] = {};
  executor.parallel_for(
      3, [](void* context, std::int64_t i) { ++static_cast<int*>(context)[i]; }, calls);
  for (int count : calls) EXPECT_EQ(count, 1);
}

TEST(PthreadpoolExecutor, TakesTheCostOfItsThreadsFromTheCaller) {
  EXPECT_EQ(PthreadpoolExecutor(nullptr, 7).start_us(), 7);
}

}  // namespace

std::unique_ptr<Pool> make_pool(int threads) { return std::make_unique<PthreadpoolPool>(threads); }

}  // namespace octet::test
