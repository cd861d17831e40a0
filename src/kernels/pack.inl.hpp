// Packs weights into panels. Included inside an ISA's anonymous namespace.

/// One k-group of a row-major source: four rows of bytes become one row of 32-bit groups. Rows from
/// `k_count` on are zero.
template <class Simd>
OCTET_INLINE void pack_group_of_rows(const PackArgs& args, const std::uint8_t* source,
                                     std::int64_t k_count, std::int8_t* group) {
  using I32 = typename Simd::I32Batch;
  const I32 flip(args.flip);
  for (int j = 0; j < args.vectors; ++j) {
    const std::int64_t left = args.columns - j * Simd::kLanes;
    I32 lanes(0);
    OCTET_UNROLL for (int i = kKr - 1; i >= 0; --i) {
      lanes = lanes << 8;
      if (i >= k_count) continue;
      const std::uint8_t* row = source + i * args.k_stride + j * Simd::kLanes;
      const I32 bytes(left >= Simd::kLanes ? Simd::load_channels(row)
                                           : Simd::load_channels(row, left));
      lanes = lanes | (bytes ^ flip);
    }
    lanes.store_unaligned(reinterpret_cast<std::int32_t*>(group) + j * Simd::kLanes);
  }
}

/// The general case: any strides.
template <class Simd>
OCTET_INLINE void pack_group_of_columns(const PackArgs& args, const std::uint8_t* source,
                                        std::int64_t k_count, std::int8_t* group) {
  auto* lanes = reinterpret_cast<std::uint32_t*>(group);
  for (std::int64_t n = 0; n < args.vectors * Simd::kLanes; ++n) {
    std::uint32_t lane = 0;
    if (n < args.columns) {
      const std::uint8_t* column = source + n * args.n_stride;
      if (args.k_stride == 1 && k_count == kKr) {
        __builtin_memcpy(&lane, column, sizeof lane);
        lane ^= args.flip * 0x01010101u;
      } else {
        for (std::int64_t i = 0; i < k_count; ++i) {
          const std::uint8_t byte = column[i * args.k_stride] ^ args.flip;
          lane |= static_cast<std::uint32_t>(byte) << (8 * i);
        }
      }
    }
    __builtin_memcpy(lanes + n, &lane, sizeof lane);
  }
}

template <class Simd>
void pack(const PackArgs& args) {
  const std::int64_t group_bytes = static_cast<std::int64_t>(args.vectors) * Simd::kLanes * kKr;
  std::int8_t* panel = args.panel;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    for (std::int64_t k = 0; k < args.k; k += kKr, panel += group_bytes) {
      const std::uint8_t* source = args.source + tap * args.tap_stride + k * args.k_stride;
      const std::int64_t k_count = args.k - k < kKr ? args.k - k : kKr;
      if (args.n_stride == 1) {
        pack_group_of_rows<Simd>(args, source, k_count, panel);
      } else {
        pack_group_of_columns<Simd>(args, source, k_count, panel);
      }
    }
  }
  for (int j = 0; j < args.vectors; ++j) {
    typename Simd::I32 sums = {};
    for (const std::int8_t* group = args.panel; group < panel; group += group_bytes) {
      sums = Simd::dot(sums, Simd::template set4<false>(0x01010101u),
                       Simd::load_rhs(group + j * Simd::kLanes * kKr));
    }
    typename Simd::I32Batch(sums).store_unaligned(args.column_sums + j * Simd::kLanes);
  }
}
