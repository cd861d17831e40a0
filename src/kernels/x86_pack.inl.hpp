// Loads, prefetch and byte transposes, on 128-bit vectors that every x86 ISA here has. Included
// inside an ISA's anonymous namespace.

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
  _mm_prefetch(reinterpret_cast<const char*>(line), _MM_HINT_T1);
}

OCTET_INLINE __m128i load_128(const std::uint8_t* in, __m128i flip) {
  return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)), flip);
}
OCTET_INLINE void store_128(std::int8_t* out, __m128i v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), v);
}

template <class Word>
OCTET_INLINE Word load_word(const std::uint8_t* in) {
  Word word;
  __builtin_memcpy(&word, in, sizeof word);
  return word;
}
/// The first `count` bytes, 1 to 16, and zeros. Two loads that overlap give any count.
OCTET_INLINE __m128i load_first(const std::uint8_t* in, std::int64_t count) {
  if (count == 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  if (count >= 8) {
    const auto last = load_word<std::uint64_t>(in + count - 8) >> 1 >> (127 - 8 * count);
    return _mm_set_epi64x(static_cast<long long>(last), load_word<long long>(in));
  }
  std::uint64_t word = in[0];
  if (count >= 4) {
    word = load_word<std::uint32_t>(in) | std::uint64_t{load_word<std::uint32_t>(in + count - 4)}
                                              << (8 * count - 32);
  } else if (count >= 2) {
    word = load_word<std::uint16_t>(in) | std::uint64_t{load_word<std::uint16_t>(in + count - 2)}
                                              << (8 * count - 16);
  }
  return _mm_cvtsi64_si128(static_cast<long long>(word));
}
/// Writes the first `count` bytes, 1 to 16.
OCTET_INLINE void store_first(std::uint8_t* out, __m128i v, std::int64_t count) {
  if (count == 16) return _mm_storeu_si128(reinterpret_cast<__m128i*>(out), v);
  auto word = static_cast<std::uint64_t>(_mm_cvtsi128_si64(v));
  if (count >= 8) {
    __builtin_memcpy(out, &word, 8);
    word = static_cast<std::uint64_t>(_mm_extract_epi64(v, 1));
    out += 8;
  }
  if (count & 4) {
    __builtin_memcpy(out, &word, 4);
    word >>= 32;
    out += 4;
  }
  if (count & 2) {
    __builtin_memcpy(out, &word, 2);
    word >>= 16;
    out += 2;
  }
  if (count & 1) *out = static_cast<std::uint8_t>(word);
}

/// Row-major weights, kPackStep rows, columns in blocks of 16. Four rows of 16 bytes become 16
/// groups of four. Returns the first column that is left.
OCTET_INLINE std::int64_t interleave_rows_by_16(const PackArgs& args, const std::uint8_t* source,
                                                std::int8_t* panel, std::int64_t group_bytes) {
  std::int64_t column = 0;
  const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
  for (; column + 16 <= args.columns; column += 16) {
    for (int group = 0; group < kPackStep / kKr; ++group) {
      const std::uint8_t* in = source + group * kKr * args.k_stride + column;
      const __m128i row0 = load_128(in, flip), row1 = load_128(in + args.k_stride, flip);
      const __m128i row2 = load_128(in + 2 * args.k_stride, flip);
      const __m128i row3 = load_128(in + 3 * args.k_stride, flip);
      const __m128i low01 = _mm_unpacklo_epi8(row0, row1), high01 = _mm_unpackhi_epi8(row0, row1);
      const __m128i low23 = _mm_unpacklo_epi8(row2, row3), high23 = _mm_unpackhi_epi8(row2, row3);
      std::int8_t* out = panel + group * group_bytes + column * kKr;
      store_128(out, _mm_unpacklo_epi16(low01, low23));
      store_128(out + 16, _mm_unpackhi_epi16(low01, low23));
      store_128(out + 32, _mm_unpacklo_epi16(high01, high23));
      store_128(out + 48, _mm_unpackhi_epi16(high01, high23));
    }
  }
  return column;
}

/// Transposed weights, `k_count` values of k, a multiple of kPackStep, columns [column, columns) in
/// blocks of 4: transposes of 4 x 4 groups of four bytes, all of a block's before the next block,
/// so that a cache line is visited once. Returns the first column that is left.
OCTET_INLINE std::int64_t interleave_columns_by_4(const PackArgs& args, const std::uint8_t* source,
                                                  std::int64_t k_count, std::int8_t* panel,
                                                  std::int64_t group_bytes, std::int64_t column) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
  for (; column + 4 <= args.columns; column += 4) {
    const std::uint8_t* in = source + column * args.n_stride;
    std::int8_t* out = panel + column * kKr;
    for (std::int64_t k = 0; k < k_count; k += kPackStep, in += kPackStep) {
      const __m128i column0 = load_128(in, flip), column1 = load_128(in + args.n_stride, flip);
      const __m128i column2 = load_128(in + 2 * args.n_stride, flip);
      const __m128i column3 = load_128(in + 3 * args.n_stride, flip);
      const __m128i low01 = _mm_unpacklo_epi32(column0, column1);
      const __m128i high01 = _mm_unpackhi_epi32(column0, column1);
      const __m128i low23 = _mm_unpacklo_epi32(column2, column3);
      const __m128i high23 = _mm_unpackhi_epi32(column2, column3);
      store_128(out, _mm_unpacklo_epi64(low01, low23));
      store_128(out + group_bytes, _mm_unpackhi_epi64(low01, low23));
      store_128(out + 2 * group_bytes, _mm_unpacklo_epi64(high01, high23));
      store_128(out + 3 * group_bytes, _mm_unpackhi_epi64(high01, high23));
      out += 4 * group_bytes;
    }
  }
  return column;
}
