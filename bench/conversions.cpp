#include <cmath>
#include <cstring>
#include <exception>
#include <random>
#include <stdexcept>

#include "measure.hpp"
#include "octet/quantize.hpp"

namespace octet::bench {
namespace {

/// quantize f32 -> s8, dequantize s8 -> f32, requantize s32 -> s8, with a scale per column.
class Conversion final : public Operator {
 public:
  Conversion(const ConversionShape& shape, std::string isa, Executor* executor)
      : shape_(shape),
        isa_(std::move(isa)),
        executor_(executor),
        in_type_(shape.operation == "quantize"     ? DataType::kF32
                 : shape.operation == "dequantize" ? DataType::kS8
                                                   : DataType::kS32),
        out_type_(shape.operation == "dequantize" ? DataType::kF32 : DataType::kS8),
        in_(bytes(in_type_)) {
    std::mt19937_64 random;
    scale_.resize(static_cast<std::size_t>(shape.columns));
    for (float& scale : scale_) scale = std::ldexp(1.0f, -static_cast<int>(random() % 4));
    if (shape.operation == "requantize")
      for (float& scale : scale_) scale /= 256;
    fill(random);
  }

  std::size_t in_bytes() const { return in_.size(); }
  std::size_t out_bytes() const { return bytes(out_type_); }

  void run(void* out) override {
    const ConstMatrix from = {in_.data(), in_type_, shape_.rows, shape_.columns, shape_.columns};
    const Matrix to = {out, out_type_, shape_.rows, shape_.columns, shape_.columns};
    if (shape_.operation == "requantize") {
      const Epilogue epilogue = {.type = out_type_, .scale = scale_};
      return require(octet::requantize(epilogue, from, to, executor_, isa_));
    }
    const QuantizeConfig config = {.scale = scale_, .max_isa = isa_};
    require(shape_.operation == "quantize" ? octet::quantize(config, from, to, executor_)
                                           : octet::dequantize(config, from, to, executor_));
  }

  std::string kernel() const override { return isa_; }

 private:
  std::size_t bytes(DataType type) const {
    return static_cast<std::size_t>(shape_.rows * shape_.columns * size_of(type));
  }

  void fill(std::mt19937_64& random) {
    const auto count = static_cast<std::size_t>(shape_.rows * shape_.columns);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<std::int32_t>(random() % 65536) - 32768;
      const float real = static_cast<float>(value) / 256;
      if (in_type_ == DataType::kS8) {
        in_[i] = static_cast<std::byte>(value);
      } else if (in_type_ == DataType::kF32) {
        std::memcpy(&in_[i * sizeof real], &real, sizeof real);
      } else {
        std::memcpy(&in_[i * sizeof value], &value, sizeof value);
      }
    }
  }

  const ConversionShape shape_;
  const std::string isa_;
  Executor* const executor_;
  const DataType in_type_, out_type_;
  Buffer in_;
  std::vector<float> scale_;
};

class ConversionBenchmark {
 public:
  ConversionBenchmark(const ConversionShape& shape, Setting& setting)
      : shape_(shape), setting_(setting) {}

  void run(benchmark::State& state) try {
    if (!conversion_) prepare();
    if (wrong_) return state.SkipWithError("the result is not that of the scalar kernel");
    const Work work = {.ops = 0,
                       .bytes = static_cast<double>(conversion_->in_bytes() + out_.size())};
    measure(state, *conversion_, out_.data(), work, setting_);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }

 private:
  void prepare() {
    Conversion scalar(shape_, "scalar", nullptr);
    Buffer expected(scalar.out_bytes());
    scalar.run(expected.data());
    conversion_ = std::make_unique<Conversion>(shape_, setting_.isa, setting_.executor);
    out_.resize(expected.size());
    conversion_->run(out_.data());
    wrong_ = out_ != expected;
    setting_.octet_is_wrong |= wrong_;
  }

  const ConversionShape shape_;
  Setting& setting_;
  std::unique_ptr<Conversion> conversion_;
  Buffer out_;
  bool wrong_ = false;
};

}  // namespace

Entry conversion_entry(const ConversionShape& shape, Setting& setting) {
  const auto shared = std::make_shared<ConversionBenchmark>(shape, setting);
  return {shape.name, {{"octet", [=](benchmark::State& state) { shared->run(state); }}}};
}

}  // namespace octet::bench
