// Depthwise tiles whose epilogue is written beside the dot products that follow it. Included inside
// an ISA's anonymous namespace, after depthwise_tile.inl.hpp, by ISAs with 32 registers.
//
// A tile is two rows of four outputs, and tiles follow each other along x. One of the four vectors
// is made at a time, and meanwhile the one before it is rounded: 8 sums, 8 others, 8 results that
// wait for a second vector to be packed with, and the operands fill the registers.

template <class Simd>
class DeferredTiles {
  using I32 = typename Simd::I32;
  using F32 = typename Simd::F32Batch;
  static constexpr int kRows = 2, kColumns = 4, kOutputs = kRows * kColumns;
  static constexpr int kVector = 4 * Simd::kLanes, kStep = 4 * kVector;
  /// Steps of the products that have something beside them.
  static constexpr int kBusySteps = kOutputs + 1;
  /// Outputs of a line for each one that is left over, since those take longer than in tiles that
  /// are cut evenly. In fewer the first vector and the last one, with nothing beside them, are too
  /// much of the time.
  static constexpr std::int64_t kLeastWidth = 16;

 public:
  /// Columns that are done of two rows from `row` on, the first ones: whole tiles, or none.
  static OCTET_INLINE std::int64_t run(const DepthwiseCall<Simd>& call, std::int64_t row) {
    const DepthwiseOut* out = call.units->out + row;
    const std::int64_t width = out[0].width < out[1].width ? out[0].width : out[1].width;
    const bool suits = call.args.streams == 1 && call.args.passes == 1 && call.runs == 1 &&
                       call.run >= kBusySteps * kStep && size_of(call.terms.type) == 1 &&
                       call.terms.small_scales && call.args.column_stride == 1 &&
                       width >= kLeastWidth && width % kColumns * kLeastWidth <= width;
    if (!suits) return 0;
    run_tiles(call, row, width / kColumns);
    return width / kColumns * kColumns;
  }

 private:
  static __attribute__((noinline)) void run_tiles(const DepthwiseCall<Simd>& call, std::int64_t row,
                                                  std::int64_t tiles) {
    DeferredTiles(call, row).tiles(tiles);
  }
  OCTET_INLINE DeferredTiles(const DepthwiseCall<Simd>& call, std::int64_t row)
      : bias_(call.bias),
        scale_(call.scale),
        run_(call.run),
        row_weights_(call.args.row_weights),
        out_stride_(call.out_stride),
        out_step_(call.args.out_step),
        mask_(Simd::first_bytes(call.args.out_channels)),
        weights_(call.args.weights + row * row_weights_),
        values_(call.args.staged) {
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      out_[r] = call.units->out[row + r].data + call.args.out_channel;
    });
    const ByteTerms bytes = call.terms.bytes.as_part();  // a branch would divide the products
    Simd::store(terms_[0], Simd::fill(bytes.zero_point));
    Simd::store(terms_[1], Simd::fill(bytes.min));
    Simd::store(terms_[2], Simd::fill(bytes.shift));
  }

  OCTET_INLINE void tiles(std::int64_t count) {
    vector<0, false>();
    rest();
    for (; count > 1; --count) {
      values_ += kColumns * out_stride_;
      vector<0, true>();
      unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA { out_[r] += kColumns * out_step_; });
      rest();
    }
    unroll<kOutputs>([&](auto i) OCTET_INLINE_LAMBDA {
      scale<3>(i);
      round<3>(i);
    });
  }
  OCTET_INLINE void rest() {
    vector<1, true>();
    vector<2, true>();
    vector<3, true>();
  }

  /// The sums of vector kV, and the results of the one before it.
  template <int kV, bool kFinish>
  OCTET_INLINE void vector() {
    constexpr int kBefore = (kV + 3) % 4;
    I32(&acc)[kOutputs][1] = sums_[kV % 2];
    const I32 start = Simd::load(bias_ + kV * Simd::kLanes);
    unroll<kOutputs>([&](auto i) OCTET_INLINE_LAMBDA { acc[i][0] = start; });
    // Pointers of this vector alone, or GCC 12 keeps one for every load in memory.
    const std::int8_t* weights[kRows];
    OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
      weights[r] = weights_ + r * row_weights_ + kV * kVector;
      OCTET_PIN_POINTER(weights[r]);
    }
    const std::uint8_t* values[kColumns];
    OCTET_UNROLL for (int x = 0; x < kColumns; ++x) {
      values[x] = values_ + x * out_stride_ + kV * kVector;
      OCTET_PIN_POINTER(values[x]);
    }
    unroll<kBusySteps>([&](auto s) OCTET_INLINE_LAMBDA {
      add(acc, weights, values, s * kStep);
      if constexpr (kFinish && s > 0) round<kBefore>(std::integral_constant<int, s - 1>{});
      if constexpr (kFinish && s < kOutputs) scale<kBefore>(s);
    });
    pin<Simd>(acc);
    for (std::int64_t k = kBusySteps * kStep; k != run_; k += kStep) add(acc, weights, values, k);
    pin<Simd>(acc);
  }
  static OCTET_INLINE void add(I32 (&acc)[kOutputs][1], const std::int8_t* const (&weights)[kRows],
                               const std::uint8_t* const (&values)[kColumns], std::int64_t k) {
    I32 b[kRows];
    OCTET_UNROLL for (int r = 0; r < kRows; ++r) {
      b[r] = Simd::load_slots(weights[r] + k);
      OCTET_PIN(b[r]);  // or it is loaded for every column
    }
    OCTET_UNROLL for (int x = 0; x < kColumns; ++x) {
      const I32 a = Simd::load(values[x] + k);
      OCTET_UNROLL for (int r = 0; r < kRows; ++r) Simd::dot(acc[r * kColumns + x][0], a, b[r]);
    }
  }

  /// The first half of what vector kV of output i is taken through, and the second one.
  template <int kV, class Index>
  OCTET_INLINE void scale(Index i) {
    I32& sum = sums_[kV % 2][i][0];
    sum = Simd::bits(xsimd::to_float(typename Simd::I32Batch(sum)) *
                     F32::load_unaligned(scale_ + kV * Simd::kLanes));
  }
  template <int kV, class Index>
  OCTET_INLINE void round(Index i) {
    const I32 rounded = xsimd::nearbyint_as_int(F32(Simd::floats(sums_[kV % 2][i][0])));
    if constexpr (kV % 2 == 0) {
      first_[i] = rounded;
    } else {
      const I32 pair = Simd::narrow_pair(first_[i], rounded, Simd::load(terms_[0]));
      if constexpr (kV == 1) {
        Simd::store(pairs_[i], pair);
      } else {
        const I32 bytes = Simd::narrow_part(Simd::load(pairs_[i]), pair, Simd::load(terms_[1]),
                                            Simd::load(terms_[2]));
        Simd::store_first_bytes(out_[i / kColumns] + i % kColumns * out_step_, bytes, mask_);
      }
    }
  }

  const std::int32_t* const bias_;
  const float* const scale_;
  const std::int64_t run_, row_weights_, out_stride_, out_step_;
  const typename Simd::ByteMask mask_;
  const std::int8_t* const weights_;
  const std::uint8_t* values_;  ///< Of the tile under way;
  std::uint8_t* out_[kRows];    ///< and where the results go that are being made.
  I32 sums_[2][kOutputs][1];
  I32 first_[kOutputs];
  alignas(64) std::uint8_t pairs_[kOutputs][kVector];
  alignas(64) std::uint8_t terms_[3][kVector];  ///< Of ByteTerms: zero_point, min and shift.
};
