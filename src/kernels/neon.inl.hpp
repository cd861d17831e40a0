// 128-bit vectors: everything that is not the dot product. Included inside an ISA's anonymous
// namespace. Needs Armv8.0 only.

struct VectorNeon {
  static constexpr int kLanes = 4;
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
  static OCTET_INLINE I32 channel_flip(std::uint8_t flip) { return vdupq_n_s32(flip); }

  /// See neon_pack.inl.hpp.
  static OCTET_INLINE std::int64_t interleave_rows(const PackArgs& args, const std::uint8_t* source,
                                                   std::int8_t* panel, std::int64_t group_bytes) {
    return interleave_rows_by_16(args, source, panel, group_bytes);
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
      zero_point_ = vdupq_n_s16(static_cast<std::int16_t>(zero_point - shift));
      min_ = vdupq_n_s8(static_cast<std::int8_t>(static_cast<int>(min) - shift));
      max_ = vdupq_n_s8(static_cast<std::int8_t>(static_cast<int>(max) - shift));
      flip_ = vdupq_n_s8(static_cast<std::int8_t>(shift));
    }

    /// Writes `columns` bytes: more than (kNv - 1) * kLanes, at most kNv * kLanes.
    template <int kNv>
    OCTET_INLINE void store(std::uint8_t* out, const I32 (&v)[kNv], std::int64_t columns) const {
      static_assert(kNv <= 4);
      const int16x8_t v01 = halves(v[0], v[kNv > 1 ? 1 : 0]);
      const int16x8_t v23 = kNv > 2 ? halves(v[kNv > 2 ? 2 : 0], v[kNv - 1]) : v01;
      const int8x16_t packed = vqmovn_high_s16(vqmovn_s16(v01), v23);
      const int8x16_t clamped = vminq_s8(vmaxq_s8(packed, min_), max_);
      const uint8x16_t bytes = vreinterpretq_u8_s8(veorq_s8(clamped, flip_));
      if (columns == kNv * kLanes) {
        if constexpr (kNv == 4) vst1q_u8(out, bytes);
        if constexpr (kNv == 2 || kNv == 3) vst1_u8(out, vget_low_u8(bytes));
        if constexpr (kNv == 3) store_lane<2>(out + 8, bytes);
        if constexpr (kNv == 1) store_lane<0>(out, bytes);
        return;
      }
      std::uint8_t buffer[16];
      vst1q_u8(buffer, bytes);
      for (std::int64_t i = 0; i < columns; ++i) out[i] = buffer[i];
    }

   private:
    template <int kLane>
    static OCTET_INLINE void store_lane(std::uint8_t* out, uint8x16_t bytes) {
      const std::uint32_t lane = vgetq_lane_u32(vreinterpretq_u32_u8(bytes), kLane);
      __builtin_memcpy(out, &lane, sizeof lane);
    }
    OCTET_INLINE int16x8_t halves(I32 low, I32 high) const {
      return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(low), high), zero_point_);
    }
    int16x8_t zero_point_;
    int8x16_t min_, max_, flip_;
  };
};
