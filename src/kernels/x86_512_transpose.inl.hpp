// Transposes of sums, on 512-bit vectors. Included inside an ISA's anonymous namespace.

template <class Base>
struct TransposesSums : Base {
  using typename Base::I32;

  /// Lane l of v[n] becomes value n of row l: 16 rows of 8, `stride` values apart.
  static OCTET_INLINE void store_transposed(std::int32_t* out, std::int64_t stride,
                                            const I32 (&v)[8]) {
    I32 low[4], high[4];  // of row 4 L + i, in lane L of vector i: values 0 to 3, and 4 to 7
    transpose_lanes(v[0], v[1], v[2], v[3], low);
    transpose_lanes(v[4], v[5], v[6], v[7], high);
    const I32 first_rows = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const I32 last_rows = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    unroll<4>([&](auto i) OCTET_INLINE_LAMBDA {
      store_two(out + i * stride, stride, _mm512_permutex2var_epi64(low[i], first_rows, high[i]));
      store_two(out + (i + 8) * stride, stride,
                _mm512_permutex2var_epi64(low[i], last_rows, high[i]));
    });
  }

 private:
  /// Within 128 bits: a transpose of 4 x 4 values.
  static OCTET_INLINE void transpose_lanes(I32 a, I32 b, I32 c, I32 d, I32 (&out)[4]) {
    const I32 low_ab = _mm512_unpacklo_epi32(a, b), high_ab = _mm512_unpackhi_epi32(a, b);
    const I32 low_cd = _mm512_unpacklo_epi32(c, d), high_cd = _mm512_unpackhi_epi32(c, d);
    out[0] = _mm512_unpacklo_epi64(low_ab, low_cd);
    out[1] = _mm512_unpackhi_epi64(low_ab, low_cd);
    out[2] = _mm512_unpacklo_epi64(high_ab, high_cd);
    out[3] = _mm512_unpackhi_epi64(high_ab, high_cd);
  }
  /// The halves: a row, and the fourth behind it.
  static OCTET_INLINE void store_two(std::int32_t* out, std::int64_t stride, I32 v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_castsi512_si256(v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 4 * stride),
                        _mm512_extracti64x4_epi64(v, 1));
  }
};
