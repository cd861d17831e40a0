/// The network, in whatever arithmetic:
///
///   [28, 28, 1]  -> 3x3 convolution, ReLU -> [28, 28, 32]
///                -> 2x2 maximum           -> [14, 14, 32]
///                -> dense                 -> [10] logits
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataset.hpp"

namespace fashion_mnist {

constexpr std::int64_t kKernel = 3;
constexpr std::int64_t kPadding = 1;
constexpr std::int64_t kChannels = 32;
constexpr std::int64_t kHidden = kPixels * kChannels;
constexpr std::int64_t kPooled = kHidden / 4;

/// A way to run the network.
class Network {
 public:
  virtual ~Network() = default;

  /// `images` [batch, 28, 28], normalised; `logits` [batch, 10].
  virtual void run(const float* images, std::int64_t batch, float* logits) = 0;
};

/// The logits [size, 10] of `images` [size, 28, 28], `batch` images at a time; the last batch is
/// what is left.
std::vector<float> run_batches(Network& network, std::span<const float> images, std::int64_t batch);

/// The class with the largest logit, the first of several: [size] from [size, 10].
std::vector<std::uint8_t> classify(std::span<const float> logits);

/// How many of the predictions are right.
std::int64_t count_right(std::span<const float> logits, std::span<const std::uint8_t> labels);

}  // namespace fashion_mnist
