// The tile kernels, written once for every ISA: rows x panel, then the epilogue, all in registers.
// Included inside an ISA's anonymous namespace. `Simd` gives
//   kLanes             int32 lanes of a vector; a panel vector holds 4 * kLanes bytes
//   I32                a vector register of int32; I32Batch, F32Batch: the xsimd batches
//   Lhs, Rhs, dot      the operands of the dot product of this ISA, 4 values of k per lane
//   broadcast4, set4   Lhs from 4 bytes of a row, for all lanes; kFlip flips their top bits
//   broadcast_end      Lhs from 4 bytes, shifted right by so many bits, for all lanes
//   load_rhs           Rhs from a panel
//   kMinSums           sums that must be in flight for the dot units to be busy
//   store_partial      writes the first lanes of a vector
//   narrow             int32 to 8 bit, several vectors at once
// and the few helpers that the other templates name.

template <class Simd, int kMr, int kNv>
OCTET_INLINE void pin(typename Simd::I32 (&acc)[kMr][kNv]) {
  unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
    typename Simd::I32& sum = acc[i][j];
    OCTET_PIN(sum);
  });
}

/// The 1 to 3 bytes of a row that are left when k is not a multiple of kKr, in all lanes; what is
/// beyond them meets zeros in the panel. `end` is the row's end; of a row of at least kKr bytes the
/// last kKr are loaded and moved into place, which is safe and costs little.
template <class Simd, bool kFlip>
OCTET_INLINE typename Simd::Lhs load_k_tail(const std::uint8_t* end, std::int64_t tail,
                                            bool has_group) {
  if (has_group) return Simd::template broadcast_end<kFlip>(end - kKr, 8 * (kKr - tail));
  std::uint32_t group = 0;
  for (std::int64_t i = tail; i > 0; --i) group = group << 8 | end[i - 1 - tail];
  return Simd::template set4<kFlip>(group);
}

/// acc[i][j] += one k-group of row i x vector j of the panel.
template <class Simd, int kMr, int kNv, class LoadLhs>
OCTET_INLINE void add_group(typename Simd::I32 (&acc)[kMr][kNv], const std::int8_t* panel,
                            LoadLhs load_lhs) {
  typename Simd::Rhs b[kNv];
  unroll<kNv>([&](auto j)
                  OCTET_INLINE_LAMBDA { b[j] = Simd::load_rhs(panel + j * 4 * Simd::kLanes); });
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    const typename Simd::Lhs a = load_lhs(i);
    unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA { Simd::dot(acc[i][j], a, b[j]); });
  });
}

/// Sums that finish_registers() will take begin as the bias.
template <class Simd, int kMr, int kNv>
OCTET_INLINE void begin_as_bias(typename Simd::I32 (&acc)[kMr][kNv], const FinishJob& job) {
  const std::int32_t* bias = job.epilogue->bias + job.term;
  unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
    const typename Simd::I32 start = Simd::load(bias + j * Simd::kLanes);
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { acc[i][j] = start; });
  });
}
template <class Simd, int kMr, int kNv>
OCTET_INLINE void store_sums(typename Simd::I32 (&acc)[kMr][kNv], const TileArgs& args) {
  std::int32_t* sums = args.sums;
  unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
    typename Simd::I32Batch(acc[i][j]).store_aligned(sums + (i * kNv + j) * Simd::kLanes);
  });
}

/// A step of the work that goes beside the dot products: its loads, shuffles and stores use what
/// those leave free, and wait for memory while those go on.
template <class Simd, int kNv, TileWork kWork>
OCTET_INLINE void work_beside(const TileArgs& args) {
  if (args.finish_job->next_row < args.finish_job->rows) finish_step<Simd, kNv>(*args.finish_job);
  if constexpr (kWork == TileWork::kFinishAndPack) {
    continue_packing<Simd>(*args.pack_job, 1);
  } else {
    PrefetchJob& job = *args.prefetch_job;
    for (std::int64_t i = job.lines < job.lines_per_step ? job.lines : job.lines_per_step; i > 0;
         --i, --job.lines, job.next += 64)
      prefetch(job.next, 0);
  }
}

/// Sets of sums that a tile keeps for alternating k-groups, so that enough dot products are in
/// flight however small the tile is.
template <class Simd, int kMr, int kNv>
constexpr int kSumSets = kMr * kNv >= Simd::kMinSums       ? 1
                         : kMr * kNv * 2 >= Simd::kMinSums ? 2
                                                           : 4;

/// rows x panel for GEMM and convolution: each row byte group is broadcast to all lanes.
template <class Simd, int kMr, int kNv, bool kFlip, TileWork kWork>
void tile(const TileArgs& args) {
  constexpr int kSets = kSumSets<Simd, kMr, kNv>;
  constexpr int kGroupBytes = kNv * 4 * Simd::kLanes;
  typename Simd::I32 acc[kSets][kMr][kNv] = {};
  if constexpr (kWork == TileWork::kNone) begin_as_bias<Simd>(acc[0], *args.finish_job);
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });

  const std::int8_t* panel = args.panel;
  const std::int64_t tail = args.k % kKr;
  const std::int64_t rest = args.k / kKr % kSets * kKr;
  const std::int64_t steps = args.k - tail - rest;
  const std::int64_t interval =
      kWork == TileWork::kNone ? steps : (args.interval + kSets - 1) / kSets * kSets * kKr;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* const* rows = args.rows + tap * args.tap_stride;
    for (std::int64_t k = 0; k < steps;) {
      const std::int64_t stretch = steps - k < interval ? steps - k : interval;
      k += stretch;
      // Pointers of this stretch alone, or the work beside would push them out of their registers.
      const std::uint8_t* ends[kMr];
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        ends[i] = rows[i] + args.row_offset + k;
        OCTET_PIN_POINTER(ends[i]);
      });
      for (std::int64_t left = -stretch; left != 0; left += kSets * kKr) {
        unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
          add_group<Simd>(acc[s], panel + s * kGroupBytes, [&](int i) OCTET_INLINE_LAMBDA {
            return Simd::template broadcast4<kFlip>(ends[i] + left + s * kKr);
          });
        });
        panel += kSets * kGroupBytes;
        OCTET_PIN_STEP(panel);
      }
      unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
      if constexpr (kWork != TileWork::kNone) work_beside<Simd, kNv, kWork>(args);
    }
    const auto after_steps = [&](int i)
                                 OCTET_INLINE_LAMBDA { return rows[i] + args.row_offset + steps; };
    unroll<kSets - 1>([&](auto s) OCTET_INLINE_LAMBDA {
      if (s * kKr >= rest) return;
      add_group<Simd>(acc[s], panel, [&](int i) OCTET_INLINE_LAMBDA {
        return Simd::template broadcast4<kFlip>(after_steps(i) + s * kKr);
      });
      panel += kGroupBytes;
    });
    if (tail != 0) {
      const bool has_group = args.k >= kKr;
      add_group<Simd>(acc[0], panel, [&](int i) OCTET_INLINE_LAMBDA {
        return load_k_tail<Simd, kFlip>(after_steps(i) + rest + tail, tail, has_group);
      });
      panel += kGroupBytes;
    }
  }
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  unroll<kSets - 1>([&](auto s) OCTET_INLINE_LAMBDA {
    unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
      using I32 = typename Simd::I32Batch;
      acc[0][i][j] = I32(acc[0][i][j]) + I32(acc[s + 1][i][j]);
    });
  });
  if constexpr (kWork == TileWork::kNone) {
    finish_registers<Simd>(acc[0], *args.finish_job);
  } else {
    store_sums<Simd>(acc[0], args);
  }
}

template <class Simd>
OCTET_INLINE std::uint32_t sum_of_lanes(typename Simd::I32 v) {
  std::int32_t lanes[Simd::kLanes];
  typename Simd::I32Batch(v).store_unaligned(lanes);
  std::uint32_t sum = 0;
  for (const std::int32_t lane : lanes) sum += static_cast<std::uint32_t>(lane);
  return sum;
}

template <class Simd, bool kFlip>
void row_sums(const RowSumArgs& args) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  for (std::int64_t i = 0; i < args.count; ++i) {
    typename Simd::I32 acc = {};
    std::uint32_t sum = 0;  // like the lanes, wraps: only the final result must fit int32
    for (std::int64_t tap = 0; tap < args.taps; ++tap) {
      const std::uint8_t* row = args.rows[tap * args.tap_stride + i] + args.row_offset;
      const std::int64_t tail = args.k % kBytes;
      row += args.k - tail;
      for (std::int64_t k = tail - args.k; k != 0; k += kBytes)
        Simd::dot(acc, Simd::template load_lhs<kFlip>(row + k), Simd::ones());
      for (std::int64_t k = 0; k < tail; ++k)
        sum += static_cast<std::uint8_t>(row[k] ^ (kFlip ? 0x80 : 0));
    }
    args.sums[i] = static_cast<std::int32_t>(sum + sum_of_lanes<Simd>(acc));
  }
}

template <class Simd>
std::int64_t dot_peak(std::int64_t iterations) {
  typename Simd::I32 acc[Simd::kPeakSums][1] = {};
  pin<Simd>(acc);
  typename Simd::Lhs a = Simd::template set4<false>(0x01020304);
  typename Simd::Rhs b = Simd::ones();
  for (std::int64_t i = 0; i < iterations; ++i) {
    OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) {
      Simd::pin_lhs(a);  // or equal products would be computed once
      Simd::dot(acc[j][0], a, b);
    }
    pin<Simd>(acc);
  }
  OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) OCTET_CONSUME(acc[j][0]);
  return iterations * Simd::kPeakSums * Simd::kLanes * kValuesPerLane<Simd> * 2;
}
