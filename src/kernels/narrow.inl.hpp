// Multiplication by few columns: the values of k lie along the lanes, of rows and of weights alike,
// and the lanes are added up at the end. Included inside an ISA's anonymous namespace. `Simd`
// gives, beside what tile.inl.hpp names,
//   store_lane_sums   the sums of the lanes of four vectors, as four int32

/// acc[i][n] += the kr * lanes values of row i from k on x column n.
template <class Simd, int kMr, int kNc, bool kFlip>
OCTET_INLINE void add_step(typename Simd::I32 (&acc)[kMr][kNc],
                           const std::uint8_t* const (&rows)[kMr], const std::int8_t* weights,
                           std::int64_t k) {
  typename Simd::Rhs b[kNc];
  unroll<kNc>([&](auto n)
                  OCTET_INLINE_LAMBDA { b[n] = Simd::load_rhs(weights + n * kKr * Simd::kLanes); });
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    const typename Simd::Lhs a = Simd::template load_lhs<kFlip>(rows[i] + k);
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
  const std::int64_t rest = args.k % (kSets * kStep), steps = args.k - rest;
  const std::uint8_t* rows[kMr];  // where the steps end
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    rows[i] = args.rows[i] + steps;
    OCTET_PIN_POINTER(rows[i]);
  });
  for (std::int64_t left = -steps; left != 0; left += kSets * kStep) {
    unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
      add_step<Simd, kMr, kNc, kFlip>(acc[s], rows, weights + s * kStepBytes, left + s * kStep);
    });
    weights += kSets * kStepBytes;
    asm("" : "+r"(weights));  // one pointer, or Clang keeps two
  }
  if (kSets == 2 && rest >= kStep) {
    add_step<Simd, kMr, kNc, kFlip>(acc[0], rows, weights, 0);
    weights += kStepBytes;
  }
  if (rest % kStep != 0) add_step<Simd, kMr, kNc, kFlip>(acc[0], rows, weights, rest - kStep);
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
