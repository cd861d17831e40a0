/// The network in 8 bits, on octet.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "network.hpp"
#include "octet/executors/openmp.hpp"
#include "octet/octet.hpp"
#include "quantization.hpp"

namespace fashion_mnist {

class OctetNetwork final : public Network {
 public:
  /// Throws std::runtime_error where octet refuses. `max_isa` as in octet::GemmConfig.
  OctetNetwork(const QuantizedModel& model, std::string_view max_isa, int threads);

  void run(const float* images, std::int64_t batch, float* logits) override;

  std::string_view isa() const { return conv_.isa(); }

 private:
  void reserve(std::int64_t batch);

  Quantization input_;
  std::string_view max_isa_;
  octet::Convolution conv_;
  octet::Gemm dense_;
  octet::OpenMpExecutor openmp_;
  octet::Executor* executor_;  ///< Null for one thread.
  octet::Workspace scratch_;
  std::vector<std::uint8_t> quantized_;  ///< [batch, 28, 28]
  std::vector<std::uint8_t> hidden_;     ///< [batch, 28, 28, 32]
  std::vector<std::uint8_t> pooled_;     ///< [batch, 14, 14, 32]
};

}  // namespace fashion_mnist
