#include "speed.hpp"

#include <algorithm>
#include <chrono>

namespace fashion_mnist {
namespace {

double seconds(Network& network, std::span<const float> images, std::int64_t batch) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  run_batches(network, images, batch);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

void measure_speed(std::span<Contender> contenders, std::span<const float> images,
                   std::int64_t batch) {
  constexpr int kRounds = 9;
  std::vector<std::vector<double>> times(contenders.size());
  for (const Contender& contender : contenders) seconds(*contender.network, images, batch);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i)
      times[i].push_back(seconds(*contenders[i].network, images, batch));
  }
  const double size = static_cast<double>(std::ssize(images) / kPixels);
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    std::ranges::nth_element(times[i], times[i].begin() + kRounds / 2);
    contenders[i].images_per_second = size / times[i][kRounds / 2];
  }
}

}  // namespace fashion_mnist
