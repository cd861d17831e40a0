#include "support/reference.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "support/random.hpp"

namespace octet::test {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 48,
              "the product of two float32 must be exact");

long double clamp(long double value, long double low, long double high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace

float to_float32(long double exact) { return static_cast<float>(exact); }

long double round_half_even(long double value) {
  if (!std::isfinite(value)) return value;
  const long double below = std::floor(value);
  const long double part = value - below;
  const bool odd = std::fmod(below, 2.0L) != 0;
  return part > 0.5L || (part == 0.5L && odd) ? below + 1 : below;
}

std::uint32_t reference_epilogue(const OwnedEpilogue& epilogue, std::int64_t biased_sum,
                                 std::int64_t column, std::int32_t residual) {
  if (epilogue.type == DataType::kS32) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(biased_sum));
  }
  const float scale = per_column(epilogue.scale, column, 1.0f);
  const float sum = to_float32(static_cast<long double>(biased_sum));
  float real = to_float32(static_cast<long double>(sum) * scale);
  if (epilogue.residual) {
    const Residual& r = *epilogue.residual;
    const long double distance = residual - r.zero_point;
    real += to_float32(distance * r.scale);  // one float32 addition
  }
  if (epilogue.type == DataType::kF32) {
    const float low_clamped = real < epilogue.min ? epilogue.min : real;
    return std::bit_cast<std::uint32_t>(low_clamped > epilogue.max ? epilogue.max : low_clamped);
  }
  const long double low = std::fmax(static_cast<long double>(lowest_of(epilogue.type)),
                                    static_cast<long double>(epilogue.min));
  const long double high = std::fmin(static_cast<long double>(highest_of(epilogue.type)),
                                     static_cast<long double>(epilogue.max));
  const long double q = clamp(round_half_even(real) + epilogue.zero_point, low, high);
  const auto result = static_cast<std::int32_t>(q);
  if (epilogue.table.empty()) return static_cast<std::uint32_t>(result);
  const std::uint8_t found =
      epilogue.table[static_cast<std::size_t>(result - lowest_of(epilogue.type))];
  return epilogue.type == DataType::kS8
             ? static_cast<std::uint32_t>(static_cast<std::int8_t>(found))
             : found;
}

Cells reference_gemm(const GemmProblem& p) {
  Cells out;
  out.reserve(static_cast<std::size_t>(p.m * p.n));
  std::vector<std::int64_t> sums(static_cast<std::size_t>(p.n));
  for (std::int64_t i = 0; i < p.m; ++i) {
    sums.assign(sums.size(), 0);
    for (std::int64_t l = 0; l < p.k; ++l) {
      const std::int64_t left = p.lhs[static_cast<std::size_t>(i * p.k + l)] - p.lhs_zero_point;
      const std::int32_t* right = p.rhs.data() + l * p.n;
      for (std::int64_t j = 0; j < p.n; ++j) {
        sums[static_cast<std::size_t>(j)] += left * (right[j] - per_column(p.rhs_zero_point, j, 0));
      }
    }
    for (std::int64_t j = 0; j < p.n; ++j) {
      const std::int64_t biased =
          sums[static_cast<std::size_t>(j)] + per_column(p.epilogue.bias, j, 0);
      const std::int32_t residual =
          p.residual.empty() ? 0 : p.residual[static_cast<std::size_t>(i * p.n + j)];
      out.push_back(reference_epilogue(p.epilogue, biased, j, residual));
    }
  }
  return out;
}

std::uint32_t reference_quantize(float value, float scale, std::int32_t zero_point, DataType type) {
  if (std::isnan(value)) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(lowest_of(type)));
  }
  // The quotient has at least 64 bits: rounding it again to 24 equals one rounding.
  const float quotient = to_float32(static_cast<long double>(value) / scale);
  const long double q = clamp(round_half_even(quotient) + zero_point, lowest_of(type),
                              static_cast<long double>(highest_of(type)));
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(q));
}

std::uint32_t reference_dequantize(std::int32_t value, float scale, std::int32_t zero_point) {
  const float difference =
      to_float32(static_cast<long double>(static_cast<std::int64_t>(value) - zero_point));
  return std::bit_cast<std::uint32_t>(to_float32(static_cast<long double>(difference) * scale));
}

}  // namespace octet::test
