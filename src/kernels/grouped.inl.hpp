// Grouped convolution with few channels per group, written once for every ISA. Included inside an
// ISA's anonymous namespace, after tile.inl.hpp and depthwise.inl.hpp.
//
// A vector of a pixel's bytes holds several groups, and each 32-bit lane four channels of one of
// them. It is multiplied as it lies: by the weights of the groups' first outputs, of their second
// ones, and so on, kChannels vectors in all, at most 8 at a time. So no product meets a zero, and
// no lane is rearranged but in the epilogue, where the lanes of a group are added up. Besides what
// those files list, `Simd` gives
//   Quads                      operands of a dot product of 4 bytes in each lane
//   load_quads                 those of a row, all of a vector or the first_bytes() of it
//   load_quad_weights, dot_quads
//   add_pairs                  within 128 bits: the sums of neighbouring lanes of two vectors
//   permute_bytes              within 128 bits
//   kGroupedSums               vectors of sums of a tile
//   kMasks                     loads take any number of bytes at no cost

/// Byte p of 16, as the packs leave the results, is this channel of the 16.
template <int kChannels>
constexpr std::int64_t channel_at(int p) {
  return grouped_channel(p, 4, kChannels);
}

/// Bytes of the packs, as Simd::permute_bytes takes them, for every channel of the 16.
template <int kChannels>
struct GroupedOrder {
  constexpr GroupedOrder() {
    for (int p = 0; p < 16; ++p) bytes[channel_at<kChannels>(p)] = static_cast<std::uint8_t>(p);
  }
  alignas(16) std::uint8_t bytes[16] = {};
};

/// Vectors of sums at a time, each of one output of every group; and how often.
template <int kChannels>
constexpr int kGroupedVectors = kChannels < 8 ? kChannels : 8;
template <int kChannels>
constexpr int kGroupedPasses = kChannels / kGroupedVectors<kChannels>;

/// The sums of a pixel: neighbouring lanes added up until kResults vectors are left.
template <class Simd, int kCount, int kResults>
OCTET_INLINE void add_lanes(const typename Simd::I32 (&acc)[kCount],
                            typename Simd::I32 (&sums)[kResults]) {
  if constexpr (kCount == kResults) {
    OCTET_UNROLL for (int i = 0; i < kResults; ++i) sums[i] = acc[i];
  } else {
    typename Simd::I32 half[kCount / 2];
    OCTET_UNROLL for (int i = 0; i < kCount / 2; ++i) half[i] =
        Simd::add_pairs(acc[2 * i], acc[2 * i + 1]);
    add_lanes<Simd>(half, sums);
  }
}

/// 32-bit results of a pixel from its sums, which are in the order of channel_at.
template <class Simd, int kChannels>
void store_grouped_wide(const typename Simd::I32 (&sums)[4], const FinishJob& job, void* out) {
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  const EpilogueTerms& terms = *job.epilogue;
  std::int32_t results[4][kLanes];
  for (int j = 0; j < 4; ++j) {
    typename Simd::I32 result = sums[j];
    if (terms.type == DataType::kF32) {
      const F32 real = xsimd::to_float(typename Simd::I32Batch(result)) *
                       F32::load_unaligned(terms.scale + job.term + j * kLanes);
      result = Simd::bits(Simd::clamp(real, F32(terms.min), F32(terms.max)));
    }
    Simd::store(results[j], result);
  }
  auto* to = static_cast<std::int32_t*>(out);
  for (int block = 0; block < kLanes / 4; ++block) {
    for (int p = 0; p < 16; ++p) {
      const std::int64_t channel = block * 16 + channel_at<kChannels>(p);
      if (channel < job.columns) to[channel] = results[p / 4][block * 4 + p % 4];
    }
  }
}

template <class Simd, int kChannels, int kMr, bool kFlip, bool kPartial>
OCTET_INLINE void grouped_tile_at(const TileArgs& args, std::int64_t first_row) {
  constexpr int kBytes = 4 * Simd::kLanes;
  constexpr int kVectors = kGroupedVectors<kChannels>, kPasses = kGroupedPasses<kChannels>;
  using I32 = typename Simd::I32;
  using F32 = typename Simd::F32Batch;
  const FinishJob& job = *args.finish_job;
  [[maybe_unused]] const auto first = Simd::first_bytes(job.columns);
  I32 all_sums[kPasses][kMr][4 / kPasses];
  // Not unrolled, or the results of a pass would take registers from the dot loop of the next.
  int passes = kPasses;
  if constexpr (kPasses > 1) asm("" : "+r"(passes));
  for (int pass = 0; pass < passes; ++pass) {
    I32 acc[kMr][kVectors] = {};
    pin<Simd>(acc);
    const std::int8_t* panel = args.panel + pass * kVectors * kBytes;
    const std::uint8_t* const* rows = args.rows + first_row;
    for (std::int64_t tap = args.taps; tap != 0; --tap) {
      typename Simd::Quads a[kMr];
      OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
        const std::uint8_t* row = rows[i] + args.row_offset;
        OCTET_PIN_POINTER(row);
        a[i] = kPartial ? Simd::template load_quads<kFlip>(row, first)
                        : Simd::template load_quads<kFlip>(row);
      }
      OCTET_UNROLL for (int n = 0; n < kVectors; ++n) {
        typename Simd::Quads b = Simd::load_quad_weights(panel + n * kBytes);
        // Or it is loaded for every row; where registers are few, it had better be.
        if constexpr (kMr * kPasses > 2 && Simd::kGroupedSums >= 16) Simd::pin_quads(b);
        OCTET_UNROLL for (int i = 0; i < kMr; ++i) Simd::dot_quads(acc[i][n], a[i], b);
      }
      if constexpr (kMr * kChannels == 4) pin<Simd>(acc);  // or GCC 12 moves sums
      panel += kChannels * kBytes;
      rows += args.tap_stride;
    }
    pin<Simd>(acc);
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) add_lanes<Simd>(acc[i], all_sums[pass][i]);
  }

  static constexpr GroupedOrder<kChannels> kOrder;
  const EpilogueTerms& terms = *job.epilogue;
  const bool is_8bit = size_of(terms.type) == 1;
  const F32 int_limit(kIntLimit);
  OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
    auto* out =
        static_cast<std::uint8_t*>(job.out[first_row + i]) + job.column * size_of(terms.type);
    I32 sums[4];
    OCTET_UNROLL for (int j = 0; j < 4; ++j) {
      sums[j] = typename Simd::I32Batch(all_sums[j * kPasses / 4][i][j % (4 / kPasses)]) +
                Simd::I32Batch::load_unaligned(terms.bias + job.term + j * Simd::kLanes);
    }
    if (!is_8bit) {
      store_grouped_wide<Simd, kChannels>(sums, job, out);
      continue;
    }
    OCTET_UNROLL for (int j = 0; j < 4; ++j) {
      const F32 real = xsimd::to_float(typename Simd::I32Batch(sums[j])) *
                       F32::load_unaligned(terms.scale + job.term + j * Simd::kLanes);
      sums[j] = xsimd::nearbyint_as_int(xsimd::min(real, int_limit));
    }
    const I32 bytes =
        Simd::narrow_quad(Simd::narrow_pair(sums[0], sums[1], terms.bytes),
                          Simd::narrow_pair(sums[2], sums[3], terms.bytes), terms.bytes);
    Simd::store_stream(out, Simd::permute_bytes(bytes, kOrder.bytes), 0, job.columns);
  }
}

template <class Simd, int kChannels, int kMr, bool kFlip, bool kPartial>
OCTET_INLINE void grouped_tiles(const TileArgs& args) {
  for (std::int64_t first = 0; first < args.tiles * kMr; first += kMr)
    grouped_tile_at<Simd, kChannels, kMr, kFlip, kPartial>(args, first);
}

template <class Simd, int kChannels, int kMr, bool kFlip>
void grouped(const TileArgs& args) {
  // Masked loads cost nothing where there are masks.
  if (!Simd::kMasks && args.finish_job->columns == 4 * Simd::kLanes) {
    grouped_tiles<Simd, kChannels, kMr, kFlip, false>(args);
  } else {
    grouped_tiles<Simd, kChannels, kMr, kFlip, true>(args);
  }
}
