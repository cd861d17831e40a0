/// octet's promise: the same bytes on every ISA, with any number of threads and any batch size.
#pragma once

#include <span>
#include <vector>

#include "quantization.hpp"

namespace fashion_mnist {

/// Runs the network on every ISA of this CPU, with each number of threads and several batch sizes,
/// compares the logits with `expected` byte for byte, and prints a line for each ISA. False if any
/// differ.
bool same_everywhere(const QuantizedModel& model, std::span<const float> images,
                     std::span<const float> expected, std::span<const int> thread_counts);

}  // namespace fashion_mnist
