// The element-wise operators give the same bytes with any executor.
#include <array>

#include "quantize/random_quantize.hpp"
#include "support/executors.hpp"

namespace octet::test {
namespace {

/// So little that all of the problems but one are worth several threads.
constexpr double kStartUs = 1;

class QuantizeThreads : public OnEveryIsa {};

TEST_P(QuantizeThreads, DoNotChangeTheResult) {
  Random random(first_seed());
  for (auto [rows, columns] :
       {std::array{1, 200000}, std::array{3000, 67}, std::array{5, 40000}, std::array{2, 3}}) {
    for (int threads : {2, 5}) {
      ThreadExecutor executor(threads, kStartUs);
      ReversedExecutor reversed(3 * threads, kStartUs);
      expect_quantizes_exactly(random_quantize(random, rows, columns, DataType::kS8), isa(),
                               &executor);
      expect_dequantizes_exactly(random_dequantize(random, rows, columns, DataType::kU8), isa(),
                                 &reversed);
      const DataType type = random.pick({DataType::kU8, DataType::kS8, DataType::kF32});
      const auto [problem, epilogue] = random_requantize(random, rows, columns, type);
      expect_requantizes_exactly(problem, epilogue, isa(), &executor);
      expect_requantizes_exactly(problem, epilogue, isa(), &reversed);
      if (rows > 2 || columns > 3) {
        EXPECT_GE(executor.most_tasks(), 2) << "nothing was cut";
        EXPECT_GE(reversed.most_tasks(), 2) << "nothing was cut";
      }
    }
  }
}

OCTET_ON_EVERY_ISA(QuantizeThreads);

}  // namespace
}  // namespace octet::test
