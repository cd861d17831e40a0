#include "float_model.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "safetensors.hpp"

namespace fashion_mnist {
namespace {

/// output[o] = bias[o] + weight [10, 14 * 14 * 32] x input
void dense_layer(const FloatModel& model, const float* input, float* output) {
  for (std::int64_t o = 0; o < kClasses; ++o) {
    const float* const weight = model.dense_weight.data() + o * kPooled;
    float sum = model.dense_bias[static_cast<std::size_t>(o)];
    for (std::int64_t i = 0; i < kPooled; ++i) sum += weight[i] * input[i];
    output[o] = sum;
  }
}

}  // namespace

FloatModel load_model(const std::filesystem::path& path) {
  std::map<std::string, Tensor> tensors = read_safetensors(path);
  const auto take = [&](const char* name, const std::vector<std::int64_t>& shape) {
    Tensor& tensor = tensors[name];
    if (tensor.shape != shape)
      throw std::runtime_error(path.string() + ": " + name + " is missing or has another shape");
    return std::move(tensor.values);
  };
  return {.conv_weight = take("conv.weight", {kChannels, kKernel, kKernel, 1}),
          .conv_bias = take("conv.bias", {kChannels}),
          .dense_weight = take("dense.weight", {kClasses, kPooled}),
          .dense_bias = take("dense.bias", {kClasses})};
}

std::vector<float> normalise(std::span<const std::uint8_t> pixels) {
  constexpr float kMean = 0.2860f;
  constexpr float kStandardDeviation = 0.3530f;
  std::vector<float> values(pixels.size());
  std::ranges::transform(pixels, values.begin(), [](std::uint8_t pixel) {
    return (static_cast<float>(pixel) / 255.0f - kMean) / kStandardDeviation;
  });
  return values;
}

void hidden_layer(const FloatModel& model, const float* image, float* out) {
  constexpr std::int64_t kTaps = kKernel * kKernel;
  float taps[kTaps][kChannels];  // The weights with the channels side by side: vectors.
  for (std::int64_t tap = 0; tap < kTaps; ++tap) {
    for (std::int64_t c = 0; c < kChannels; ++c)
      taps[tap][c] = model.conv_weight[static_cast<std::size_t>(c * kTaps + tap)];
  }
  for (std::int64_t y = 0; y < kHeight; ++y) {
    for (std::int64_t x = 0; x < kWidth; ++x, out += kChannels) {
      std::ranges::copy(model.conv_bias, out);
      for (std::int64_t tap = 0; tap < kTaps; ++tap) {
        const std::int64_t in_y = y + tap / kKernel - kPadding;
        const std::int64_t in_x = x + tap % kKernel - kPadding;
        if (in_y < 0 || in_y >= kHeight || in_x < 0 || in_x >= kWidth) continue;
        const float value = image[in_y * kWidth + in_x];
        for (std::int64_t c = 0; c < kChannels; ++c) out[c] += value * taps[tap][c];
      }
      for (std::int64_t c = 0; c < kChannels; ++c) out[c] = std::max(out[c], 0.0f);
    }
  }
}

/// 2x2 maximum with stride 2: one image [28, 28, 32] to [14, 14, 32]. The innermost loop is one
/// that compilers vectorize.
void max_pool(const float* in, float* out) {
  constexpr std::int64_t kRow = kWidth * kChannels;
  for (std::int64_t y = 0; y < kHeight; y += 2) {
    for (std::int64_t x = 0; x < kWidth; x += 2) {
      const float* const above = in + y * kRow + x * kChannels;
      const float* const below = above + kRow;
      for (std::int64_t c = 0; c < kChannels; ++c) {
        out[c] = std::max(std::max(above[c], above[c + kChannels]),
                          std::max(below[c], below[c + kChannels]));
      }
      out += kChannels;
    }
  }
}

void PlainFloatNetwork::run(const float* images, std::int64_t batch, float* logits) {
  std::vector<float> hidden(kHidden);
  std::vector<float> pooled(kPooled);
  for (std::int64_t i = 0; i < batch; ++i) {
    hidden_layer(model_, images + i * kPixels, hidden.data());
    max_pool(hidden.data(), pooled.data());
    dense_layer(model_, pooled.data(), logits + i * kClasses);
  }
}

}  // namespace fashion_mnist
