// 256-bit vectors: everything that is not the dot product. Included inside an ISA's anonymous
// namespace. Needs AVX2.

struct Vector256 {
  static constexpr int kLanes = 8;
  static constexpr bool kLhsSigned = false;
  static constexpr bool kWorksBeside = true;
  template <bool kFlip>
  static constexpr int kLhsGroups = 1;
  using I32 = __m256i;
  using I32Batch = xsimd::batch<std::int32_t, xsimd::avx2>;
  using F32Batch = xsimd::batch<float, xsimd::avx2>;

  static OCTET_INLINE I32 load(const void* in) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(in));
  }
  static OCTET_INLINE I32 fill(std::uint32_t lane) {
    return _mm256_set1_epi32(static_cast<int>(lane));
  }
  static OCTET_INLINE I32 exclusive_or(I32 a, I32 b) { return _mm256_xor_si256(a, b); }
  static OCTET_INLINE I32 shift_right(I32 lanes, std::int64_t bits) {
    return _mm256_srl_epi32(lanes, _mm_cvtsi64_si128(bits));
  }
  static OCTET_INLINE F32Batch divide(F32Batch a, F32Batch b) { return a / b; }
  static OCTET_INLINE F32Batch clamp(F32Batch v, F32Batch low, F32Batch high) {
    return xsimd::min(xsimd::max(v, low), high);
  }
  static OCTET_INLINE F32Batch floats(I32 bits) { return _mm256_castsi256_ps(bits); }
  static OCTET_INLINE I32 bits(F32Batch v) { return _mm256_castps_si256(v); }

  /// All ones in the first `count` lanes, 1 to kLanes.
  static OCTET_INLINE I32 first_lanes(std::int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static OCTET_INLINE void store_partial(void* out, I32 v, std::int64_t count) {
    _mm256_maskstore_epi32(static_cast<int*>(out), first_lanes(count), v);
  }
  static OCTET_INLINE I32 load_partial(const void* in, std::int64_t count) {
    return _mm256_maskload_epi32(static_cast<const int*>(in), first_lanes(count));
  }

  /// The sums of the lanes of four vectors.
  static OCTET_INLINE void store_lane_sums(std::int32_t* out, const I32 (&v)[4]) {
    const I32 v01 =
        _mm256_add_epi32(_mm256_unpacklo_epi32(v[0], v[1]), _mm256_unpackhi_epi32(v[0], v[1]));
    const I32 v23 =
        _mm256_add_epi32(_mm256_unpacklo_epi32(v[2], v[3]), _mm256_unpackhi_epi32(v[2], v[3]));
    const I32 all =
        _mm256_add_epi32(_mm256_unpacklo_epi64(v01, v23), _mm256_unpackhi_epi64(v01, v23));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
  }

  /// Byte n in lane n, zero-extended.
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
  }
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in, std::int64_t count) {
    return _mm256_cvtepu8_epi32(load_first(in, count));
  }
  static OCTET_INLINE void store(void* out, I32 v) {
    _mm256_storeu_si256(static_cast<__m256i*>(out), v);
  }

  /// Within 128 bits: the bytes of two vectors in turn.
  static OCTET_INLINE void interleave2(I32 a, I32 b, I32& low, I32& high) {
    low = _mm256_unpacklo_epi8(a, b);
    high = _mm256_unpackhi_epi8(a, b);
  }
  /// Lane n of vector q, in each 128 bits: bytes 4 q + n of the four vectors.
  static OCTET_INLINE void interleave4(const I32 (&in)[4], I32 (&out)[4]) {
    I32 low01, high01, low23, high23;
    interleave2(in[0], in[1], low01, high01);
    interleave2(in[2], in[3], low23, high23);
    out[0] = _mm256_unpacklo_epi16(low01, low23);
    out[1] = _mm256_unpackhi_epi16(low01, low23);
    out[2] = _mm256_unpacklo_epi16(high01, high23);
    out[3] = _mm256_unpackhi_epi16(high01, high23);
  }
  /// The 128-bit halves of four vectors, all the low ones first: from the order of interleave4 to
  /// that of the bytes that went in.
  static OCTET_INLINE void in_order(I32 (&v)[4]) {
    const I32 low01 = _mm256_permute2x128_si256(v[0], v[1], 0x20);
    const I32 low23 = _mm256_permute2x128_si256(v[2], v[3], 0x20);
    const I32 high01 = _mm256_permute2x128_si256(v[0], v[1], 0x31);
    const I32 high23 = _mm256_permute2x128_si256(v[2], v[3], 0x31);
    v[0] = low01;
    v[1] = low23;
    v[2] = high01;
    v[3] = high23;
  }

  static constexpr int kStreams = 2;
  static constexpr bool kMasks = false;
  static constexpr int kDepthwisePixels = 4;  // 8 sums and 4 packed

  /// 32 bytes for one stream, 16 for each of two; the first `count` of each.
  template <int kStreams>
  static OCTET_INLINE I32 load_streams(const std::uint8_t* const (&in)[kStreams],
                                       std::int64_t count) {
    if constexpr (kStreams == 1) {
      if (count == 32) return load(in[0]);
      if (count % 4 == 0) return load_partial(in[0], count / 4);
      const __m128i low = load_first(in[0], count < 16 ? count : 16);
      const __m128i high = count > 16 ? load_first(in[0] + 16, count - 16) : _mm_setzero_si128();
      return _mm256_set_m128i(high, low);
    } else {
      if (count % 4 != 0)
        return _mm256_set_m128i(load_first(in[1], count), load_first(in[0], count));
      const __m128i mask = _mm256_castsi256_si128(first_lanes(count / 4));
      const auto half = [&](int p) OCTET_INLINE_LAMBDA {
        return _mm_maskload_epi32(reinterpret_cast<const int*>(in[p]), mask);
      };
      return _mm256_set_m128i(half(1), half(0));
    }
  }
  /// The constants of the grouped loop are memory operands, since its registers are all taken. The
  /// compiler would load them into registers first and spill those.
  alignas(32) static constexpr std::uint64_t kTopBits[4] = {0x8080808080808080, 0x8080808080808080,
                                                            0x8080808080808080, 0x8080808080808080};
  static OCTET_INLINE I32 flip_top_bits(I32 v) {
    asm("vpxor %1, %0, %0" : "+x"(v) : "m"(kTopBits));
    return v;
  }
  static OCTET_INLINE std::int64_t first_bytes(std::int64_t count) { return count; }
  static OCTET_INLINE I32 load_first_bytes(const std::uint8_t* in, std::int64_t count) {
    return load_streams<1>({in}, count);
  }
  static OCTET_INLINE void store_stream(std::uint8_t* out, I32 bytes, int first,
                                        std::int64_t count) {
    if (count == 32) return store(out, bytes);
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    store_first(out, first == 0 ? low : high, count < 16 ? count : 16);
    if (count > 16) store_first(out + 16, high, count - 16);
  }
  /// The first bytes of a row, a multiple of 4; what quad_mask() made of their count. In memory, as
  /// kTopBits.
  struct QuadMask {
    explicit OCTET_INLINE QuadMask(std::int64_t count) { store(lanes, first_lanes(count / 4)); }
    alignas(32) std::int32_t lanes[kLanes];
  };
  static OCTET_INLINE QuadMask quad_mask(std::int64_t count) { return QuadMask(count); }
  static OCTET_INLINE I32 load_quad_bytes(const std::uint8_t* const (&in)[1],
                                          const QuadMask& mask) {
    I32 v;
    asm("vmovdqa %1, %0\n\tvpmaskmovd %2, %0, %0"
        : "=x"(v)
        : "m"(mask.lanes), "m"(*reinterpret_cast<const std::uint8_t(*)[4 * kLanes]>(in[0])));
    return v;
  }
  static OCTET_INLINE I32 permute_bytes(I32 v, const std::uint8_t (&order)[16]) {
    return _mm256_shuffle_epi8(
        v, _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(order))));
  }
  static OCTET_INLINE I32 spread(I32 v, I32 groups, I32 bytes) {
    return _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(v, groups), bytes);
  }

  /// 256 bytes, by the byte that is looked up. vpshufb gives 0 for an index with the top bit set,
  /// and takes the low four bits of all others. So of 128 entries, the first 16 are looked up by
  /// the byte, the next 16 by the byte less 16, and so on, each part being the difference to the
  /// one before: an index has met the differences up to its own when it becomes negative.
  struct Table {
    explicit OCTET_INLINE Table(const std::uint8_t* table) {
      const auto load_16 = [](const std::uint8_t* in) OCTET_INLINE_LAMBDA {
        return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
      };
      OCTET_UNROLL for (int i = 0; i < 16; ++i) {
        part[i] = load_16(table + 16 * i);
        if (i % 8 > 0) part[i] = exclusive_or(part[i], load_16(table + 16 * i - 16));
      }
    }
    OCTET_INLINE I32 half(int first, I32 index) const {
      I32 found = _mm256_shuffle_epi8(part[first], index);
      OCTET_UNROLL for (int i = 1; i < 8; ++i) {
        index = _mm256_subs_epi8(index, fill(0x10101010u));
        found = exclusive_or(found, _mm256_shuffle_epi8(part[first + i], index));
      }
      return found;
    }
    OCTET_INLINE I32 at(I32 v) const {
      return exclusive_or(half(0, v), half(8, exclusive_or(v, fill(0x80808080u))));
    }
    I32 part[16];
  };
  static OCTET_INLINE I32 max_bytes(I32 a, I32 b) { return _mm256_max_epu8(a, b); }
  /// 16-bit sums of bytes 2 n + 256 times bytes 2 n + 1, and of bytes 2 n + 1 alone.
  static OCTET_INLINE void add_bytes(I32& all, I32& odd, I32 bytes) {
    all = _mm256_add_epi16(all, bytes);
    odd = _mm256_add_epi16(odd, _mm256_srli_epi16(bytes, 8));
  }
  static OCTET_INLINE I32 even_sums(I32 all, I32 odd) {
    return _mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8));
  }
  static OCTET_INLINE I32 high_halves(I32 v) { return _mm256_srli_epi32(v, 16); }

  /// See x86_pack.inl.hpp.
  static OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                                   std::int8_t* panel, std::int64_t group_bytes) {
    return interleave_rows_by_16(args, source, panel, group_bytes);
  }
  static OCTET_INLINE std::int64_t interleave_columns(const PackArgs& args,
                                                      const std::uint8_t* source,
                                                      std::int64_t k_count, std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    return interleave_columns_by_4(args, source, k_count, panel, group_bytes, 0);
  }

  /// 16 bits of two vectors, the zero point added, and the bytes of two of those, as ByteTerms
  /// says. Any int32 may come in. The packs work within 128-bit lanes: they undo the order of
  /// interleave4.
  static OCTET_INLINE I32 narrow_pair(I32 a, I32 b, const ByteTerms& terms) {
    return _mm256_adds_epi16(_mm256_packs_epi32(a, b), fill(terms.zero_point));
  }
  static OCTET_INLINE I32 narrow_quad(I32 v01, I32 v23, const ByteTerms& terms) {
    if (terms.range == ByteRange::kSigned) [[likely]]
      return _mm256_packs_epi16(v01, v23);
    if (terms.range == ByteRange::kUnsigned) return _mm256_packus_epi16(v01, v23);
    const I32 clamped = _mm256_max_epi8(_mm256_packs_epi16(v01, v23), fill(terms.min));
    return _mm256_add_epi8(clamped, fill(terms.shift));
  }
  /// The bytes of up to four vectors, one after the other.
  template <int kVectors>
  static OCTET_INLINE I32 narrow(const I32 (&v)[kVectors], const ByteTerms& terms) {
    constexpr int kLast = kVectors - 1;
    const I32 v01 = narrow_pair(v[0], v[kLast < 1 ? kLast : 1], terms);
    const I32 v23 = kVectors > 2 ? narrow_pair(v[kLast < 2 ? kLast : 2], v[kLast], terms) : v01;
    const I32 order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(narrow_quad(v01, v23, terms), order);
  }

  /// Writes the bytes of row `row` of rows of kNv vectors each: `columns` of them, more than
  /// (kNv - 1) * kLanes.
  template <int kNv>
  static OCTET_INLINE void store_bytes(std::uint8_t* out, I32 bytes, int row,
                                       std::int64_t columns) {
    const __m128i half[2] = {_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
    if (kNv == 1 && columns == kLanes) {
      auto* at = reinterpret_cast<double*>(out);
      const __m128d pair = _mm_castsi128_pd(half[row / 2]);
      row % 2 == 0 ? _mm_storel_pd(at, pair) : _mm_storeh_pd(at, pair);
    } else if (kNv == 2 && columns == 2 * kLanes) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), half[row]);
    } else {
      const __m128i part = half[row * kNv / 2];
      store_first(out, kNv == 1 && row % 2 == 1 ? _mm_unpackhi_epi64(part, part) : part, columns);
    }
  }
};
