/// The meaning of every operator, computed naively: one loop per dimension, sums in 64 bits,
/// float32 rounding done from exact values. Shares no code with the library; it states the formulas
/// of the public headers once more.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "octet/octet.hpp"

namespace octet::test {

/// The bits of a tensor's elements (8-bit values sign- or zero-extended): equal cells are equal
/// bytes, NaN and -0 included.
using Cells = std::vector<std::uint32_t>;

/// float32 of an exact value: to nearest, ties to even, subnormals and infinities as IEEE 754 says.
/// One rounding, because the argument is exact.
float to_float32(long double exact);

/// To a whole number: to nearest, ties to even. Infinities stay.
long double round_half_even(long double value);

/// An Epilogue that owns its arrays.
struct OwnedEpilogue {
  DataType type = DataType::kS32;
  std::vector<float> scale = {};
  std::vector<std::int32_t> bias = {};
  std::int32_t zero_point = 0;
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
  std::optional<Residual> residual = {};
  std::vector<std::uint8_t> table = {};  ///< The bits of 256 elements of the type, or empty.
};

/// One output element of `column` from the exact sum plus bias. `biased_sum` is inside int32,
/// `residual` the value of the residual, if there is one.
std::uint32_t reference_epilogue(const OwnedEpilogue& epilogue, std::int64_t biased_sum,
                                 std::int64_t column, std::int32_t residual = 0);

struct GemmProblem {
  std::int64_t m = 1, n = 1, k = 1;
  DataType lhs_type = DataType::kU8, rhs_type = DataType::kS8;
  std::int32_t lhs_zero_point = 0;
  std::vector<std::int32_t> rhs_zero_point = {};  ///< [n], [1] or empty.
  OwnedEpilogue epilogue = {};
  std::vector<std::int32_t> lhs = {};       ///< [m, k]
  std::vector<std::int32_t> rhs = {};       ///< [k, n]
  std::vector<std::int32_t> residual = {};  ///< [m, n], or empty.
  // How the operands lie in memory, which the result does not depend on.
  bool rhs_transposed = false;
  std::int64_t lhs_gap = 0, rhs_gap = 0, out_gap = 0;  ///< Elements between rows.
  std::int64_t residual_gap = 0;
};

Cells reference_gemm(const GemmProblem& problem);  ///< [m, n]
std::string describe(const GemmProblem& problem);

/// A convolution or a transposed one. Weights are [out_channels, h, w, in_channels / groups] for
/// the one, [in_channels, out_channels / groups, h, w] for the other, whatever layout `config` says
/// that the library gets.
template <class Config>
struct ImageProblem {
  Config config = {};                                 ///< Its spans and epilogue are not used.
  std::vector<std::int32_t> weights_zero_point = {};  ///< [out_channels], [1] or empty.
  OwnedEpilogue epilogue = {};
  std::int64_t batch = 1, height = 1, width = 1;
  std::vector<std::int32_t> in = {};  ///< [batch, height, width, in_channels]
  std::vector<std::int32_t> weights = {};
  std::vector<std::int32_t> residual = {};  ///< [batch, out height, width, channels], or empty.
  // How the images lie in memory, which the result does not depend on.
  std::array<std::int64_t, 3> in_gaps = {}, out_gaps = {};  ///< After each pixel, row, image.
  std::array<std::int64_t, 3> residual_gaps = {};

  std::int64_t out_height() const;
  std::int64_t out_width() const;
};
using ConvolutionProblem = ImageProblem<ConvolutionConfig>;
using TransposedProblem = ImageProblem<TransposedConvolutionConfig>;

template <>
std::int64_t ConvolutionProblem::out_height() const;
template <>
std::int64_t ConvolutionProblem::out_width() const;
template <>
std::int64_t TransposedProblem::out_height() const;
template <>
std::int64_t TransposedProblem::out_width() const;

/// [batch, out height, width, channels]. Every output pixel gathers; of a transposed convolution
/// every input pixel is scattered.
Cells reference_images(const ConvolutionProblem& problem);
Cells reference_images(const TransposedProblem& problem);
std::string describe(const ConvolutionProblem& problem);
std::string describe(const TransposedProblem& problem);

std::uint32_t reference_quantize(float value, float scale, std::int32_t zero_point, DataType type);
std::uint32_t reference_dequantize(std::int32_t value, float scale, std::int32_t zero_point);

/// A span of [columns], [1], or none.
template <class T>
T per_column(const std::vector<T>& values, std::int64_t column, T none) {
  if (values.empty()) return none;
  return values.size() == 1 ? values[0] : values[static_cast<std::size_t>(column)];
}

}  // namespace octet::test
