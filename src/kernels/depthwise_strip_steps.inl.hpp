// Depthwise convolution by strips, the second part: sums and outputs of strips with the same
// channels. Included inside an ISA's anonymous namespace, by depthwise_strips.inl.hpp, which lists
// what `Simd` gives.

/// Strips with the same channels in two rows of a unit.
struct StripLeg {
  const std::uint8_t* values;
  std::uint8_t* out[2];
  std::int64_t count;
};

/// What all strips of a call have in common.
template <class Simd>
struct StripCall {
  explicit StripCall(const ByteTerms& terms) : terms(terms) {}
  ByteTerms terms;
  std::int64_t taps[3];      ///< Bytes from the first tap's values to each tap's,
  std::int64_t row_bytes;    ///< from those of the upper row to those of the lower one,
  std::int64_t values_step;  ///< and from one strip to the next one with the same channels.
  std::int64_t out_step;     ///< The last in the outputs.
};

template <class Simd, int kStride>
class StripSteps {
  using I32 = typename Simd::I32;
  using F32 = typename Simd::F32Batch;
  using ByteMask = typename Simd::ByteMask;
  static constexpr int kLanes = Simd::kLanes, kVector = 4 * kLanes;
  static constexpr int kRows = 2, kTaps = 3;
  /// With stride 1 both rows take the same values and have weights of their own, with stride 2 they
  /// share the weights.
  static constexpr int kValueRows = kStride == 1 ? 1 : kRows;
  static constexpr int kWeightRows = kStride == 1 ? kRows : 1;

 public:
  /// A leg behind the last one can be read.
  static __attribute__((noinline)) void run(const StripCall<Simd>& call, const std::int8_t* weights,
                                            const std::int32_t* bias, const float* scale,
                                            ByteMask mask, const StripLeg* legs,
                                            const StripLeg* end) {
    StripSteps(call, weights, bias, scale, mask, legs, end).steps();
  }

 private:
  OCTET_INLINE StripSteps(const StripCall<Simd>& call, const std::int8_t* weights,
                          const std::int32_t* bias, const float* scale, ByteMask mask,
                          const StripLeg* legs, const StripLeg* end)
      : call_(call),
        mask_(mask),
        row_bytes_(call.row_bytes),
        values_step_(call.values_step),
        out_step_(call.out_step),
        leg_(legs),
        out_leg_(legs),
        end_(end) {
    unroll<kTaps>([&](auto t) OCTET_INLINE_LAMBDA { taps_[t] = call.taps[t]; });
    unroll<kWeightRows, kTaps>([&](auto r, auto t) OCTET_INLINE_LAMBDA {
      unroll<2>([&](auto v) OCTET_INLINE_LAMBDA {
        weights_[r][t][v] = Simd::load_slots(weights + ((r * kTaps + t) * 2 + v) * kVector);
      });
    });
    unroll<2>([&](auto v) OCTET_INLINE_LAMBDA {
      bias_[v] = Simd::load(bias + v * kLanes);
      scale_[v] = Simd::load(scale + v * kLanes);
    });
  }

  OCTET_INLINE void steps() {
    values_ = leg_->values;
    left_ = leg_->count;
    next_out_leg();
    step<0>(sums_[0], sums_[1]);
    if (!next()) return last(sums_[0]);
    step<1>(sums_[1], sums_[0]);
    while (true) {
      if (!next()) return last_two(sums_[1]);
      step<2>(sums_[0], sums_[1]);
      if (!next()) return last_two(sums_[0]);
      step<2>(sums_[1], sums_[0]);
    }
  }
  /// Whether there are more strips.
  OCTET_INLINE bool next() {
    values_ += values_step_;
    if (--left_ != 0) [[likely]]
      return true;
    if (++leg_ == end_) return false;
    values_ = leg_->values;
    left_ = leg_->count;
    return true;
  }
  OCTET_INLINE void next_out_leg() {
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA { out_[r] = out_leg_->out[r]; });
    out_left_ = out_leg_->count;
    ++out_leg_;
  }

  /// The sums of the next strip, the rounding of the one before it, and the bytes of that before
  /// both; kBefore: so many there are.
  template <int kBefore>
  OCTET_INLINE void step(I32 (&acc)[kRows][2], I32 (&before)[kRows][2]) {
    unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA { acc[r][v] = bias_[v]; });
    unroll<kTaps>([&](auto t) OCTET_INLINE_LAMBDA {
      I32 values[kValueRows][2];
      unroll<kValueRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
        values[r][v] = Simd::load(values_ + taps_[t] + r * row_bytes_ + v * kVector);
      });
      unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
        Simd::dot(acc[r][v], values[kValueRows > 1 ? r : 0][v],
                  weights_[kWeightRows > 1 ? r : 0][t][v]);
        if constexpr (kBefore > 0) round<t>(before[r][v], v);
        if constexpr (kBefore > 1) finish<4 * t + 2 * r + v>();
      });
    });
    if constexpr (kBefore > 0) pack(before);
  }
  /// One of three parts.
  template <int kPart, class Index>
  OCTET_INLINE void round(I32& sum, Index v) {
    if constexpr (kPart == 0) sum = Simd::bits(xsimd::to_float(typename Simd::I32Batch(sum)));
    if constexpr (kPart == 1)
      sum = Simd::bits(F32(Simd::floats(sum)) * F32(Simd::floats(scale_[v])));
    if constexpr (kPart == 2) sum = xsimd::nearbyint_as_int(F32(Simd::floats(sum)));
  }
  OCTET_INLINE void pack(const I32 (&rounded)[kRows][2]) {
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      pairs_[r] = Simd::narrow_pair(rounded[r][0], rounded[r][1], call_.terms);
    });
  }
  /// One of kFinishParts parts. The upper row comes last: the lower one may not exist.
  static constexpr int kFinishParts = 12;
  template <int kPart>
  OCTET_INLINE void finish() {
    if constexpr (kPart == 2) bytes_ = Simd::narrow_quad(pairs_[0], pairs_[1], call_.terms);
    if constexpr (kPart == 8) bytes_ = Simd::lanes_apart(bytes_);
    if constexpr (kPart == 9) Simd::template store_half<1>(out_[1], bytes_, mask_);
    if constexpr (kPart == 10) Simd::template store_half<0>(out_[0], bytes_, mask_);
    if constexpr (kPart != 11) return;
    unroll<kRows>([&](auto r) OCTET_INLINE_LAMBDA {
      out_[r] += out_step_;
      OCTET_PIN_STEP(out_[r]);
    });
    if (--out_left_ == 0) [[unlikely]]
      next_out_leg();
  }
  OCTET_INLINE void finish_all() {
    unroll<kFinishParts>([&](auto i) OCTET_INLINE_LAMBDA { finish<i>(); });
  }
  OCTET_INLINE void last(I32 (&sums)[kRows][2]) {
    unroll<kRows, 2>([&](auto r, auto v) OCTET_INLINE_LAMBDA {
      unroll<3>([&](auto part) OCTET_INLINE_LAMBDA { round<part>(sums[r][v], v); });
    });
    pack(sums);
    finish_all();
  }
  OCTET_INLINE void last_two(I32 (&sums)[kRows][2]) {
    finish_all();
    last(sums);
  }

  const StripCall<Simd>& call_;
  const ByteMask mask_;
  const std::int64_t row_bytes_, values_step_, out_step_;
  std::int64_t taps_[kTaps];
  const StripLeg *leg_, *out_leg_;  ///< Those of the next sums and of the next results.
  const StripLeg* const end_;
  const std::uint8_t* values_;
  std::uint8_t* out_[kRows];
  std::int64_t left_, out_left_;
  I32 weights_[kWeightRows][kTaps][2], bias_[2], scale_[2];
  I32 sums_[2][kRows][2], pairs_[kRows], bytes_;
};
