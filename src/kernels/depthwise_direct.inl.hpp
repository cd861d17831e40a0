// Depthwise convolution by 3x3 filters with stride 1 or 2, straight from the image. Included inside
// an ISA's anonymous namespace, after depthwise.inl.hpp, by ISAs with 32 registers. Besides what
// that lists, `Simd` gives
//   ByteMask             of load_first_bytes and store_first_bytes
//
//   interleave_bytes     within 128 bits: the bytes of two vectors in turn, low or high half
//
//   interleave_pairs     the same with pairs of bytes, both halves
//
//   interleave_halves    the pairs of bytes of a vector's two halves in turn
//
//   rows_in_order        of narrow_quad's results, for two rows of half a vector of channels
//
// A band is two rows of outputs. It is made in one part, or two, of 2 vectors of the 4: so all
// weights of a 3x3 filter, the sums and the columns that neighbouring outputs share fit the
// registers. Outputs follow each other along x, and what rounds one is written beside the dot
// products of the next.
//
// A general register that is loaded in every step costs 4 of its 10 cycles, so the steps keep to
// few of them.

#include "kernels/depthwise_band.inl.hpp"

/// What a part of a band makes.
enum class DirectPart {
  kFirstHalf,   ///< 16-bit results of the first half of each block of 16 channels;
  kSecondHalf,  ///< the other half, and the bytes of both.
  kAll          ///< All of a panel of half as many channels.
};

template <class Simd, int kStride, DirectPart kPart, bool kFlip>
class DirectSteps {
  using Band = DirectBand<Simd, kStride>;
  using I32 = typename Simd::I32;
  using F32 = typename Simd::F32Batch;
  static constexpr int kLanes = Simd::kLanes, kVector = 4 * kLanes;
  static constexpr int kRows = Band::kRows, kTaps = Band::kTaps, kLines = Band::kLines;
  static constexpr int kValueRows = Band::kValueRows, kWeightRows = Band::kWeightRows;
  static constexpr int kPairs = Band::kPairs;
  /// So many steps in turn, and sums and columns stay where they are.
  static constexpr int kColumns = kStride == 1 ? 3 : 4, kSteps = kColumns / kStride;
  static constexpr int kHalf = kPart == DirectPart::kSecondHalf ? 1 : 0;

 public:
  static __attribute__((noinline)) void run(const Band& band) { DirectSteps(band).steps(); }

 private:
  OCTET_INLINE explicit DirectSteps(const Band& band)
      : band_(band),
        mask_(band.mask),
        column_(-band.begin),
        columns_(static_cast<std::uint64_t>(band.columns)),
        step_(band.step),
        line_step_(band.line_step),
        out_step_(band.out_step),
        first_(band.first),
        middle_(band.middle),
        last_(band.last),
        narrowed_(band.scratch),
        staged_(band.staged) {
    unroll<kLines>([&](auto l) OCTET_INLINE_LAMBDA { masks_[l] = band.masks[l]; });
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA { out_[r] = band.out[r]; });
    unroll<kWeightRows, kTaps>([&](auto r, auto t) OCTET_INLINE_LAMBDA {
      unroll<2>([&](auto v) OCTET_INLINE_LAMBDA {
        weights_[r][t][v] = Simd::load_slots(band.weights + r * band.row_weights +
                                             (4 * t + 2 * kHalf + v) * kVector);
      });
    });
  }

  OCTET_INLINE void steps() {
    unroll<kTaps - kStride>([&](auto t) OCTET_INLINE_LAMBDA { load_column(values_[t]); });
    step<0, false>(sums_[0], sums_[0]);
    std::int64_t left = band_.width;
    while (true) {
      if (--left == 0) return last(sums_[0]);
      step<1, true>(sums_[1], sums_[0]);
      OCTET_PIN_STEP(left);
      if (--left == 0) return last(sums_[1]);
      if constexpr (kSteps == 3) {
        step<2, true>(sums_[2], sums_[1]);
        OCTET_PIN_STEP(left);
        if (--left == 0) return last(sums_[2]);
      }
      step<0, true>(sums_[0], sums_[kSteps - 1]);
      OCTET_PIN_STEP(left);
    }
  }
  /// The sums of the next outputs, and the results of those before them.
  template <int kStep, bool kFinish>
  OCTET_INLINE void step(I32 (&acc)[kRows][2], I32 (&before)[kRows][2]) {
    unroll<kStride>([&](auto t) OCTET_INLINE_LAMBDA {
      load_column(values_[(kStep * kStride + kTaps - kStride + t) % kColumns]);
    });
    unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      acc[r][v] = Simd::load(band_.bias[r][2 * kHalf + v]);
    });
    unroll<kTaps>([&](auto t) OCTET_INLINE_LAMBDA {
      unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
        Simd::dot(acc[r][v], values_[(kStep * kStride + t) % kColumns][kValueRows > 1 ? r : 0][v],
                  weights_[kWeightRows > 1 ? r : 0][t][v]);
        if constexpr (!kFinish) return;
        if constexpr (t == 0)
          before[r][v] = Simd::bits(xsimd::to_float(typename Simd::I32Batch(before[r][v])));
        if constexpr (t == 1)
          before[r][v] = Simd::bits(F32(Simd::floats(before[r][v])) *
                                    F32::load_aligned(band_.scale[2 * kHalf + v]));
        if constexpr (t == 2)
          before[r][v] = xsimd::nearbyint_as_int(F32(Simd::floats(before[r][v])));
      });
    });
    if constexpr (kFinish) finish(before);
  }
  OCTET_INLINE void last(I32 (&sums)[kRows][2]) {
    unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      sums[r][v] = xsimd::nearbyint_as_int(xsimd::to_float(typename Simd::I32Batch(sums[r][v])) *
                                           F32::load_aligned(band_.scale[2 * kHalf + v]));
    });
    finish(sums);
  }

  /// What follows the rounding. The lower row comes last: the upper one may not exist.
  OCTET_INLINE void finish(const I32 (&rounded)[kRows][2]) {
    I32 pairs[kRows];
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      pairs[r] = Simd::narrow_pair(rounded[r][0], rounded[r][1], band_.terms);
    });
    if constexpr (kPart == DirectPart::kFirstHalf) {
      unroll<kRows>([&](auto r)
                        OCTET_INLINE_LAMBDA { Simd::store(narrowed_ + r * kVector, pairs[r]); });
    } else if constexpr (kPart == DirectPart::kSecondHalf) {
      unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
        const I32 first = Simd::load(narrowed_ + r * kVector);
        Simd::store_first_bytes(out_[r], narrow(first, pairs[r]), mask_);
      });
    } else {
      const I32 bytes = Simd::rows_in_order(narrow(pairs[0], pairs[1]));
      Simd::store_first_bytes(out_[0], bytes, mask_);
      Simd::store_first_bytes(out_[1] - kVector / 2, bytes, mask_ << kVector / 2);
    }
    narrowed_ += kRows * kVector;
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      out_[r] += out_step_;
      OCTET_PIN_STEP(out_[r]);
    });
  }

  OCTET_INLINE I32 narrow(I32 v01, I32 v23) const {
    return Simd::narrow_quad(v01, v23, band_.terms);
  }

  /// The values of the next column.
  OCTET_INLINE void load_column(I32 (&values)[kValueRows][2]) {
    if constexpr (kPart == DirectPart::kSecondHalf) {
      I32 pairs[kPairs];
      unroll<kPairs>([&](auto p)
                         OCTET_INLINE_LAMBDA { pairs[p] = Simd::load(staged_ + p * kVector); });
      staged_ += kPairs * kVector;
      return join(pairs, values);
    }
    if (static_cast<std::uint64_t>(column_) < columns_) [[likely]] {
      if constexpr (kPart == DirectPart::kAll) {
        load_narrow(values);
      } else {
        load_half(values);
      }
      first_ += step_;
      middle_ += step_;
      last_ += step_;
    } else {
      load_pads(values);
    }
    ++column_;
    OCTET_PIN_STEP(column_);
    if constexpr (kPart == DirectPart::kFirstHalf) staged_ += kPairs * kVector;
  }
  OCTET_INLINE void load_pads(I32 (&values)[kValueRows][2]) const {
    unroll<kValueRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      values[r][v] = Simd::load(band_.pad_values[r][v]);
    });
    if constexpr (kPart == DirectPart::kFirstHalf) {
      unroll<kPairs>([&](auto p) OCTET_INLINE_LAMBDA {
        Simd::store(staged_ + p * kVector, Simd::load(band_.pad_pairs[p]));
      });
    }
  }
  /// The first half of the values, and what makes the second one goes to scratch: what lies across
  /// two cache lines is not loaded twice.
  OCTET_INLINE void load_half(I32 (&values)[kValueRows][2]) const {
    I32 pairs[kPairs];
    unroll<kPairs>([&](auto p) OCTET_INLINE_LAMBDA {
      constexpr int kFirst = 2 * p, kSecond = kFirst + 1 < kLines ? kFirst + 1 : kFirst;
      const I32 first = load_line(kFirst);
      const I32 second = kSecond == kFirst ? first : load_line(kSecond);
      pairs[p] = flipped(Simd::template interleave_bytes<0>(first, second));
      Simd::store(staged_ + p * kVector,
                  flipped(Simd::template interleave_bytes<1>(first, second)));
    });
    join(pairs, values);
  }
  static OCTET_INLINE void join(const I32 (&pairs)[kPairs], I32 (&values)[kValueRows][2]) {
    unroll<kValueRows>([&](auto r) OCTET_INLINE_LAMBDA {
      Simd::interleave_pairs(pairs[r], pairs[r + 1], values[r][0], values[r][1]);
    });
  }
  /// Two lines in a vector: the first and the third, and the two between and behind them.
  OCTET_INLINE void load_narrow(I32 (&values)[kValueRows][2]) const {
    const I32 even = load_upper(load_line(0), 2), odd = load_upper(load_line(1), 3);
    I32 last = even;
    if constexpr (kLines == 5) last = load_line(4);
    unroll<2>([&](auto v) OCTET_INLINE_LAMBDA {
      I32 pairs = flipped(Simd::template interleave_bytes<v>(even, odd));
      OCTET_PIN(pairs);  // or Clang 19 makes longer ways of two shuffles
      values[0][v] = Simd::interleave_halves(pairs);
      if constexpr (kValueRows > 1)
        values[kValueRows - 1][v] =
            Simd::interleave_upper(pairs, flipped(Simd::template interleave_bytes<v>(last, last)));
    });
  }
  OCTET_INLINE const std::uint8_t* at(int line) const {
    return line == 0 ? first_ : line == kLines - 1 ? last_ : middle_ + (line - 1) * line_step_;
  }
  OCTET_INLINE I32 load_line(int line) const {
    return Simd::load_first_bytes(at(line), masks_[line]);
  }
  OCTET_INLINE I32 load_upper(I32 lower, int line) const {
    return Simd::load_first_bytes(lower, at(line) - kVector / 2, masks_[line] << kVector / 2);
  }
  static OCTET_INLINE I32 flipped(I32 bytes) { return kFlip ? Simd::flip_top_bits(bytes) : bytes; }

  const Band& band_;
  const typename Simd::ByteMask mask_;
  typename Simd::ByteMask masks_[kLines];
  std::int64_t column_;  ///< The next one, counted from the first inside.
  const std::uint64_t columns_;
  const std::int64_t step_, line_step_, out_step_;
  const std::uint8_t *first_, *middle_, *last_;  ///< Lines at the next column inside.
  std::uint8_t* narrowed_;
  std::uint8_t* staged_;
  std::uint8_t* out_[kRows];
  I32 weights_[kWeightRows][kTaps][2];
  I32 values_[kColumns][kValueRows][2];
  I32 sums_[kSteps][kRows][2];
};

template <class Simd, int kStride, bool kFlip>
void direct_bands(const DepthwiseArgs& args) {
  DirectBand<Simd, kStride> band(args);
  const bool narrow = args.in_channels <= 2 * Simd::kLanes;
  for (const DepthwiseUnit* unit = args.units; unit < args.units + args.count; ++unit) {
    band.set_unit(args, *unit);
    if (narrow) {
      DirectSteps<Simd, kStride, DirectPart::kAll, kFlip>::run(band);
    } else {
      DirectSteps<Simd, kStride, DirectPart::kFirstHalf, kFlip>::run(band);
      DirectSteps<Simd, kStride, DirectPart::kSecondHalf, false>::run(band);
    }
  }
}

template <class Simd>
void depthwise_direct(const DepthwiseArgs& args) {
  if (args.column_stride == 1) {
    args.flip == 0 ? direct_bands<Simd, 1, false>(args) : direct_bands<Simd, 1, true>(args);
  } else {
    args.flip == 0 ? direct_bands<Simd, 2, false>(args) : direct_bands<Simd, 2, true>(args);
  }
}
