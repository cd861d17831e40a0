// Tiles that multiply weights as the caller has them: no panel is written. Included inside an ISA's
// anonymous namespace. `Simd` gives, beside what the other tiles name,
//   interleave_bytes   four rows of 64 columns to four panel vectors, in an order of its own
//   columns_in_order   four sums of that order to the order of the columns
//   flip_bytes         flips top bits where `flip`, repeated four times, says so
//   keep_first_bytes   zeros behind the bytes of first_bytes()
// Only for vectors of 16 lanes: four of them hold as many columns as a row has bytes.

template <class Simd>
concept MultipliesPlainWeights = requires { &Simd::columns_in_order; };

/// Sums begin as zeros, or as they were left by the values of k before these.
template <class Simd, int kMr>
OCTET_INLINE void begin_plain_sums(typename Simd::I32 (&acc)[kMr][4], const PlainTileArgs& args) {
  if (args.adds) {
    const std::int32_t* sums = args.sums;
    unroll<kMr, 4>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
      acc[i][j] = Simd::load(sums + (i * 4 + j) * Simd::kLanes);
    });
  } else {
    unroll<kMr, 4>([&](auto i, auto j) OCTET_INLINE_LAMBDA { acc[i][j] = typename Simd::I32{}; });
  }
  pin<Simd>(acc);
}

/// A k-group of weights [K, N], of which `count` rows exist, as panel vectors. Moves on by these.
template <class Simd, class Mask>
OCTET_INLINE void load_plain_group(const std::uint8_t*& weights, std::int64_t stride, Mask mask,
                                   std::int64_t count, const std::uint32_t& flip,
                                   typename Simd::I32 (&b)[4]) {
  typename Simd::I32 rows[kKr] = {};
  unroll<kKr>([&](auto i) OCTET_INLINE_LAMBDA {
    if (i >= count) return;
    rows[i] = Simd::flip_bytes(Simd::load_first_bytes(weights, mask), flip);
    weights += stride;
    OCTET_PIN_STEP(weights);
  });
  Simd::interleave_bytes(rows, b);
}

/// A step of what goes beside the dot products.
template <class Simd, bool kFinishes>
OCTET_INLINE void work_beside_plain(const PlainTileArgs& args) {
  if constexpr (kFinishes) {
    if (args.finish_job->next_row < args.finish_job->rows) finish_step<Simd, 4>(*args.finish_job);
  }
  FetchRowsJob& job = *args.fetch_job;
  if (job.steps <= 0) return;
  unroll<kFetchLines>([&](auto line)
                          OCTET_INLINE_LAMBDA { prefetch(job.next, line * job.line_stride); });
  job.next += job.step_stride;
  --job.steps;
}

/// Weights [K, N]. The bytes of four rows are interleaved as they are used. That takes 8 shuffles
/// beside the dot products of 4 vectors and all rows of the tile; the columns are left in the order
/// that these give, and the sums put in order at the end.
template <class Simd, int kMr, bool kFlip, PlainSource kSource, bool kFetches>
OCTET_INLINE void add_plain_rows(typename Simd::I32 (&acc)[kMr][4], const PlainTileArgs& args) {
  constexpr std::int64_t kGroupBytes = 4 * 4 * Simd::kLanes;
  [[maybe_unused]] const auto mask = Simd::first_bytes(args.columns);
  const std::int64_t tail = args.k % kKr;
  const std::int64_t steps = args.k - tail;
  const std::int64_t stride = args.stride;
  const std::uint8_t* weights = args.weights;
  const std::uint8_t* ahead = args.ahead;
  std::int8_t* panel = args.panel;
  const auto add = [&](std::int64_t count, auto load_lhs) OCTET_INLINE_LAMBDA {
    typename Simd::I32 b[4];
    if constexpr (kSource == PlainSource::kPanel) {
      unroll<4>([&](auto j)
                    OCTET_INLINE_LAMBDA { b[j] = Simd::load(panel + j * 4 * Simd::kLanes); });
    } else {
      load_plain_group<Simd>(weights, stride, mask, count, args.flip, b);
    }
    const auto store = [&](auto j) OCTET_INLINE_LAMBDA {
      if constexpr (kSource == PlainSource::kRowsToPanel)
        Simd::store(panel + j * 4 * Simd::kLanes, b[j]);
    };
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      const typename Simd::Lhs a = load_lhs(i);
      unroll<4>([&](auto j) OCTET_INLINE_LAMBDA { Simd::dot(acc[i][j], a, b[j]); });
      if constexpr (i < 4) store(i);  // some way apart
    });
    if constexpr (kMr < 4) store(std::integral_constant<int, 3>{});
  };

  constexpr bool kWorks = !kFetches;
  const std::int64_t interval = kWorks ? args.interval * kKr : steps;
  for (std::int64_t k = 0; k < steps;) {
    const std::int64_t stretch = steps - k < interval ? steps - k : interval;
    k += stretch;
    const std::uint8_t* ends[kMr];
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      ends[i] = args.rows[i] + args.row_offset + k;
      OCTET_PIN_POINTER(ends[i]);
    });
    for (std::int64_t left = -stretch; left != 0; left += kKr) {
      add(kKr, [&](int i) OCTET_INLINE_LAMBDA {
        return Simd::template broadcast4<kFlip>(ends[i] + left);
      });
      if constexpr (kFetches) {
        unroll<kFetchBytes / 64>([&](auto line)
                                     OCTET_INLINE_LAMBDA { prefetch(ahead, line * 64); });
        ahead += stride;
      }
      if constexpr (kSource != PlainSource::kRows) panel += kGroupBytes;
      OCTET_PIN_STEP(panel);
    }
    pin<Simd>(acc);
    if constexpr (kWorks) work_beside_plain<Simd, kSource != PlainSource::kRowsToPanel>(args);
  }
  if (tail == 0) return;
  add(tail, [&](int i) OCTET_INLINE_LAMBDA {
    const std::uint8_t* end = args.rows[i] + args.row_offset + args.k;
    return load_k_tail<Simd, kFlip>(end, tail, steps > 0);
  });
  pin<Simd>(acc);
}

template <class Simd, int kMr, bool kFlip, PlainSource kSource>
void plain_tile(const PlainTileArgs& args) {
  typename Simd::I32 acc[kMr][4];
  begin_plain_sums<Simd>(acc, args);
  if (kSource == PlainSource::kRows && args.ahead != nullptr) {
    add_plain_rows<Simd, kMr, kFlip, kSource, kSource == PlainSource::kRows>(acc, args);
  } else {
    add_plain_rows<Simd, kMr, kFlip, kSource, false>(acc, args);
  }
  if (args.ends) {
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { Simd::columns_in_order(acc[i]); });
  }
  std::int32_t* sums = args.sums;
  unroll<kMr, 4>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
    Simd::store(sums + (i * 4 + j) * Simd::kLanes, acc[i][j]);
  });
}

/// Weights [N, K]. The values of k lie along the lanes, of rows and of columns alike, as in
/// narrow.inl.hpp: nothing is shuffled but the sums of four columns at a time.
template <class Simd, int kMr, bool kFlip>
void plain_columns_tile(const PlainTileArgs& args) {
  constexpr std::int64_t kStep = kKr * Simd::kLanes;
  const std::int64_t tail = args.k % kStep;
  const std::int64_t steps = args.k - tail;
  const std::int64_t stride = args.stride, stride3 = 3 * stride;
  const std::uint8_t* ends[kMr];
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    ends[i] = args.rows[i] + args.row_offset + steps;
    OCTET_PIN_POINTER(ends[i]);
  });
  // The last four may overlap those before.
  for (std::int64_t next = 0; next < args.columns; next += 4) {
    const std::int64_t column = next + 4 <= args.columns ? next : args.columns - 4;
    const std::uint8_t* weights = args.weights + column * stride;
    typename Simd::I32 acc[kMr][4];
    unroll<kMr, 4>([&](auto i, auto n) OCTET_INLINE_LAMBDA { acc[i][n] = typename Simd::I32{}; });
    pin<Simd>(acc);
    const auto add = [&](auto load_weights, auto load_lhs) OCTET_INLINE_LAMBDA {
      const typename Simd::Rhs b[4] = {load_weights(weights), load_weights(weights + stride),
                                       load_weights(weights + 2 * stride),
                                       load_weights(weights + stride3)};
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        const typename Simd::Lhs a = load_lhs(i);
        unroll<4>([&](auto n) OCTET_INLINE_LAMBDA { Simd::dot(acc[i][n], a, b[n]); });
      });
    };
    for (std::int64_t left = -steps; left != 0; left += kStep) {
      add([&](const std::uint8_t* in)
              OCTET_INLINE_LAMBDA { return Simd::flip_bytes(Simd::load(in), args.flip); },
          [&](int i)
              OCTET_INLINE_LAMBDA { return Simd::template load_lhs<kFlip>(ends[i] + left); });
      weights += kStep;
    }
    pin<Simd>(acc);
    if (tail != 0) {
      const auto mask = Simd::first_bytes(tail);
      add(
          [&](const std::uint8_t* in) OCTET_INLINE_LAMBDA {
            const auto bytes = Simd::flip_bytes(Simd::load_first_bytes(in, mask), args.flip);
            return Simd::keep_first_bytes(bytes, mask);
          },
          [&](int i) OCTET_INLINE_LAMBDA {
            return Simd::template flipped<kFlip>(Simd::load_first_bytes(ends[i], mask));
          });
      pin<Simd>(acc);
    }
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      Simd::store_lane_sums(args.sums + i * 4 * Simd::kLanes + column, acc[i]);
    });
  }
}
