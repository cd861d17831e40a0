/// Pooling of guarded images, beside what it means, computed naively.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/random_problems.hpp"
#include "support/reference.hpp"

namespace octet::test {

struct PoolingProblem {
  bool average = false;
  PoolingWindow window = {};
  DataType in_type = DataType::kU8, out_type = DataType::kU8;
  std::int64_t batch = 1, height = 1, width = 1, channels = 1;
  // Averages.
  float scale = 1.0f;
  std::int32_t in_zero_point = 0, zero_point = 0;
  bool count_include_pad = false;

  std::vector<std::int32_t> in = {};  ///< [batch, height, width, channels]
  std::array<std::int64_t, 3> in_gaps = {}, out_gaps = {};

  std::int64_t out_height() const {
    return (height + window.pad_top + window.pad_bottom - window.kernel_h) / window.stride_h + 1;
  }
  std::int64_t out_width() const {
    return (width + window.pad_left + window.pad_right - window.kernel_w) / window.stride_w + 1;
  }
};

inline std::string describe(const PoolingProblem& p) {
  const PoolingWindow& w = p.window;
  std::ostringstream text;
  text << (p.average ? "average " : "max ") << name_of(p.in_type) << " to " << name_of(p.out_type)
       << " [" << p.batch << ", " << p.height << ", " << p.width << ", " << p.channels
       << "] kernel " << w.kernel_h << 'x' << w.kernel_w << " stride " << w.stride_h << 'x'
       << w.stride_w << " pad " << w.pad_top << ' ' << w.pad_left << ' ' << w.pad_bottom << ' '
       << w.pad_right << " scale " << p.scale << " zero points " << p.in_zero_point << ' '
       << p.zero_point << (p.count_include_pad ? " count_include_pad" : "") << " gaps";
  for (const std::int64_t gap : p.in_gaps) text << ' ' << gap;
  for (const std::int64_t gap : p.out_gaps) text << ' ' << gap;
  return text.str();
}

/// One output from the values of a window that lie inside the image.
inline std::uint32_t reference_pooled(const PoolingProblem& p,
                                      const std::vector<std::int64_t>& values) {
  if (!p.average) return static_cast<std::uint32_t>(*std::ranges::max_element(values));
  std::int64_t sum = 0;
  for (const std::int64_t value : values) sum += value - p.in_zero_point;
  const std::int64_t count = p.count_include_pad ? p.window.kernel_h * p.window.kernel_w
                                                 : static_cast<std::int64_t>(values.size());
  using Exact = long double;  // wide enough that a quotient is rounded as if once
  const float m = to_float32(Exact{p.scale} / to_float32(static_cast<Exact>(count)));
  const float t = to_float32(Exact{to_float32(static_cast<Exact>(sum))} * Exact{m});
  const Exact q = round_half_even(Exact{t}) + p.zero_point;
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(std::clamp(
      q, static_cast<Exact>(lowest_of(p.out_type)), static_cast<Exact>(highest_of(p.out_type)))));
}

inline Cells reference_pooling(const PoolingProblem& p) {
  Cells cells;
  std::vector<std::int64_t> values;
  for (std::int64_t n = 0; n < p.batch; ++n) {
    for (std::int64_t y = 0; y < p.out_height(); ++y) {
      for (std::int64_t x = 0; x < p.out_width(); ++x) {
        for (std::int64_t c = 0; c < p.channels; ++c) {
          values.clear();
          for (std::int64_t r = 0; r < p.window.kernel_h; ++r) {
            for (std::int64_t s = 0; s < p.window.kernel_w; ++s) {
              const std::int64_t line = y * p.window.stride_h - p.window.pad_top + r;
              const std::int64_t pixel = x * p.window.stride_w - p.window.pad_left + s;
              if (line < 0 || line >= p.height || pixel < 0 || pixel >= p.width) continue;
              const std::int64_t at = ((n * p.height + line) * p.width + pixel) * p.channels + c;
              values.push_back(p.in[static_cast<std::size_t>(at)]);
            }
          }
          cells.push_back(reference_pooled(p, values));
        }
      }
    }
  }
  return cells;
}

inline Status run_pooling(const PoolingProblem& p, const ConstImages& in, const Images& out,
                          std::string_view isa, Executor* executor) {
  if (!p.average) return max_pool(p.window, in, out, executor, isa);
  return average_pool({.window = p.window,
                       .scale = p.scale,
                       .in_zero_point = p.in_zero_point,
                       .zero_point = p.zero_point,
                       .count_include_pad = p.count_include_pad,
                       .max_isa = isa},
                      in, out, executor);
}

/// What octet computes, on guarded images.
inline Cells pooled(const PoolingProblem& p, std::string_view isa, Placement placement,
                    Executor* executor = nullptr) {
  EXPECT_EQ(p.window.out_height(p.height), p.out_height());
  EXPECT_EQ(p.window.out_width(p.width), p.out_width());
  GuardedTensor in =
      guarded_images(p.in_type, {p.batch, p.height, p.width, p.channels}, p.in_gaps, placement);
  in.store(p.in);
  in.seal_input();
  const GuardedTensor out = guarded_images(
      p.out_type, {p.batch, p.out_height(), p.out_width(), p.channels}, p.out_gaps, placement);
  out.seal_output();
  const Status status = run_pooling(p, in.const_images(), out.images(), isa, executor);
  EXPECT_TRUE(status.ok()) << status.message();
  out.expect_gaps_untouched();
  return out.load();
}

inline void expect_pools_exactly(const PoolingProblem& p, const std::string& isa,
                                 Executor* executor = nullptr) {
  const CaseScope scope(isa + ": " + describe(p));
  const Cells expected = reference_pooling(p);
  for (Placement placement : kPlacements) {
    expect_equal_cells(pooled(p, isa, placement, executor), expected, p.channels, p.out_type,
                       "pooling");
  }
}

/// Kind, types, scale, zero points and values at random; the sizes are set.
inline void randomize(Random& random, PoolingProblem& p) {
  p.average = random.chance(60);
  p.in_type = random.pick(k8BitTypes);
  p.out_type = p.average ? random.pick(k8BitTypes) : p.in_type;
  const auto zero_point_of = [&](DataType type) {
    const std::int64_t low = lowest_of(type), high = highest_of(type);
    if (random.chance(50)) return static_cast<std::int32_t>(random.chance(50) ? low : high);
    return static_cast<std::int32_t>(random.integer(low, high));
  };
  if (p.average) {
    p.in_zero_point = zero_point_of(p.in_type);
    p.zero_point = zero_point_of(p.out_type);
    p.count_include_pad = random.chance(50);
    // 1 and powers of two make ties.
    p.scale = random.chance(50) ? std::exp2(static_cast<float>(random.integer(-3, 3)))
                                : random.real(0.1f, 3.0f);
  }
  p.in = random_values(random, p.in_type, p.batch * p.height * p.width * p.channels,
                       random.chance(80) ? Values::kAny : Values::kExtremes);
}

/// A window of `kernel` whose every padding is at random, as far as allowed.
inline PoolingWindow random_window(Random& random, std::int64_t kernel_h, std::int64_t kernel_w) {
  const auto pad = [&](std::int64_t kernel) {
    return random.chance(50) ? 0 : random.integer(0, kernel - 1);
  };
  return {.kernel_h = kernel_h,
          .kernel_w = kernel_w,
          .stride_h = random.integer(1, 3),
          .stride_w = random.integer(1, 3),
          .pad_top = pad(kernel_h),
          .pad_left = pad(kernel_w),
          .pad_bottom = pad(kernel_h),
          .pad_right = pad(kernel_w)};
}

}  // namespace octet::test
