// Depthwise convolution by 3x3 filters with stride 2, straight from the image. Included inside an
// ISA's anonymous namespace, after depthwise.inl.hpp, by ISAs with 32 registers. Besides what that
// lists, `Simd` gives
//   interleave_bytes   within 128 bits: the bytes of two vectors in turn, the low or the high half
//   interleave_pairs   the same with pairs of bytes, both halves
//
// Interleaved columns serve one output each where the stride is 2, so there is nothing to gain from
// keeping them in scratch. A step makes an output of two rows from two new columns and the last one
// of the step before. The five lines of a column are three pairs, of which the second one goes with
// the first for the upper row and with the third for the lower row.

/// What the steps of two rows of outputs read, behind one pointer: general registers are few.
template <class Simd, int kStreams>
struct DirectBand {
  static constexpr int kRows = 2, kTaps = 3, kLines = 5;

  explicit DirectBand(const DepthwiseArgs& args)
      : terms(args.epilogue->bytes),
        weights(args.weights),
        pad(args.pad + args.in_channel),
        step(args.step),
        channels(args.in_channels),
        out_step(args.out_step) {
    for (int v = 0; v < 4 * Simd::kLanes; v += Simd::kLanes) {
      Simd::store(bias + v, Simd::load(args.epilogue->bias + args.term + v));
      Simd::store(scale + v, Simd::load(args.epilogue->scale + args.term + v));
    }
  }
  void set_units(const DepthwiseArgs& args, const DepthwiseUnit* units) {
    begin = columns = width = 0;
    whole = true;
    for (int p = 0; p < kStreams; ++p) {
      const DepthwiseUnit& unit = units[p];
      width = unit.width > width ? unit.width : width;
      for (int r = 0; r < kRows; ++r) {
        out[r][p] = unit.out[r];
        if (out[r][p].width > 0) out[r][p].data += args.out_channel;
      }
      for (int l = 0; l < kLines; ++l) {
        const DepthwiseLine& line = unit.lines[l];
        lines[l][p] = pad;
        moves[l][p] = 0;
        if (line.begin >= line.end) {
          whole = false;
          continue;
        }
        begin = line.begin;  // the same for all
        columns = line.end - line.begin;
        lines[l][p] = line.data + args.in_channel;
        moves[l][p] = -1;
      }
    }
    line_step = whole ? lines[1][0] - lines[0][0] : 0;
  }
  /// Sets `at` to columns [column, column + count), counted from the first inside.
  __attribute__((noinline)) void point_to(std::int64_t column, int count) {
    for (int c = 0; c < count; ++c, ++column) {
      const bool inside = column >= 0 && column < columns;
      for (int l = 0; l < kLines; ++l) {
        for (int p = 0; p < kStreams; ++p)
          at[c][l][p] = inside ? lines[l][p] + (column * step & moves[l][p]) : pad;
      }
    }
  }
  /// Two columns on, where the old ones and the new ones are inside.
  void advance() {
    for (int l = 0; l < kLines; ++l) {
      for (int p = 0; p < kStreams; ++p) {
        const std::int64_t distance = 2 * step & moves[l][p];
        at[0][l][p] += distance;
        at[1][l][p] += distance;
      }
    }
  }

  alignas(4 * Simd::kLanes) std::int32_t bias[4 * Simd::kLanes];
  alignas(4 * Simd::kLanes) float scale[4 * Simd::kLanes];
  const ByteTerms terms;
  const std::int8_t* const weights;
  const std::uint8_t* const pad;
  const std::int64_t step, channels, out_step;
  std::int64_t begin, columns;  ///< Those inside the image.
  std::int64_t width;           ///< Of the outputs.
  bool whole;                   ///< All lines are inside, and so far apart:
  std::int64_t line_step;
  const std::uint8_t* lines[kLines][kStreams];  ///< Of the panel, at column `begin`.
  std::int64_t moves[kLines][kStreams];         ///< All ones, or zero for lines outside.
  DepthwiseOut out[kRows][kStreams];
  const std::uint8_t* at[2][kLines][kStreams];  ///< Where a step reads that is partly outside.
};

template <class Simd, int kStreams, bool kFlip>
class DirectSteps {
  using Band = DirectBand<Simd, kStreams>;
  using I32 = typename Simd::I32;
  static constexpr int kLanes = Simd::kLanes, kVector = 4 * kLanes;
  static constexpr int kRows = Band::kRows, kTaps = Band::kTaps, kLines = Band::kLines;
  static constexpr int kPairs = (kLines + 1) / 2;

 public:
  /// All outputs of a band.
  static __attribute__((noinline)) void run(Band& band) { DirectSteps(band).steps(); }

 private:
  OCTET_INLINE explicit DirectSteps(Band& band)
      : band_(band),
        weights_(band.weights),
        step_(band.step),
        line_step_(band.line_step),
        channels_(band.channels),
        out_step_(band.out_step) {}

  OCTET_INLINE void steps() {
    band_.point_to(-band_.begin, 1);
    I32 first[1][2][kPairs];
    load_columns<false>(first);
    unroll<2>([&](auto half) OCTET_INLINE_LAMBDA { join(first[0][half], kept_[half]); });
    const auto inside = static_cast<std::uint64_t>(band_.columns > 0 ? band_.columns - 1 : 0);
    const std::uint64_t in_place = band_.whole ? inside : 0;
    std::int64_t column = 1 - band_.begin, offset = column * step_, out_offset = 0;
    for (std::int64_t x = 0; x < band_.width; ++x, column += 2) {
      I32 lines[2][2][kPairs], pairs[2][kRows];
      if (static_cast<std::uint64_t>(column) < in_place) [[likely]] {
        unroll<kStreams>([&](auto p) OCTET_INLINE_LAMBDA { in_[p] = band_.lines[0][p] + offset; });
        load_columns<true>(lines);
      } else {
        if (x > 0 && column >= 2 && static_cast<std::uint64_t>(column) < inside) {
          band_.advance();
        } else {
          band_.point_to(column, 2);
        }
        load_columns<false>(lines);
      }
      unroll<2>([&](auto half) OCTET_INLINE_LAMBDA { multiply<half>(lines, pairs[half]); });
      store(x, out_offset, pairs);
      offset += 2 * step_;
      out_offset += out_step_;
    }
  }

  /// The lines of kCount columns, in pairs; the last one goes with itself, and meets a zero.
  template <bool kInside, int kCount>
  OCTET_INLINE void load_columns(I32 (&pairs)[kCount][2][kPairs]) {
    I32 bytes[kCount];
    unroll<kLines>([&](auto l) OCTET_INLINE_LAMBDA {
      unroll<kCount>([&](auto c) OCTET_INLINE_LAMBDA {
        const I32 line = load_line<kInside>(l, c);
        if constexpr (l % 2 == 0 && l + 1 < kLines) {
          bytes[c] = line;
          return;
        }
        unroll<2>([&](auto half) OCTET_INLINE_LAMBDA {
          I32& pair = pairs[c][half][l / 2];
          pair = Simd::template interleave_bytes<half>(l % 2 == 0 ? line : bytes[c], line);
          if constexpr (kFlip) pair = Simd::flip_top_bits(pair);
          OCTET_PIN(pair);  // or the lines are kept in its place
        });
      });
      if constexpr (kInside) {
        // Line by line, or the distances to all of them take more registers than there are.
        unroll<kStreams>([&](auto p) OCTET_INLINE_LAMBDA {
          in_[p] += line_step_;
          OCTET_PIN_POINTER(in_[p]);
          OCTET_PIN_STEP(in_[p]);
        });
      }
    });
  }
  template <bool kInside>
  OCTET_INLINE I32 load_line(int line, int column) const {
    const std::uint8_t* streams[kStreams];
    unroll<kStreams>([&](auto p) OCTET_INLINE_LAMBDA {
      streams[p] = kInside ? in_[p] + column * step_ : band_.at[column][line][p];
    });
    return Simd::template load_streams<kStreams>(streams, channels_);
  }
  /// Half of the values of each row.
  static OCTET_INLINE void join(const I32 (&pairs)[kPairs], I32 (&values)[kRows][2]) {
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      Simd::interleave_pairs(pairs[r], pairs[r + 1], values[r][0], values[r][1]);
    });
  }

  /// Two of the four vectors of both outputs.
  template <int kHalf>
  OCTET_INLINE void multiply(const I32 (&lines)[2][2][kPairs], I32 (&pairs)[kRows]) {
    const std::int8_t* weights = weights_;
    OCTET_PIN_POINTER(weights);  // or they are loaded before the loop, and spilled
    OCTET_PIN_STEP(weights);
    weights += kHalf * 2 * kVector;
    I32 acc[kRows][2];
    unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      acc[r][v] = Simd::load(band_.bias + (2 * kHalf + v) * kLanes);
    });
    I32 values[kRows][2];
    unroll<kRows, 2>([&](auto r, auto v)
                         OCTET_INLINE_LAMBDA { values[r][v] = kept_[kHalf][r][v]; });
    unroll<kTaps>([&](auto t) OCTET_INLINE_LAMBDA {
      if constexpr (t > 0) join(lines[t - 1][kHalf], values);
      unroll<2>([&](auto v) OCTET_INLINE_LAMBDA {
        I32 b = Simd::load_slots(weights + t * 4 * kVector + v * kVector);
        OCTET_PIN(b);
        unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA { Simd::dot(acc[r][v], values[r][v], b); });
      });
    });
    unroll<kRows, 2>([&](auto r, auto v)
                         OCTET_INLINE_LAMBDA { kept_[kHalf][r][v] = values[r][v]; });
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      pairs[r] = round_pair<Simd, false>(acc[r], band_.scale + kHalf * 2 * kLanes, band_.terms);
    });
  }

  OCTET_INLINE void store(std::int64_t x, std::int64_t offset, const I32 (&pairs)[2][kRows]) const {
    I32 bytes[kRows];
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      bytes[r] = Simd::narrow_quad(pairs[0][r], pairs[1][r], band_.terms);
      OCTET_PIN(bytes[r]);  // or it is computed where it is stored, after the branch
    });
    unroll<kRows, kStreams>([&](auto r, auto p) OCTET_INLINE_LAMBDA {
      const DepthwiseOut& out = band_.out[r][p];
      if (x < out.width)
        Simd::store_stream(out.data + offset, bytes[r], p * (kVector / kStreams), channels_);
    });
  }

  Band& band_;
  const std::int8_t* const weights_;
  const std::int64_t step_, line_step_, channels_, out_step_;
  const std::uint8_t* in_[kStreams];  ///< A line at the first column of a step.
  I32 kept_[2][kRows][2];             ///< The last column of the step before.
};

template <class Simd, int kStreams>
void direct_bands(const DepthwiseArgs& args) {
  DirectBand<Simd, kStreams> band(args);
  const DepthwiseUnit* const end = args.units + args.count;
  for (const DepthwiseUnit* units = args.units; units < end; units += kStreams) {
    band.set_units(args, units);
    if (args.flip == 0) {
      DirectSteps<Simd, kStreams, false>::run(band);
    } else {
      DirectSteps<Simd, kStreams, true>::run(band);
    }
  }
}

template <class Simd>
void depthwise_direct(const DepthwiseArgs& args) {
  args.streams == 1 ? direct_bands<Simd, 1>(args) : direct_bands<Simd, kDirectStreams>(args);
}
