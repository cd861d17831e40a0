/// Part of the contract, see kernel.hpp: depthwise and grouped convolution.
#pragma once

#include <cstdint>

#include "kernels/tile_args.hpp"

namespace octet {

/// Streams of a call, at most.
inline constexpr int kMaxStreams = 4;

/// Depthwise convolution: a lane holds one channel, and its bytes are values of that channel from
/// neighbouring *lines*, `slots` of them (KernelTable::depthwise_slots). So interleaved, a column
/// of `groups * slots` lines serves every output row and every tap that needs some of those lines:
///
///   out row r, column x = epilogue(sum over pass p, tap t, line l of
///       value(line l, column x * column_stride + t * tap_step) * weight[r][p][t][l])
///
/// Lines may be image lines, or the pixels 0, 1, 2, ... of each run of `slots` in one image line:
/// the kernel sees addresses only. One call serves a panel of up to 4 * lanes channels, or
/// `streams` times the same columns of other lines for a fraction of the channels each.
struct DepthwiseLine {
  std::int64_t begin, end;   ///< Columns inside the image; all others read `pad`.
  const std::uint8_t* data;  ///< Channel 0 at column `begin`.
  bool moves;                ///< There is more than one of them.
};
/// One row of outputs; those at columns beyond `width` do not exist.
struct DepthwiseOut {
  std::uint8_t* data;  ///< Channel 0 at column 0.
  std::int64_t width;
};
/// Rows of outputs that use the same lines.
struct DepthwiseUnit {
  const DepthwiseLine* lines;  ///< [groups * slots]
  const DepthwiseOut* out;     ///< [DepthwiseArgs::rows]
  std::int64_t rows, width;    ///< Those with outputs, and the widest of them.
};

/// Where channel c of a stream is: byte c of 16-byte blocks that are interleaved each for itself.
/// Of 4 vectors, `vector` has it in its 32-bit lane `lane`, counted from the stream's first.
/// `halved`: as KernelTable::depthwise_direct has up to half a panel, in two vectors.
struct DepthwiseLane {
  constexpr explicit DepthwiseLane(std::int64_t c, bool halved = false)
      : vector(halved ? c % 16 / 8 : c % 16 / 4),
        lane(halved ? c / 16 * 8 + c % 8 : c / 16 * 4 + c % 4) {}
  std::int64_t vector, lane;
};

/// Vectors of scratch of KernelTable::depthwise_direct for a unit of so many outputs.
constexpr std::int64_t direct_scratch(std::int64_t width, std::int64_t stride) {
  return 2 * width + (stride + 1) * ((width - 1) * stride + 3);
}

/// Of KernelTable::depthwise_strips: bytes of a strip, and most units of a call.
inline constexpr std::int64_t kStripBytes = 32;
inline constexpr int kMaxStripUnits = 8;
/// Bytes of its scratch for a plane of values, `width` outputs wide, with what vectors of 64 bytes
/// reach over at both ends. A unit has stride * stride of them.
constexpr std::int64_t strip_plane(std::int64_t width, std::int64_t channels) {
  return ((width + 2) * 4 * channels + 63) / 64 * 64 + 6 * 64;
}

struct DepthwiseArgs {
  /// Units, `streams` of them at a time: 1, 2 or 4, at most KernelTable::depthwise_streams. `count`
  /// is a multiple of that.
  const DepthwiseUnit* units;
  std::int64_t count;
  int streams;
  std::int64_t groups;
  std::int64_t step;         ///< Bytes between columns of a line.
  const std::uint8_t* pad;   ///< A pixel outside the image; its bytes are all the same.
  std::int64_t in_channel;   ///< First one that is read, counted from the lines' data;
  std::int64_t in_channels;  ///< and how many.
  std::int64_t multiplier;   ///< Output channels per input channel.
  std::int64_t
      first_of_channel;  ///< Which of its first input channel's the first output channel is.
  std::uint8_t flip;     ///< 0x80 to flip the top bit of the values, or 0.

  /// Scratch: [columns][groups][4 vectors] for the interleaved values, direct_scratch() vectors, or
  /// strip_plane() bytes for each plane.
  std::uint8_t* staged;
  std::int64_t column_stride;
  std::int64_t passes, taps, tap_step;
  /// [rows][passes][taps][groups][4 vectors][lanes][slots]: s8, or s16 if there are two slots.
  /// Zero where a row does not need a line, and beyond the last channel.
  const std::int8_t* weights;
  std::int64_t row_weights;  ///< Bytes between rows of weights.

  std::int64_t out_channel;       ///< First one that is written, counted from the outputs' data;
  std::int64_t out_channels;      ///< and how many.
  std::int64_t out_step;          ///< Bytes between columns of the outputs.
  const EpilogueTerms* epilogue;  ///< Its arrays have [4 vectors][lanes].
  std::int64_t term;              ///< Of those arrays, where the panel begins.
  std::int64_t strips;            ///< For depthwise_strips: so many, and the channels come again.
};
using DepthwiseFn = void (*)(const DepthwiseArgs&);

/// Grouped tiles: the output channel of sum `index`, lane index % lanes of one of four vectors.
/// Each block of 16 channels takes 4 lanes of all of them.
constexpr std::int64_t grouped_channel(std::int64_t index, int lanes, int group_channels) {
  const std::int64_t vector = index / lanes, lane = index % lanes;
  const std::int64_t block = lane / 4 * 16, at = lane % 4;
  if (group_channels == 4) return block + 4 * at + vector;
  if (group_channels == 8) return block + 8 * (at / 2) + 2 * vector + at % 2;
  return block + 4 * vector + at;
}
/// The first of the four input channels, of the same group, that it is multiplied by in step `step`
/// of group_channels / 4.
constexpr std::int64_t grouped_input(std::int64_t index, int lanes, std::int64_t step) {
  return 4 * (index % lanes ^ step);
}

}  // namespace octet
