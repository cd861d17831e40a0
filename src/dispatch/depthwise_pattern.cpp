#include "dispatch/depthwise_pattern.hpp"

#include <numeric>

#include "dispatch/small_scales.hpp"

namespace octet {
namespace {

constexpr std::int64_t groups_for(std::int64_t lines, std::int64_t slots) {
  return (lines + slots - 1) / slots;
}

/// Filters of one line.
DepthwisePattern along_x(const ConvolutionConfig& c, int slots) {
  DepthwisePattern pattern = {.along_x = true, .slots = slots, .kernel_w = c.kernel_w};
  if (c.dilation_w > 1 && c.kernel_w > 1) {
    // Every value of a lane is a tap; each output has its own.
    pattern.used_lines = c.kernel_w;
    pattern.groups = groups_for(c.kernel_w, slots);
    pattern.column_stride = c.stride_w;
    pattern.line_x = c.dilation_w;
    return pattern;
  }
  // Columns are runs of `slots` pixels. So many outputs, and the next begins a column again:
  pattern.rows = slots / std::gcd(c.stride_w, std::int64_t{slots});
  pattern.lines_between_rows = c.stride_w;
  pattern.used_lines = slots;
  pattern.taps = groups_for((pattern.rows - 1) * c.stride_w + c.kernel_w, slots);
  pattern.column_stride = pattern.rows * c.stride_w / slots;
  pattern.line_x = 1;
  pattern.column_x = slots;
  pattern.row_y = 0;
  pattern.row_x = 1;
  pattern.out_column_x = pattern.rows;
  return pattern;
}

/// Vector operations per output and 4 vectors of channels: the dot products, and the share of the
/// shuffles and stores that interleave its columns.
double cost(const DepthwisePattern& pattern) {
  const auto dots = static_cast<double>(4 * pattern.groups * pattern.taps);
  const auto interleaving = static_cast<double>(12 * pattern.groups * pattern.column_stride);
  return dots + interleaving / static_cast<double>(pattern.rows);
}

/// What depthwise_direct takes.
bool can_be_direct(const ConvolutionConfig& c, const KernelTable& kernels, std::int64_t passes) {
  return kernels.depthwise_direct != nullptr && passes == 1 && c.kernel_h == 3 && c.kernel_w == 3 &&
         c.stride_h == c.stride_w && c.stride_h <= 2 && c.dilation_h == 1 && c.dilation_w == 1 &&
         c.out_channels == c.in_channels && size_of(c.epilogue.type) == 1 &&
         has_small_scales(c.epilogue);
}

/// Filters of several lines, `rows` rows of outputs at a time.
DepthwisePattern along_y(const ConvolutionConfig& c, int slots, std::int64_t rows) {
  // Rows of outputs that use the same lines of the input: neighbours, if it is not dilated.
  const std::int64_t common = std::gcd(c.dilation_h, c.stride_h);
  DepthwisePattern pattern = {.slots = slots, .kernel_h = c.kernel_h, .kernel_w = c.kernel_w};
  pattern.rows = rows;
  pattern.lines_between_rows = c.stride_h / common;
  pattern.used_lines = (rows - 1) * pattern.lines_between_rows + c.kernel_h;
  pattern.groups = groups_for(pattern.used_lines, slots);
  pattern.taps = c.kernel_w;
  pattern.tap_step = c.dilation_w;
  pattern.column_stride = c.stride_w;
  pattern.line_y = c.dilation_h;
  pattern.row_y = c.dilation_h / common;
  return pattern;
}

}  // namespace

DepthwisePattern choose_depthwise_pattern(const ConvolutionConfig& c, const KernelTable& kernels,
                                          std::int64_t passes) {
  const int slots = kernels.depthwise_slots;
  if (c.kernel_h == 1) return along_x(c, slots);
  if (can_be_direct(c, kernels, passes)) {
    DepthwisePattern pattern = along_y(c, slots, c.stride_h == 1 ? 2 : 1);
    pattern.repeats = 2 / pattern.rows;
    pattern.direct = true;
    return pattern;
  }
  DepthwisePattern best = along_y(c, slots, 1);
  for (std::int64_t rows = 2; rows <= 4; ++rows) {
    const DepthwisePattern pattern = along_y(c, slots, rows);
    if (cost(pattern) < cost(best)) best = pattern;
  }
  return best;
}

}  // namespace octet
