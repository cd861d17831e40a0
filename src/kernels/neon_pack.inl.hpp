// Loads, prefetch and byte transposes for every ARM ISA. Included inside an ISA's anonymous
// namespace.

/// A k-group of a row.
OCTET_INLINE std::uint32_t load_group(const std::uint8_t* row) {
  std::uint32_t group;
  __builtin_memcpy(&group, row, sizeof group);
  return group;
}

/// Asks for the cache line `distance` bytes behind `address`, which need not be the caller's:
/// nothing is read.
OCTET_INLINE void prefetch(const std::uint8_t* address, std::int64_t distance) {
  const auto line =
      reinterpret_cast<std::uintptr_t>(address) + static_cast<std::uintptr_t>(distance);
  __builtin_prefetch(reinterpret_cast<const void*>(line), 0, 2);
}

OCTET_INLINE uint8x16_t load_flipped(const std::uint8_t* in, uint8x16_t flip) {
  return veorq_u8(vld1q_u8(in), flip);
}
OCTET_INLINE void store_16(std::int8_t* out, uint8x16_t v) {
  vst1q_s8(out, vreinterpretq_s8_u8(v));
}

/// Row-major weights, kPackStep rows, columns in blocks of 16. Four rows of 16 bytes become 16
/// groups of four. Returns the first column that is left.
OCTET_INLINE std::int64_t interleave_rows_by_16(const PackArgs& args, const std::uint8_t* source,
                                                std::int8_t* panel, std::int64_t group_bytes) {
  const uint8x16_t flip = vdupq_n_u8(args.flip);
  std::int64_t column = 0;
  for (; column + 16 <= args.columns; column += 16) {
    for (int group = 0; group < kPackStep / kKr; ++group) {
      const std::uint8_t* in = source + group * kKr * args.k_stride + column;
      const uint8x16_t row0 = load_flipped(in, flip);
      const uint8x16_t row1 = load_flipped(in + args.k_stride, flip);
      const uint8x16_t row2 = load_flipped(in + 2 * args.k_stride, flip);
      const uint8x16_t row3 = load_flipped(in + 3 * args.k_stride, flip);
      const uint16x8_t low01 = vreinterpretq_u16_u8(vzip1q_u8(row0, row1));
      const uint16x8_t high01 = vreinterpretq_u16_u8(vzip2q_u8(row0, row1));
      const uint16x8_t low23 = vreinterpretq_u16_u8(vzip1q_u8(row2, row3));
      const uint16x8_t high23 = vreinterpretq_u16_u8(vzip2q_u8(row2, row3));
      std::int8_t* out = panel + group * group_bytes + column * kKr;
      store_16(out, vreinterpretq_u8_u16(vzip1q_u16(low01, low23)));
      store_16(out + 16, vreinterpretq_u8_u16(vzip2q_u16(low01, low23)));
      store_16(out + 32, vreinterpretq_u8_u16(vzip1q_u16(high01, high23)));
      store_16(out + 48, vreinterpretq_u8_u16(vzip2q_u16(high01, high23)));
    }
  }
  return column;
}

/// Transposed weights, `k_count` values of k, a multiple of kPackStep, columns in blocks of 4:
/// transposes of 4 x 4 groups of four bytes. Returns the first column that is left.
OCTET_INLINE std::int64_t interleave_columns_by_4(const PackArgs& args, const std::uint8_t* source,
                                                  std::int64_t k_count, std::int8_t* panel,
                                                  std::int64_t group_bytes) {
  const uint8x16_t flip = vdupq_n_u8(args.flip);
  std::int64_t column = 0;
  for (; column + 4 <= args.columns; column += 4) {
    const std::uint8_t* in = source + column * args.n_stride;
    std::int8_t* out = panel + column * kKr;
    for (std::int64_t k = 0; k < k_count; k += kPackStep, in += kPackStep) {
      uint32x4_t groups[4];
      OCTET_UNROLL for (int i = 0; i < 4; ++i) {
        groups[i] = vreinterpretq_u32_u8(load_flipped(in + i * args.n_stride, flip));
      }
      const uint64x2_t low01 = vreinterpretq_u64_u32(vzip1q_u32(groups[0], groups[1]));
      const uint64x2_t high01 = vreinterpretq_u64_u32(vzip2q_u32(groups[0], groups[1]));
      const uint64x2_t low23 = vreinterpretq_u64_u32(vzip1q_u32(groups[2], groups[3]));
      const uint64x2_t high23 = vreinterpretq_u64_u32(vzip2q_u32(groups[2], groups[3]));
      store_16(out, vreinterpretq_u8_u64(vzip1q_u64(low01, low23)));
      store_16(out + group_bytes, vreinterpretq_u8_u64(vzip2q_u64(low01, low23)));
      store_16(out + 2 * group_bytes, vreinterpretq_u8_u64(vzip1q_u64(high01, high23)));
      store_16(out + 3 * group_bytes, vreinterpretq_u8_u64(vzip2q_u64(high01, high23)));
      out += 4 * group_bytes;
    }
  }
  return column;
}
