// Tiles for dot products of two rows with two columns at once, 8 values of k each (smmla and its
// kin): twice the products of a four-way dot product, as one instruction. The loop is that of
// tile.inl.hpp. Included by table.inl.hpp, after tile.inl.hpp. `Simd` gives, beside what is named
// there,
//   matrix_dot         {r0 c0, r0 c1, r1 c0, r1 c1} of two rows and two columns, added to the sums
//   zip_low, zip_high  the low, or the high 8 bytes of two vectors
//   zip_groups         the k-groups of two vectors in turn: of their low, and of their high halves

/// Sums of row pair p and of columns 2 j and 2 j + 1: acc[p][j].
template <class Simd, int kPairs, int kNv>
OCTET_INLINE void begin_matrix_as_bias(typename Simd::I32 (&acc)[kPairs][2 * kNv],
                                       const std::int32_t* bias) {
  OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
    const typename Simd::I32 start = Simd::I32Batch::load_unaligned(bias + j * Simd::kLanes);
    OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
      acc[p][2 * j] = Simd::zip_low(start, start);
      acc[p][2 * j + 1] = Simd::zip_high(start, start);
    }
  }
}

/// Two k-groups of each row pair x those of the panel, [columns][2][kKr].
template <class Simd, int kPairs, int kSums>
OCTET_INLINE void add_matrix_groups(typename Simd::I32 (&acc)[kPairs][kSums],
                                    const typename Simd::Lhs (&a)[kPairs],
                                    const std::int8_t* panel) {
  OCTET_UNROLL for (int j = 0; j < kSums; ++j) {
    const typename Simd::Rhs b = Simd::load_rhs(panel + j * 4 * Simd::kLanes);
    OCTET_UNROLL for (int p = 0; p < kPairs; ++p) { Simd::matrix_dot(acc[p][j], a[p], b); }
  }
}

/// 16 bytes of a row, which moves on. In general registers: vectors would be shuffled.
struct RowHalves {
  explicit OCTET_INLINE RowHalves(const std::uint8_t*& row) {
    __builtin_memcpy(&first, row, sizeof first);
    __builtin_memcpy(&second, row + sizeof first, sizeof second);
    asm("" : "+r"(first), "+r"(second));
    row += sizeof first + sizeof second;
    asm("" : "+r"(row));  // or each would be a sum of two others
  }
  std::uint64_t first, second;
};

/// Bytes of two rows and 8 values of k: an operand of matrix_dot.
constexpr int kPairBytes = 16;

OCTET_INLINE void store_pair(std::uint8_t* pair, std::uint64_t upper, std::uint64_t lower) {
  __builtin_memcpy(pair, &upper, sizeof upper);
  __builtin_memcpy(pair + sizeof upper, &lower, sizeof lower);
}

/// The next four k-groups of each row, put in pairs, [2][2][8] for each two rows. Shuffles would
/// cost slots of the dot pipes, one for each 2 * kNv dot products; general registers are idle.
template <int kPairs>
OCTET_INLINE void pair_rows(const std::uint8_t* (&rows)[2 * kPairs], std::uint64_t flip,
                            std::uint8_t* const (&pairs)[kPairs]) {
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    const RowHalves upper(rows[2 * p]), lower(rows[2 * p + 1]);
    store_pair(pairs[p], upper.first ^ flip, lower.first ^ flip);
    store_pair(pairs[p] + kPairBytes, upper.second ^ flip, lower.second ^ flip);
  }
}

/// The pairs at `offset` bytes x two k-groups of the panel.
template <class Simd, int kPairs, int kSums>
OCTET_INLINE void add_matrix_pairs(typename Simd::I32 (&acc)[kPairs][kSums],
                                   const std::int8_t* panel, std::uint8_t* const (&pairs)[kPairs],
                                   std::int64_t offset) {
  typename Simd::Lhs a[kPairs];
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) a[p] = Simd::load(pairs[p] + offset);
  add_matrix_groups<Simd>(acc, a, panel);
}

/// Four k-groups, of which `pairs` holds the rows; it moves on.
template <class Simd, int kPairs, int kSums>
OCTET_INLINE void add_matrix_step(typename Simd::I32 (&acc)[kPairs][kSums],
                                  const std::int8_t*& panel, std::uint8_t* (&pairs)[kPairs]) {
  add_matrix_pairs<Simd>(acc, panel, pairs, 0);
  // No sooner than their registers are free.
  OCTET_UNROLL for (int p = 0; p < kPairs;
                    ++p) asm("" : "+r"(pairs[p]) : OCTET_VECTOR_CONSTRAINT(acc[p][kSums - 1]));
  add_matrix_pairs<Simd>(acc, panel + kSums * 4 * Simd::kLanes, pairs, kPairBytes);
  panel += 2 * kSums * 4 * Simd::kLanes;
  OCTET_PIN_STEP(panel);
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    pairs[p] += 2 * kPairBytes;
    OCTET_PIN_STEP(pairs[p]);
  }
}

/// The same of rows that are put in pairs meanwhile, one step ahead, by pair_next().
template <class Simd, int kPairs, int kSums, class PairNext>
OCTET_INLINE void add_matrix_step(typename Simd::I32 (&acc)[kPairs][kSums],
                                  const std::int8_t*& panel, std::uint8_t* (&pairs)[kPairs],
                                  std::int64_t advance, PairNext pair_next) {
  typename Simd::Lhs first[kPairs], second[kPairs];
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    first[p] = Simd::load(pairs[p]);
    second[p] = Simd::load(pairs[p] + kPairBytes);
    // After the loads, or the old address would live on beside the new one.
    asm(""
        : "+r"(pairs[p])
        : OCTET_VECTOR_CONSTRAINT(first[p]), OCTET_VECTOR_CONSTRAINT(second[p]));
    pairs[p] += advance;
  }
  pair_next();
  add_matrix_groups<Simd>(acc, first, panel);
  add_matrix_groups<Simd>(acc, second, panel + kSums * 4 * Simd::kLanes);
  panel += 2 * kSums * 4 * Simd::kLanes;
}

/// The `count` bytes, 1 to 8, that end at `end`; what is beyond them meets zeros in the panel. Of a
/// row of at least 8 bytes the last 8 are loaded and moved into place.
OCTET_INLINE std::uint64_t load_up_to_8(const std::uint8_t* end, std::int64_t count,
                                        bool has_eight) {
  std::uint64_t bytes = 0;
  if (has_eight) {
    __builtin_memcpy(&bytes, end - 8, sizeof bytes);
    return bytes >> (8 * (8 - count));
  }
  for (std::int64_t i = 0; i < count; ++i) bytes = bytes << 8 | end[-1 - i];
  return bytes;
}

/// Two k-groups of each row of which `count` values exist, put in pairs.
template <int kPairs>
OCTET_INLINE void pair_ends(const std::uint8_t* const (&rows)[2 * kPairs], std::int64_t first,
                            std::int64_t count, bool has_eight, std::uint64_t flip,
                            std::uint8_t* const (&pairs)[kPairs]) {
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    store_pair(pairs[p], load_up_to_8(rows[2 * p] + first + count, count, has_eight) ^ flip,
               load_up_to_8(rows[2 * p + 1] + first + count, count, has_eight) ^ flip);
  }
}

/// What is left of k, 1 to 15 values: k-groups in twos, and perhaps one alone, of which the panel
/// holds no second. pair_at(first, count) puts those from value `first` on in `pairs`.
template <class Simd, int kPairs, int kSums, class PairAt>
OCTET_INLINE void add_matrix_rest(typename Simd::I32 (&acc)[kPairs][kSums],
                                  const std::int8_t*& panel, std::uint8_t* (&pairs)[kPairs],
                                  std::int64_t advance, std::int64_t rest, PairAt pair_at) {
  constexpr std::int64_t kGroupBytes = kSums / 2 * 4 * Simd::kLanes;
  const auto add_pairs = [&](std::int64_t first, std::int64_t count, const std::int8_t* groups)
                             OCTET_INLINE_LAMBDA {
                               pair_at(first, count);
                               add_matrix_pairs<Simd>(acc, groups, pairs, 0);
                               OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
                                 pairs[p] += advance / 2;
                               }
                             };
  // Not a loop, in which the compilers would move sums.
  std::int64_t done = 0;
  if (rest > kKr) {
    done = rest < 2 * kKr ? rest : 2 * kKr;
    add_pairs(0, done, panel);
    panel += 2 * kGroupBytes;
  }
  if (rest > 3 * kKr) {
    add_pairs(done, rest - done, panel);
    panel += 2 * kGroupBytes;
  } else if (done < rest) {
    alignas(16) std::int8_t twos[2 * kGroupBytes];
    OCTET_UNROLL for (int j = 0; j < kSums / 2; ++j) {
      const auto alone = Simd::load_rhs(panel + j * 4 * Simd::kLanes);
      Simd::zip_groups(alone, Simd::fill(0), twos + j * 8 * Simd::kLanes);
    }
    add_pairs(done, rest - done, twos);
    panel += kGroupBytes;
  }
  pin<Simd>(acc);
}

/// sums[i][j] = acc + rows [first, first + kMr) x panel. Rows that come as they are are put in
/// pairs one step ahead of their products: into args.pairs, or, where nobody else will read them,
/// each in the place of the last.
template <class Simd, bool kPaired, int kPairs, int kMr, int kNv>
OCTET_INLINE void add_matrix_products(typename Simd::I32 (&acc)[kPairs][2 * kNv],
                                      const TileArgs& args, std::int64_t first,
                                      typename Simd::I32 (&sums)[kMr][kNv]) {
  constexpr std::int64_t kStep = 4 * kKr;
  alignas(16) std::uint8_t last[kPairs][2 * kPairBytes];
  const bool keeps = kPaired || args.pairs != nullptr;
  std::uint8_t* pairs[kPairs];
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    pairs[p] = keeps ? args.pairs + (first / 2 + p) * args.pair_stride : last[p];
    OCTET_PIN_STEP(pairs[p]);
  }
  const std::int64_t advance = keeps ? 2 * kPairBytes : 0;
  const std::uint64_t flip = args.flip * std::uint64_t{0x0101010101010101};

  pin<Simd>(acc);
  const std::int8_t* panel = args.panel;
  const std::int64_t rest = args.k % kStep;
  // Whole steps of paired rows follow one another through all taps.
  const bool merges = kPaired && rest == 0 && args.gaps == nullptr;
  const std::int64_t merged = merges ? args.taps : 1;
  for (std::int64_t tap = 0; tap < args.taps; tap += merged) {
    const std::uint8_t* rows[2 * kPairs];
    if constexpr (!kPaired) {
      OCTET_UNROLL for (int i = 0; i < 2 * kPairs; ++i) {
        const std::int64_t row = first + (i < kMr ? i : kMr - 1);  // the last one, and its partner
        rows[i] = args.rows[tap * args.tap_stride + row] + args.row_offset;
      }
    }
    if (std::int64_t steps = args.k / kStep * merged; steps != 0) {
      if constexpr (kPaired) {
        do {
          add_matrix_step<Simd>(acc, panel, pairs);
        } while (--steps != 0);
      } else {
        const auto pair_next = [&]() OCTET_INLINE_LAMBDA { pair_rows<kPairs>(rows, flip, pairs); };
        pair_next();
        while (--steps != 0) add_matrix_step<Simd>(acc, panel, pairs, advance, pair_next);
        add_matrix_step<Simd>(acc, panel, pairs, advance, []() OCTET_INLINE_LAMBDA {});
      }
      pin<Simd>(acc);
    }
    if (rest != 0) {
      add_matrix_rest<Simd>(acc, panel, pairs, advance, rest,
                            [&](std::int64_t from, std::int64_t count) OCTET_INLINE_LAMBDA {
                              if constexpr (!kPaired)
                                pair_ends<kPairs>(rows, from, count, args.k >= 8, flip, pairs);
                            });
    }
    if (args.gaps != nullptr) panel += args.gaps[tap];
  }
  pin<Simd>(acc);
  OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
    OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
      const auto& left = acc[i / 2][2 * j];
      const auto& right = acc[i / 2][2 * j + 1];
      sums[i][j] = i % 2 == 0 ? Simd::zip_low(left, right) : Simd::zip_high(left, right);
    }
  }
}

template <class Simd, int kMr, int kNv, bool kPaired>
void matrix_tile(const TileArgs& call) {
  constexpr int kPairs = (kMr + 1) / 2;
  const OwnEpilogue own(call);
  for (std::int64_t first = 0; first < own.args.tiles * kMr; first += kMr) {
    typename Simd::I32 acc[kPairs][2 * kNv], sums[kMr][kNv];
    begin_matrix_as_bias<Simd, kPairs, kNv>(acc, own.terms.bias + own.job.term);
    add_matrix_products<Simd, kPaired>(acc, own.args, first, sums);
    finish_registers<Simd>(sums, own.job, own.terms, first, own.called);
  }
}

template <class Simd>
std::int64_t matrix_dot_peak(std::int64_t iterations) {
  typename Simd::I32 acc[Simd::kPeakSums][1] = {};
  pin<Simd>(acc);
  typename Simd::Lhs a = Simd::template set4<false>(0x01020304);
  const typename Simd::Rhs b = Simd::ones();
  for (std::int64_t i = 0; i < iterations; ++i) {
    OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) {
      Simd::pin_lhs(a);  // or equal products would be computed once
      Simd::matrix_dot(acc[j][0], a, b);
    }
    pin<Simd>(acc);
  }
  OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) OCTET_CONSUME(acc[j][0]);
  return iterations * Simd::kPeakSums * Simd::kLanes * 8 * 2;
}
