// 512-bit vectors: everything that is not the dot product. Included inside an ISA's anonymous
// namespace. Needs AVX-512 F, BW and VL.

struct Vector512 {
  static constexpr int kLanes = 16;
  static constexpr bool kLhsSigned = false;
  static constexpr bool kWorksBeside = true;
  template <bool kFlip>
  static constexpr int kLhsGroups = 1;
  using I32 = __m512i;
  using I32Batch = xsimd::batch<std::int32_t, xsimd::avx512bw>;
  using F32Batch = xsimd::batch<float, xsimd::avx512bw>;

  static OCTET_INLINE I32 load(const void* in) { return _mm512_loadu_si512(in); }
  static OCTET_INLINE I32 fill(std::uint32_t lane) {
    return _mm512_set1_epi32(static_cast<int>(lane));
  }
  static OCTET_INLINE I32 exclusive_or(I32 a, I32 b) { return _mm512_xor_si512(a, b); }
  static OCTET_INLINE I32 subtract(I32 a, I32 b) { return _mm512_sub_epi32(a, b); }
  static OCTET_INLINE I32 shift_right(I32 lanes, std::int64_t bits) {
    return _mm512_srl_epi32(lanes, _mm_cvtsi64_si128(bits));
  }
  static OCTET_INLINE I32 fill_8(std::uint64_t lanes) {
    return _mm512_set1_epi64(static_cast<long long>(lanes));
  }
  static OCTET_INLINE F32Batch divide(F32Batch a, F32Batch b) { return a / b; }
  static OCTET_INLINE F32Batch clamp(F32Batch v, F32Batch low, F32Batch high) {
    return xsimd::min(xsimd::max(v, low), high);
  }
  static OCTET_INLINE F32Batch floats(I32 bits) { return _mm512_castsi512_ps(bits); }
  static OCTET_INLINE I32 bits(F32Batch v) { return _mm512_castps_si512(v); }

  /// The first `count` lanes, 1 to kLanes.
  static OCTET_INLINE __mmask16 first_lanes(std::int64_t count) {
    return static_cast<__mmask16>(0xFFFFu >> (kLanes - count));
  }
  static OCTET_INLINE void store_partial(void* out, I32 v, std::int64_t count) {
    _mm512_mask_storeu_epi32(out, first_lanes(count), v);
  }
  static OCTET_INLINE I32 load_partial(const void* in, std::int64_t count) {
    return _mm512_maskz_loadu_epi32(first_lanes(count), in);
  }

  /// The sums of the lanes of four vectors.
  static OCTET_INLINE void store_lane_sums(std::int32_t* out, const I32 (&v)[4]) {
    const I32 v01 =
        _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const I32 v23 =
        _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const I32 all =
        _mm512_add_epi32(_mm512_unpacklo_epi64(v01, v23), _mm512_unpackhi_epi64(v01, v23));
    const __m256i half =
        _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(out),
        _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
  }

  /// Byte n in lane n, zero-extended.
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
  }
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in, std::int64_t count) {
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(count), in));
  }
  /// Within 128 bits: the lanes of two vectors in turn.
  static OCTET_INLINE void zip_lanes(I32 a, I32 b, I32& low, I32& high) {
    low = _mm512_unpacklo_epi32(a, b);
    high = _mm512_unpackhi_epi32(a, b);
  }
  /// The sums of neighbouring lanes: of what zip_lanes() has made, in the order that it found.
  static OCTET_INLINE I32 add_pairs(I32 low, I32 high) {
    const __m512 a = _mm512_castsi512_ps(low), b = _mm512_castsi512_ps(high);
    const __m512 even = _mm512_shuffle_ps(a, b, 0x88), odd = _mm512_shuffle_ps(a, b, 0xDD);
    return _mm512_add_epi32(_mm512_castps_si512(even), _mm512_castps_si512(odd));
  }
  static OCTET_INLINE void store(void* out, I32 v) { _mm512_storeu_si512(out, v); }

  /// Within 128 bits: the bytes of two vectors in turn.
  static OCTET_INLINE void interleave2(I32 a, I32 b, I32& low, I32& high) {
    low = _mm512_unpacklo_epi8(a, b);
    high = _mm512_unpackhi_epi8(a, b);
  }
  /// One half of that: the low one, or the high one.
  template <int kHalf>
  static OCTET_INLINE I32 interleave_bytes(I32 a, I32 b) {
    return kHalf == 0 ? _mm512_unpacklo_epi8(a, b) : _mm512_unpackhi_epi8(a, b);
  }
  /// Within 128 bits: pairs of bytes of two vectors in turn.
  static OCTET_INLINE void interleave_pairs(I32 a, I32 b, I32& low, I32& high) {
    low = _mm512_unpacklo_epi16(a, b);
    high = _mm512_unpackhi_epi16(a, b);
  }
  /// Pairs of bytes of the two halves in turn.
  static OCTET_INLINE I32 interleave_halves(I32 v) {
    const I32 first = _mm512_setr_epi32(0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005,
                                        0x160006, 0x170007, 0x180008, 0x190009, 0x1A000A, 0x1B000B,
                                        0x1C000C, 0x1D000D, 0x1E000E, 0x1F000F);
    return _mm512_permutexvar_epi16(first, v);
  }
  /// Those of the upper half of `v` and of the lower one of `others`.
  static OCTET_INLINE I32 interleave_upper(I32 v, I32 others) {
    const I32 first = _mm512_setr_epi32(0x200010, 0x210011, 0x220012, 0x230013, 0x240014, 0x250015,
                                        0x260016, 0x270017, 0x280018, 0x290019, 0x2A001A, 0x2B001B,
                                        0x2C001C, 0x2D001D, 0x2E001E, 0x2F001F);
    return _mm512_permutex2var_epi16(v, first, others);
  }
  /// The bytes of two rows, from the order of interleave_halves: each row takes a half.
  static OCTET_INLINE I32 rows_in_order(I32 v) {
    const I32 order = _mm512_setr_epi32(0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15);
    return _mm512_permutexvar_epi32(order, v);
  }
  /// So ordered, that interleave4 leaves neighbouring bytes together.
  static OCTET_INLINE I32 lanes_apart(I32 v) { return _mm512_permutexvar_epi32(apart(), v); }
  static OCTET_INLINE I32 apart() {
    return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  }
  /// The same of the even pixels of two vectors, or of the odd ones, of 4, 8, 16 or 32 channels.
  static OCTET_INLINE I32 pixels_apart(std::int64_t channels, int odd) {
    std::int32_t lanes[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      const auto byte = static_cast<std::int32_t>(i % 4 * 16 + i / 4 * 4);
      const auto pixel = static_cast<std::int32_t>(channels);
      lanes[i] = (byte + (byte / pixel + odd) * pixel) / 4;
    }
    return load(lanes);
  }
  static OCTET_INLINE I32 select_lanes(I32 a, I32 b, I32 lanes) {
    return _mm512_permutex2var_epi32(a, lanes, b);
  }
  /// Lane n of vector q, in each 128 bits: bytes 4 q + n of the four vectors.
  static OCTET_INLINE void interleave4(const I32 (&in)[4], I32 (&out)[4]) {
    I32 low01, high01, low23, high23;
    interleave2(in[0], in[1], low01, high01);
    interleave2(in[2], in[3], low23, high23);
    interleave_pairs(low01, low23, out[0], out[1]);
    interleave_pairs(high01, high23, out[2], out[3]);
  }
  /// Vector i becomes the 128-bit lanes i of all four: from the order of interleave4 to that of the
  /// bytes that went in.
  static OCTET_INLINE void in_order(I32 (&v)[4]) {
    const I32 even01 = _mm512_shuffle_i32x4(v[0], v[1], 0x44);
    const I32 even23 = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
    const I32 odd01 = _mm512_shuffle_i32x4(v[0], v[1], 0xEE);
    const I32 odd23 = _mm512_shuffle_i32x4(v[2], v[3], 0xEE);
    v[0] = _mm512_shuffle_i32x4(even01, even23, 0x88);
    v[1] = _mm512_shuffle_i32x4(even01, even23, 0xDD);
    v[2] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    v[3] = _mm512_shuffle_i32x4(odd01, odd23, 0xDD);
  }

  /// Of 64 columns each. Vector j gets, in each 128 bits, columns 4 j to 4 j + 3 of those 16.
  static OCTET_INLINE void interleave_bytes(const I32 (&rows)[kKr], I32 (&groups)[4]) {
    interleave4(rows, groups);
  }
  /// A lane holds a column: from that order to vectors of 16 neighbouring columns.
  static OCTET_INLINE void columns_in_order(I32 (&v)[4]) { in_order(v); }
  /// `flip` stays in memory: the tiles have no register left for it.
  static OCTET_INLINE I32 flip_bytes(I32 v, const std::uint32_t& flip) {
    asm("vpxord %1%{1to16%}, %0, %0" : "+v"(v) : "m"(flip));
    return v;
  }
  static OCTET_INLINE I32 keep_first_bytes(I32 v, std::uint64_t mask) {
    return _mm512_maskz_mov_epi8(mask, v);
  }

  static constexpr int kStreams = 4;
  static constexpr bool kMasks = true;
  static constexpr int kDepthwisePixels = 8;  // 16 sums and 8 packed

  static OCTET_INLINE I32 flip_top_bits(I32 v) { return exclusive_or(v, fill(0x80808080u)); }
  /// What load_first_bytes needs to know of their count.
  static OCTET_INLINE std::uint64_t first_bytes(std::int64_t count) {
    std::uint64_t mask = stream_bytes(0, count);
    OCTET_PIN_POINTER(mask);  // or it is computed anew for every load
    return mask;
  }
  static OCTET_INLINE I32 load_first_bytes(const std::uint8_t* in, std::uint64_t mask) {
    return _mm512_maskz_loadu_epi8(mask, in);
  }
  using ByteMask = __mmask64;
  static OCTET_INLINE I32 load_first_bytes(I32 others, const std::uint8_t* in, ByteMask mask) {
    return _mm512_mask_loadu_epi8(others, mask, in);
  }
  static OCTET_INLINE void store_first_bytes(std::uint8_t* out, I32 bytes, ByteMask mask) {
    _mm512_mask_storeu_epi8(out, mask, bytes);
  }
  /// The first bytes of one half.
  template <int kHalf>
  static OCTET_INLINE void store_half(std::uint8_t* out, I32 v, ByteMask mask) {
    const __m256i half = kHalf == 0 ? _mm512_castsi512_si256(v) : _mm512_extracti64x4_epi64(v, 1);
    _mm256_mask_storeu_epi8(out, static_cast<__mmask32>(mask), half);
  }
  /// `count` bytes from `first` on.
  static OCTET_INLINE __mmask64 stream_bytes(int first, std::int64_t count) {
    return ~std::uint64_t{0} >> (64 - count) << first;
  }
  template <int kStreams>
  static OCTET_INLINE I32 load_streams(const std::uint8_t* const (&in)[kStreams],
                                       std::int64_t count) {
    // No load is wider than a stream, or many would cross a cache line.
    const std::uint64_t mask = stream_bytes(0, count);
    if constexpr (kStreams == 1) {
      return load_first_bytes(in[0], mask);
    } else if constexpr (kStreams == 2) {
      const auto half = [&](int p) OCTET_INLINE_LAMBDA {
        return _mm256_maskz_loadu_epi8(static_cast<__mmask32>(mask), in[p]);
      };
      return _mm512_inserti64x4(_mm512_castsi256_si512(half(0)), half(1), 1);
    } else {
      const auto quarter = [&](int p) OCTET_INLINE_LAMBDA {
        return _mm_maskz_loadu_epi8(static_cast<__mmask16>(mask), in[p]);
      };
      I32 v = _mm512_castsi128_si512(quarter(0));
      v = _mm512_inserti32x4(v, quarter(1), 1);
      v = _mm512_inserti32x4(v, quarter(2), 2);
      return _mm512_inserti32x4(v, quarter(3), 3);
    }
  }
  static OCTET_INLINE void store_stream(std::uint8_t* out, I32 bytes, int first,
                                        std::int64_t count) {
    _mm512_mask_storeu_epi8(out - first, stream_bytes(first, count), bytes);
  }
  /// `v` with other lanes, from as many repetitions of kBytes bytes as a vector holds. By asm,
  /// since an intrinsic would say that all of the bytes may be read.
  template <int kBytes>
  static OCTET_INLINE I32 with_repeated(I32 v, const std::uint8_t* in, __mmask16 lanes) {
    const auto& bytes = *reinterpret_cast<const std::uint8_t(*)[kBytes]>(in);
    if constexpr (kBytes == 32) {
      asm("vbroadcasti32x8 %1, %0%{%2%}" : "+v"(v) : "m"(bytes), "Yk"(lanes));
    } else {
      asm("vbroadcasti32x4 %1, %0%{%2%}" : "+v"(v) : "m"(bytes), "Yk"(lanes));
    }
    return v;
  }
  /// The first bytes of kStreams streams, a multiple of 4, side by side; what quad_mask() made of
  /// their count. No load is wider than a stream, or many would cross a cache line.
  static OCTET_INLINE __mmask16 quad_mask(std::int64_t count) { return first_lanes(count / 4); }
  template <int kStreams>
  static OCTET_INLINE I32 load_quad_bytes(const std::uint8_t* const (&in)[kStreams],
                                          __mmask16 mask) {
    if constexpr (kStreams == 1) return _mm512_maskz_loadu_epi32(mask, in[0]);
    I32 v =
        kStreams == 2
            ? _mm512_castsi256_si512(_mm256_maskz_loadu_epi32(static_cast<__mmask8>(mask), in[0]))
            : _mm512_castsi128_si512(_mm_maskz_loadu_epi32(static_cast<__mmask8>(mask), in[0]));
    unroll<kStreams - 1>([&](auto p) OCTET_INLINE_LAMBDA {
      v = with_repeated<64 / kStreams>(v, in[p + 1],
                                       static_cast<__mmask16>(mask << (p + 1) * 16 / kStreams));
    });
    return v;
  }
  static OCTET_INLINE I32 permute_bytes(I32 v, const std::uint8_t (&order)[16]) {
    return _mm512_shuffle_epi8(
        v, _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(order))));
  }
  static OCTET_INLINE I32 spread(I32 v, I32 groups, I32 bytes) {
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(groups, v), bytes);
  }

  /// 256 bytes, by the byte that is looked up: as words of two, since words of any of two vectors
  /// can be picked at a time.
  struct Table {
    explicit OCTET_INLINE Table(const std::uint8_t* table) {
      OCTET_UNROLL for (int i = 0; i < 4; ++i) quarter[i] = load(table + 64 * i);
    }
    /// By bits 1 to 6 of the low bytes of `index`, already moved to bit 0, and by bit 7 from
    /// `upper`.
    OCTET_INLINE I32 words(I32 index, __mmask32 upper) const {
      const I32 low = _mm512_permutex2var_epi16(quarter[0], index, quarter[1]);
      const I32 high = _mm512_permutex2var_epi16(quarter[2], index, quarter[3]);
      return _mm512_mask_blend_epi16(upper, low, high);
    }
    OCTET_INLINE I32 at(I32 v) const {
      const __mmask32 even_upper = _mm512_test_epi16_mask(v, _mm512_set1_epi16(0x80));
      const I32 even = words(_mm512_srli_epi16(v, 1), even_upper);
      const I32 odd = words(_mm512_srli_epi16(v, 9), _mm512_movepi16_mask(v));
      // Of a word its second byte, where the byte that was looked up is odd.
      const __mmask32 even_second = _mm512_test_epi16_mask(v, _mm512_set1_epi16(1));
      const __mmask32 odd_first = _mm512_testn_epi16_mask(v, _mm512_set1_epi16(0x100));
      return _mm512_mask_blend_epi8(0xAAAAAAAAAAAAAAAA,
                                    _mm512_mask_srli_epi16(even, even_second, even, 8),
                                    _mm512_mask_slli_epi16(odd, odd_first, odd, 8));
    }
    I32 quarter[4];
  };
  static OCTET_INLINE I32 max_bytes(I32 a, I32 b) { return _mm512_max_epu8(a, b); }
  /// 16-bit sums of bytes 2 n + 256 times bytes 2 n + 1, and of bytes 2 n + 1 alone.
  static OCTET_INLINE void add_bytes(I32& all, I32& odd, I32 bytes) {
    all = _mm512_add_epi16(all, bytes);
    odd = _mm512_add_epi16(odd, _mm512_srli_epi16(bytes, 8));
  }
  static OCTET_INLINE I32 even_sums(I32 all, I32 odd) {
    return _mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8));
  }
  static OCTET_INLINE I32 high_halves(I32 v) { return _mm512_srli_epi32(v, 16); }

  /// Weights [K, N], `k_count` rows of up to 64 columns; zeros beside and below them.
  static OCTET_INLINE void interleave_any_rows(const PackArgs& args, const std::uint8_t* source,
                                               std::int64_t k_count, std::int8_t* panel) {
    const std::uint64_t mask = first_bytes(args.columns);
    const I32 flip = _mm512_maskz_set1_epi8(mask, static_cast<char>(args.flip));
    for (std::int64_t left = k_count; left > 0; left -= kKr) {
      I32 row[kKr] = {};
      unroll<kKr>([&](auto i) OCTET_INLINE_LAMBDA {
        if (i >= left) return;
        row[i] = lanes_apart(exclusive_or(load_first_bytes(source, mask), flip));
        source += args.k_stride;
      });
      I32 columns[4];
      interleave4(row, columns);
      unroll<4>([&](auto i) OCTET_INLINE_LAMBDA {
        if (i >= args.vectors) return;
        store(panel, columns[i]);
        panel += 4 * kLanes;
      });
    }
  }
  /// As interleave_columns_by_4(), for 16 columns at a time: transposes of 16 columns x 4 groups.
  static OCTET_INLINE std::int64_t interleave_columns(const PackArgs& args,
                                                      const std::uint8_t* source,
                                                      std::int64_t k_count, std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    const I32 flip = _mm512_set1_epi8(static_cast<char>(args.flip));
    const std::int64_t stride = args.n_stride;
    std::int64_t column = 0;
    for (; column + 16 <= args.columns; column += 16) {
      const std::uint8_t* first = source + column * stride;
      std::int8_t* out = panel + column * kKr;
      for (std::int64_t k = 0; k < k_count; k += kPackStep, first += kPackStep) {
        const std::uint8_t* in = first;
        I32 by_lane[4];  // of vector i, column 4 L + i in lane L
        unroll<4>([&](auto i) OCTET_INLINE_LAMBDA {
          // A masked broadcast is a load and a blend, which any vector port does; an insertion
          // takes one of those that shuffle.
          const auto column_of_lane = [&](int lane) OCTET_INLINE_LAMBDA {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 4 * lane * stride));
          };
          __m512i v = _mm512_castsi128_si512(column_of_lane(0));
          v = _mm512_mask_broadcast_i32x4(v, 0x00F0, column_of_lane(1));
          v = _mm512_mask_broadcast_i32x4(v, 0x0F00, column_of_lane(2));
          v = _mm512_mask_broadcast_i32x4(v, 0xF000, column_of_lane(3));
          by_lane[i] = exclusive_or(v, flip);
          in += stride;
        });
        I32 groups[4];
        const I32 low01 = _mm512_unpacklo_epi32(by_lane[0], by_lane[1]);
        const I32 high01 = _mm512_unpackhi_epi32(by_lane[0], by_lane[1]);
        const I32 low23 = _mm512_unpacklo_epi32(by_lane[2], by_lane[3]);
        const I32 high23 = _mm512_unpackhi_epi32(by_lane[2], by_lane[3]);
        groups[0] = _mm512_unpacklo_epi64(low01, low23);
        groups[1] = _mm512_unpackhi_epi64(low01, low23);
        groups[2] = _mm512_unpacklo_epi64(high01, high23);
        groups[3] = _mm512_unpackhi_epi64(high01, high23);
        unroll<4>([&](auto i) OCTET_INLINE_LAMBDA {
          store(out, groups[i]);
          out += group_bytes;
        });
      }
    }
    return interleave_columns_by_4(args, source, k_count, panel, group_bytes, column);
  }

  /// 16 bits of two vectors, the zero point added, and the bytes of two of those, as ByteTerms
  /// says. Any int32 may come in. The packs work within 128-bit lanes: they undo the order of
  /// interleave4.
  static OCTET_INLINE I32 narrow_pair(I32 a, I32 b, const ByteTerms& terms) {
    return narrow_pair(a, b, fill(terms.zero_point));
  }
  static OCTET_INLINE I32 narrow_pair(I32 a, I32 b, I32 zero_point) {
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), zero_point);
  }
  static OCTET_INLINE I32 narrow_quad(I32 v01, I32 v23, const ByteTerms& terms) {
    if (terms.range == ByteRange::kSigned) [[likely]]
      return _mm512_packs_epi16(v01, v23);
    if (terms.range == ByteRange::kUnsigned) return _mm512_packus_epi16(v01, v23);
    return narrow_part(v01, v23, fill(terms.min), fill(terms.shift));
  }
  static OCTET_INLINE I32 narrow_part(I32 v01, I32 v23, I32 min, I32 shift) {
    return _mm512_add_epi8(_mm512_max_epi8(_mm512_packs_epi16(v01, v23), min), shift);
  }
  /// The bytes of up to four vectors, one after the other.
  template <int kVectors>
  static OCTET_INLINE I32 narrow(const I32 (&v)[kVectors], const ByteTerms& terms) {
    constexpr int kLast = kVectors - 1;
    const I32 v01 = narrow_pair(v[0], v[kLast < 1 ? kLast : 1], terms);
    const I32 v23 = kVectors > 2 ? narrow_pair(v[kLast < 2 ? kLast : 2], v[kLast], terms) : v01;
    return lanes_apart(narrow_quad(v01, v23, terms));
  }

  /// Writes the bytes of row `row` of rows of kNv vectors each: `columns` of them, more than
  /// (kNv - 1) * kLanes.
  template <int kNv>
  static OCTET_INLINE void store_bytes(std::uint8_t* out, I32 bytes, int row,
                                       std::int64_t columns) {
    const bool all = columns == kNv * kLanes;
    if constexpr (kNv == 1) {
      const __m128i part[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                               _mm512_extracti32x4_epi32(bytes, 2),
                               _mm512_extracti32x4_epi32(bytes, 3)};
      if (all) [[likely]] {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), part[row]);
      } else {
        _mm_mask_storeu_epi8(out, first_lanes(columns), part[row]);
      }
    } else if constexpr (kNv == 2) {
      const __m256i part[2] = {_mm512_castsi512_si256(bytes), _mm512_extracti64x4_epi64(bytes, 1)};
      if (all) [[likely]] {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), part[row]);
      } else {
        _mm256_mask_storeu_epi8(out, ~std::uint32_t{0} >> (32 - columns), part[row]);
      }
    } else if (kNv == 4 && all) [[likely]] {
      _mm512_storeu_si512(out, bytes);
    } else {
      _mm512_mask_storeu_epi8(out, ~std::uint64_t{0} >> (64 - columns), bytes);
    }
  }
};
