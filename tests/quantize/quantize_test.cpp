// quantize() and dequantize(): float32 in, 8 bits out, and back.
#include <cfloat>
#include <cmath>
#include <limits>

#include "quantize/random_quantize.hpp"

namespace octet::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class Quantize : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

/// Values given in units of the scale, with the expected result for u8 and zero point 7.
TEST_P(Quantize, RoundsTiesToEvenAndSaturates) {
  const std::vector<std::pair<float, std::int32_t>> cases = {
      {0.5f, 7},         {1.5f, 9},          {2.5f, 9},         {-0.5f, 7},
      {-1.5f, 5},        {-2.5f, 5},         {0.0f, 7},         {-0.0f, 7},
      {0.49999997f, 7},  {0.50000006f, 8},   {247.5f, 255},     {248.5f, 255},
      {-6.5f, 1},        {-7.5f, 0},         {1e9f, 255},       {-1e9f, 0},
      {FLT_MAX, 255},    {-FLT_MAX, 0},      {kInfinity, 255},  {-kInfinity, 0},
      {FLT_TRUE_MIN, 7}, {-FLT_TRUE_MIN, 7}, {8388609.0f, 255}, {2147483648.0f, 255},
      {kNan, 0},         {-kNan, 0}};
  for (std::size_t copies : {1u, 3u}) {  // in vectors and in what is left over
    QuantizeProblem p{.columns = static_cast<std::int64_t>(cases.size() * copies),
                      .scale = {1.0f},
                      .zero_point = {7}};
    Cells expected;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      for (const auto& [value, result] : cases) {
        p.in.push_back(std::bit_cast<std::uint32_t>(value));
        expected.push_back(static_cast<std::uint32_t>(result));
      }
    }
    expect_cells(p, expected, isa(),
                 [&](const ConstMatrix& in, const Matrix& out, auto scale, auto zero_point) {
                   return quantize({scale, zero_point, isa()}, in, out);
                 });
  }
}

TEST_P(Quantize, EqualsReferenceForSpecialValues) {
  std::vector<float> values = {0.0f, -0.0f, kNan, -kNan, kInfinity, -kInfinity};
  for (float base : {FLT_TRUE_MIN, 3 * FLT_TRUE_MIN, FLT_MIN, 0.5f, 1.0f, 1.5f, 126.5f, 127.5f,
                     128.5f, 255.5f, 8388607.5f, 16777216.0f, 2147483648.0f, 1e20f, FLT_MAX}) {
    for (float value : {base, std::nextafter(base, 0.0f), std::nextafter(base, kInfinity)}) {
      values.insert(values.end(), {value, -value});
    }
  }
  values.push_back(std::bit_cast<float>(0x7F800001u));  // a signalling NaN
  for (DataType type : k8BitTypes) {
    for (float scale : {FLT_TRUE_MIN, FLT_MIN, 1e-20f, 0.1f, 1.0f, 3.0f, 1e20f, FLT_MAX}) {
      for (std::int64_t zero_point : {lowest_of(type), highest_of(type)}) {
        QuantizeProblem p{.out_type = type,
                          .columns = static_cast<std::int64_t>(values.size()),
                          .scale = {scale},
                          .zero_point = {static_cast<std::int32_t>(zero_point)}};
        for (float value : values) p.in.push_back(std::bit_cast<std::uint32_t>(value));
        expect_quantizes_exactly(p, isa());
      }
    }
  }
}

TEST_P(Quantize, EqualsReferenceForEveryLength) {
  for (std::int64_t columns = 1; columns <= 100; ++columns) {
    for (DataType type : k8BitTypes) {
      expect_quantizes_exactly(random_quantize(random_, random_.integer(1, 3), columns, type),
                               isa());
      expect_dequantizes_exactly(random_dequantize(random_, random_.integer(1, 3), columns, type),
                                 isa());
    }
    expect_dequantizes_exactly(random_dequantize(random_, 2, columns, DataType::kS32), isa());
  }
}

TEST_P(Quantize, LeavesGapsAlone) {
  for (std::int64_t gap : {1, 3, 8192 - 37}) {
    for (DataType type : {DataType::kU8, DataType::kS8, DataType::kS32}) {
      QuantizeProblem p = random_dequantize(random_, 5, 37, type);
      p.in_gap = gap;
      p.out_gap = (8192 - 37 - gap) % 100;
      expect_dequantizes_exactly(p, isa());
      if (type == DataType::kS32) continue;
      p = random_quantize(random_, 5, 37, type);
      p.in_gap = (8192 - 37 - gap) % 100;
      p.out_gap = gap;
      expect_quantizes_exactly(p, isa());
    }
  }
}

TEST_P(Quantize, ConvertsEveryByteExactly) {
  for (DataType type : k8BitTypes) {
    QuantizeProblem p{.in_type = type, .out_type = DataType::kF32, .columns = 256, .scale = {0.3f}};
    for (std::int64_t value = lowest_of(type); value <= highest_of(type); ++value) {
      p.in.push_back(static_cast<std::uint32_t>(value));
    }
    for (std::int64_t zero_point : {lowest_of(type), highest_of(type)}) {
      p.zero_point = {static_cast<std::int32_t>(zero_point)};
      expect_dequantizes_exactly(p, isa());
    }
  }
}

TEST_P(Quantize, DequantizesTheWholeOfInt32) {
  QuantizeProblem p{.in_type = DataType::kS32, .out_type = DataType::kF32, .columns = 11};
  for (std::int32_t value : {INT32_MIN, INT32_MIN + 1, -16777219, -16777217, -1, 0, 1, 16777217,
                             16777219, INT32_MAX - 1, INT32_MAX}) {
    p.in.push_back(static_cast<std::uint32_t>(value));
  }
  for (float scale : {FLT_TRUE_MIN, 1e-10f, 1.0f, 0.1f, 1e30f, FLT_MAX}) {
    p.scale = {scale};
    expect_dequantizes_exactly(p, isa());
  }
}

TEST_P(Quantize, TouchesNothingForNoRows) {
  expect_quantizes_exactly(random_quantize(random_, 0, 9, DataType::kU8), isa());
  expect_dequantizes_exactly(random_dequantize(random_, 0, 9, DataType::kU8), isa());
}

OCTET_ON_EVERY_ISA(Quantize);

}  // namespace
}  // namespace octet::test
