/// The trained network as it comes, in float32, and plain loops that define what it computes.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "network.hpp"

namespace fashion_mnist {

struct FloatModel {
  std::vector<float> conv_weight;   ///< [32, 3, 3, 1]
  std::vector<float> conv_bias;     ///< [32]
  std::vector<float> dense_weight;  ///< [10, 14 * 14 * 32]
  std::vector<float> dense_bias;    ///< [10]
};

/// Reads a safetensors file with those four tensors. Throws std::runtime_error.
FloatModel load_model(const std::filesystem::path& path);

/// What the network was trained on: (pixel / 255 - mean) / standard deviation.
std::vector<float> normalise(std::span<const std::uint8_t> pixels);

/// The hidden layer [28, 28, 32] of one image, after ReLU and before the pool.
void hidden_layer(const FloatModel& model, const float* image, float* out);

/// The float32 network in plain loops.
class PlainFloatNetwork final : public Network {
 public:
  explicit PlainFloatNetwork(const FloatModel& model) : model_(model) {}
  void run(const float* images, std::int64_t batch, float* logits) override;

 private:
  const FloatModel& model_;
};

}  // namespace fashion_mnist
