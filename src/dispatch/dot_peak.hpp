/// What the dot product of an ISA does on registers alone: the peak that kernels are measured
/// against.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/kernel.hpp"

namespace octet {

/// Operations per second of one thread, 2 per product: the best of a few runs of 0.1 ms and more,
/// by the clock `seconds()`.
template <class Clock>
double measure_dot_peak(const KernelTable& kernels, const Clock& seconds) {
  const auto run = [&](std::int64_t iterations, double& elapsed) {
    const double start = seconds();
    const auto operations = static_cast<double>(kernels.dot_peak(iterations));
    elapsed = seconds() - start;
    return operations / elapsed;
  };
  double elapsed = 0, best = 0;
  std::int64_t iterations = 1024;
  while (run(iterations, elapsed), elapsed < 1e-4) iterations *= 2;
  for (int i = 0; i < 5; ++i) best = std::max(best, run(iterations, elapsed));
  return best;
}

}  // namespace octet
