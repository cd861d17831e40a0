#include "octet/executors/openmp.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

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

TEST(OpenMpExecutor, TakesTheCostOfItsThreadsFromTheCaller) {
  EXPECT_EQ(OpenMpExecutor(2, 7).start_us(), 7);
  EXPECT_EQ(OpenMpExecutor(0, 7).threads(), omp_get_max_threads());
}

TEST(OpenMpExecutor, KnowsWhetherItsThreadsSleep) {
  const char* const policy = std::getenv("OMP_WAIT_POLICY");
  const std::string before = policy == nullptr ? "" : policy;
  for (const char* passive : {"passive", "PASSIVE"}) {
    setenv("OMP_WAIT_POLICY", passive, 1);
    EXPECT_EQ(OpenMpExecutor(1).start_us(), 15);
  }
  setenv("OMP_WAIT_POLICY", "active", 1);
  EXPECT_EQ(OpenMpExecutor(1).start_us(), 3);
  unsetenv("OMP_WAIT_POLICY");
  EXPECT_EQ(OpenMpExecutor(1).start_us(), 3);
  EXPECT_EQ(OpenMpExecutor(omp_get_num_procs() + 1).start_us(), 15);
  if (policy != nullptr) setenv("OMP_WAIT_POLICY", before.c_str(), 1);
}

}  // namespace

std::unique_ptr<Pool> make_pool(int threads) { return std::make_unique<OpenMpPool>(threads); }

}  // namespace octet::test
