// 256-bit vectors: everything that is not the dot product. Included inside an ISA's anonymous
// namespace. Needs AVX2.

struct Vector256 {
  static constexpr int kLanes = 8;
  static constexpr bool kLhsSigned = false;
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
    std::uint64_t bytes = 0;
    for (std::int64_t i = 0; i < count && i < kLanes; ++i)
      bytes |= static_cast<std::uint64_t>(in[i]) << (8 * i);
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(bytes)));
  }
  static OCTET_INLINE I32 channel_flip(std::uint8_t flip) { return _mm256_set1_epi32(flip); }

  /// See x86_pack.inl.hpp.
  static OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                                   std::int8_t* panel, std::int64_t group_bytes) {
    return interleave_rows_by_16(args, source, panel, group_bytes, 0);
  }
  static OCTET_INLINE std::int64_t interleave_columns(const PackArgs& args,
                                                      const std::uint8_t* source,
                                                      std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    return interleave_columns_by_4(args, source, panel, group_bytes, 0);
  }

  /// The bytes of up to four vectors, one after the other. All steps saturate, so that any int32
  /// may come in.
  template <int kVectors>
  static OCTET_INLINE I32 narrow(const I32 (&v)[kVectors], const ByteTerms& terms) {
    constexpr int kLast = kVectors - 1;
    const I32 zero_point = fill(terms.zero_point);
    const I32 v01 =
        _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[kLast < 1 ? kLast : 1]), zero_point);
    const I32 v23 =
        kVectors > 2
            ? _mm256_adds_epi16(_mm256_packs_epi32(v[kLast < 2 ? kLast : 2], v[kLast]), zero_point)
            : v01;
    // The packs work within 128-bit lanes: gather the four bytes of each into place.
    const I32 order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const I32 packed = _mm256_min_epi8(
        _mm256_max_epi8(_mm256_packs_epi16(v01, v23), fill(terms.min)), fill(terms.max));
    return _mm256_xor_si256(_mm256_permutevar8x32_epi32(packed, order), fill(terms.flip));
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
      alignas(32) std::uint8_t buffer[32];
      _mm256_store_si256(reinterpret_cast<__m256i*>(buffer), bytes);
      for (std::int64_t i = 0; i < columns; ++i) out[i] = buffer[row * kNv * kLanes + i];
    }
  }
};
