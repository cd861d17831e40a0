/// Images per second, measured so that the numbers of one table can be compared.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "network.hpp"

namespace fashion_mnist {

struct Contender {
  std::string name;
  Network* network;
  double images_per_second = 0;  ///< What measure_speed found.
};

/// Lets the contenders take turns, so that whatever else the machine does meets all of them, and
/// keeps the median of each. From normalised images to logits; warmed up; wall time.
void measure_speed(std::span<Contender> contenders, std::span<const float> images,
                   std::int64_t batch);

}  // namespace fashion_mnist
