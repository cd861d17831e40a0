// The operands of an exact dot product without VNNI: int16 pairs. vpmaddwd multiplies two pairs and
// adds the products in int32, where nothing can overflow. Rows are staged as int16; a panel keeps
// its bytes, [k / 2][columns][2], so that vpmovsxbw widens it from memory as it stands. Included
// inside an ISA's anonymous namespace.

/// `Vector` is a vector base with multiply_pairs (vpmaddwd), the widening loads widen_s8 and
/// widen_u8 (to int16), flip_top_bits, and even_u8, odd_u8: every other byte, as int16.
template <class Vector>
struct PairOperands : Vector {
  using I32 = typename Vector::I32;
  using Lhs = I32;
  using Rhs = I32;
  static constexpr int kLanes = Vector::kLanes;
  static constexpr int kLhsBytes = 2;
  static constexpr int kSlots = 2;

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
                                                      std::int64_t k_count, std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    const __m128i flip = _mm_set1_epi8(static_cast<char>(args.flip));
    std::int64_t column = 0;
    for (; column + 8 <= args.columns; column += 8) {
      const std::uint8_t* in = source + column * args.n_stride;
      std::int8_t* out = panel + column * 2;
      for (std::int64_t k = 0; k < k_count; k += kPackStep, in += kPackStep) {
        __m128i v[8], by2[8], by4[8];  // a transpose of 8 columns x 8 pairs
        OCTET_UNROLL for (int i = 0; i < 8; ++i) { v[i] = load_128(in + i * args.n_stride, flip); }
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
        OCTET_UNROLL for (int group = 0; group < kPackStep / kKr; ++group, out += group_bytes) {
          const __m128i low = by4[group], high = by4[group + 4];
          store_128(out, _mm_unpacklo_epi64(low, high));
          store_128(out + group_bytes / 2, _mm_unpackhi_epi64(low, high));
        }
      }
    }
    return column;
  }

  /// Depthwise: two lines, widened as they are interleaved; the weights are int16.
  static OCTET_INLINE Rhs load_slots(const std::int8_t* weights) { return Vector::load(weights); }
  static OCTET_INLINE void interleave(const I32 (&lines)[2], I32 (&values)[4]) {
    const I32 zero = Vector::fill(0);
    I32 low, high;
    Vector::interleave2(lines[0], lines[1], low, high);
    Vector::interleave2(low, zero, values[0], values[1]);
    Vector::interleave2(high, zero, values[2], values[3]);
  }

  /// Grouped: four bytes of a lane as two pairs, the even ones and the odd ones.
  struct Quads {
    I32 even, odd;
  };
  static constexpr int kQuadPiece = 4;
  template <bool kFlip, int kStreams, class Mask>
  static OCTET_INLINE Quads load_quads(const std::uint8_t* const (&in)[kStreams],
                                       const Mask& mask) {
    I32 bytes = Vector::load_quad_bytes(in, mask);
    if constexpr (kFlip) bytes = Vector::flip_top_bits(bytes);
    return {Vector::even_u8(bytes), Vector::odd_u8(bytes)};
  }
  using Vector::permute_bytes;
  static OCTET_INLINE Quads permute_bytes(const Quads& v, const std::uint8_t (&order)[16]) {
    return {permute_bytes(v.even, order), permute_bytes(v.odd, order)};
  }
  /// Which are widened in the panel.
  static OCTET_INLINE Quads load_quad_weights(const std::int8_t* panel) {
    return {Vector::load(panel), Vector::load(panel + 4 * kLanes)};
  }
  static OCTET_INLINE void pin_quads(Quads& v) {
    OCTET_PIN(v.even);
    OCTET_PIN(v.odd);
  }
  static OCTET_INLINE void dot_quads(I32& acc, const Quads& a, const Quads& b) {
    add_in_place(acc, Vector::multiply_pairs(a.even, b.even));
    add_in_place(acc, Vector::multiply_pairs(a.odd, b.odd));
  }
  /// Compilers would rotate the sums through the registers, with moves.
  static OCTET_INLINE void add_in_place(I32& acc, I32 v) {
    asm("vpaddd %1, %0, %0" : "+" OCTET_VECTOR_CONSTRAINT(acc) : OCTET_VECTOR_CONSTRAINT(v));
  }
};
