#include "quantization.hpp"

#include <algorithm>
#include <cmath>

#include "octet/quantize.hpp"
#include "require.hpp"

namespace fashion_mnist {
namespace {

/// The smallest and the largest value seen; holds 0, which padding and ReLU need exactly.
struct Range {
  float min = 0;
  float max = 0;

  void include(std::span<const float> values) {
    const auto [least, most] = std::ranges::minmax(values);
    min = std::min(min, least);
    max = std::max(max, most);
  }
};

/// u8 values for the whole range.
Quantization choose_u8(const Range& range) {
  const float scale = std::max(range.max - range.min, 1e-6f) / 255;
  return {scale, static_cast<std::int32_t>(std::nearbyint(-range.min / scale))};
}

/// `weights` [outputs, inputs] of a layer whose input has the scale `in_scale`.
QuantizedLayer quantize_layer(std::span<const float> weights, std::span<const float> bias,
                              float in_scale) {
  const std::int64_t outputs = std::ssize(bias);
  const std::int64_t inputs = std::ssize(weights) / outputs;
  QuantizedLayer layer;
  layer.weights.resize(weights.size());
  for (std::int64_t o = 0; o < outputs; ++o) {
    const float* const row = weights.data() + o * inputs;
    float largest = 0;
    for (std::int64_t i = 0; i < inputs; ++i) largest = std::max(largest, std::abs(row[i]));
    const float scale = std::max(largest, 1e-6f) / 127;
    require(octet::quantize({.scale = {&scale, 1}}, octet::const_matrix(row, 1, inputs),
                            octet::matrix(layer.weights.data() + o * inputs, 1, inputs)));
    layer.scale.push_back(in_scale * scale);
    const float real_bias = bias[static_cast<std::size_t>(o)];
    layer.bias.push_back(static_cast<std::int32_t>(std::nearbyint(real_bias / layer.scale.back())));
  }
  return layer;
}

}  // namespace

std::vector<float> QuantizedModel::conv_to_hidden() const {
  std::vector<float> scale = conv.scale;
  for (float& value : scale) value /= hidden.scale;
  return scale;
}

QuantizedModel quantize_model(const FloatModel& model, std::span<const float> calibration_images) {
  Range input;
  input.include(calibration_images);
  Range hidden;
  std::vector<float> values(kHidden);
  for (auto rest = calibration_images; !rest.empty(); rest = rest.subspan(kPixels)) {
    hidden_layer(model, rest.data(), values.data());
    hidden.include(values);
  }
  QuantizedModel quantized;
  quantized.input = choose_u8(input);
  quantized.hidden = choose_u8(hidden);
  quantized.conv = quantize_layer(model.conv_weight, model.conv_bias, quantized.input.scale);
  quantized.dense = quantize_layer(model.dense_weight, model.dense_bias, quantized.hidden.scale);
  return quantized;
}

}  // namespace fashion_mnist
