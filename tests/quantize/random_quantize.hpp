/// Random element-wise problems, in and around the range of the results.
#pragma once

#include <cmath>

#include "quantize/run_quantize.hpp"
#include "support/random_problems.hpp"

namespace octet::test {

inline std::vector<float> random_scales(Random& random, std::int64_t columns) {
  std::vector<float> scales(random.chance(50) ? static_cast<std::size_t>(columns) : 1);
  for (float& scale : scales) {
    scale = random.chance(50) ? std::exp2(static_cast<float>(random.integer(-9, 3)))
                              : random.real(0.001f, 2.0f);
  }
  return scales;
}

inline QuantizeProblem random_quantize(Random& random, std::int64_t rows, std::int64_t columns,
                                       DataType out_type) {
  QuantizeProblem p{.out_type = out_type, .rows = rows, .columns = columns};
  p.scale = random_scales(random, columns);
  p.zero_point = random_zero_points(random, out_type, columns);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    // Whole numbers and halves too: ties where the scale is a power of two.
    const float steps = random.chance(50) ? static_cast<float>(random.integer(-800, 800)) / 2
                                          : random.real(1, 600) - 300;
    p.in.push_back(std::bit_cast<std::uint32_t>(steps * per_column(p.scale, i % columns, 1.0f)));
  }
  return p;
}

inline QuantizeProblem random_dequantize(Random& random, std::int64_t rows, std::int64_t columns,
                                         DataType in_type) {
  QuantizeProblem p{
      .in_type = in_type, .out_type = DataType::kF32, .rows = rows, .columns = columns};
  p.scale = random_scales(random, columns);
  if (in_type != DataType::kS32) p.zero_point = random_zero_points(random, in_type, columns);
  const auto values = random_values(random, in_type, rows * columns);
  p.in.assign(values.begin(), values.end());
  return p;
}

struct RequantizeProblem {
  QuantizeProblem problem;
  OwnedEpilogue epilogue;
};

inline RequantizeProblem random_requantize(Random& random, std::int64_t rows, std::int64_t columns,
                                           DataType type) {
  const OwnedEpilogue epilogue = random_epilogue(random, type, columns, 20);
  QuantizeProblem p{.in_type = DataType::kS32,
                    .out_type = type,
                    .rows = rows,
                    .columns = columns,
                    .scale = epilogue.scale};
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t limit = random.chance(90) ? 60000 : INT32_MAX;
    p.in.push_back(static_cast<std::uint32_t>(random.integer(-limit, limit)));
  }
  return {p, epilogue};
}

}  // namespace octet::test
