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

/// kPieces: of a run, or 0 for any number.
template <int kPieces>
void copy_im2col(const Im2colArgs& args) {
  const std::int64_t pieces =
      kPieces > 0 ? kPieces : (args.run_bytes + kIm2colPiece - 1) / kIm2colPiece;
  for (std::int64_t pixel = 0; pixel < args.pixels; ++pixel) {
    std::uint8_t* to = args.rows + pixel * args.row_bytes;
    for (std::int64_t run = 0; run < args.run_count; ++run, to += args.run_bytes) {
      const std::uint8_t* from = args.runs[run] + pixel * args.step;
      for (std::int64_t piece = 0; piece < pieces; ++piece)
        std::memcpy(to + piece * kIm2colPiece, from + piece * kIm2colPiece, kIm2colPiece);
    }
  }
}

/// In the order of the pixels and runs: what a piece writes too much is overwritten by the next.
inline void im2col(const Im2colArgs& args) {
  switch ((args.run_bytes + kIm2colPiece - 1) / kIm2colPiece) {
    case 1:
      return copy_im2col<1>(args);
    case 2:
      return copy_im2col<2>(args);
    case 3:
      return copy_im2col<3>(args);
    default:
      return copy_im2col<0>(args);
  }
}

}  // namespace octet
