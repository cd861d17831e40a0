#include "octet/executors/openmp.hpp"

#include <gtest/gtest.h>

#include "threads/adapters/pool.hpp"

namespace octet::test {
namespace {

class OpenMpPool final : public Pool {
 public:
  explicit OpenMpPool(int threads) : executor_(threads) {}
  Executor& executor() override { return executor_; }

 private:
  OpenMpExecutor executor_;
};

TEST(OpenMpExecutor, TakesTheNumberOfThreadsFromOpenMp) {
  EXPECT_EQ(OpenMpExecutor().threads(), omp_get_max_threads());
}

}  // namespace

std::unique_ptr<Pool> make_pool(int threads) { return std::make_unique<OpenMpPool>(threads); }

}  // namespace octet::test
