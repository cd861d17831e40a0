#include "support/reference.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <sstream>

#include "support/random.hpp"

namespace octet::test {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 48,
              "the product of two float32 must be exact");

std::int64_t out_size(std::int64_t in, std::int64_t pads, std::int64_t dilation,
                      std::int64_t kernel, std::int64_t stride) {
  const std::int64_t room = in + pads - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

long double clamp(long double value, long double low, long double high) {
  return value < low ? low : value > high ? high : value;
}

template <class T>
void describe_column_values(std::ostream& out, const char* name, const std::vector<T>& values) {
  out << ' ' << name;
  if (values.empty()) {
    out << " none";
  } else {
    out << (values.size() == 1 ? " " : "[] ") << values.front();
  }
}

void describe(std::ostream& out, const OwnedEpilogue& epilogue) {
  out << " -> " << name_of(epilogue.type) << " zp " << epilogue.zero_point << " clamp ["
      << epilogue.min << ", " << epilogue.max << ']';
  describe_column_values(out, "scale", epilogue.scale);
  describe_column_values(out, "bias", epilogue.bias);
  if (epilogue.residual) {
    const Residual& r = *epilogue.residual;
    out << " residual " << name_of(r.type) << " scale " << r.scale << " zp " << r.zero_point;
  }
  if (!epilogue.table.empty()) out << " table";
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

std::string describe(const GemmProblem& p) {
  std::ostringstream out;
  out << "gemm m " << p.m << " n " << p.n << " k " << p.k << ' ' << name_of(p.lhs_type) << " zp "
      << p.lhs_zero_point << " x " << name_of(p.rhs_type);
  describe_column_values(out, "zp", p.rhs_zero_point);
  describe(out, p.epilogue);
  out << (p.rhs_transposed ? " rhs_transposed" : "") << " gaps " << p.lhs_gap << ' ' << p.rhs_gap
      << ' ' << p.out_gap;
  return out.str();
}

std::int64_t ConvolutionProblem::out_height() const {
  return out_size(height, config.pad_top + config.pad_bottom, config.dilation_h, config.kernel_h,
                  config.stride_h);
}

std::int64_t ConvolutionProblem::out_width() const {
  return out_size(width, config.pad_left + config.pad_right, config.dilation_w, config.kernel_w,
                  config.stride_w);
}

Cells reference_convolution(const ConvolutionProblem& p) {
  const ConvolutionConfig& c = p.config;
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  const std::int64_t out_height = p.out_height(), out_width = p.out_width();
  Cells out;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t oy = 0; oy < out_height; ++oy) {
      for (std::int64_t ox = 0; ox < out_width; ++ox) {
        for (std::int64_t o = 0; o < c.out_channels; ++o) {
          const std::int64_t weights_zero_point = per_column(p.weights_zero_point, o, 0);
          std::int64_t sum = per_column(p.epilogue.bias, o, 0);
          for (std::int64_t r = 0; r < c.kernel_h; ++r) {
            const std::int64_t y = oy * c.stride_h + r * c.dilation_h - c.pad_top;
            if (y < 0 || y >= p.height) continue;
            for (std::int64_t s = 0; s < c.kernel_w; ++s) {
              const std::int64_t x = ox * c.stride_w + s * c.dilation_w - c.pad_left;
              if (x < 0 || x >= p.width) continue;
              const std::int32_t* pixel = p.in.data() +
                                          ((b * p.height + y) * p.width + x) * c.in_channels +
                                          o / group_out * group_in;
              const std::int32_t* weights =
                  p.weights.data() + ((o * c.kernel_h + r) * c.kernel_w + s) * group_in;
              for (std::int64_t i = 0; i < group_in; ++i) {
                sum += (pixel[i] - c.in_zero_point) * (weights[i] - weights_zero_point);
              }
            }
          }
          const std::int32_t residual = p.residual.empty() ? 0 : p.residual[out.size()];
          out.push_back(reference_epilogue(p.epilogue, sum, o, residual));
        }
      }
    }
  }
  return out;
}

std::string describe(const ConvolutionProblem& p) {
  const ConvolutionConfig& c = p.config;
  static constexpr const char* kLayouts[] = {"OHWI", "OIHW", "HWIO"};
  std::ostringstream out;
  out << "convolution in [" << p.batch << ", " << p.height << ", " << p.width << ", "
      << c.in_channels << "] " << name_of(c.in_type) << " zp " << c.in_zero_point << " kernel "
      << c.kernel_h << 'x' << c.kernel_w << " stride " << c.stride_h << 'x' << c.stride_w
      << " dilation " << c.dilation_h << 'x' << c.dilation_w << " pads " << c.pad_top << ' '
      << c.pad_left << ' ' << c.pad_bottom << ' ' << c.pad_right << " groups " << c.groups
      << " channels out " << c.out_channels << " weights " << name_of(c.weights_type) << ' '
      << kLayouts[static_cast<int>(c.weights_layout)];
  describe_column_values(out, "zp", p.weights_zero_point);
  describe(out, p.epilogue);
  for (std::int64_t gap : p.in_gaps) out << " in gap " << gap;
  for (std::int64_t gap : p.out_gaps) out << " out gap " << gap;
  return out.str();
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
