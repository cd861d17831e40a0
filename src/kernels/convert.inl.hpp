// quantize, dequantize and requantize: runs of elements in memory. Included inside an ISA's
// anonymous namespace.

/// Calls `step(i, count)` for [0, total) in steps of a vector; only the last count may be less.
template <class Simd, class Step>
OCTET_INLINE void for_each_vector(std::int64_t total, Step step) {
  std::int64_t i = 0;
  for (; i + Simd::kLanes <= total; i += Simd::kLanes) step(i, std::int64_t{Simd::kLanes});
  if (i < total) step(i, total - i);
}

/// A full or partial vector of 32-bit lanes at in[i], or in[0] in all lanes if step is 0.
template <class Simd>
OCTET_INLINE typename Simd::I32Batch load_lanes(const void* in, std::int64_t i, std::int64_t count,
                                                int step = 1) {
  using I32 = typename Simd::I32Batch;
  const auto* lanes = static_cast<const std::int32_t*>(in);
  if (step == 0) return I32(lanes[0]);
  if (count == Simd::kLanes) return I32::load_unaligned(lanes + i);
  return I32(Simd::load_partial(lanes + i, count));
}
template <class Simd>
OCTET_INLINE typename Simd::F32Batch load_floats(const void* in, std::int64_t i, std::int64_t count,
                                                 int step = 1) {
  return Simd::floats(load_lanes<Simd>(in, i, count, step));
}

/// value where it is greater than low (so not where it is NaN), else low; then at most high.
template <class F32>
OCTET_INLINE F32 clamp_ordered(F32 value, F32 low, F32 high) {
  return xsimd::min(xsimd::select(value > low, value, low), high);
}

template <class Simd>
void quantize(const ConvertArgs& args) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  const bool is_signed = args.out_type == DataType::kS8;
  const float min = is_signed ? -128.0f : 0.0f, max = is_signed ? 127.0f : 255.0f;
  const F32 low(min), high(max);
  const ByteTerms terms(args.out_type, 0, min, max);
  auto* out = static_cast<std::uint8_t*>(args.out);
  for_each_vector<Simd>(args.count, [&](std::int64_t i, std::int64_t count) OCTET_INLINE_LAMBDA {
    const F32 scale = load_floats<Simd>(args.scale, i, count, args.scale_step);
    const I32 zero_point = args.zero_point == nullptr
                               ? I32(0)
                               : load_lanes<Simd>(args.zero_point, i, count, args.zero_point_step);
    const F32 offset = xsimd::to_float(zero_point);
    const F32 real = Simd::divide(load_floats<Simd>(args.in, i, count), scale);
    const typename Simd::I32 q[1] = {
        xsimd::nearbyint_as_int(clamp_ordered(real, low - offset, high - offset)) + zero_point};
    Simd::template store_bytes<1>(out + i, Simd::narrow(q, terms), 0, count);
  });
}

template <class Simd>
void dequantize(const ConvertArgs& args) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  auto* out = static_cast<float*>(args.out);
  const std::int32_t flip = args.in_type == DataType::kS8 ? 0x80 : 0;
  for_each_vector<Simd>(args.count, [&](std::int64_t i, std::int64_t count) OCTET_INLINE_LAMBDA {
    I32 q;
    if (args.in_type == DataType::kS32) {
      q = load_lanes<Simd>(args.in, i, count);
    } else {
      const std::uint8_t* in = static_cast<const std::uint8_t*>(args.in) + i;
      q = I32(count == Simd::kLanes ? Simd::load_channels(in) : Simd::load_channels(in, count));
      q = (q ^ I32(flip)) - I32(flip);  // s8: shifted into u8 and back, which extends the sign
    }
    if (args.zero_point != nullptr)
      q = q - load_lanes<Simd>(args.zero_point, i, count, args.zero_point_step);
    const F32 real = xsimd::to_float(q) * load_floats<Simd>(args.scale, i, count, args.scale_step);
    if (count == Simd::kLanes) {
      real.store_unaligned(out + i);
    } else {
      Simd::store_partial(out + i, Simd::bits(real), count);
    }
  });
}

template <class Simd>
void requantize(const RequantizeArgs& args) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  const bool is_float = args.type == DataType::kF32;
  const F32 low(args.min), high(args.max), int_limit(kIntLimit);
  const ByteTerms terms =
      is_float ? ByteTerms() : ByteTerms(args.type, args.zero_point, args.min, args.max);
  for_each_vector<Simd>(args.count, [&](std::int64_t i, std::int64_t count) OCTET_INLINE_LAMBDA {
    I32 sum = load_lanes<Simd>(args.in, i, count);
    if (args.bias != nullptr) sum = sum + load_lanes<Simd>(args.bias, i, count);
    const F32 real =
        xsimd::to_float(sum) * load_floats<Simd>(args.scale, i, count, args.scale_step);
    if (is_float) {
      const F32 clamped = Simd::clamp(real, low, high);
      Simd::store_partial(static_cast<float*>(args.out) + i, Simd::bits(clamped), count);
    } else {
      const typename Simd::I32 q[1] = {xsimd::nearbyint_as_int(xsimd::min(real, int_limit))};
      Simd::template store_bytes<1>(static_cast<std::uint8_t*>(args.out) + i,
                                    Simd::narrow(q, terms), 0, count);
    }
  });
}
