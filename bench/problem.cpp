#include "problem.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <utility>

namespace octet::bench {
namespace {

constexpr DataType kS8 = DataType::kS8, kU8 = DataType::kU8, kS32 = DataType::kS32,
                   kF32 = DataType::kF32;
constexpr Scales kExact = Scales::kPowersOfTwo, kAny = Scales::kAny;

// The output zero point is even with power-of-two scales: oneDNN rounds after adding it, which
// moves a tie to the other side if it is odd.
constexpr Config kConfigs[] = {
    {"u8s8_s32", kU8, kS8, kS32},
    {"s8s8_s32", kS8, kS8, kS32},
    {"u8s8_s32_zp", kU8, kS8, kS32, 131},
    {"s8s8_s32_zp", kS8, kS8, kS32, -7},
    {"u8s8_s32_rzp", kU8, kS8, kS32, 131, -5},
    {"s8s8_s32_rzp", kS8, kS8, kS32, 0, 3},
    {"u8u8_s32", kU8, kU8, kS32, 131, 128},
    {"s8u8_s32", kS8, kU8, kS32, -7, 128},
    {"u8s8_s8", kU8, kS8, kS8, 131, 0, kExact, -4},
    {"s8s8_s8", kS8, kS8, kS8, 0, 0, kExact},
    {"s8s8_u8_relu", kS8, kS8, kU8, -7, 0, kExact, 6, true},
    {"u8u8_u8", kU8, kU8, kU8, 131, 128, kExact, 120},
    {"u8s8_s8_any", kU8, kS8, kS8, 131, 0, kAny, 5},
    {"s8s8_u8_any", kS8, kS8, kU8, 0, 0, kAny, 123},
    {"u8s8_f32", kU8, kS8, kF32, 131, 0, kExact},
};

void fill(Buffer& buffer, std::mt19937_64& random) {
  for (std::size_t i = 0; i < buffer.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t bits = random();
    std::memcpy(buffer.data() + i, &bits, std::min(sizeof bits, buffer.size() - i));
  }
}

/// Scales that spread the results of full-range operands over most of an 8-bit range.
float random_scale(Scales kind, double typical_sum, std::mt19937_64& random) {
  const double middle = 40 / typical_sum;
  if (kind == Scales::kPowersOfTwo) {
    const int exponent = static_cast<int>(std::lround(std::log2(middle)));
    return std::ldexp(1.0f, exponent + static_cast<int>(random() % 3) - 1);
  }
  return static_cast<float>(middle * (0.5 + static_cast<double>(random() % 1024) / 1024));
}

template <class Shape>
std::vector<Layer> layers_of(const std::vector<Shape>& shapes) {
  std::vector<Layer> layers;
  for (const Shape& shape : shapes) {
    layers.push_back(
        {shape.name, 1, [shape](const Config& config) { return make_problem(shape, config); }});
  }
  return layers;
}

std::vector<Layer> layers_of(const std::vector<NetworkShape>& shapes) {
  std::vector<Layer> layers;
  for (const NetworkShape& layer : shapes) {
    const ConvShape& s = layer.shape;
    layers.push_back({layer.network + "/" + s.name, layer.count, [layer](const Config& config) {
                        const ConvShape& s = layer.shape;
                        const GemmShape linear = {s.name, s.batch, s.out_channels, s.in_channels};
                        return layer.linear ? make_problem(linear, config)
                                            : make_problem(s, config);
                      }});
  }
  return layers;
}

class OneDnnOperator final : public Operator {
 public:
  OneDnnOperator(std::unique_ptr<onednn::Primitive> primitive, const void* in)
      : primitive_(std::move(primitive)), in_(in) {}
  void run(void* out) override { primitive_->run(in_, out); }
  std::string kernel() const override { return primitive_->implementation(); }

 private:
  std::unique_ptr<onednn::Primitive> primitive_;
  const void* in_;
};

}  // namespace

std::unique_ptr<Operator> wrap(std::unique_ptr<onednn::Primitive> primitive, const void* in) {
  if (!primitive) return nullptr;
  return std::make_unique<OneDnnOperator>(std::move(primitive), in);
}

std::vector<Layer> read_layers(std::string_view suite, const std::string& path) {
  if (suite == "gemm") return layers_of(read_gemm_shapes(path));
  if (suite == "network") return layers_of(read_network_shapes(path));
  if (suite == "transposed") return layers_of(read_transposed_shapes(path));
  return layers_of(read_conv_shapes(path));
}

std::span<const Config> configs() { return kConfigs; }

const Config* find_config(std::string_view name) {
  const auto* found = std::find_if(std::begin(kConfigs), std::end(kConfigs),
                                   [&](const Config& config) { return config.name == name; });
  return found == std::end(kConfigs) ? nullptr : found;
}

Problem::Problem(const Config& config, std::int64_t rows, std::int64_t columns, std::int64_t depth,
                 std::int64_t lhs_elements)
    : config_(config),
      rows_(rows),
      columns_(columns),
      depth_(depth),
      lhs_(static_cast<std::size_t>(lhs_elements)),
      rhs_(static_cast<std::size_t>(columns * depth)) {
  std::mt19937_64 random;
  fill(lhs_, random);
  fill(rhs_, random);
  if (config.out == kS32) return;
  const double typical_sum = 8000 * std::sqrt(static_cast<double>(depth));
  for (std::int64_t n = 0; n < columns; ++n) {
    const auto bias_range = static_cast<std::int64_t>(2 * typical_sum);
    bias_.push_back(static_cast<std::int32_t>(
        static_cast<std::int64_t>(random() >> 32) % bias_range - bias_range / 2));
    scale_.push_back(random_scale(config.scales, typical_sum, random));
  }
}

Epilogue Problem::epilogue() const {
  Epilogue epilogue = {
      .type = config_.out, .scale = scale_, .bias = bias_, .zero_point = config_.out_zero_point};
  if (config_.relu) epilogue.min = static_cast<float>(config_.out_zero_point);
  return epilogue;
}

onednn::Epilogue Problem::onednn_epilogue() const {
  onednn::Epilogue epilogue = {.out_type = config_.out,
                               .scale = scale_,
                               .bias = bias_,
                               .zero_point = config_.out_zero_point};
  if (config_.relu) epilogue.min = static_cast<float>(config_.out_zero_point);
  return epilogue;
}

double Problem::expected_output(std::int64_t sum, std::int64_t column) const {
  if (config_.out == kS32) return static_cast<double>(sum);
  const auto n = static_cast<std::size_t>(column);
  const float t = static_cast<float>(sum + bias_[n]) * scale_[n];
  if (config_.out == kF32) return static_cast<double>(t);
  const double lowest = config_.out == kS8 ? -128 : 0;
  const double zero_point = config_.out_zero_point;
  return std::clamp(static_cast<double>(std::nearbyint(t)) + zero_point,
                    config_.relu ? zero_point : lowest, lowest + 255);
}

bool Problem::is_near_tie(std::int64_t sum, std::int64_t column) const {
  const auto n = static_cast<std::size_t>(column);
  // Exact: 32 bits times 24, in a type of at least 64. Four roundings, each of 2^-24 of its size.
  const long double scale = static_cast<long double>(scale_[n]);
  const long double exact = static_cast<long double>(sum + bias_[n]) * scale;
  const long double sizes =
      (static_cast<long double>(std::abs(sum)) + std::abs(static_cast<long double>(bias_[n]))) *
          scale +
      static_cast<long double>(std::abs(config_.out_zero_point));
  const long double from_tie = std::abs(exact - (std::floor(exact) + 0.5L));
  return from_tie <= sizes * 0x1p-22L;
}

}  // namespace octet::bench
