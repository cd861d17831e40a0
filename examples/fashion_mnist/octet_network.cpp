#include "octet_network.hpp"

#include <algorithm>

#include "require.hpp"

namespace fashion_mnist {
namespace {

/// u8 images to the u8 hidden layer. ReLU is the clamp at the real value 0.
octet::Convolution make_conv(const QuantizedModel& model, std::string_view max_isa) {
  const std::vector<float> scale = model.conv_to_hidden();
  octet::Convolution conv;
  require(
      octet::Convolution::create({.in_zero_point = model.input.zero_point,
                                  .in_channels = 1,
                                  .out_channels = kChannels,
                                  .kernel_h = kKernel,
                                  .kernel_w = kKernel,
                                  .pad_top = kPadding,
                                  .pad_left = kPadding,
                                  .pad_bottom = kPadding,
                                  .pad_right = kPadding,
                                  .epilogue = {.type = octet::DataType::kU8,
                                               .scale = scale,
                                               .bias = model.conv.bias,
                                               .zero_point = model.hidden.zero_point,
                                               .min = static_cast<float>(model.hidden.zero_point)},
                                  .max_isa = max_isa},
                                 model.conv.weights.data(), conv));
  return conv;
}

/// The u8 hidden layer to float32 logits.
octet::Gemm make_dense(const QuantizedModel& model, std::string_view max_isa) {
  octet::Gemm dense;
  require(octet::Gemm::create({.lhs_zero_point = model.hidden.zero_point,
                               .rhs_transposed = true,
                               .epilogue = {.type = octet::DataType::kF32,
                                            .scale = model.dense.scale,
                                            .bias = model.dense.bias},
                               .max_isa = max_isa},
                              octet::const_matrix(model.dense.weights.data(), kClasses, kPooled),
                              dense));
  return dense;
}

}  // namespace

OctetNetwork::OctetNetwork(const QuantizedModel& model, std::string_view max_isa, int threads)
    : input_(model.input),
      max_isa_(max_isa),
      conv_(make_conv(model, max_isa)),
      dense_(make_dense(model, max_isa)),
      openmp_(threads),
      executor_(threads > 1 ? &openmp_ : nullptr) {}

void OctetNetwork::reserve(std::int64_t batch) {
  const auto grow = [&](std::vector<std::uint8_t>& buffer, std::int64_t image) {
    buffer.resize(std::max(buffer.size(), static_cast<std::size_t>(batch * image)));
  };
  grow(quantized_, kPixels);
  grow(hidden_, kHidden);
  grow(pooled_, kPooled);
}

void OctetNetwork::run(const float* images, std::int64_t batch, float* logits) {
  reserve(batch);
  require(octet::quantize(
      {.scale = {&input_.scale, 1}, .zero_point = {&input_.zero_point, 1}, .max_isa = max_isa_},
      octet::const_matrix(images, batch, kPixels), octet::matrix(quantized_.data(), batch, kPixels),
      executor_));

  const int threads = openmp_.threads();
  const auto scratch = scratch_.reserve(std::max(
      conv_.scratch_bytes(batch, kHeight, kWidth, threads), dense_.scratch_bytes(batch, threads)));
  const octet::Resources resources = {.scratch = scratch, .executor = executor_};
  require(conv_.run(octet::const_images(quantized_.data(), batch, kHeight, kWidth, 1),
                    octet::images(hidden_.data(), batch, kHeight, kWidth, kChannels), resources));
  require(octet::max_pool({.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2},
                          octet::const_images(hidden_.data(), batch, kHeight, kWidth, kChannels),
                          octet::images(pooled_.data(), batch, kHeight / 2, kWidth / 2, kChannels),
                          executor_, max_isa_));
  require(dense_.run(octet::const_matrix(pooled_.data(), batch, kPooled),
                     octet::matrix(logits, batch, kClasses), resources));
}

}  // namespace fashion_mnist
