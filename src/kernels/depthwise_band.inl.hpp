// Depthwise convolution straight from the image: two rows of outputs and what they read. Included
// inside an ISA's anonymous namespace, by depthwise_direct.inl.hpp.

/// What the parts of a band read. Lines of the image are equally far apart. What lies outside it
/// reads as zero bytes, or 0x80 where values are flipped, and the bias makes up for that.
template <class Simd, int kStride>
struct DirectBand {
  using I32 = typename Simd::I32;
  static constexpr int kRows = 2, kTaps = 3, kLines = (kRows - 1) * kStride + kTaps;
  static constexpr int kVector = 4 * Simd::kLanes;
  /// With stride 1 both rows take the same values and have weights of their own, with stride 2 they
  /// share the weights.
  static constexpr int kValueRows = kStride == 1 ? 1 : kRows;
  static constexpr int kWeightRows = kStride == 1 ? kRows : 1;
  /// Lines in pairs: the second one goes with the first for the upper row, and with the third for
  /// the lower one. There the last line goes with itself, and meets a zero.
  static constexpr int kPairs = kValueRows + 1;

  explicit DirectBand(const DepthwiseArgs& args)
      : weights(args.weights),
        row_weights(args.row_weights),
        step(args.step),
        out_step(args.out_step),
        mask(Simd::first_bytes(args.in_channels)),
        scratch(args.staged) {
    unroll<4>([&](auto v) OCTET_INLINE_LAMBDA {
      Simd::store(scale[v], Simd::load(args.epilogue->scale + args.term + v * Simd::kLanes));
    });
    terms = args.epilogue->bytes;
  }

  void set_unit(const DepthwiseArgs& args, const DepthwiseUnit& unit) {
    width = unit.width;
    begin = columns = line_step = 0;
    const std::uint8_t pad = *args.pad ^ args.flip;
    // A single row is the lower one, so that what lies outside is the first or the last line.
    const int skipped = unit.rows < kRows ? kStride : 0;
    const std::uint8_t *lines[kLines] = {}, *some = nullptr;
    std::uint32_t pads[kLines];
    unroll<kLines>([&](auto l) OCTET_INLINE_LAMBDA {
      const bool exists = l >= skipped;
      const DepthwiseLine& line = unit.lines[exists ? l - skipped : 0];
      const bool inside = exists && line.begin < line.end;
      masks[l] = inside ? mask : 0;
      pads[l] = inside ? pad : args.flip;
      if (!inside) return;
      begin = line.begin;  // the same for all
      columns = line.end - line.begin;
      lines[l] = line.data + args.in_channel;
      if (some != nullptr) line_step = lines[l] - some;
      some = lines[l];
    });
    std::uint32_t pairs[kPairs];
    unroll<kPairs>([&](auto p) OCTET_INLINE_LAMBDA {
      pairs[p] = pads[2 * p] | pads[2 * p + 1 < kLines ? 2 * p + 1 : 2 * p] << 8;
      Simd::store(pad_pairs[p], Simd::fill(pairs[p] * 0x10001u));
    });
    unroll<kValueRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      Simd::store(pad_values[r][v], Simd::fill(pairs[r] | pairs[r + 1] << 16));
    });
    first = masks[0] != 0 ? lines[0] : some;
    last = masks[kLines - 1] != 0 ? lines[kLines - 1] : some;
    middle = some;
    unroll<kLines - 2>([&](auto l) OCTET_INLINE_LAMBDA {
      if (masks[l + 1] != 0) middle = lines[l + 1] - l * line_step;
    });
    for (int r = 0; r < kRows; ++r) out[r] = unit.out[skipped > 0 ? 0 : r].data + args.out_channel;
    staged = scratch + width * kRows * kVector;
    for (int r = 0; r < kRows; ++r) {
      std::uint32_t outside = 0;  // slots of the row's lines
      for (int l = 0; l < kTaps; ++l) {
        if (masks[r * kStride + l] == 0) outside |= 1u << (8 * (l + (kStride == 1 ? r : 0)));
      }
      if (r == 0 && skipped > 0) outside = 0;
      if (outside != 0 || !plain_bias[r]) set_bias(args, r, outside, pad);
      plain_bias[r] = outside == 0;
    }
  }
  /// The bias of a row, and what lines outside lack.
  void set_bias(const DepthwiseArgs& args, int row, std::uint32_t outside, std::uint8_t pad) {
    const I32 wanted = Simd::fill(outside * pad), read = Simd::fill(outside * args.flip);
    const std::int8_t* const first_weights = weights + row % kWeightRows * row_weights;
    for (int v = 0; v < 4; ++v) {
      I32 sum = Simd::load(args.epilogue->bias + args.term + v * Simd::kLanes);
      I32 excess = Simd::fill(0);
      for (int t = 0; t < (outside == 0 ? 0 : kTaps); ++t) {
        const I32 b = Simd::load_slots(first_weights + (4 * t + v) * kVector);
        Simd::dot(sum, wanted, b);
        if (args.flip != 0) Simd::dot(excess, read, b);
      }
      Simd::store(bias[row][v], Simd::subtract(sum, excess));
    }
  }

  alignas(kVector) std::int32_t bias[kRows][4][Simd::kLanes];
  alignas(kVector) float scale[4][Simd::kLanes];
  /// What columns outside the image have.
  alignas(kVector) std::uint8_t pad_pairs[kPairs][kVector], pad_values[kValueRows][2][kVector];
  ByteTerms terms;
  bool plain_bias[kRows] = {};  ///< `bias` is that of rows with all lines inside.
  const std::int8_t* const weights;
  const std::int64_t row_weights, step, out_step;
  const typename Simd::ByteMask mask;     ///< The panel's channels;
  typename Simd::ByteMask masks[kLines];  ///< none in lines that are outside the image.
  /// [width][rows] vectors of 16-bit results,
  std::uint8_t* const scratch;
  std::uint8_t* staged;         ///< and [columns][pairs] of values for the second half.
  std::int64_t width;           ///< Of the outputs.
  std::int64_t begin, columns;  ///< Of the lines: those inside the image.
  std::int64_t line_step;       ///< Between lines, the first and the last excepted.
  /// Lines at column `begin`: the first one, the second one and the last one. Outside the image the
  /// first and the last are another; even without a byte to load, addresses there may be slow.
  const std::uint8_t *first, *middle, *last;
  std::uint8_t* out[kRows];  ///< A row that does not exist is written where the other one will be.
};
