// 128-bit vectors: everything that is not the dot product. Included inside an ISA's anonymous
// namespace. Needs Armv8.0 only.

struct VectorNeon {
  static constexpr int kLanes = 4;
  static constexpr int kNarrowSums = 16;
  /// The pipes of the dot products are all that there are for vectors.
  static constexpr bool kWorksBeside = false;
  using I32 = int32x4_t;
  using I32Batch = xsimd::batch<std::int32_t, xsimd::neon64>;
  using F32Batch = xsimd::batch<float, xsimd::neon64>;

  static OCTET_INLINE I32 load(const void* in) {
    return vreinterpretq_s32_u8(vld1q_u8(static_cast<const std::uint8_t*>(in)));
  }
  static OCTET_INLINE I32 fill(std::uint32_t lane) {
    return vdupq_n_s32(static_cast<std::int32_t>(lane));
  }
  static OCTET_INLINE I32 exclusive_or(I32 a, I32 b) { return veorq_s32(a, b); }
  static OCTET_INLINE F32Batch floats(I32 bits) { return vreinterpretq_f32_s32(bits); }
  static OCTET_INLINE I32 bits(F32Batch v) { return vreinterpretq_s32_f32(v); }
  /// xsimd 8 divides by an estimated reciprocal here, which is not IEEE's quotient.
  static OCTET_INLINE F32Batch divide(F32Batch a, F32Batch b) { return vdivq_f32(a, b); }
  /// Where a bound and a value are zeros of different sign the bound wins, as on x86: fmax and
  /// fmin would look at the signs.
  static OCTET_INLINE F32Batch clamp(F32Batch v, F32Batch low, F32Batch high) {
    const float32x4_t raised = vbslq_f32(vcgtq_f32(v, low), v, low);
    return vbslq_f32(vcltq_f32(raised, high), raised, high);
  }

  /// The first `count` lanes, 1 to kLanes.
  static OCTET_INLINE void store_partial(void* out, I32 v, std::int64_t count) {
    auto* lanes = static_cast<std::int32_t*>(out);
    if (count == kLanes) return vst1q_s32(lanes, v);
    if (count >= 2) vst1_s32(lanes, vget_low_s32(v));
    if (count == 1) vst1q_lane_s32(lanes, v, 0);
    if (count == 3) vst1q_lane_s32(lanes + 2, v, 2);
  }
  static OCTET_INLINE I32 load_partial(const void* in, std::int64_t count) {
    const auto* lanes = static_cast<const std::int32_t*>(in);
    if (count == kLanes) return vld1q_s32(lanes);
    I32 v = vsetq_lane_s32(lanes[0], vdupq_n_s32(0), 0);
    if (count > 1) v = vld1q_lane_s32(lanes + 1, v, 1);
    if (count > 2) v = vld1q_lane_s32(lanes + 2, v, 2);
    return v;
  }

  /// The sums of the lanes of four vectors.
  static OCTET_INLINE void store_lane_sums(std::int32_t* out, const I32 (&v)[4]) {
    vst1q_s32(out, vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3])));
  }

  /// Byte n in lane n, zero-extended.
  static OCTET_INLINE I32 spread_bytes(std::uint32_t bytes) {
    const uint16x8_t halves = vmovl_u8(vcreate_u8(bytes));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(halves)));
  }
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in) {
    return spread_bytes(load_group(in));
  }
  static OCTET_INLINE I32 load_channels(const std::uint8_t* in, std::int64_t count) {
    std::uint32_t bytes = 0;
    for (std::int64_t i = 0; i < count && i < kLanes; ++i)
      bytes |= static_cast<std::uint32_t>(in[i]) << (8 * i);
    return spread_bytes(bytes);
  }
  static OCTET_INLINE void store(void* out, I32 v) {
    vst1q_u8(static_cast<std::uint8_t*>(out), vreinterpretq_u8_s32(v));
  }

  static constexpr int kStreams = 1;
  static constexpr bool kMasks = false;
  static constexpr int kDepthwisePixels = 6;  // 12 sums, 6 packed and 13 columns

  /// The bytes of four vectors in turn: lane n of vector q holds bytes 4 q + n of them.
  static OCTET_INLINE void interleave4(const I32 (&in)[4], I32 (&out)[4]) {
    uint16x8_t low[2], high[2];
    OCTET_UNROLL for (int i = 0; i < 2; ++i) {
      const uint8x16_t a = vreinterpretq_u8_s32(in[2 * i]), b = vreinterpretq_u8_s32(in[2 * i + 1]);
      low[i] = vreinterpretq_u16_u8(vzip1q_u8(a, b));
      high[i] = vreinterpretq_u16_u8(vzip2q_u8(a, b));
    }
    out[0] = vreinterpretq_s32_u16(vzip1q_u16(low[0], low[1]));
    out[1] = vreinterpretq_s32_u16(vzip2q_u16(low[0], low[1]));
    out[2] = vreinterpretq_s32_u16(vzip1q_u16(high[0], high[1]));
    out[3] = vreinterpretq_s32_u16(vzip2q_u16(high[0], high[1]));
  }
  /// They are: a vector of bytes is one block of 128 bits.
  static OCTET_INLINE void in_order(I32 (&)[4]) {}
  template <int kStreams>
  static OCTET_INLINE I32 load_streams(const std::uint8_t* const (&in)[kStreams],
                                       std::int64_t count) {
    static_assert(kStreams == 1);
    return load_first_bytes(in[0], count);
  }
  static OCTET_INLINE I32 flip_top_bits(I32 v) { return exclusive_or(v, fill(0x80808080u)); }
  static OCTET_INLINE std::int64_t first_bytes(std::int64_t count) { return count; }
  /// The first `count` bytes, 1 to 16, and zeros.
  static OCTET_INLINE I32 load_first_bytes(const std::uint8_t* in, std::int64_t count) {
    if (count == 16) [[likely]]
      return load(in);
    std::uint64_t words[2] = {};
    for (std::int64_t i = 0; i < count; ++i) words[i / 8] |= std::uint64_t{in[i]} << (i % 8 * 8);
    return vreinterpretq_s32_u64(vcombine_u64(vcreate_u64(words[0]), vcreate_u64(words[1])));
  }
  static OCTET_INLINE void store_stream(std::uint8_t* out, I32 bytes, int, std::int64_t count) {
    if (count == 16) [[likely]]
      return store(out, bytes);
    std::uint8_t buffer[16];
    store(buffer, bytes);
    for (std::int64_t i = 0; i < count; ++i) out[i] = buffer[i];
  }
  /// The first bytes of a row; what quad_mask() made of their count.
  static OCTET_INLINE std::int64_t quad_mask(std::int64_t count) { return count; }
  static OCTET_INLINE I32 load_quad_bytes(const std::uint8_t* const (&in)[1], std::int64_t count) {
    return load_first_bytes(in[0], count);
  }
  static OCTET_INLINE I32 permute_bytes(I32 v, I32 order) {
    return vreinterpretq_s32_u8(vqtbl1q_u8(vreinterpretq_u8_s32(v), vreinterpretq_u8_s32(order)));
  }
  static OCTET_INLINE I32 permute_bytes(I32 v, const std::uint8_t (&order)[16]) {
    return permute_bytes(v, load(order));
  }
  /// The groups of the first 16 bytes are where they should be.
  static OCTET_INLINE I32 spread(I32 v, I32, I32 bytes) { return permute_bytes(v, bytes); }

  /// 256 bytes, by the byte that is looked up.
  struct Table {
    explicit OCTET_INLINE Table(const std::uint8_t* table) {
      OCTET_UNROLL for (int i = 0; i < 4; ++i) quarter[i] = vld1q_u8_x4(table + 64 * i);
    }
    OCTET_INLINE I32 at(I32 bytes) const {
      const uint8x16_t index = vreinterpretq_u8_s32(bytes);
      uint8x16_t found = vqtbl4q_u8(quarter[0], index);
      found = vqtbx4q_u8(found, quarter[1], vsubq_u8(index, vdupq_n_u8(64)));
      found = vqtbx4q_u8(found, quarter[2], vsubq_u8(index, vdupq_n_u8(128)));
      found = vqtbx4q_u8(found, quarter[3], vsubq_u8(index, vdupq_n_u8(192)));
      return vreinterpretq_s32_u8(found);
    }
    uint8x16x4_t quarter[4];
  };
  static OCTET_INLINE uint16x8_t halves(I32 v) { return vreinterpretq_u16_s32(v); }
  static OCTET_INLINE I32 max_bytes(I32 a, I32 b) {
    return vreinterpretq_s32_u8(vmaxq_u8(vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b)));
  }
  /// 16-bit sums of bytes 2 n + 256 times bytes 2 n + 1, and of bytes 2 n + 1 alone.
  static OCTET_INLINE void add_bytes(I32& all, I32& odd, I32 bytes) {
    all = vreinterpretq_s32_u16(vaddq_u16(halves(all), halves(bytes)));
    odd = vreinterpretq_s32_u16(vsraq_n_u16(halves(odd), halves(bytes), 8));
  }
  static OCTET_INLINE I32 even_sums(I32 all, I32 odd) {
    return vreinterpretq_s32_u16(vsubq_u16(halves(all), vshlq_n_u16(halves(odd), 8)));
  }
  static OCTET_INLINE I32 high_halves(I32 v) {
    return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(v), 16));
  }

  /// See neon_pack.inl.hpp.
  static OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                                   std::int8_t* panel, std::int64_t group_bytes) {
    return interleave_rows_by_16(args, source, panel, group_bytes);
  }
  static OCTET_INLINE std::int64_t interleave_columns(const PackArgs& args,
                                                      const std::uint8_t* source,
                                                      std::int64_t k_count, std::int8_t* panel,
                                                      std::int64_t group_bytes) {
    return interleave_columns_by_4(args, source, k_count, panel, group_bytes);
  }

  /// 16 bits of two vectors, the zero point added, and the bytes of two of those, as ByteTerms
  /// says. Any int32 may come in.
  static OCTET_INLINE I32 narrow_pair(I32 a, I32 b, const ByteTerms& terms) {
    const int16x8_t zero_point = vreinterpretq_s16_s32(fill(terms.zero_point));
    return vreinterpretq_s32_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(a), b), zero_point));
  }
  static OCTET_INLINE I32 narrow_quad(I32 v01, I32 v23, const ByteTerms& terms) {
    const int16x8_t low = vreinterpretq_s16_s32(v01), high = vreinterpretq_s16_s32(v23);
    if (terms.range == ByteRange::kUnsigned)
      return vreinterpretq_s32_u8(vqmovun_high_s16(vqmovun_s16(low), high));
    const int8x16_t packed = vqmovn_high_s16(vqmovn_s16(low), high);
    if (terms.range == ByteRange::kSigned) return vreinterpretq_s32_s8(packed);
    const int8x16_t clamped = vmaxq_s8(packed, vreinterpretq_s8_s32(fill(terms.min)));
    return vreinterpretq_s32_s8(vaddq_s8(clamped, vreinterpretq_s8_s32(fill(terms.shift))));
  }
  /// The bytes of up to four vectors, one after the other.
  template <int kVectors>
  static OCTET_INLINE I32 narrow(const I32 (&v)[kVectors], const ByteTerms& terms) {
    constexpr int kLast = kVectors - 1;
    const I32 v01 = narrow_pair(v[0], v[kLast < 1 ? kLast : 1], terms);
    const I32 v23 = kVectors > 2 ? narrow_pair(v[kLast < 2 ? kLast : 2], v[kLast], terms) : v01;
    return narrow_quad(v01, v23, terms);
  }

  /// Writes the bytes of row `row` of rows of kNv vectors each: `columns` of them, more than
  /// (kNv - 1) * kLanes.
  template <int kNv>
  static OCTET_INLINE void store_bytes(std::uint8_t* out, I32 bytes, int row,
                                       std::int64_t columns) {
    if (kNv == 4 && columns == 4 * kLanes) [[likely]] {
      return vst1q_u8(out, vreinterpretq_u8_s32(bytes));
    }
    std::int32_t buffer[kLanes];
    vst1q_s32(buffer, bytes);
    const auto* in = reinterpret_cast<const std::uint8_t*>(buffer + row * kNv);
    if (columns == kNv * kLanes) {
      __builtin_memcpy(out, in, kNv * kLanes);
    } else {
      for (std::int64_t i = 0; i < columns; ++i) out[i] = in[i];
    }
  }
};
