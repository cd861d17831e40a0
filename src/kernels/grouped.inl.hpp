// Grouped convolution with few channels per group, written once for every ISA. Included inside an
// ISA's anonymous namespace, after tile.inl.hpp and depthwise.inl.hpp.
//
// A vector of a pixel's bytes holds several groups, and each 32-bit lane four channels of one of
// them, a quad. Four vectors of sums have an output of its own group in every lane: all that the
// packs make one vector of bytes of. A lane multiplies its own quad first and then, as the lanes
// of its 128 bits change places, the other quads of its group. So no product meets a zero, and no
// lanes are added up. Panels of a half or a quarter of a vector have two or four pixels in one.
// Besides what those files list, `Simd` gives
//   Quads                      operands of a dot product of 4 bytes in each lane
//   load_quads                 those of a row, or of kStreams, as quad_mask() says
//   kQuadPiece                 bytes of a quad that lie together; all first pieces of four lanes,
//                              then all second ones
//   load_quad_weights, dot_quads
//   permute_bytes              within 128 bits; of quads, too
//   kGroupedSums               vectors of sums of a tile
//   kMasks                     loads take any bytes of a vector at no cost

/// Where the packs leave the 16 channels of 128 bits.
struct GroupedOrder {
  constexpr explicit GroupedOrder(int group_channels) {
    for (int p = 0; p < 16; ++p) {
      const std::int64_t channel = grouped_channel(p, 4, group_channels);
      bytes[channel] = static_cast<std::uint8_t>(p);
      spread[p / 4][p % 4 * 4] = static_cast<std::uint8_t>(channel);
      for (int i = 1; i < 4; ++i) spread[p / 4][p % 4 * 4 + i] = 0x80;
    }
  }
  alignas(16) std::uint8_t bytes[16] = {};      ///< In the order of the channels.
  alignas(16) std::uint8_t spread[4][16] = {};  ///< From it, to the lanes of each vector of sums.
};
constexpr GroupedOrder kGroupedOrders[] = {GroupedOrder(4), GroupedOrder(8), GroupedOrder(16)};

/// How lanes of quads change places behind a step, so that lane l has quad l ^ step in each.
struct LaneSwaps {
  constexpr explicit LaneSwaps(int piece) {
    for (int step = 0; step < 3; ++step) {
      for (int i = 0; i < 16; ++i) {
        const int rest = i / (4 * piece) * 4 * piece + i % piece, lane = i / piece % 4;
        behind[step][i] = static_cast<std::uint8_t>(rest + (lane ^ step ^ (step + 1)) * piece);
      }
    }
  }
  alignas(16) std::uint8_t behind[3][16] = {};
};

/// Bytes that quads of weights take.
template <class Simd>
constexpr int kQuadBytes = Simd::kLanes * (Simd::kSlots == 2 ? 8 : 4);

/// Tiles of the rows that are kStreams pixels each: as tall as the registers allow.
template <class Simd, int kStreams>
constexpr int kGroupedRows = kStreams == 1  ? Simd::kGroupedSums / 4
                             : Simd::kMasks ? Simd::kGroupedSums / 8
                                            : 0;

/// 32-bit results of kStreams pixels, from vectors in the order of the sums.
template <class Simd, int kStreams>
void store_grouped_wide(const typename Simd::I32 (&results)[4], const FinishJob& job,
                        const GroupedOrder& order, std::int64_t row) {
  std::int32_t lanes[4][Simd::kLanes];
  for (int j = 0; j < 4; ++j) Simd::store(lanes[j], results[j]);
  for (int s = 0; s < kStreams; ++s) {
    auto* out = static_cast<std::int32_t*>(job.out[row * kStreams + s]) + job.column;
    for (std::int64_t channel = 0; channel < job.columns; ++channel) {
      const int p = order.bytes[channel % 16];
      const std::int64_t block = channel / 16 + s * (Simd::kLanes / 4 / kStreams);
      out[channel] = lanes[p / 4][block * 4 + p % 4];
    }
  }
}

/// The same as bytes.
template <class Simd, int kStreams>
OCTET_INLINE void store_grouped_bytes(const typename Simd::I32 (&results)[4], const FinishJob& job,
                                      const EpilogueTerms& terms, const GroupedOrder& order,
                                      std::int64_t row) {
  const auto packed =
      Simd::narrow_quad(Simd::narrow_pair(results[0], results[1], terms.bytes),
                        Simd::narrow_pair(results[2], results[3], terms.bytes), terms.bytes);
  const auto bytes = Simd::permute_bytes(packed, order.bytes);
  unroll<kStreams>([&](auto s) OCTET_INLINE_LAMBDA {
    auto* out = static_cast<std::uint8_t*>(job.out[row * kStreams + s]) + job.column;
    Simd::store_stream(out, bytes, s * 4 * Simd::kLanes / kStreams, job.columns);
  });
}

/// Rows [first, first + rows) of any outputs, whose sums are in memory, and complete.
template <class Simd, int kStreams>
[[gnu::noinline]] void finish_grouped(const std::int32_t* sums, const FinishJob& job,
                                      const EpilogueTerms& terms, const GroupedOrder& order,
                                      std::int64_t first, std::int64_t rows) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  typename Simd::I32 residual[kMaxTileRows];
  // All of it before outputs are written, which may lie in its place.
  if (terms.residual.is_used()) {
    const auto mask = Simd::quad_mask(job.columns);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::uint8_t* in[kStreams];
      for (int s = 0; s < kStreams; ++s)
        in[s] = job.residual[(first + i) * kStreams + s] + job.column;
      residual[i] = Simd::load_quad_bytes(in, mask);
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    typename Simd::I32 results[4];
    unroll<4>([&](auto j) OCTET_INLINE_LAMBDA {
      results[j] = Simd::load(sums + (i * 4 + j) * kLanes);
      if (terms.type == DataType::kS32) return;
      F32 real = xsimd::to_float(I32(results[j])) *
                 F32::load_unaligned(terms.scale + job.term + j * kLanes);
      if (terms.residual.is_used())
        real = with_residual<Simd>(real, I32(Simd::permute_bytes(residual[i], order.spread[j])),
                                   terms.residual);
      results[j] =
          terms.type == DataType::kF32
              ? Simd::bits(Simd::clamp(real, F32(terms.min), F32(terms.max)))
              : typename Simd::I32(xsimd::nearbyint_as_int(xsimd::min(real, F32(kIntLimit))));
    });
    if (size_of(terms.type) == 1) {
      store_grouped_bytes<Simd, kStreams>(results, job, terms, order, first + i);
    } else {
      store_grouped_wide<Simd, kStreams>(results, job, order, first + i);
    }
  }
}

/// acc[i] += the products of row first + i.
template <class Simd, int kStreams, bool kFlip, int kMr, class Mask>
OCTET_INLINE void add_grouped_products(typename Simd::I32 (&acc)[kMr][4], const TileArgs& args,
                                       std::int64_t first, const Mask& mask) {
  const std::int8_t* panel = args.panel;
  const std::uint8_t* const* rows = args.rows + first * kStreams;
  const std::int64_t tap_bytes = args.k / kKr * 4 * kQuadBytes<Simd>;
  static constexpr LaneSwaps kSwaps(Simd::kQuadPiece);
  for (std::int64_t tap = args.taps; tap != 0; --tap) {
    typename Simd::Quads a[kMr];
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      const std::uint8_t* in[kStreams];
      unroll<kStreams>(
          [&](auto s) OCTET_INLINE_LAMBDA { in[s] = rows[i * kStreams + s] + args.row_offset; });
      a[i] = Simd::template load_quads<kFlip>(in, mask);
    });
    rows += args.tap_stride;
    const std::int8_t* end = panel + tap_bytes;
    for (const auto* swap = kSwaps.behind;; ++swap) {
      unroll<4>([&](auto n) OCTET_INLINE_LAMBDA {
        typename Simd::Quads b = Simd::load_quad_weights(panel + n * kQuadBytes<Simd>);
        // Or it is loaded for every row; where registers are few, it had better be.
        if constexpr (kMr > 1 && Simd::kGroupedSums >= 16) Simd::pin_quads(b);
        unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA { Simd::dot_quads(acc[i][n], a[i], b); });
      });
      panel += 4 * kQuadBytes<Simd>;
      if (panel == end) break;
      unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
        a[i] = Simd::permute_bytes(a[i], *swap);
        Simd::pin_quads(a[i]);
      });
    }
  }
}

template <class Simd, int kMr, int kStreams, bool kFlip>
void grouped(const TileArgs& call) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  const OwnEpilogue own(call);
  const EpilogueTerms& terms = own.terms;
  const GroupedOrder& order = kGroupedOrders[own.args.k / 8];
  const auto mask = Simd::quad_mask(own.job.columns);
  const bool in_registers = size_of(terms.type) == 1 && terms.small_scales;
  for (std::int64_t first = 0; first < own.args.tiles * kMr; first += kMr) {
    typename Simd::I32 acc[kMr][4];
    begin_as_bias<Simd>(acc, terms.bias + own.job.term);
    pin<Simd>(acc);
    add_grouped_products<Simd, kStreams, kFlip>(acc, own.args, first, mask);
    pin<Simd>(acc);
    if (!in_registers) [[unlikely]] {
      alignas(64) std::int32_t sums[kMr][4][kLanes];
      unroll<kMr, 4>([&](auto i, auto j)
                         OCTET_INLINE_LAMBDA { Simd::store(sums[i][j], acc[i][j]); });
      finish_grouped<Simd, kStreams>(sums[0][0], own.job, terms, order, first, kMr);
      continue;
    }
    unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
      unroll<4>([&](auto j) OCTET_INLINE_LAMBDA {
        acc[i][j] =
            xsimd::nearbyint_as_int(xsimd::to_float(I32(acc[i][j])) *
                                    F32::load_unaligned(terms.scale + own.job.term + j * kLanes));
      });
      store_grouped_bytes<Simd, kStreams>(acc[i], own.job, terms, order, first + i);
    });
  }
}
