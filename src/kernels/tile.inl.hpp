// The tile kernels, written once for every ISA: rows x panel, then the epilogue, all in registers.
// Included inside an ISA's anonymous namespace. `Simd` gives
//   kLanes             int32 lanes of a vector; a panel vector holds 4 * kLanes bytes
//   I32                a vector register of int32; I32Batch, F32Batch: the xsimd batches
//   Lhs, Rhs, dot      the operands of the dot product of this ISA, 4 values of k per lane
//   broadcast4, set4   Lhs from 4 bytes of a row, for all lanes; kFlip flips their top bits
//   broadcast_end      Lhs from 4 bytes, shifted right by so many bits, for all lanes
//   kLhsGroups<kFlip>  1, or the k-groups of a row that one load_block<kFlip> brings: then LhsBlock
//                      is their type and dot_group<g> the dot product with group g for all lanes
//   load_rhs           Rhs from a panel
//   kWorksBeside       whether the dot products leave pipes to what could be done beside them
//   kMinSums           sums that must be in flight for the dot units to be busy
//   kLhsSigned         the lhs is s8, not u8
//   divide             IEEE's quotient
//   clamp              min(max(v, low), high); the bound, where both are zeros
//   store_partial      writes the first lanes of a vector
//   narrow             int32 to 8 bit, several vectors at once
//   kHalves            may be missing; true: there are registers enough for halves_tile.inl.hpp
// and the few helpers that the other templates name.

#include "kernels/spans.inl.hpp"

template <class Simd, int kMr, int kNv>
OCTET_INLINE void pin(typename Simd::I32 (&acc)[kMr][kNv]) {
  unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
    typename Simd::I32& sum = acc[i][j];
    OCTET_PIN(sum);
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
template <class Simd, int kNv>
OCTET_INLINE void work_beside(const TileArgs& args) {
  if (args.finish_job->next_row < args.finish_job->rows) finish_step<Simd, kNv>(*args.finish_job);
  PrefetchJob& job = *args.prefetch_job;
  for (std::int64_t i = job.lines < job.lines_per_step ? job.lines : job.lines_per_step; i > 0;
       --i, --job.lines, job.next += 64)
    prefetch(job.next, 0);
}

/// Sets of sums that a tile keeps for alternating k-groups, so that enough dot products are in
/// flight however small the tile is.
template <class Simd, int kMr, int kNv>
constexpr int kSumSets = kMr * kNv >= Simd::kMinSums       ? 1
                         : kMr * kNv * 2 >= Simd::kMinSums ? 2
                                                           : 4;

/// k-groups of an iteration of the dot loop: one for each set of sums, and whole blocks.
template <class Simd, int kMr, int kNv, bool kFlip>
constexpr int kStepGroups =
    Simd::template kLhsGroups<kFlip> > kSumSets<Simd, kMr, kNv> ? Simd::template kLhsGroups<kFlip>
                                                                : kSumSets<Simd, kMr, kNv>;

/// kStepGroups k-groups, the first at byte k of the rows; the sets of sums take them in turn. Of
/// blocks each panel vector is loaded for all rows at once: the registers are taken by the blocks.
template <class Simd, bool kFlip, int kSets, int kMr, int kNv>
OCTET_INLINE void add_step(typename Simd::I32 (&acc)[kSets][kMr][kNv], const std::int8_t* panel,
                           const std::uint8_t* const (&rows)[kMr], std::int64_t k) {
  constexpr int kVectorBytes = 4 * Simd::kLanes;
  constexpr int kBlock = Simd::template kLhsGroups<kFlip>;
  if constexpr (kBlock == 1) {
    unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
      add_span<Simd>(acc[s], panel + s * kNv * kVectorBytes, [&](int i) OCTET_INLINE_LAMBDA {
        return load_span<Simd, kFlip>(rows[i] + k + s * kSpan<Simd>);
      });
    });
  } else {
    unroll<kStepGroups<Simd, kMr, kNv, kFlip> / kBlock>([&](auto block) OCTET_INLINE_LAMBDA {
      constexpr int kFirst = block * kBlock;
      typename Simd::LhsBlock a[kMr];
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        a[i] = Simd::template load_block<kFlip>(rows[i] + k + kFirst * kKr);
      });
      unroll<kBlock, kNv>([&](auto group, auto j) OCTET_INLINE_LAMBDA {
        const typename Simd::Rhs b =
            Simd::load_rhs(panel + ((kFirst + group) * kNv + j) * kVectorBytes);
        unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
          Simd::template dot_group<group>(acc[(kFirst + group) % kSets][i][j], a[i], b);
        });
      });
    });
  }
}

/// acc += rows [first, first + kMr) x panel: each row byte group is broadcast to all lanes.
template <class Simd, bool kFlip, TileWork kWork, int kSets, int kMr, int kNv>
OCTET_INLINE void add_products(typename Simd::I32 (&acc)[kSets][kMr][kNv], const TileArgs& args,
                               std::int64_t first) {
  constexpr int kStep = kStepGroups<Simd, kMr, kNv, kFlip>;
  constexpr int kGroupBytes = kNv * 4 * Simd::kLanes;
  const std::int8_t* panel = args.panel;
  const auto k_of_rows = static_cast<std::uint64_t>(args.k);  // unsigned: divided by shifts alone
  const auto tail = static_cast<std::int64_t>(k_of_rows % kSpan<Simd>);
  const auto rest = static_cast<std::int64_t>(k_of_rows / kSpan<Simd> % kStep * kSpan<Simd>);
  const std::int64_t steps = args.k - tail - rest;
  const std::int64_t interval =
      kWork == TileWork::kNone ? steps : (args.interval + kStep - 1) / kStep * kStep * kSpan<Simd>;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* const* rows = args.rows + tap * args.tap_stride + first;
    for (std::int64_t k = 0; k < steps;) {
      const std::int64_t stretch = steps - k < interval ? steps - k : interval;
      k += stretch;
      // Pointers of this stretch alone, or the work beside would push them out of their registers.
      const std::uint8_t* ends[kMr];
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        ends[i] = rows[i] + args.row_offset + k;
        OCTET_PIN_POINTER(ends[i]);
      });
      for (std::int64_t left = -stretch; left != 0; left += kStep * kSpan<Simd>) {
        add_step<Simd, kFlip>(acc, panel, ends, left);
        panel += kStep * kGroupBytes;
        OCTET_PIN_STEP(panel);
      }
      unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
      if constexpr (kWork != TileWork::kNone) work_beside<Simd, kNv>(args);
    }
    const auto after_steps = [&](int i)
                                 OCTET_INLINE_LAMBDA { return rows[i] + args.row_offset + steps; };
    unroll<kStep - 1>([&](auto s) OCTET_INLINE_LAMBDA {
      if (s * kSpan<Simd> >= rest) return;
      add_span<Simd>(acc[s % kSets], panel, [&](int i) OCTET_INLINE_LAMBDA {
        return load_span<Simd, kFlip>(after_steps(i) + s * kSpan<Simd>);
      });
      panel += kGroupBytes;
    });
    if (tail != 0) {
      add_tail<Simd, kFlip>(acc[0], panel, tail, args.k >= kSpan<Simd>,
                            [&](int i)
                                OCTET_INLINE_LAMBDA { return after_steps(i) + rest + tail; });
    }
    if (args.gaps != nullptr) panel += args.gaps[tap];
  }
}

/// acc[0] of sets that add(acc) adds to, all of them together; they begin as zeros, or as the bias.
template <class Simd, int kSets, int kMr, int kNv, class Add>
OCTET_INLINE void sum_sets(typename Simd::I32 (&acc)[kSets][kMr][kNv], Add add) {
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  add(acc);
  unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA { pin<Simd>(acc[s]); });
  unroll<kSets - 1>([&](auto s) OCTET_INLINE_LAMBDA {
    unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
      using I32 = typename Simd::I32Batch;
      acc[0][i][j] = I32(acc[0][i][j]) + I32(acc[s + 1][i][j]);
    });
  });
}

/// A field that the caller has just written, by itself: a wide load of several would wait until all
/// the stores have reached the cache.
template <class T>
OCTET_INLINE T fresh(const T& field) {
  return static_cast<const volatile T&>(field);
}

/// What tiles that finish their own sums are to do: copies, which their stores cannot change.
struct OwnEpilogue {
  explicit OCTET_INLINE OwnEpilogue(const TileArgs& call) : called(*call.finish_job) {
    args.tiles = fresh(call.tiles);
    args.rows = fresh(call.rows);
    args.tap_stride = fresh(call.tap_stride);
    args.row_offset = fresh(call.row_offset);
    args.taps = fresh(call.taps);
    args.k = fresh(call.k);
    args.panel = fresh(call.panel);
    args.gaps = fresh(call.gaps);
    args.wide_panel = fresh(call.wide_panel);
    args.pairs = call.pairs;  // not by fresh(): most tiles need none of these
    args.pair_stride = call.pair_stride;
    args.flip = call.flip;
    job.out = fresh(called.out);
    job.column = fresh(called.column);
    job.term = fresh(called.term);
    job.columns = fresh(called.columns);
    job.row_sums = fresh(called.row_sums);
    job.residual = called.residual;
    job.epilogue = called.epilogue;
    const EpilogueTerms& from = *called.epilogue;
    terms.type = from.type;
    terms.bias = from.bias;
    terms.scale = from.scale;
    terms.rhs_zero_point = from.rhs_zero_point;
    terms.min = from.min;
    terms.max = from.max;
    terms.bytes.zero_point = from.bytes.zero_point;
    terms.bytes.min = from.bytes.min;
    terms.bytes.shift = from.bytes.shift;
    terms.bytes.range = from.bytes.range;
    terms.small_scales = from.small_scales;
    terms.residual.scale = from.residual.scale;
    terms.residual.bits = from.residual.bits;
    terms.residual.zero = from.residual.zero;
  }
  TileArgs args;
  FinishJob job;
  EpilogueTerms terms;
  const FinishJob& called;
};

/// All tiles of a call, which finish their own sums: add(acc, args, first) adds the products of the
/// rows from `first` on. The CPU begins the next tile while it works at the epilogue of one.
template <class Simd, int kSets, int kMr, int kNv, class Add>
OCTET_INLINE void run_tiles(const TileArgs& call, Add add) {
  const OwnEpilogue own(call);
  for (std::int64_t first = 0; first < own.args.tiles * kMr; first += kMr) {
    typename Simd::I32 acc[kSets][kMr][kNv] = {};
    begin_as_bias<Simd>(acc[0], own.terms.bias + own.job.term);
    sum_sets<Simd>(acc, [&](auto& sums) OCTET_INLINE_LAMBDA { add(sums, own.args, first); });
    finish_registers<Simd>(acc[0], own.job, own.terms, first, own.called);
  }
}

/// The same of twins, which are added up before the epilogue. A k-group that is all there is has no
/// twin: it takes half of the dot products.
template <class Simd, int kSets, bool kFlip, int kMr>
OCTET_INLINE void run_twin_tiles(const TileArgs& call) {
  using Single = typename Simd::Single;
  const OwnEpilogue own(call);
  const TileArgs& args = own.args;
  for (std::int64_t first = 0; first < args.tiles * kMr; first += kMr) {
    const std::int32_t* bias = own.terms.bias + own.job.term;
    typename Simd::I32 sums[kMr][1];
    if (args.k <= kKr && args.taps == 1) {
      const std::int8_t* panel = args.panel;
      begin_as_bias<Single>(sums, bias);
      add_tail<Single, kFlip>(sums, panel, args.k, args.k == kKr, [&](int i) OCTET_INLINE_LAMBDA {
        return args.rows[first + i] + args.row_offset + args.k;
      });
    } else {
      typename Simd::I32 acc[kSets][kMr][2] = {};
      begin_as_bias<Simd>(acc[0], bias);
      sum_sets<Simd>(acc, [&](auto& parts) OCTET_INLINE_LAMBDA {
        add_products<Simd, kFlip, TileWork::kNone>(parts, args, first);
      });
      add_twins<Simd>(acc[0], sums);
    }
    finish_registers<Single>(sums, own.job, own.terms, first, own.called);
  }
}

template <class Simd, int kMr, int kNv, bool kFlip, TileWork kWork>
void tile(const TileArgs& args) {
  constexpr int kSets = kSumSets<Simd, kMr, kNv>;
  if constexpr (TwinTiles<Simd>) {
    run_twin_tiles<Simd, kSets, kFlip, kMr>(args);
  } else if constexpr (kWork == TileWork::kNone) {
    run_tiles<Simd, kSets, kMr, kNv>(
        args, [](auto& acc, const TileArgs& own, std::int64_t first)
                  OCTET_INLINE_LAMBDA { add_products<Simd, kFlip, kWork>(acc, own, first); });
  } else {
    typename Simd::I32 acc[kSets][kMr][kNv] = {};
    sum_sets<Simd>(acc, [&](auto& sums) OCTET_INLINE_LAMBDA {
      add_products<Simd, kFlip, kWork>(sums, args, 0);
    });
    store_sums<Simd>(acc[0], args);
  }
}

/// A byte of a row as the kernel sees it.
template <bool kSigned>
OCTET_INLINE std::uint32_t byte_value(int byte) {
  return static_cast<std::uint32_t>(kSigned ? static_cast<std::int8_t>(byte) : byte);
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
        sum += byte_value<Simd::kLhsSigned>(row[k] ^ (kFlip ? 0x80 : 0));
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
