// What every adapter of octet/executors/ must do.
#include <gtest/gtest.h>

#include <vector>

#include "support/every_isa.hpp"
#include "threads/adapters/pool.hpp"
#include "threads/large_calls.hpp"

namespace octet::test {
namespace {

TEST(Adapter, HasThePoolsThreads) {
  for (int threads : {1, 3}) EXPECT_EQ(make_pool(threads)->executor().threads(), threads);
}

TEST(Adapter, KnowsWhatItsThreadsCost) {
  const auto pool = make_pool(2);
  EXPECT_GT(pool->executor().start_us(), 0);
  EXPECT_LE(pool->executor().start_us(), 15);
}

TEST(Adapter, RunsEveryTaskOnce) {
  const auto pool = make_pool(4);
  for (std::int64_t count : {0, 1, 4, 100}) {
    std::vector<int> calls(static_cast<std::size_t>(count));
    pool->executor().parallel_for(
        count, [](void* context, std::int64_t i) { ++static_cast<int*>(context)[i]; },
        calls.data());
    EXPECT_EQ(calls, std::vector<int>(static_cast<std::size_t>(count), 1));
  }
}

class AdapterOn : public OnEveryIsa {};

TEST_P(AdapterOn, DoesNotChangeTheResult) {
  const std::vector<Call> calls = large_calls(isa());
  for (int threads : {1, 2, 5}) {
    const auto pool = make_pool(threads);
    for (const Call& call : calls) expect_exact(call, &pool->executor());
  }
}

OCTET_ON_EVERY_ISA(AdapterOn);

}  // namespace
}  // namespace octet::test
