/// Post-training quantization, as an inference engine does it when it loads a float model:
/// activations asymmetric u8 over the range seen on calibration images, weights symmetric s8 with
/// a scale per output channel, bias int32 in units of the sums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "float_model.hpp"

namespace fashion_mnist {

/// real = scale * (quantized - zero_point)
struct Quantization {
  float scale = 1;
  std::int32_t zero_point = 0;
};

/// A convolution or a dense layer with `outputs` output channels.
struct QuantizedLayer {
  std::vector<std::int8_t> weights;  ///< In the order of the float weights; -127 to 127.
  std::vector<float> scale;          ///< [outputs]: the real value of a sum's 1.
  std::vector<std::int32_t> bias;    ///< [outputs], in units of `scale`.
};

struct QuantizedModel {
  Quantization input;
  Quantization hidden;  ///< Before the pool and after it: a maximum keeps the scale.
  QuantizedLayer conv;
  QuantizedLayer dense;

  /// [32]: from sums of the convolution to quantized hidden values.
  std::vector<float> conv_to_hidden() const;
};

/// `calibration_images` [size, 28, 28], normalised. Throws std::runtime_error.
QuantizedModel quantize_model(const FloatModel& model, std::span<const float> calibration_images);

}  // namespace fashion_mnist
