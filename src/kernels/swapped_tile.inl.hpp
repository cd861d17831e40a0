// Tiles whose roles are swapped: the columns of weights [N, K] are their rows, read as the caller
// has them, and the caller's rows are the panel. So few rows are packed, not all weights. Included
// inside an ISA's anonymous namespace. `Simd` gives, beside what the other tiles name,
//   store_transposed   kSwappedColumns vectors as the columns of kLanes rows

template <class Simd>
concept SwapsRoles = requires { &Simd::store_transposed; };

/// acc[n][j] += column n, whose bytes begin at weights + n * stride, x vector j of the panel.
/// Beside that, steps of the epilogue that waits.
template <class Simd, int kNv>
OCTET_INLINE void add_swapped(typename Simd::I32 (&acc)[kSwappedColumns][kNv],
                              const SwappedTileArgs& args, const std::uint8_t* weights) {
  constexpr std::int64_t kVectorBytes = 4 * Simd::kLanes;
  const std::int64_t tail = args.k % kKr;
  const std::int64_t steps = args.k - tail;
  const std::int64_t interval = args.interval * kKr;
  const std::int64_t stride = args.stride;
  const std::int8_t* panel = args.panel;
  const auto add = [&](auto load_weights) OCTET_INLINE_LAMBDA {
    typename Simd::I32 rows[kNv];
    unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
      rows[j] = Simd::load(panel + j * kVectorBytes);
      OCTET_PIN(rows[j]);
    });
    unroll<kSwappedColumns>([&](auto n) OCTET_INLINE_LAMBDA {
      const typename Simd::I32 w = load_weights(n);
      unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA { Simd::dot(acc[n][j], rows[j], w); });
    });
    panel += kNv * kVectorBytes;
    OCTET_PIN_STEP(panel);
  };
  for (std::int64_t k = 0; k < steps;) {
    const std::int64_t stretch = steps - k < interval ? steps - k : interval;
    k += stretch;
    const std::uint8_t* ends[kSwappedColumns];
    unroll<kSwappedColumns>([&](auto n) OCTET_INLINE_LAMBDA {
      ends[n] = weights + n * stride + k;
      OCTET_PIN_POINTER(ends[n]);
    });
    for (std::int64_t left = -stretch; left != 0; left += kKr) {
      add([&](int n)
              OCTET_INLINE_LAMBDA { return Simd::template broadcast4<false>(ends[n] + left); });
    }
    pin<Simd>(acc);
    unroll<kSwappedColumns>([&](auto n) OCTET_INLINE_LAMBDA {
      prefetch(weights + (kSwappedColumns + n) * stride, k - stretch);
    });
    FinishJob& job = *args.finish_job;
    if (job.next_row < job.rows) finish_step<Simd, 4>(job);
  }
  if (tail == 0) return;
  add([&](int n) OCTET_INLINE_LAMBDA {
    return load_k_tail<Simd, false>(weights + n * stride + args.k, tail, steps > 0);
  });
  pin<Simd>(acc);
}

template <class Simd, int kNv>
void swapped_tile(const SwappedTileArgs& args) {
  constexpr std::int64_t kRowSums = 4 * Simd::kLanes;
  // The last columns may overlap those before.
  for (std::int64_t next = 0; next < args.columns; next += kSwappedColumns) {
    const std::int64_t last = args.columns - kSwappedColumns;
    const std::int64_t column = next < last ? next : last;
    typename Simd::I32 acc[kSwappedColumns][kNv];
    unroll<kSwappedColumns, kNv>([&](auto n, auto j)
                                     OCTET_INLINE_LAMBDA { acc[n][j] = typename Simd::I32{}; });
    pin<Simd>(acc);
    add_swapped<Simd>(acc, args, args.weights + column * args.stride);
    unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
      typename Simd::I32 columns[kSwappedColumns];
      unroll<kSwappedColumns>([&](auto n) OCTET_INLINE_LAMBDA { columns[n] = acc[n][j]; });
      Simd::store_transposed(args.sums + j * Simd::kLanes * kRowSums + column, kRowSums, columns);
    });
  }
}
