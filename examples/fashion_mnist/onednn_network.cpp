#include "onednn_network.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <vector>

#include "octet/executors/openmp.hpp"
#include "octet/quantize.hpp"
#include "onednn.hpp"
#include "require.hpp"

namespace fashion_mnist {
namespace {

namespace onednn = octet::onednn;

onednn::ConvProblem conv_problem(std::int64_t batch) {
  return {.batch = batch,
          .in_h = kHeight,
          .in_w = kWidth,
          .in_channels = 1,
          .out_channels = kChannels,
          .kernel_h = kKernel,
          .kernel_w = kKernel,
          .pad_top = kPadding,
          .pad_left = kPadding,
          .pad_bottom = kPadding,
          .pad_right = kPadding,
          .epilogue = {}};
}

/// 2x2 maximum with stride 2.
onednn::ConvProblem pool_problem(std::int64_t batch) {
  return {.batch = batch,
          .in_h = kHeight,
          .in_w = kWidth,
          .in_channels = kChannels,
          .kernel_h = 2,
          .kernel_w = 2,
          .stride_h = 2,
          .stride_w = 2,
          .epilogue = {}};
}
constexpr bool kMaximum = false;  // and not the average

/// [10, 14 * 14 * 32] to [14 * 14 * 32, 10]
template <class T>
std::vector<T> transpose(const std::vector<T>& weights) {
  std::vector<T> result(weights.size());
  for (std::size_t k = 0; k < kPooled; ++k) {
    for (std::size_t n = 0; n < kClasses; ++n) result[k * kClasses + n] = weights[n * kPooled + k];
  }
  return result;
}

/// Primitive::create(args...), or an exception with oneDNN's reason.
template <class Primitive, class... Args>
std::unique_ptr<Primitive> create(const Args&... args) {
  std::string error;
  std::unique_ptr<Primitive> primitive = Primitive::create(args..., &error);
  if (!primitive) throw std::runtime_error("oneDNN: " + error);
  return primitive;
}

template <class T>
void grow(std::vector<T>& buffer, std::int64_t size) {
  buffer.resize(std::max(buffer.size(), static_cast<std::size_t>(size)));
}

class Int8Network final : public Network {
 public:
  Int8Network(const QuantizedModel& model, int threads)
      : model_(model), openmp_(threads), executor_(threads > 1 ? &openmp_ : nullptr) {}

  void run(const float* images, std::int64_t batch, float* logits) override {
    onednn::set_threads(openmp_.threads());
    const Layers& layers = layers_for(batch);
    const Quantization& input = model_.input;
    require(octet::quantize({.scale = {&input.scale, 1}, .zero_point = {&input.zero_point, 1}},
                            octet::const_matrix(images, batch, kPixels),
                            octet::matrix(quantized_.data(), batch, kPixels), executor_));
    layers.conv->run(quantized_.data(), hidden_.data());
    layers.pool->run(hidden_.data(), pooled_.data());
    layers.dense->run(pooled_.data(), logits);
  }

 private:
  /// A primitive serves one batch size.
  struct Layers {
    std::unique_ptr<onednn::Conv> conv;
    std::unique_ptr<onednn::Pool> pool;
    std::unique_ptr<onednn::Gemm> dense;
  };

  const Layers& layers_for(std::int64_t batch) {
    Layers& layers = layers_[batch];
    if (layers.dense) return layers;
    onednn::ConvProblem conv = conv_problem(batch);
    conv.in_zero_point = model_.input.zero_point;
    conv.epilogue = {.out_type = octet::DataType::kU8,
                     .scale = model_.conv_to_hidden(),
                     .bias = model_.conv.bias,
                     .zero_point = model_.hidden.zero_point,
                     .min = static_cast<float>(model_.hidden.zero_point)};
    const onednn::GemmProblem dense = {.m = batch,
                                       .n = kClasses,
                                       .k = kPooled,
                                       .lhs_zero_point = model_.hidden.zero_point,
                                       .epilogue = {.out_type = octet::DataType::kF32,
                                                    .scale = model_.dense.scale,
                                                    .bias = model_.dense.bias}};
    layers.conv = create<onednn::Conv>(conv, model_.conv.weights.data());
    layers.pool = create<onednn::Pool>(pool_problem(batch), octet::DataType::kU8, kMaximum);
    layers.dense = create<onednn::Gemm>(dense, transpose(model_.dense.weights).data());
    grow(quantized_, batch * kPixels);
    grow(hidden_, batch * kHidden);
    grow(pooled_, batch * kPooled);
    return layers;
  }

  const QuantizedModel& model_;
  octet::OpenMpExecutor openmp_;
  octet::Executor* executor_;
  std::map<std::int64_t, Layers> layers_;
  std::vector<std::uint8_t> quantized_, hidden_, pooled_;
};

class FloatNetwork final : public Network {
 public:
  FloatNetwork(const FloatModel& model, int threads) : model_(model), threads_(threads) {}

  void run(const float* images, std::int64_t batch, float* logits) override {
    onednn::set_threads(threads_);
    const Layers& layers = layers_for(batch);
    layers.conv->run(images, hidden_.data());
    layers.pool->run(hidden_.data(), pooled_.data());
    layers.dense->run(pooled_.data(), logits);
  }

 private:
  struct Layers {
    std::unique_ptr<onednn::FloatConv> conv;
    std::unique_ptr<onednn::Pool> pool;
    std::unique_ptr<onednn::FloatGemm> dense;
  };

  const Layers& layers_for(std::int64_t batch) {
    Layers& layers = layers_[batch];
    if (layers.dense) return layers;
    constexpr bool kRelu = true;
    layers.conv = create<onednn::FloatConv>(conv_problem(batch), model_.conv_weight.data(),
                                            model_.conv_bias.data(), kRelu);
    layers.pool = create<onednn::Pool>(pool_problem(batch), octet::DataType::kF32, kMaximum);
    layers.dense = create<onednn::FloatGemm>(
        batch, kClasses, kPooled, transpose(model_.dense_weight).data(), model_.dense_bias.data());
    grow(hidden_, batch * kHidden);
    grow(pooled_, batch * kPooled);
    return layers;
  }

  const FloatModel& model_;
  int threads_;
  std::map<std::int64_t, Layers> layers_;
  std::vector<float> hidden_, pooled_;
};

}  // namespace

std::string onednn_version() { return onednn::version(); }

std::unique_ptr<Network> make_onednn_int8(const QuantizedModel& model, int threads) {
  return std::make_unique<Int8Network>(model, threads);
}

std::unique_ptr<Network> make_onednn_float(const FloatModel& model, int threads) {
  return std::make_unique<FloatNetwork>(model, threads);
}

}  // namespace fashion_mnist
