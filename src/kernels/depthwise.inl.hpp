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
// What bounds it, for 64 channels of a 3x3 filter and 512-bit vectors: 12 dot products per output,
// 8 shuffles per column for two outputs, and an epilogue of 20 operations.

/// How a channel is repeated for its output channels, see Simd::spread.
template <class Simd>
struct Spread {
  explicit Spread(const DepthwiseArgs& args) {
    if (args.multiplier == 1) return;
    constexpr int kBytes = 4 * Simd::kLanes;
    const int stream_bytes = kBytes / args.streams;
    std::int32_t group_of[Simd::kLanes] = {};
    std::uint8_t byte_of[kBytes] = {};
    for (int stream = 0; stream < args.streams; ++stream) {
      std::int64_t channel = 0, used = args.first_of_channel;
      for (int block = stream * stream_bytes; block < (stream + 1) * stream_bytes; block += 16) {
        const std::int64_t first = channel / 4;
        for (int i = 0; i < 4; ++i)
          group_of[block / 4 + i] =
              static_cast<std::int32_t>(stream * stream_bytes / 4 + first + i);
        for (int i = 0; i < 16; ++i) {
          byte_of[block + i] = static_cast<std::uint8_t>(channel - 4 * first);
          if (++used == args.multiplier) {
            used = 0;
            ++channel;
          }
        }
      }
    }
    groups = Simd::load(group_of);
    bytes = Simd::load(byte_of);
  }
  typename Simd::I32 groups = {}, bytes = {};
};

/// Columns of one group of lines, of every stream, on their way to scratch.
template <class Simd, int kStreams, bool kSpread>
class GroupStage {
 public:
  OCTET_INLINE GroupStage(const DepthwiseArgs& args, const DepthwiseUnit* units,
                          const Spread<Simd>* spread, std::int64_t group)
      : spread_(spread),
        flip_(Simd::fill(args.flip * 0x01010101u)),
        step_(args.step),
        first_channel_(args.in_channel),
        channels_(args.in_channels),
        pad_(args.pad + args.in_channel),
        column_bytes_(args.groups * kGroupBytes),
        staged_(args.staged + group * kGroupBytes) {
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) lines_[i] =
        units[i % kStreams].lines + group * kSlots + i / kStreams;
  }

  /// Columns [0, count).
  OCTET_INLINE void columns(std::int64_t count) const {
    // Inside the image in some line; in all lines that have a pixel of it.
    std::int64_t some_begin = count, some_end = 0, begin = 0, end = count;
    bool all_move = true;
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) {
      const DepthwiseLine& line = *lines_[i];
      all_move = all_move && line.moves;
      if (line.begin >= line.end) continue;
      some_begin = line.begin < some_begin ? line.begin : some_begin;
      some_end = line.end > some_end ? line.end : some_end;
      begin = line.begin > begin ? line.begin : begin;
      end = line.end < end ? line.end : end;
    }
    some_end = some_end < count ? some_end : count;
    if (some_begin >= some_end) some_begin = some_end = count;
    if (begin >= end) begin = end = some_end;
    outside(0, some_begin);
    border(some_begin, begin);
    if (all_move) {
      inside<true>(begin, end);
    } else {
      inside<false>(begin, end);
    }
    border(end, some_end);
    outside(some_end, count);
  }

 private:
  static constexpr int kSlots = Simd::kSlots;
  static constexpr int kInputs = kSlots * kStreams;
  static constexpr int kGroupBytes = 16 * Simd::kLanes;

  OCTET_INLINE void outside(std::int64_t column, std::int64_t end) const {
    if (column >= end) return;
    typename Simd::I32 lines[kSlots], values[4];
    OCTET_UNROLL for (int i = 0; i < kSlots; ++i) lines[i] =
        Simd::exclusive_or(Simd::fill(*pad_ * 0x01010101u), flip_);
    Simd::interleave(lines, values);
    for (; column < end; ++column) store(values, staged_ + column * column_bytes_);
  }
  template <bool kAllMove>
  OCTET_INLINE void inside(std::int64_t column, std::int64_t end) const {
    if (column >= end) return;
    const std::uint8_t* in[kInputs];
    std::int64_t moves[kInputs];  // all ones, or zero
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) {
      moves[i] = kAllMove || lines_[i]->moves ? -1 : 0;
      in[i] = at(*lines_[i], column);
    }
    std::uint8_t* to = staged_ + column * column_bytes_;
    for (std::int64_t offset = 0; column < end; ++column, offset += step_, to += column_bytes_) {
      const std::uint8_t* pixels[kInputs];
      OCTET_UNROLL for (int i = 0; i < kInputs; ++i) pixels[i] =
          in[i] + (kAllMove ? offset : offset & moves[i]);
      put(pixels, to);
    }
  }
  OCTET_INLINE void border(std::int64_t column, std::int64_t end) const {
    for (; column < end; ++column) {
      const std::uint8_t* pixels[kInputs];
      OCTET_UNROLL for (int i = 0; i < kInputs; ++i) pixels[i] = at(*lines_[i], column);
      put(pixels, staged_ + column * column_bytes_);
    }
  }
  OCTET_INLINE const std::uint8_t* at(const DepthwiseLine& line, std::int64_t column) const {
    if (column < line.begin || column >= line.end) return pad_;
    return line.data + first_channel_ + (column - line.begin) * step_;
  }
  OCTET_INLINE void put(const std::uint8_t* const (&in)[kInputs], std::uint8_t* to) const {
    typename Simd::I32 lines[kSlots], values[4];
    OCTET_UNROLL for (int i = 0; i < kSlots; ++i) {
      const std::uint8_t* streams[kStreams];
      OCTET_UNROLL for (int p = 0; p < kStreams; ++p) streams[p] = in[i * kStreams + p];
      lines[i] = Simd::template load_streams<kStreams>(streams, channels_);
      if constexpr (kSpread) lines[i] = Simd::spread(lines[i], spread_->groups, spread_->bytes);
      lines[i] = Simd::exclusive_or(lines[i], flip_);
    }
    Simd::interleave(lines, values);
    store(values, to);
  }
  static OCTET_INLINE void store(const typename Simd::I32 (&values)[4], std::uint8_t* to) {
    OCTET_UNROLL for (int i = 0; i < 4; ++i) Simd::store(to + i * 4 * Simd::kLanes, values[i]);
  }

  const Spread<Simd>* spread_;
  const typename Simd::I32 flip_;
  const std::int64_t step_, first_channel_, channels_;
  const std::uint8_t* const pad_;
  const std::int64_t column_bytes_;
  std::uint8_t* const staged_;
  const DepthwiseLine* lines_[kInputs];  ///< [slots][streams]
};

/// Interleaves columns [0, count) of all lines of `kStreams` units.
template <class Simd, int kStreams>
void stage_columns(const DepthwiseArgs& args, const DepthwiseUnit* units,
                   const Spread<Simd>* spread, std::int64_t count) {
  for (std::int64_t group = 0; group < args.groups; ++group) {
    if (spread == nullptr) {
      GroupStage<Simd, kStreams, false>(args, units, spread, group).columns(count);
    } else {
      GroupStage<Simd, kStreams, true>(args, units, spread, group).columns(count);
    }
  }
}

/// What all tiles of a call have in common.
template <class Simd>
struct DepthwiseCall {
  explicit DepthwiseCall(const DepthwiseArgs& args)
      : args(args),
        terms(*args.epilogue),
        bias(terms.bias + args.term),
        scale(terms.scale + args.term),
        column_bytes(args.groups * kStep),
        out_stride(args.column_stride * column_bytes),
        runs(args.tap_step == 1 ? 1 : args.taps),
        run(args.taps / runs * column_bytes),
        stream_bytes(4 * Simd::kLanes >> args.streams / 2),
        units(args.units) {}

  /// Bytes of 4 vectors.
  static constexpr int kStep = 16 * Simd::kLanes;

  const DepthwiseArgs& args;
  const EpilogueTerms& terms;
  const std::int32_t* const bias;
  const float* const scale;
  const std::int64_t column_bytes;  ///< Between neighbouring columns in scratch,
  const std::int64_t out_stride;    ///< and between the first columns of neighbouring outputs.
  /// Neighbouring columns are neighbours in scratch: their taps, if not dilated, are one run.
  const std::int64_t runs, run;
  const int stream_bytes;
  const DepthwiseUnit* units;  ///< [streams]: those under way.
};

/// 32-bit outputs of a tile whose sums are in memory.
template <class Simd>
void store_wide(const std::int32_t* sums, const DepthwiseCall<Simd>& call, std::int64_t row,
                std::int64_t rows, std::int64_t column, std::int64_t columns) {
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  const DepthwiseArgs& args = call.args;
  const EpilogueTerms& terms = call.terms;
  const F32 low(terms.min), high(terms.max);
  const int vectors = 4 / args.streams;
  for (std::int64_t r = row; r < row + rows; ++r) {
    for (std::int64_t x = column; x < column + columns; ++x, sums += 4 * kLanes) {
      typename Simd::I32 v[4];
      for (int i = 0; i < 4; ++i) {
        v[i] = Simd::load(sums + i * kLanes);
        if (terms.type == DataType::kS32) continue;
        const F32 real = xsimd::to_float(typename Simd::I32Batch(v[i])) *
                         F32::load_unaligned(call.scale + i * kLanes);
        v[i] = Simd::bits(Simd::clamp(real, low, high));
      }
      Simd::in_order(v);
      for (int i = 0; i < 4; ++i) {
        const DepthwiseOut& out = call.units[i / vectors].out[r];
        const std::int64_t first = i % vectors * kLanes;
        const std::int64_t left = args.out_channels - first;
        if (x >= out.width || left <= 0) continue;
        Simd::store_partial(reinterpret_cast<std::int32_t*>(out.data + x * args.out_step) +
                                args.out_channel + first,
                            v[i], left < kLanes ? left : kLanes);
      }
    }
  }
}

/// acc[r * kColumns + x] += the taps of row r at column x, for two of the four vectors. `weights`
/// and `values` are where the first of the two is.
template <class Simd, int kRows, int kColumns>
OCTET_INLINE void add_taps(typename Simd::I32 (&acc)[kRows * kColumns][2],
                           const DepthwiseCall<Simd>& call, const std::int8_t* weights,
                           const std::uint8_t* values) {
  constexpr int kStep = DepthwiseCall<Simd>::kStep;
  const std::int8_t* row[kRows];
  OCTET_UNROLL for (int r = 0; r < kRows; ++r) row[r] = weights + r * call.args.row_weights;
  for (std::int64_t pass = 0; pass < call.args.passes; ++pass) {
    const std::uint8_t* column[kColumns];
    OCTET_UNROLL for (int x = 0; x < kColumns; ++x) column[x] =
        values + x * call.out_stride + call.run;
    for (std::int64_t i = 0; i < call.runs; ++i) {
      OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
        row[r] += call.run;
        OCTET_PIN_POINTER(row[r]);
      }
      OCTET_UNROLL for (int x = 0; x < kColumns; ++x) OCTET_PIN_POINTER(column[x]);
      for (std::int64_t k = -call.run; k != 0; k += kStep) {
        OCTET_UNROLL for (int j = 0; j < 2; ++j) {
          const int vector = j * 4 * Simd::kLanes;
          typename Simd::I32 b[kRows];
          OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
            b[r] = Simd::load_slots(row[r] + k + vector);
            if constexpr (kColumns > 1) OCTET_PIN(b[r]);  // or it is loaded for every column
          }
          OCTET_UNROLL for (int x = 0; x < kColumns; ++x) {
            const typename Simd::I32 a = Simd::load(column[x] + k + vector);
            OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
              Simd::dot(acc[r * kColumns + x][j], a, b[r]);
            }
          }
        }
      }
      OCTET_UNROLL for (int x = 0; x < kColumns; ++x) column[x] +=
          call.args.tap_step * call.column_bytes;
    }
  }
}

/// The same for kTaps taps of one group, outputs kStride columns apart: each column is loaded once.
template <class Simd, int kRows, int kColumns, int kTaps, int kStride>
OCTET_INLINE void add_shared_taps(typename Simd::I32 (&acc)[kRows * kColumns][2],
                                  const DepthwiseCall<Simd>& call, const std::int8_t* weights,
                                  const std::uint8_t* values) {
  using I32 = typename Simd::I32;
  constexpr int kStep = DepthwiseCall<Simd>::kStep;
  constexpr int kLoads = (kColumns - 1) * kStride + kTaps;
  OCTET_UNROLL for (int j = 0; j < 2; ++j) {
    const std::uint8_t* from = values + j * 4 * Simd::kLanes;
    I32 a[kLoads];
    OCTET_UNROLL for (int i = 0; i < kLoads; ++i) a[i] = Simd::load(from + i * kStep);
    OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
      OCTET_UNROLL for (int t = 0; t < kTaps; ++t) {
        I32 b = Simd::load_slots(weights + r * call.args.row_weights + t * kStep +
                                 j * 4 * Simd::kLanes);
        OCTET_PIN(b);
        OCTET_UNROLL for (int x = 0; x < kColumns; ++x)
            Simd::dot(acc[r * kColumns + x][j], a[x * kStride + t], b);
      }
    }
  }
}

/// Rounds two vectors of sums and packs them. `kLimit`: see kIntLimit.
template <class Simd, bool kLimit>
OCTET_INLINE typename Simd::I32 round_pair(const typename Simd::I32 (&sums)[2], const float* scale,
                                           const ByteTerms& terms) {
  using F32 = typename Simd::F32Batch;
  typename Simd::I32 rounded[2];
  OCTET_UNROLL for (int j = 0; j < 2; ++j) {
    const F32 real = xsimd::to_float(typename Simd::I32Batch(sums[j])) *
                     F32::load_unaligned(scale + j * Simd::kLanes);
    rounded[j] = xsimd::nearbyint_as_int(kLimit ? xsimd::min(real, F32(kIntLimit)) : real);
  }
  return Simd::narrow_pair(rounded[0], rounded[1], terms);
}

/// kRows x kColumns outputs, two of the four vectors at a time, so that the epilogue of two goes on
/// beside the dot products of the next. kTaps and kStride: as add_shared_taps takes them, or 0 for
/// any.
template <class Simd, int kRows, int kColumns, int kTaps, int kStride>
void depthwise_tile(const DepthwiseCall<Simd>& call, std::int64_t row, std::int64_t column) {
  constexpr int kPixels = kRows * kColumns;
  constexpr int kLanes = Simd::kLanes;
  using I32 = typename Simd::I32;
  const DepthwiseArgs& args = call.args;
  const std::int8_t* weights = args.weights + row * args.row_weights;
  const std::uint8_t* values = args.staged + column * call.out_stride;
  const bool wide = size_of(call.terms.type) == 4;
  std::int32_t sums[kPixels][4][kLanes];  // of wide outputs
  I32 pairs[2][kPixels];
  // Where there is a dot loop, not unrolled, or the registers of one half would be taken in that of
  // the other.
  int halves = 2;
  if constexpr (kTaps == 0) asm("" : "+r"(halves));
  OCTET_UNROLL for (int half = 0; half < halves; ++half) {
    I32 acc[kPixels][2];
    OCTET_UNROLL for (int j = 0; j < 2; ++j) {
      const I32 start = Simd::load(call.bias + (2 * half + j) * kLanes);
      OCTET_UNROLL for (int i = 0; i < kPixels; ++i) acc[i][j] = start;
    }
    pin<Simd>(acc);
    const int first = half * 8 * kLanes;
    if constexpr (kTaps > 0) {
      add_shared_taps<Simd, kRows, kColumns, kTaps, kStride>(acc, call, weights + first,
                                                             values + first);
    } else {
      add_taps<Simd, kRows, kColumns>(acc, call, weights + first, values + first);
    }
    pin<Simd>(acc);
    const float* scale = call.scale + half * 2 * kLanes;
    if (wide) {
      OCTET_UNROLL for (int i = 0; i < kPixels; ++i) {
        OCTET_UNROLL for (int j = 0; j < 2; ++j) Simd::store(sums[i][2 * half + j], acc[i][j]);
      }
    } else if (args.small_scales) {
      OCTET_UNROLL for (int i = 0; i < kPixels; ++i) pairs[half][i] =
          round_pair<Simd, false>(acc[i], scale, call.terms.bytes);
    } else {
      OCTET_UNROLL for (int i = 0; i < kPixels; ++i) pairs[half][i] =
          round_pair<Simd, true>(acc[i], scale, call.terms.bytes);
    }
  }
  if (wide) return store_wide<Simd>(sums[0][0], call, row, kRows, column, kColumns);

  // What stores of bytes might change as far as the compiler knows is read before them.
  const std::int64_t step = args.out_step, channels = args.out_channels;
  const int streams = args.streams, stream_bytes = call.stream_bytes;
  I32 bytes[kPixels];
  OCTET_UNROLL for (int i = 0; i < kPixels; ++i) bytes[i] =
      Simd::narrow_quad(pairs[0][i], pairs[1][i], call.terms.bytes);
  OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < streams; ++p) {
      const DepthwiseOut& out = call.units[p].out[row + r];
      const std::int64_t left = out.width - column;
      if (left <= 0) continue;
      std::uint8_t* to = out.data + column * step + args.out_channel;
      if (left >= kColumns) {
        OCTET_UNROLL for (int x = 0; x < kColumns; ++x)
            Simd::store_stream(to + x * step, bytes[r * kColumns + x], p * stream_bytes, channels);
      } else {
        OCTET_UNROLL for (int x = 0; x < kColumns; ++x) {
          if (x >= left) break;
          Simd::store_stream(to + x * step, bytes[r * kColumns + x], p * stream_bytes, channels);
        }
      }
    }
  }
}

/// The tiles of one row or two, of any width.
template <class Simd, int kTaps, int kStride>
struct DepthwiseTiles {
  using Tile = void (*)(const DepthwiseCall<Simd>&, std::int64_t row, std::int64_t column);
  static constexpr int kRows = 2;
  constexpr DepthwiseTiles() {
    for_each_up_to<kRows>([&]<int kHeight>() {
      for_each_up_to<Simd::kDepthwisePixels / kHeight>([&]<int kWidth>() {
        of[kHeight - 1][kWidth - 1] = depthwise_tile<Simd, kHeight, kWidth, kTaps, kStride>;
      });
    });
  }
  Tile of[kRows][Simd::kDepthwisePixels] = {};
};

template <class Simd>
void depthwise(const DepthwiseArgs& args) {
  static constexpr DepthwiseTiles<Simd, 0, 0> kAny;
  static constexpr DepthwiseTiles<Simd, 3, 1> kThreeTaps;
  static constexpr DepthwiseTiles<Simd, 3, 2> kThreeTapsByTwo;
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
      const std::int64_t most = Simd::kDepthwisePixels / height;
      const std::int64_t tiles = (width + most - 1) / most;
      for (std::int64_t i = 0, column = 0; i < tiles; ++i) {
        const std::int64_t columns = width / tiles + (i < width % tiles ? 1 : 0);
        tile_of[height - 1][columns - 1](call, row, column);
        column += columns;
      }
      row += height;
    }
  }
}
