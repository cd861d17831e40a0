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

/// The next four k-groups of each row, as [pairs][2][2][8]: the first halves of two rows, then the
/// second. Shuffles would cost slots of the dot pipes, one for each 2 * kNv dot products; general
/// registers and memory are idle.
template <bool kFlip, int kPairs>
OCTET_INLINE void pair_rows(const std::uint8_t* (&rows)[2 * kPairs], std::uint64_t* pairs) {
  constexpr std::uint64_t kTopBits = kFlip ? 0x8080808080808080u : 0;
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    const RowHalves upper(rows[2 * p]), lower(rows[2 * p + 1]);
    pairs[4 * p] = upper.first ^ kTopBits;
    pairs[4 * p + 1] = lower.first ^ kTopBits;
    pairs[4 * p + 2] = upper.second ^ kTopBits;
    pairs[4 * p + 3] = lower.second ^ kTopBits;
  }
}

/// Four k-groups, of which `pairs` holds the rows; meanwhile, if kMore, it gets the next.
template <class Simd, bool kFlip, bool kMore, int kPairs, int kSums>
OCTET_INLINE void add_matrix_step(typename Simd::I32 (&acc)[kPairs][kSums],
                                  const std::int8_t* panel, const std::uint8_t* (&rows)[2 * kPairs],
                                  std::uint64_t* pairs) {
  typename Simd::Lhs first[kPairs], second[kPairs];
  OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
    first[p] = Simd::load(pairs + 4 * p);
    second[p] = Simd::load(pairs + 4 * p + 2);
  }
  if constexpr (kMore) pair_rows<kFlip, kPairs>(rows, pairs);
  add_matrix_groups<Simd>(acc, first, panel);
  add_matrix_groups<Simd>(acc, second, panel + kSums * 4 * Simd::kLanes);
}

/// `steps` times four k-groups, at least one. Moves the rows and the panel on.
template <class Simd, bool kFlip, int kPairs, int kSums>
OCTET_INLINE void add_matrix_steps(typename Simd::I32 (&acc)[kPairs][kSums],
                                   const std::int8_t*& panel,
                                   const std::uint8_t* (&rows)[2 * kPairs], std::int64_t steps) {
  alignas(16) std::uint64_t buffer[4 * kPairs];
  std::uint64_t* pairs = buffer;
  asm("" : "+r"(pairs));
  pair_rows<kFlip, kPairs>(rows, pairs);
  while (--steps != 0) {
    add_matrix_step<Simd, kFlip, true>(acc, panel, rows, pairs);
    panel += 2 * kSums * 4 * Simd::kLanes;
  }
  add_matrix_step<Simd, kFlip, false>(acc, panel, rows, pairs);
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

/// What is left of k, 1 to 15 values from where the rows are: k-groups in twos, and perhaps one
/// alone, of which the panel holds no second. Returns the bytes of the panel.
template <class Simd, bool kFlip, int kPairs, int kSums>
OCTET_INLINE std::int64_t add_matrix_rest(typename Simd::I32 (&acc)[kPairs][kSums],
                                          const std::int8_t* panel,
                                          const std::uint8_t* const (&rows)[2 * kPairs],
                                          std::int64_t rest, bool has_eight) {
  constexpr std::int64_t kGroupBytes = kSums / 2 * 4 * Simd::kLanes;
  const std::int64_t groups = (rest + kKr - 1) / kKr;
  OCTET_UNROLL for (int group = 0; group < 4; group += 2) {
    if (group >= groups) break;
    const std::int64_t left = rest - group * kKr, count = left < 8 ? left : 8;
    typename Simd::Lhs a[kPairs];
    OCTET_UNROLL for (int p = 0; p < kPairs; ++p) {
      const std::int64_t end = group * kKr + count;
      a[p] = Simd::template pair<kFlip>(load_up_to_8(rows[2 * p] + end, count, has_eight),
                                        load_up_to_8(rows[2 * p + 1] + end, count, has_eight));
    }
    if (group + 1 < groups) {
      add_matrix_groups<Simd>(acc, a, panel + group * kGroupBytes);
    } else {
      alignas(16) std::int8_t twos[2 * kGroupBytes];
      OCTET_UNROLL for (int j = 0; j < kSums / 2; ++j) {
        const auto alone = Simd::load_rhs(panel + group * kGroupBytes + j * 4 * Simd::kLanes);
        Simd::zip_groups(alone, Simd::fill(0), twos + j * 8 * Simd::kLanes);
      }
      add_matrix_groups<Simd>(acc, a, twos);
    }
  }
  return groups * kGroupBytes;
}

/// sums[i][j] = acc + rows [first, first + kMr) x panel.
template <class Simd, bool kFlip, TileWork kWork, int kPairs, int kMr, int kNv>
OCTET_INLINE void add_matrix_products(typename Simd::I32 (&acc)[kPairs][2 * kNv],
                                      const TileArgs& args, std::int64_t first,
                                      typename Simd::I32 (&sums)[kMr][kNv]) {
  constexpr int kStep = 4;  // k-groups
  pin<Simd>(acc);
  const std::int8_t* panel = args.panel;
  const std::int64_t rest = args.k % (kStep * kKr);
  const std::int64_t interval =
      kWork == TileWork::kNone ? INT64_MAX : (args.interval + kStep - 1) / kStep;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* rows[2 * kPairs];  // of an odd number the last one is its own partner
    OCTET_UNROLL for (int i = 0; i < 2 * kPairs; ++i) {
      const std::int64_t row = first + (i < kMr ? i : kMr - 1);
      rows[i] = args.rows[tap * args.tap_stride + row] + args.row_offset;
    }
    for (std::int64_t steps = args.k / (kStep * kKr); steps != 0;) {
      const std::int64_t stretch = steps < interval ? steps : interval;
      add_matrix_steps<Simd, kFlip>(acc, panel, rows, stretch);
      steps -= stretch;
      pin<Simd>(acc);
      if constexpr (kWork != TileWork::kNone) work_beside<Simd, kNv>(args);
    }
    if (rest != 0) panel += add_matrix_rest<Simd, kFlip>(acc, panel, rows, rest, args.k >= 8);
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

template <class Simd, int kMr, int kNv, bool kFlip, TileWork kWork>
void matrix_tile(const TileArgs& args) {
  constexpr int kPairs = (kMr + 1) / 2;
  typename Simd::I32 sums[kMr][kNv];
  if constexpr (kWork == TileWork::kNone) {
    const OwnEpilogue own(args);
    for (std::int64_t first = 0; first < own.args.tiles * kMr; first += kMr) {
      typename Simd::I32 acc[kPairs][2 * kNv];
      begin_matrix_as_bias<Simd, kPairs, kNv>(acc, own.terms.bias + own.job.term);
      add_matrix_products<Simd, kFlip, kWork>(acc, own.args, first, sums);
      finish_registers<Simd>(sums, own.job, own.terms, first);
    }
  } else {
    typename Simd::I32 acc[kPairs][2 * kNv] = {};
    add_matrix_products<Simd, kFlip, kWork>(acc, args, 0, sums);
    store_sums<Simd>(sums, args);
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
