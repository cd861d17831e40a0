// Depthwise convolution, written once for every ISA: columns of lines are interleaved, then each
// serves the dot products of several output rows and of all taps. Included inside an ISA's
// anonymous namespace, after tile.inl.hpp. Besides what that lists, `Simd` gives
//   kSlots             lines of a group: dot() takes 4 bytes of a lane, or 2 int16
//   kDepthwisePixels   outputs of a tile, with 4 sums each
//   kStreams           most streams of a call
//   load_streams       the bytes of one column of a line of each stream, side by side
//   spread             repeats channels: permutes 32-bit groups, then bytes within 128 bits
//   interleave         4 vectors of kSlots values per lane from kSlots vectors of bytes
//   load_slots         weights, in the order that interleave gives the values of a vector
//   in_order           brings 4 vectors of sums from interleaved order into that of the channels
//   store_stream       writes the bytes of one stream
//
// What bounds it: docs/performance.md.
#include "kernels/depthwise_stage.inl.hpp"
#include "kernels/depthwise_tile.inl.hpp"
#include "kernels/depthwise_tile_deferred.inl.hpp"

/// The tiles of one row or two, of any width.
template <class Simd, int kTaps, int kStride>
struct DepthwiseTiles {
  using Tile = void (*)(const DepthwiseCall<Simd>&, std::int64_t row, std::int64_t column);
  static constexpr int kRows = 2;
  constexpr DepthwiseTiles() {
    for_each_up_to<kRows>([&]<int kHeight>() {
      for_each_up_to<Simd::kDepthwisePixels / kHeight>([&]<int kWidth>() {
        // What is left of a line, if it is little, shares too few columns to be worth a tile.
        constexpr bool kShares = 2 * kWidth * kHeight >= Simd::kDepthwisePixels;
        of[kHeight - 1][kWidth - 1] = depthwise_tile < Simd, kHeight, kWidth, kShares ? kTaps : 0,
                                 kShares ? kStride : 0 > ;
      });
    });
  }
  Tile of[kRows][Simd::kDepthwisePixels] = {};
};

template <class Simd>
void depthwise(const DepthwiseArgs& args) {
  static constexpr DepthwiseTiles<Simd, 0, 0> kAny;
  static constexpr DepthwiseTiles<Simd, 3, 1> kThreeTaps;
  // Nearly all of these are depthwise_direct's, if there is one.
  static constexpr bool kFew = requires { Simd::kDirectDepthwise; };
  static constexpr DepthwiseTiles<Simd, kFew ? 0 : 3, kFew ? 0 : 2> kThreeTapsByTwo;
  const bool shares = args.taps == 3 && args.groups == 1 && args.passes == 1 && args.tap_step == 1;
  const auto& tile_of = shares && args.column_stride == 1   ? kThreeTaps.of
                        : shares && args.column_stride == 2 ? kThreeTapsByTwo.of
                                                            : kAny.of;
  DepthwiseCall<Simd> call(args);
  const Spread<Simd> spread(args);
  auto* stage = stage_columns<Simd, 1>;
  if constexpr (Simd::kStreams >= 2) {
    if (args.streams == 2) stage = stage_columns<Simd, 2>;
  }
  if constexpr (Simd::kStreams == 4) {
    if (args.streams == 4) stage = stage_columns<Simd, 4>;
  }
  for (; call.units < args.units + args.count; call.units += args.streams) {
    std::int64_t rows = 0, width = 0;
    for (int p = 0; p < args.streams; ++p) {
      rows = call.units[p].rows > rows ? call.units[p].rows : rows;
      width = call.units[p].width > width ? call.units[p].width : width;
    }
    if (rows == 0) continue;
    stage(args, call.units, args.multiplier > 1 ? &spread : nullptr,
          (width - 1) * args.column_stride + (args.taps - 1) * args.tap_step + 1);
    for (std::int64_t row = 0; row < rows;) {
      const int height = row + 2 <= rows ? 2 : 1;
      std::int64_t column = 0;
      if constexpr (requires { Simd::kDirectDepthwise; }) {
        if (height == 2) column = DeferredTiles<Simd>::run(call, row);
      }
      const std::int64_t most = Simd::kDepthwisePixels / height;
      const std::int64_t rest = width - column, tiles = (rest + most - 1) / most;
      for (std::int64_t i = 0; i < tiles; ++i) {
        const std::int64_t columns = rest / tiles + (i < rest % tiles ? 1 : 0);
        tile_of[height - 1][columns - 1](call, row, column);
        column += columns;
      }
      row += height;
    }
  }
}
