// Max and average pooling: a vector of channels of some windows at a time. Included inside an ISA's
// anonymous namespace. Of its Simd it needs max_bytes, add_bytes, even_sums and high_halves
// besides.

/// Vectors of outputs that are computed together, each with a chain of its own.
constexpr int kPoolItems = 4;

/// Where the first pixels of some windows and their outputs are, for a vector of channels of each.
template <int kItems>
struct PoolItems {
  const std::uint8_t* in[kItems];
  std::uint8_t* out[kItems];
};

/// Calls `block` with the items of a call: of each window its vectors of channels. Where the
/// channels are no whole vectors, the last one of a window begins earlier and is computed from
/// bytes that the one before has seen, too.
template <class Simd, class Block>
OCTET_INLINE void for_each_pool_block(const PoolArgs& args, Block block) {
  constexpr std::int64_t kBytes = Simd::kLanes * 4;
  const std::int64_t last_channel = args.channels > kBytes ? args.channels - kBytes : 0;
  const std::uint8_t* in = args.in;
  std::uint8_t* out = args.out;
  std::int64_t channel = 0;
  const auto run = [&]<int kItems>(std::integral_constant<int, kItems>) OCTET_INLINE_LAMBDA {
    PoolItems<kItems> items;
    unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
      items.in[i] = in + channel;
      items.out[i] = out + channel;
      if (channel == last_channel) {
        channel = 0;
        in += args.in_step;
        out += args.out_step;
      } else {
        channel = channel + kBytes < last_channel ? channel + kBytes : last_channel;
      }
    });
    block(items);
  };
  std::int64_t left = args.windows * ((args.channels + kBytes - 1) / kBytes);
  for (; left >= kPoolItems; left -= kPoolItems) run(std::integral_constant<int, kPoolItems>{});
  for (; left > 0; --left) run(std::integral_constant<int, 1>{});
}

/// A vector of channels, of which `bytes` exist: with kWhole all.
template <class Simd, bool kWhole>
struct PoolBytes {
  std::int64_t count;
  decltype(Simd::first_bytes(0)) mask;
  typename Simd::I32 flip;

  explicit OCTET_INLINE PoolBytes(const PoolArgs& args)
      : count(args.channels), flip(Simd::fill(args.flip * 0x01010101u)) {
    if constexpr (!kWhole) mask = Simd::first_bytes(count);
  }
  OCTET_INLINE typename Simd::I32 load(const std::uint8_t* in) const {
    if constexpr (kWhole) return Simd::exclusive_or(Simd::load(in), flip);
    return Simd::exclusive_or(Simd::load_first_bytes(in, mask), flip);
  }
  OCTET_INLINE void store(std::uint8_t* out, typename Simd::I32 bytes) const {
    if constexpr (kWhole) return Simd::store(out, bytes);
    Simd::store_stream(out, bytes, 0, count);
  }
};

/// Calls `step(offset)` for the pixels of lines [row, row_end), pixels [column, column_end).
template <class Step>
OCTET_INLINE void for_each_pixel(const PoolArgs& args, std::int64_t row, std::int64_t row_end,
                                 std::int64_t column, std::int64_t column_end, Step step) {
  for (; row < row_end; ++row) {
    const std::int64_t line = row * args.row_stride;
    for (std::int64_t c = column; c < column_end; ++c) step(line + c * args.pixel_stride);
  }
}

template <class Simd, bool kWhole>
OCTET_INLINE void max_pool_by(const PoolArgs& args) {
  using I32 = typename Simd::I32;
  const PoolBytes<Simd, kWhole> bytes(args);
  for_each_pool_block<Simd>(args, [&]<int kItems>(
                                      const PoolItems<kItems>& items) OCTET_INLINE_LAMBDA {
    I32 most[kItems];
    unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA { most[i] = Simd::fill(0); });
    for_each_pixel(args, 0, args.rows, 0, args.columns, [&](std::int64_t at) OCTET_INLINE_LAMBDA {
      unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
        most[i] = Simd::max_bytes(most[i], bytes.load(items.in[i] + at));
      });
    });
    unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
      bytes.store(items.out[i], Simd::exclusive_or(most[i], bytes.flip));
    });
  });
}

template <class Simd>
void max_pool(const PoolArgs& args) {
  if (args.channels >= Simd::kLanes * 4) {
    max_pool_by<Simd, true>(args);
  } else {
    max_pool_by<Simd, false>(args);
  }
}

/// Pixels that are added up in 16 bits: 255 times as many fit.
constexpr std::int64_t kPixelsIn16Bits = 256;

/// The sums of a vector of bytes: lane n of vector i is that of byte 4 n + i.
template <class Simd>
struct ByteSums {
  typename Simd::I32Batch lanes[4];
};

/// Adds up `bytes` over the pixels given, at most kPixelsIn16Bits. In 16 bits the sums of both
/// bytes of each two run together, and those of the upper ones apart.
template <class Simd, int kItems, class Bytes>
OCTET_INLINE void add_pixels(const PoolArgs& args, const PoolItems<kItems>& items,
                             const Bytes& bytes, std::int64_t row, std::int64_t row_end,
                             std::int64_t column, std::int64_t column_end,
                             ByteSums<Simd> (&sums)[kItems]) {
  using I32 = typename Simd::I32;
  using I32Batch = typename Simd::I32Batch;
  I32 all[kItems], odd[kItems];
  unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA { all[i] = odd[i] = Simd::fill(0); });
  for_each_pixel(args, row, row_end, column, column_end, [&](std::int64_t at) OCTET_INLINE_LAMBDA {
    unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
      Simd::add_bytes(all[i], odd[i], bytes.load(items.in[i] + at));
    });
  });
  const I32Batch low(0xFFFF);
  unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
    const I32 even = Simd::even_sums(all[i], odd[i]);
    I32Batch(&to)[4] = sums[i].lanes;
    to[0] = to[0] + (I32Batch(even) & low);
    to[1] = to[1] + (I32Batch(odd[i]) & low);
    to[2] = to[2] + I32Batch(Simd::high_halves(even));
    to[3] = to[3] + I32Batch(Simd::high_halves(odd[i]));
  });
}

/// The outputs of sums. The packs leave byte 4 n + i at byte 4 i + n of each 16.
template <class Simd>
OCTET_INLINE typename Simd::I32 average_bytes(const ByteSums<Simd>& sums, const PoolArgs& args) {
  using F32 = typename Simd::F32Batch;
  alignas(16) static constexpr std::uint8_t kOrder[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                          2, 6, 10, 14, 3, 7, 11, 15};
  typename Simd::I32 q[4];
  unroll<4>([&](auto i) OCTET_INLINE_LAMBDA {
    const F32 real = xsimd::to_float(sums.lanes[i]) * F32(args.scale);
    q[i] = xsimd::nearbyint_as_int(xsimd::min(real, F32(kIntLimit)));
  });
  const ByteTerms& terms = args.epilogue->bytes;
  const auto v01 = Simd::narrow_pair(q[0], q[1], terms), v23 = Simd::narrow_pair(q[2], q[3], terms);
  return Simd::permute_bytes(Simd::narrow_quad(v01, v23, terms), kOrder);
}

template <class Simd, bool kWhole>
OCTET_INLINE void average_pool_by(const PoolArgs& args) {
  using I32Batch = typename Simd::I32Batch;
  const PoolBytes<Simd, kWhole> bytes(args);
  const std::int64_t columns = args.columns < kPixelsIn16Bits ? args.columns : kPixelsIn16Bits;
  const std::int64_t rows = kPixelsIn16Bits / columns;
  for_each_pool_block<Simd>(
      args, [&]<int kItems>(const PoolItems<kItems>& items) OCTET_INLINE_LAMBDA {
        ByteSums<Simd> sums[kItems];
        unroll<kItems, 4>([&](auto i, auto j)
                              OCTET_INLINE_LAMBDA { sums[i].lanes[j] = I32Batch(args.bias); });
        for (std::int64_t row = 0; row < args.rows; row += rows) {
          const std::int64_t row_end = row + rows < args.rows ? row + rows : args.rows;
          for (std::int64_t column = 0; column < args.columns; column += columns) {
            const std::int64_t column_end =
                column + columns < args.columns ? column + columns : args.columns;
            add_pixels<Simd>(args, items, bytes, row, row_end, column, column_end, sums);
          }
        }
        unroll<kItems>([&](auto i) OCTET_INLINE_LAMBDA {
          bytes.store(items.out[i], average_bytes<Simd>(sums[i], args));
        });
      });
}

template <class Simd>
void average_pool(const PoolArgs& args) {
  if (args.channels >= Simd::kLanes * 4) {
    average_pool_by<Simd, true>(args);
  } else {
    average_pool_by<Simd, false>(args);
  }
}
