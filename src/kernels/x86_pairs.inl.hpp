// The operands of an exact dot product without VNNI: int16 pairs. vpmaddwd multiplies two pairs and
// adds the products in int32, where nothing can overflow. Rows are staged as int16; a panel keeps
// its bytes, [k / 2][columns][2], so that vpmovsxbw widens it from memory as it stands. Included
// inside an ISA's anonymous namespace.

/// `Vector` is a vector base with multiply_pairs (vpmaddwd), store, and the widening loads
/// widen_s8, widen_u8 (to int16) and widen_s16 (to int32).
template <class Vector>
struct PairOperands : Vector {
  using I32 = typename Vector::I32;
  using Lhs = I32;
  using Rhs = I32;
  using ChannelWeights = I32;
  static constexpr int kLanes = Vector::kLanes;
  static constexpr int kLhsBytes = 2;

  static OCTET_INLINE void dot(I32& acc, Lhs a, Rhs b) {
    using Sums = typename Vector::I32Batch;
    acc = Sums(acc) + Sums(Vector::multiply_pairs(a, b));
  }
  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) { return Vector::widen_s8(panel); }
  static OCTET_INLINE Rhs ones() { return Vector::fill(0x00010001); }
  static OCTET_INLINE void pin_lhs(Lhs& a) { OCTET_PIN(a); }
  /// Of the bytes of a group, the first pair.
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    static_assert(!kFlip, "staged rows are flipped already");
    return Vector::fill((group & 0xFF) | (group & 0xFF00) << 8);
  }
  static OCTET_INLINE Lhs broadcast_staged(const std::uint8_t* row) {
    return Vector::fill(load_group(row));
  }

  /// Stages 2 * kLanes values, or eight.
  static OCTET_INLINE void stage_vector(const std::uint8_t* in, std::uint8_t flip,
                                        std::uint8_t* out) {
    Vector::store(out, Vector::exclusive_or(Vector::widen_u8(in), Vector::fill(flip * 0x10001u)));
  }
  static OCTET_INLINE void stage_8(const std::uint8_t* in, std::uint8_t flip, std::uint8_t* out) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(in));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_xor_si128(_mm_cvtepu8_epi16(bytes), _mm_set1_epi16(flip)));
  }

  /// A k-group of one column; `width` is that of the panel.
  static OCTET_INLINE void put_group(std::int8_t* out, std::int64_t width, std::uint32_t group) {
    __builtin_memcpy(out, &group, 2);
    group >>= 16;
    __builtin_memcpy(out + 2 * width, &group, 2);
  }
  /// As interleave_rows_by_16() and interleave_columns_by_4(), in pairs.
  static OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                                   std::int8_t* panel, std::int64_t group_bytes) {
    const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
    std::int64_t column = 0;
    for (; column + 16 <= args.columns; column += 16) {
      for (int pair = 0; pair < kPackStep / 2; ++pair) {
        const std::uint8_t* in = source + pair * 2 * args.k_stride + column;
        const __m128i row0 = load_128(in, flip), row1 = load_128(in + args.k_stride, flip);
        std::int8_t* out = panel + pair * group_bytes / 2 + column * 2;
        store_128(out, _mm_unpacklo_epi8(row0, row1));
        store_128(out + 16, _mm_unpackhi_epi8(row0, row1));
      }
    }
    return column;
  }
  static OCTET_INLINE std::int64_t interleave_columns(const PackArgs& args,
                                                      const std::uint8_t* source,
                                                      std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
    std::int64_t column = 0;
    for (; column + 8 <= args.columns; column += 8) {
      __m128i v[8], by2[8], by4[8];  // a transpose of 8 columns x 8 pairs
      OCTET_UNROLL for (int i = 0; i < 8; ++i) {
        v[i] = load_128(source + (column + i) * args.n_stride, flip);
      }
      OCTET_UNROLL for (int i = 0; i < 8; i += 2) {
        by2[i] = _mm_unpacklo_epi16(v[i], v[i + 1]);
        by2[i + 1] = _mm_unpackhi_epi16(v[i], v[i + 1]);
      }
      OCTET_UNROLL for (int i = 0; i < 8; i += 4) {
        OCTET_UNROLL for (int j = 0; j < 2; ++j) {
          by4[i + 2 * j] = _mm_unpacklo_epi32(by2[i + j], by2[i + 2 + j]);
          by4[i + 2 * j + 1] = _mm_unpackhi_epi32(by2[i + j], by2[i + 2 + j]);
        }
      }
      std::int8_t* out = panel + column * 2;
      OCTET_UNROLL for (int group = 0; group < kPackStep / kKr; ++group, out += group_bytes) {
        const __m128i low = by4[group], high = by4[group + 4];
        store_128(out, _mm_unpacklo_epi64(low, high));
        store_128(out + group_bytes / 2, _mm_unpackhi_epi64(low, high));
      }
    }
    return column;
  }

  /// The weight of a channel is the first byte of its pair, and the low int16 of its lane.
  static OCTET_INLINE ChannelWeights load_channel_weights(const std::int8_t* panel) {
    return Vector::sign_extend_bytes(Vector::widen_s16(panel));
  }
  static OCTET_INLINE void dot_channels(I32& acc, I32 a, ChannelWeights b, I32 flip) {
    dot(acc, Vector::exclusive_or(a, flip), b);
  }
};
