// Multiplication by few columns: the values of k lie along the lanes, of rows and of weights alike,
// and the lanes are added up at the end. Included inside an ISA's anonymous namespace. `Simd`
// gives, beside what tile.inl.hpp names,
//   store_lane_sums   the sums of the lanes of four vectors, as four int32

/// acc[i][n] += the kr * lanes values of row i from `ends[i] + k` on x column n.
template <class Simd, int kMr, int kNc, bool kFlip>
OCTET_INLINE void add_step(typename Simd::I32 (&acc)[kMr][kNc],
                           const std::uint8_t* const (&ends)[kMr], std::int64_t k,
                           const std::int8_t* weights) {
  typename Simd::Rhs b[kNc];
  unroll<kNc>([&](auto n)
                  OCTET_INLINE_LAMBDA { b[n] = Simd::load_rhs(weights + n * kKr * Simd::kLanes); });
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    const typename Simd::Lhs a = Simd::template load_lhs<kFlip>(ends[i] + k);
    unroll<kNc>([&](auto n) OCTET_INLINE_LAMBDA { Simd::dot(acc[i][n], a, b[n]); });
  });
}

template <class Simd, int kMr, int kNc, bool kFlip>
void narrow_tile(const NarrowArgs& args) {
  constexpr std::int64_t kStep = kKr * Simd::kLanes;
  constexpr std::int64_t kStepBytes = kNc * kStep;
  constexpr int kSets = kMr * kNc >= Simd::kMinSums ? 1 : 2;
  typename Simd::I32 acc[kSets][kMr][kNc] = {};
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  const std::int64_t paired = args.k / (kSets * kStep) * (kSets * kStep);
  const std::uint8_t* ends[kMr];
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    ends[i] = args.rows[i] + paired;
    OCTET_PIN_POINTER(ends[i]);
  });
  // What the loop leaves comes first: between the loop and the additions nothing may branch, or
  // GCC 12 moves sums in the loop.
  const std::int8_t* weights = args.weights + paired / kStep * kStepBytes;
  std::int64_t left = args.k - paired;
  if (left >= kStep) {
    add_step<Simd, kMr, kNc, kFlip>(acc[0], ends, 0, weights);
    weights += kStepBytes;
    left -= kStep;
  }
  if (left > 0) add_step<Simd, kMr, kNc, kFlip>(acc[0], ends, args.k - paired - kStep, weights);
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  weights = args.weights;
  for (std::int64_t k = -paired; k != 0; k += kSets * kStep) {
    unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
      add_step<Simd, kMr, kNc, kFlip>(acc[s], ends, k + s * kStep, weights + s * kStepBytes);
    });
    weights += kSets * kStepBytes;
    OCTET_PIN_POINTER(weights);
    OCTET_PIN_STEP(weights);
  }
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  const auto sum_of = [&](auto i, auto n) OCTET_INLINE_LAMBDA -> typename Simd::I32 {
    using I32 = typename Simd::I32Batch;
    if constexpr (kSets == 2) return I32(acc[0][i][n]) + I32(acc[1][i][n]);
    return acc[0][i][n];
  };
  typename Simd::I32 sums[4] = {};
  if constexpr (kNc == 1 && kMr == 4) {  // the lanes of all rows together
    unroll<kMr>([&](auto i)
                    OCTET_INLINE_LAMBDA { sums[i] = sum_of(i, std::integral_constant<int, 0>{}); });
    std::int32_t of_rows[kMr];
    Simd::store_lane_sums(of_rows, sums);
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { args.sums[i * Simd::kLanes] = of_rows[i]; });
  } else {
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      unroll<kNc>([&](auto n) OCTET_INLINE_LAMBDA { sums[n] = sum_of(i, n); });
      Simd::store_lane_sums(args.sums + i * Simd::kLanes, sums);
    });
  }
}
