/// Rows of an im2col matrix: for each output pixel the bytes under the filter, one run per filter
/// row. Only for filters of few bytes, whose copies cost less than the ends of many short runs.
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch/convolution_form.hpp"

namespace octet {

/// Runs are copied in pieces of so many bytes, of which the last may end beyond the run: so many
/// bytes behind a line, and behind the last row, exist and do not matter.
inline constexpr std::int64_t kIm2colPiece = 16;

struct Im2colArgs {
  const std::uint8_t* runs[kMostIm2colRuns];  ///< Of the first pixel, in the order of the row.
  std::int64_t run_count;
  std::int64_t run_bytes;
  std::int64_t step;  ///< Bytes from a pixel's run to the next one's.
  std::int64_t pixels;
  std::uint8_t* rows;  ///< [pixels][row_bytes]
  std::int64_t row_bytes;
};

/// kRuns, kPieces: how many runs of how many pieces; 0 for any number.
template <int kRuns, int kPieces>
void copy_im2col(const Im2colArgs& args) {
  const std::int64_t runs = kRuns > 0 ? kRuns : args.run_count;
  const std::int64_t pieces =
      kPieces > 0 ? kPieces : (args.run_bytes + kIm2colPiece - 1) / kIm2colPiece;
  const std::uint8_t* from[kMostIm2colRuns];
  for (std::int64_t run = 0; run < runs; ++run) from[run] = args.runs[run];
  std::uint8_t* row = args.rows;
  for (std::int64_t pixel = 0; pixel < args.pixels; ++pixel, row += args.row_bytes) {
    std::uint8_t* to = row;
    for (std::int64_t run = 0; run < runs; ++run, to += args.run_bytes) {
      for (std::int64_t piece = 0; piece < pieces; ++piece)
        std::memcpy(to + piece * kIm2colPiece, from[run] + piece * kIm2colPiece, kIm2colPiece);
      from[run] += args.step;
    }
  }
}

/// In the order of the pixels and runs: what a piece writes too much is overwritten by the next.
inline void im2col(const Im2colArgs& args) {
  const std::int64_t pieces = (args.run_bytes + kIm2colPiece - 1) / kIm2colPiece;
  if (is_unrolled_im2col(args.run_count, pieces)) {
    if (args.run_count == 3) return copy_im2col<3, 1>(args);
    return args.run_count == 5 ? copy_im2col<5, 1>(args) : copy_im2col<7, 2>(args);
  }
  if (pieces <= 2) return pieces == 1 ? copy_im2col<0, 1>(args) : copy_im2col<0, 2>(args);
  copy_im2col<0, 0>(args);
}

}  // namespace octet
