// What a dot loop takes at a time, a span of k: a k-group of each row, or two where the panel holds
// twins. Included by tile.inl.hpp, which says what `Simd` gives; of twins, beside that,
//   zip_lanes   the lanes of two vectors in turn
//   add_pairs   the sums of neighbouring lanes, in the order before zip_lanes
//   fill_8      64 bits, in all pairs of lanes

template <class Simd>
concept HalvesTiles = requires { Simd::kHalves; };

/// Panels of one vector hold twins: two k-groups of a column in neighbouring lanes. A panel of 16
/// columns so becomes two vectors of 8 columns, and each 8 bytes of a row, in all lanes, serve two
/// dot products: with one vector, every dot product would need a load of its own, and a core does
/// not load more vectors than it multiplies. The neighbours are added up at the end.
template <class Base>
struct Twins : Base {
  using Single = Base;
};

/// Two k-groups of a row.
OCTET_INLINE std::uint64_t load_groups(const std::uint8_t* row) {
  std::uint64_t groups;
  __builtin_memcpy(&groups, row, sizeof groups);
  return groups;
}

/// A span of a row, for all lanes.
template <class Simd, bool kFlip>
OCTET_INLINE typename Simd::Lhs load_span(const std::uint8_t* row) {
  if constexpr (TwinTiles<Simd>) {
    return Simd::template set8<kFlip>(load_groups(row));
  } else {
    return Simd::template broadcast4<kFlip>(row);
  }
}

/// sums[i] = what the twins of acc[i] add up to.
template <class Simd, int kMr>
OCTET_INLINE void add_twins(const typename Simd::I32 (&acc)[kMr][2],
                            typename Simd::I32 (&sums)[kMr][1]) {
  unroll<kMr>([&](auto i)
                  OCTET_INLINE_LAMBDA { sums[i][0] = Simd::add_pairs(acc[i][0], acc[i][1]); });
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

/// words[i] = the `count` bytes, 1 to 7, that end at ends[i], and zeros; the branches are for all
/// rows at once.
[[gnu::noinline]] inline void load_short_rows(const std::uint8_t* const* ends, int rows,
                                              std::int64_t count, std::uint64_t* words) {
  const auto load_all = [&](auto word) OCTET_INLINE_LAMBDA {
    using Word = decltype(word);
    // Two that overlap; of a single byte, the same.
    const auto gap = count - static_cast<std::int64_t>(sizeof(Word));
    for (int i = 0; i < rows; ++i) {
      Word first, last;
      __builtin_memcpy(&first, ends[i] - count, sizeof first);
      __builtin_memcpy(&last, ends[i] - sizeof last, sizeof last);
      words[i] = first | std::uint64_t{last} << (8 * gap);
    }
  };
  if (count >= 4) {
    load_all(std::uint32_t{});
  } else if (count >= 2) {
    load_all(std::uint16_t{});
  } else {
    load_all(std::uint8_t{});
  }
}

/// acc[i][j] += one span of row i x vector j of the panel.
template <class Simd, int kMr, int kNv, class LoadLhs>
OCTET_INLINE void multiply_span(typename Simd::I32 (&acc)[kMr][kNv],
                                const typename Simd::Rhs (&b)[kNv], LoadLhs load_lhs) {
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    const typename Simd::Lhs a = load_lhs(i);
    unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA { Simd::dot(acc[i][j], a, b[j]); });
  });
}
template <class Simd, int kMr, int kNv, class LoadLhs>
OCTET_INLINE void add_span(typename Simd::I32 (&acc)[kMr][kNv], const std::int8_t* panel,
                           LoadLhs load_lhs) {
  typename Simd::Rhs b[kNv];
  unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
    b[j] = Simd::load_rhs(panel + j * 4 * Simd::kLanes);
    // Or GCC 12 copies one, or loads it again for each row.
    if constexpr ((kMr == 3 && kNv == 3) || HalvesTiles<Simd>) OCTET_PIN(b[j]);
  });
  multiply_span<Simd>(acc, b, load_lhs);
}

/// The same for what is left of k, less than a span, of rows that end at end_of(i); the panel moves
/// on.
template <class Simd, bool kFlip, int kMr, int kNv, class EndOf>
OCTET_INLINE void add_tail(typename Simd::I32 (&acc)[kMr][kNv], const std::int8_t*& panel,
                           std::int64_t tail, bool has_span, EndOf end_of) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  if constexpr (TwinTiles<Simd>) {
    typename Simd::Rhs b[2] = {Simd::load_rhs(panel)};
    panel += kBytes;
    if (tail > kKr) {
      b[1] = Simd::load_rhs(panel);
      panel += kBytes;
    } else {  // a group without its twin
      Simd::zip_lanes(b[0], typename Simd::Rhs{}, b[0], b[1]);
    }
    std::uint64_t words[kMr];
    if (has_span) {
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        words[i] = load_groups(end_of(i) - kSpan<Simd>) >> (8 * (kSpan<Simd> - tail));
      });
    } else {
      const std::uint8_t* ends[kMr];
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { ends[i] = end_of(i); });
      load_short_rows(ends, kMr, tail, words);
    }
    multiply_span<Simd>(
        acc, b, [&](int i) OCTET_INLINE_LAMBDA { return Simd::template set8<kFlip>(words[i]); });
  } else {
    add_span<Simd>(acc, panel, [&](int i) OCTET_INLINE_LAMBDA {
      return load_k_tail<Simd, kFlip>(end_of(i), tail, has_span);
    });
    panel += kNv * kBytes;
  }
}

/// Sums that finish_registers() will take begin as the bias.
template <class Simd, int kMr, int kNv>
OCTET_INLINE void begin_as_bias(typename Simd::I32 (&acc)[kMr][kNv], const std::int32_t* bias) {
  typename Simd::I32 starts[kNv];
  if constexpr (TwinTiles<Simd>) {
    Simd::zip_lanes(Simd::load(bias), typename Simd::I32{}, starts[0], starts[1]);
  } else {
    unroll<kNv>([&](auto j)
                    OCTET_INLINE_LAMBDA { starts[j] = Simd::load(bias + j * Simd::kLanes); });
  }
  unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
    const typename Simd::I32 start = starts[j];
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { acc[i][j] = start; });
  });
}
