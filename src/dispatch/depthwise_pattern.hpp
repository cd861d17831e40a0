/// How a depthwise convolution is laid onto lines and columns, see DepthwiseArgs.
#pragma once

#include <cstdint>

#include "kernels/kernel.hpp"
#include "octet/convolution.hpp"

namespace octet {

/// Lines are image lines, whose interleaved columns serve a few output lines at once; or, for
/// filters of one line, they are neighbouring pixels, and the outputs of a line are dealt to rows
/// in turn. Distances in y and x count pixels of the input or the output.
struct DepthwisePattern {
  /// The position in the filter of the value that `tap` of `row` takes from `line`, or -1 for none.
  std::int64_t position(std::int64_t row, std::int64_t tap, std::int64_t line) const {
    const std::int64_t from_first = line - row * lines_between_rows;
    if (along_x) {
      const std::int64_t x = from_first + tap * slots;
      return x >= 0 && x < kernel_w ? x : -1;
    }
    return from_first >= 0 && from_first < kernel_h ? from_first * kernel_w + tap : -1;
  }

  /// Of a unit of work.
  std::int64_t unit_rows() const { return repeats * rows; }
  std::int64_t unit_lines() const { return used_lines + (repeats - 1) * rows * lines_between_rows; }

  bool along_x = false;
  bool direct = false;  ///< For KernelTable::depthwise_direct.
  std::int64_t slots = 1, kernel_h = 1, kernel_w = 1;
  std::int64_t rows = 1, lines_between_rows = 0;
  std::int64_t used_lines = 1;
  std::int64_t groups = 1;   ///< Of `slots` lines: as many as hold those that are used.
  std::int64_t repeats = 1;  ///< Of these rows in a unit, with the same weights and the next lines.
  std::int64_t taps = 1, tap_step = 1, column_stride = 1;
  std::int64_t line_y = 0, line_x = 0, column_x = 1;    ///< Of the input.
  std::int64_t row_y = 1, row_x = 0, out_column_x = 1;  ///< Of the output.
};

/// The pattern that takes least time for each output. `passes`: see DepthwiseArgs.
DepthwisePattern choose_depthwise_pattern(const ConvolutionConfig& config,
                                          const KernelTable& kernels, std::int64_t passes);

}  // namespace octet
