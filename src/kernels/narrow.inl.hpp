// Multiplication by few columns: the values of k lie along the lanes, of rows and of weights alike,
// and the lanes are added up at the end. Included inside an ISA's anonymous namespace. `Simd`
// gives, beside what tile.inl.hpp names,
//   store_lane_sums   the sums of the lanes of four vectors, as four int32

/// acc[i][n] += the kr * lanes values of row i from k on x column n.
template <class Simd, int kMr, int kNc, bool kFlip>
OCTET_INLINE void add_step(typename Simd::I32 (&acc)[kMr][kNc], const NarrowArgs& args,
                           const std::int8_t* weights, std::int64_t k) {
  typename Simd::Rhs b[kNc];
  unroll<kNc>([&](auto n)
                  OCTET_INLINE_LAMBDA { b[n] = Simd::load_rhs(weights + n * kKr * Simd::kLanes); });
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    const typename Simd::Lhs a = Simd::template load_lhs<kFlip>(args.rows[i] + k);
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
  const std::int8_t* weights = args.weights;
  std::int64_t k = 0;
  for (; k + kSets * kStep <= args.k; k += kSets * kStep, weights += kSets * kStepBytes) {
    unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
      add_step<Simd, kMr, kNc, kFlip>(acc[s], args, weights + s * kStepBytes, k + s * kStep);
    });
  }
  if (kSets == 2 && k + kStep <= args.k) {
    add_step<Simd, kMr, kNc, kFlip>(acc[0], args, weights, k);
    weights += kStepBytes;
    k += kStep;
  }
  if (k < args.k) add_step<Simd, kMr, kNc, kFlip>(acc[0], args, weights, args.k - kStep);
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    typename Simd::I32 sums[kMaxNarrowColumns] = {};
    unroll<kNc>([&](auto n) OCTET_INLINE_LAMBDA {
      using I32 = typename Simd::I32Batch;
      sums[n] = kSets == 1 ? acc[0][i][n]
                           : typename Simd::I32(I32(acc[0][i][n]) + I32(acc[kSets - 1][i][n]));
    });
    Simd::store_lane_sums(args.sums + i * Simd::kLanes, sums);
  });
}
