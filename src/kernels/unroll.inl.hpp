// Loops over arrays of vectors, unrolled before anything else. Included inside an ISA's anonymous
// namespace.

/// Calls `f` with the constants 0 to kCount - 1. A loop over an array of sums would be unrolled
/// too late for GCC 12 to keep them in registers.
template <int... kIndices, class F>
OCTET_INLINE void unroll(std::integer_sequence<int, kIndices...>, [[maybe_unused]] F f) {
  (f(std::integral_constant<int, kIndices>{}), ...);
}
template <int kCount, class F>
OCTET_INLINE void unroll(F f) {
  unroll(std::make_integer_sequence<int, kCount>{}, f);
}
/// Calls `f(i, j)` for all rows and vectors of a tile.
template <int kMr, int kNv, class F>
OCTET_INLINE void unroll(F f) {
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA { f(i, j); });
  });
}

/// Calls `f` with the compile-time constants 1 to kCount.
template <int kCount, class F>
constexpr void for_each_up_to(F f) {
  if constexpr (kCount > 0) {
    for_each_up_to<kCount - 1>(f);
    f.template operator()<kCount>();
  }
}
