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
    return interleave_columns_by_4(args, source, panel, group_bytes);
  }

  /// int32 to 8 bit: adds the zero point and clamps. All steps saturate, so that any int32 may come
  /// in. u8 goes through s8 and a flip of the top bit: one signed path serves both.
  class Narrow {
   public:
    /// `min` and `max`: whole numbers in the range of `type`.
    OCTET_INLINE Narrow(std::int32_t zero_point, float min, float max, DataType type) {
      const int shift = type == DataType::kU8 ? 128 : 0;
      zero_point_ = _mm256_set1_epi16(static_cast<short>(zero_point - shift));
      min_ = _mm256_set1_epi8(static_cast<char>(static_cast<int>(min) - shift));
      max_ = _mm256_set1_epi8(static_cast<char>(static_cast<int>(max) - shift));
      flip_ = _mm256_set1_epi8(static_cast<char>(shift));
    }

    /// Writes `columns` bytes: more than (kNv - 1) * kLanes, at most kNv * kLanes.
    template <int kNv>
    OCTET_INLINE void store(std::uint8_t* out, const I32 (&v)[kNv], std::int64_t columns) const {
      static_assert(kNv <= 4);
      const I32 v01 = _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[kNv > 1 ? 1 : 0]), zero_point_);
      const I32 v23 = kNv > 2 ? _mm256_adds_epi16(
                                    _mm256_packs_epi32(v[kNv > 2 ? 2 : 0], v[kNv - 1]), zero_point_)
                              : v01;
      // The packs work within 128-bit lanes: gather the four bytes of each into place.
      const I32 order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
      const I32 packed = _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(v01, v23), min_), max_);
      const I32 bytes = _mm256_xor_si256(_mm256_permutevar8x32_epi32(packed, order), flip_);
      if (columns == kNv * kLanes && kNv != 3) {
        if constexpr (kNv == 4) _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
        const __m128i low = _mm256_castsi256_si128(bytes);
        if constexpr (kNv == 2) _mm_storeu_si128(reinterpret_cast<__m128i*>(out), low);
        if constexpr (kNv == 1) _mm_storel_epi64(reinterpret_cast<__m128i*>(out), low);
        return;
      }
      alignas(32) std::uint8_t buffer[32];
      _mm256_store_si256(reinterpret_cast<__m256i*>(buffer), bytes);
      for (std::int64_t i = 0; i < columns; ++i) out[i] = buffer[i];
    }

   private:
    I32 zero_point_;  // 16-bit lanes; the others 8-bit
    I32 min_, max_, flip_;
  };
};
