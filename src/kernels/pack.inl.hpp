// Packs weights into panels, kPackStep values of k at a time or, where those lie side by side, as
// many as fill a cache line. Included inside an ISA's anonymous namespace.

/// Bytes of a cache line.
constexpr std::int64_t kPackSlab = 64;

/// Whether an ISA's dot product takes staged rows: its Simd then says how many bytes a value has.
template <class Simd>
concept StagesRows = requires { Simd::kLhsBytes; };
/// Values of k that a lane of one dot product multiplies; those of a column lie together in a
/// panel.
template <class Simd>
constexpr int kValuesPerLane = kKr;
template <StagesRows Simd>
constexpr int kValuesPerLane<Simd> = kKr / Simd::kLhsBytes;

/// Whether an ISA's dot product takes two k-groups of a column at once; see matrix_tile.inl.hpp.
template <class Simd>
concept MultipliesMatrices = requires { &Simd::matrix_dot; };

/// Whether an ISA's panels of one vector hold twins; see twin_tile.inl.hpp.
template <class Simd>
concept HasTwins = !StagesRows<Simd> && requires { &Simd::zip_lanes; };

/// A Simd as the tiles take it that multiply twins.
template <class Simd>
concept TwinTiles = requires { typename Simd::Single; };
/// Vectors that the sums of a row end up in, of kNv that the dot products need.
template <class Simd, int kNv>
constexpr int kSumVectors = kNv;
template <TwinTiles Simd, int kNv>
constexpr int kSumVectors<Simd, kNv> = 1;
/// Values of k that a dot loop takes at a time.
template <class Simd>
constexpr int kSpan = kKr;
template <TwinTiles Simd>
constexpr int kSpan<Simd> = 2 * kKr;

/// Zips the k-groups of a step in twos, lane by lane. Of an odd number the last is left alone.
template <class Simd>
OCTET_INLINE void make_twins(std::int8_t* panel, std::int64_t groups) {
  constexpr std::int64_t kBytes = kKr * Simd::kLanes;
  for (; groups >= 2; groups -= 2, panel += 2 * kBytes) {
    typename Simd::I32 low, high;
    Simd::zip_lanes(Simd::load(panel), Simd::load(panel + kBytes), low, high);
    Simd::store(panel, low);
    Simd::store(panel + kBytes, high);
  }
}

/// Puts the k-groups of a step in twos: [2][columns][kKr] becomes [columns][2][kKr]. Of an odd
/// number the last is left alone.
template <class Simd>
OCTET_INLINE void pair_groups(std::int8_t* panel, std::int64_t groups, int vectors) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  for (; groups >= 2; groups -= 2, panel += 2 * vectors * kBytes) {
    typename Simd::Rhs first[kMaxPanelVectors], second[kMaxPanelVectors];
    for (int j = 0; j < vectors; ++j) {
      first[j] = Simd::load_rhs(panel + j * kBytes);
      second[j] = Simd::load_rhs(panel + (vectors + j) * kBytes);
    }
    for (int j = 0; j < vectors; ++j) Simd::zip_groups(first[j], second[j], panel + 2 * j * kBytes);
  }
}

/// Any strides, and what is left at the ends of k and of the columns: values are copied to where
/// they have full vectors around them, and packed there. Packs the columns from `first` on.
template <class Simd>
OCTET_INLINE void pack_copied(const PackArgs& args, const std::uint8_t* source,
                              std::int64_t k_count, std::int64_t first, std::int8_t* panel) {
  constexpr std::int64_t kColumns = kMaxPanelVectors * Simd::kLanes;
  constexpr std::int64_t kLaneBytes = kValuesPerLane<Simd>;
  const std::int64_t width = args.vectors * std::int64_t{Simd::kLanes};
  const std::int64_t columns = first < args.columns ? args.columns - first : 0;
  PackArgs copied = args;
  copied.columns = kColumns;
  copied.n_stride = kPackStep;
  for (std::int64_t k = 0; k < k_count; k += kPackStep) {
    const std::int64_t count = k_count - k < kPackStep ? k_count - k : kPackStep;
    std::uint8_t values[kColumns * kPackStep];
    __builtin_memset(values, args.flip, sizeof values);  // zeros, once they are flipped
    for (std::int64_t n = 0; n < columns; ++n) {
      const std::uint8_t* in = source + k * args.k_stride + (first + n) * args.n_stride;
      std::uint8_t* out = values + n * kPackStep;
      if (args.k_stride == 1) {
        __builtin_memcpy(out, in, static_cast<std::size_t>(count));
      } else {
        for (std::int64_t i = 0; i < count; ++i) out[i] = in[i * args.k_stride];
      }
    }
    std::int8_t packed[sizeof values];
    Simd::interleave_columns(copied, values, kPackStep, packed, kColumns * kKr);
    for (std::int64_t i = 0; i < count + (-count & (kKr - 1)); i += kLaneBytes) {
      __builtin_memcpy(panel + (k + i) * width + first * kLaneBytes, packed + i * kColumns,
                       static_cast<std::size_t>((width - first) * kLaneBytes));
    }
  }
}

/// Adds k-groups of a panel to its column sums, which lie in memory.
template <class Simd>
OCTET_INLINE void add_column_sums(const PackArgs& args, const std::int8_t* panel,
                                  std::int64_t groups) {
  constexpr int kVectorBytes = kValuesPerLane<Simd> * Simd::kLanes;
  constexpr int kLoads = kKr / kValuesPerLane<Simd>;  // of a k-group
  const std::int64_t step = args.vectors * std::int64_t{kVectorBytes};
  const typename Simd::Lhs ones = Simd::template set4<false>(0x01010101u);
  for (int j = 0; j < args.vectors; ++j) {
    std::int32_t* sums = args.column_sums + j * Simd::kLanes;
    const std::int8_t* at = panel + j * kVectorBytes;
    typename Simd::I32 sum = Simd::load(sums);
    if (groups == kPackStep / kKr) [[likely]] {
      unroll<kPackStep / kKr * kLoads>([&](auto) OCTET_INLINE_LAMBDA {
        Simd::dot(sum, ones, Simd::load_rhs(at));
        at += step;
      });
    } else {
      for (std::int64_t i = 0; i < groups * kLoads; ++i, at += step)
        Simd::dot(sum, ones, Simd::load_rhs(at));
    }
    typename Simd::I32Batch(sum).store_unaligned(sums);
  }
}

/// Whether an ISA's masks make whole vectors, in groups of four, of any number of rows and columns.
template <class Simd>
concept PacksAnyRows = !StagesRows<Simd> && requires { &Simd::interleave_any_rows; };

/// [K, N] weights. Returns the first column that is left.
template <class Simd>
OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                          std::int64_t k_count, std::int8_t* panel,
                                          std::int64_t group_bytes) {
  if constexpr (PacksAnyRows<Simd>) {
    Simd::interleave_any_rows(args, source, k_count, panel);
    return args.vectors * Simd::kLanes;
  } else {
    return Simd::interleave_rows(args, source, panel, group_bytes);
  }
}

/// How many values of k are packed at a time: a cache line of the weights in any case.
OCTET_INLINE std::int64_t pack_length(const PackArgs& args, std::int64_t k) {
  const std::int64_t left = args.k - k;
  const std::int64_t most = args.k_stride == 1 && left >= kPackSlab ? kPackSlab : kPackStep;
  return left < most ? left : most;
}

/// Packs the values [k, k + k_count) of a tap.
template <class Simd>
[[gnu::noinline]] void pack_step(const PackArgs& args, std::int64_t tap, std::int64_t k,
                                 std::int64_t k_count) {
  const std::int64_t group_bytes = static_cast<std::int64_t>(args.vectors) * Simd::kLanes * kKr;
  const std::int64_t groups_of_tap = (args.k + kKr - 1) / kKr;
  const std::uint8_t* source = args.source + tap * args.tap_stride + k * args.k_stride;
  std::int8_t* panel = args.panel + (tap * groups_of_tap + k / kKr) * group_bytes;

  std::int64_t column = 0;
  if (args.n_stride == 1 && (PacksAnyRows<Simd> || k_count == kPackStep)) [[likely]] {
    constexpr std::int64_t kAhead = 8 * kPackStep;
    for (int i = 0; i < kPackStep && k + kAhead < args.k; ++i)
      prefetch(source, (kAhead + i) * args.k_stride);
    column = interleave_rows<Simd>(args, source, k_count, panel, group_bytes);
  } else if (k_count % kPackStep == 0 && args.k_stride == 1) {
    for (std::int64_t n = 0; n < args.columns && args.fetches_columns; ++n)
      prefetch(source + n * args.n_stride, 2 * kPackSlab);
    column = Simd::interleave_columns(args, source, k_count, panel, group_bytes);
  }
  if (column < args.vectors * Simd::kLanes) [[unlikely]]
    pack_copied<Simd>(args, source, k_count, column, panel);
  const std::int64_t groups = (k_count + kKr - 1) / kKr;
  if (args.column_sums != nullptr) add_column_sums<Simd>(args, panel, groups);
  if constexpr (MultipliesMatrices<Simd>) pair_groups<Simd>(panel, groups, args.vectors);
  if constexpr (HasTwins<Simd>) {
    if (args.vectors == 1) make_twins<Simd>(panel, groups);
  }
}

template <class Simd>
OCTET_INLINE void clear_column_sums(const PackArgs& args) {
  if (args.column_sums == nullptr) return;
  const std::size_t columns = static_cast<std::size_t>(args.vectors) * Simd::kLanes;
  __builtin_memset(args.column_sums, 0, sizeof(std::int32_t) * columns);
}

template <class Simd>
void pack(const PackArgs& args) {
  clear_column_sums<Simd>(args);
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    for (std::int64_t k = 0, count = 0; k < args.k; k += count) {
      count = pack_length(args, k);
      pack_step<Simd>(args, tap, k, count);
    }
  }
}

template <class Simd>
void pack_together(const PackJob& job) {
  for (int i = 0; i < job.count; ++i) clear_column_sums<Simd>(job.panels[i]);
  for (std::int64_t k = 0, count = 0; k < job.panels[0].k; k += count) {
    count = pack_length(job.panels[0], k);
    for (int i = 0; i < job.count; ++i) pack_step<Simd>(job.panels[i], 0, k, count);
  }
}
