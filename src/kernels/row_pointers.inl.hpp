// Tables of pointers to rows at equal distances: a vector of them at a time, since a core commits
// one store per cycle, and a tile of few k-groups notices. Included inside an ISA's anonymous
// namespace.

/// Entry b: all ones where an index has bit b.
alignas(64) constexpr std::uint64_t kIndexBits[3][8] = {
    {0, ~0ull, 0, ~0ull, 0, ~0ull, 0, ~0ull},
    {0, 0, ~0ull, ~0ull, 0, 0, ~0ull, ~0ull},
    {0, 0, 0, 0, ~0ull, ~0ull, ~0ull, ~0ull},
};

template <class Simd>
void point_to_rows(const RowPointerArgs& args) {
  using U64 = xsimd::batch<std::uint64_t, typename Simd::I32Batch::arch_type>;
  constexpr std::int64_t kLanes = U64::size;
  static_assert(kLanes <= kMinRowPointers);
  const auto stride = static_cast<std::uint64_t>(args.stride);
  U64 ramp(0);
  unroll<3>([&](auto bit) OCTET_INLINE_LAMBDA {
    ramp = ramp + (U64(stride << bit) & U64::load_aligned(kIndexBits[bit]));
  });
  const auto store = [&](std::int64_t i) OCTET_INLINE_LAMBDA {
    const U64 pointers = U64(args.first + static_cast<std::uint64_t>(i) * stride) + ramp;
    pointers.store_unaligned(args.pointers + i);
  };
  for (std::int64_t i = 0; i + kLanes < args.count; i += kLanes) store(i);
  store(args.count - kLanes);  // may overlap those before
}
