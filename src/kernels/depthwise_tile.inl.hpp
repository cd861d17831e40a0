// Depthwise convolution, the second part: tiles of outputs from interleaved columns in scratch.
// Included inside an ISA's anonymous namespace, by depthwise.inl.hpp, which lists what `Simd`
// gives.

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
      for (int i = 0; i < 4; ++i) v[i] = Simd::load(sums + i * kLanes);
      if (size_of(terms.type) == 1) {
        const typename Simd::I32 first[2] = {v[0], v[1]}, second[2] = {v[2], v[3]};
        const typename Simd::I32 bytes = Simd::narrow_quad(
            round_pair<Simd, true>(first, call.scale, terms.bytes),
            round_pair<Simd, true>(second, call.scale + 2 * kLanes, terms.bytes), terms.bytes);
        for (int p = 0; p < args.streams; ++p) {
          const DepthwiseOut& out = call.units[p].out[r];
          if (x < out.width)
            Simd::store_stream(out.data + x * args.out_step + args.out_channel, bytes,
                               p * call.stream_bytes, args.out_channels);
        }
        continue;
      }
      for (int i = 0; i < 4; ++i) {
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
  const bool wide = size_of(call.terms.type) == 4 || !call.terms.small_scales;
  std::int32_t sums[kPixels][4][kLanes];  // if `wide`
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
    } else {
      OCTET_UNROLL for (int i = 0; i < kPixels; ++i) pairs[half][i] =
          round_pair<Simd, false>(acc[i], scale, call.terms.bytes);
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
