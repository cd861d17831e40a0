// Depthwise convolution by strips, the first part: lines on their way to scratch. Included inside
// an ISA's anonymous namespace, by depthwise_strips.inl.hpp, which lists what `Simd` gives.

/// Brings groups of lines to scratch. A lane gets the values of a channel from four lines, and
/// lanes follow each other as the bytes of a line do; with stride 2 those of even columns in one
/// plane, and of odd ones in another. Columns outside the image get pads. A group of stride 2 has
/// three lines, and its fourth values meet zeros.
template <class Simd, int kStride>
class StripStage {
  using I32 = typename Simd::I32;
  using ByteMask = typename Simd::ByteMask;
  static constexpr int kSlots = Simd::kSlots, kVector = 4 * Simd::kLanes;
  static constexpr int kLines = kStride == 1 ? kSlots : 3;
  static constexpr std::int64_t kChunk = kStride * kVector;  ///< Bytes taken of a line at a time.

 public:
  StripStage(const DepthwiseArgs& args, std::int64_t plane)
      : channels_(args.in_channels),
        pixel_bytes_(kSlots * args.in_channels),
        plane_(plane),
        pad_(Simd::fill(*args.pad * 0x01010101u)),
        flip_(Simd::fill(args.flip * 0x01010101u)) {
    if constexpr (kStride > 1) {
      unroll<kStride>(
          [&](auto p) OCTET_INLINE_LAMBDA { of_parity_[p] = Simd::pixels_apart(channels_, p); });
    }
  }

  /// Columns [0, count), 4 * Simd::kLanes bytes of them at a time.
  void group(const DepthwiseLine* lines, std::int64_t count, std::uint8_t* to) const {
    std::int64_t begin = count, end = count;
    const std::uint8_t *data[kLines], *some = nullptr;
    ByteMask inside[kLines];
    unroll<kLines>([&](auto i) OCTET_INLINE_LAMBDA {
      const DepthwiseLine& line = lines[i];
      inside[i] = 0;
      data[i] = nullptr;
      if (line.begin < line.end) {
        some = data[i] = line.data;
        inside[i] = ~ByteMask{0};
        begin = line.begin;  // the same for all
        end = line.end;
      }
      OCTET_PIN_POINTER(data[i]);  // or GCC 12 makes vectors of them, by way of memory
      OCTET_PIN_POINTER(inside[i]);
    });
    begin = begin < count ? begin : count;
    end = end < count ? end : count;
    pads(to, 0, begin);
    if (begin < end) {
      // Not even an address without a byte to load may be outside: that can be slow.
      unroll<kLines>([&](auto i) OCTET_INLINE_LAMBDA {
        if (inside[i] == 0) data[i] = some;
        OCTET_PIN_POINTER(data[i]);
      });
      std::uint8_t* planes[kStride];
      unroll<kStride>([&](auto p) OCTET_INLINE_LAMBDA { planes[p] = at(to, begin + p); });
      inside_image(data, inside, (end - begin) * channels_, planes);
    }
    pads(to, end, count);
  }

 private:
  std::uint8_t* at(std::uint8_t* to, std::int64_t column) const {
    return to + column % kStride * plane_ + column / kStride * pixel_bytes_;
  }
  /// Columns [column, end) of all planes, in vectors that may reach over the last one.
  void pads(std::uint8_t* to, std::int64_t column, std::int64_t end) const {
    const I32 pad = Simd::exclusive_or(pad_, flip_);
    for (std::int64_t p = 0; p < kStride && column + p < end; ++p) {
      std::uint8_t* const last = at(to, end - 1 - (end - 1 - column - p) % kStride) + pixel_bytes_;
      for (std::uint8_t* v = at(to, column + p); v < last; v += kVector) Simd::store(v, pad);
    }
  }
  void inside_image(const std::uint8_t* const (&lines)[kLines], const ByteMask (&inside)[kLines],
                    std::int64_t bytes, std::uint8_t* const (&planes)[kStride]) const {
    const std::uint8_t* in[kLines];
    unroll<kLines>([&](auto i) OCTET_INLINE_LAMBDA { in[i] = lines[i]; });
    std::uint8_t* to[kStride];
    unroll<kStride>([&](auto p) OCTET_INLINE_LAMBDA { to[p] = planes[p]; });
    while (bytes > 0) {
      ByteMask masks[kLines][kStride];
      unroll<kLines, kStride>([&](auto i, auto p) OCTET_INLINE_LAMBDA {
        masks[i][p] = inside[i] & first_bytes(bytes - p * kVector);
      });
      const std::int64_t chunks = bytes < kChunk ? 1 : bytes / kChunk;
      bytes -= chunks * kChunk;
      OCTET_ROLLED for (std::int64_t left = chunks; left > 0; --left) chunk(in, masks, to);
    }
  }
  OCTET_INLINE void chunk(const std::uint8_t* (&in)[kLines],
                          const ByteMask (&masks)[kLines][kStride],
                          std::uint8_t* (&to)[kStride]) const {
    I32 bytes[kStride][kSlots];
    unroll<kLines>([&](auto i) OCTET_INLINE_LAMBDA {
      I32 loaded[kStride];
      unroll<kStride>([&](auto p) OCTET_INLINE_LAMBDA {
        loaded[p] = Simd::load_first_bytes(pad_, in[i] + p * kVector, masks[i][p]);
      });
      in[i] += kChunk;
      OCTET_PIN_STEP(in[i]);
      unroll<kStride>([&](auto p) OCTET_INLINE_LAMBDA {
        I32& apart = bytes[p][i];
        if constexpr (kStride == 1) {
          apart = Simd::lanes_apart(loaded[0]);
        } else {
          apart = Simd::select_lanes(loaded[0], loaded[1], of_parity_[p]);
        }
        apart = Simd::exclusive_or(apart, flip_);
      });
    });
    unroll<kStride>([&](auto p) OCTET_INLINE_LAMBDA {
      if constexpr (kLines < kSlots) bytes[p][kLines] = bytes[p][0];
      I32 values[4];
      Simd::interleave(bytes[p], values);
      unroll<4>([&](auto v) OCTET_INLINE_LAMBDA { Simd::store(to[p] + v * kVector, values[v]); });
      to[p] += 4 * kVector;
    });
  }
  static OCTET_INLINE ByteMask first_bytes(std::int64_t count) {
    return count <= 0 ? 0 : Simd::first_bytes(count < kVector ? count : kVector);
  }

  const std::int64_t channels_, pixel_bytes_, plane_;
  const I32 pad_, flip_;
  I32 of_parity_[kStride];  ///< With stride 2: the lanes of even pixels, and of odd ones.
};
