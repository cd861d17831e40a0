// The tile kernels, written once for every ISA: rows x panel, then the epilogue, all in registers.
// Included inside an ISA's anonymous namespace. `Simd` gives
//   kLanes             int32 lanes of a vector; a panel vector holds 4 * kLanes bytes
//   I32                a vector register of int32; I32Batch, F32Batch: the xsimd batches
//   Lhs, Rhs, dot      the operands of the dot product of this ISA, 4 values of k per lane
//   broadcast4, set4   Lhs from 4 bytes of a row, for all lanes; kFlip flips their top bits
//   broadcast_end      Lhs from 4 bytes, shifted right by so many bits, for all lanes
//   kLhsGroups         1, or the k-groups of a row that one load brings: then LhsBlock is their
//                      type and dot_group<g> the dot product with group g for all lanes
//   load_rhs           Rhs from a panel
//   *_channel*         the same for depthwise tiles, where every lane has its own byte
//   kMinSums           sums that must be in flight for the dot units to be busy
//   kLhsSigned         the lhs is s8, not u8
//   divide             IEEE's quotient
//   clamp              min(max(v, low), high); the bound, where both are zeros
//   store_partial      writes the first lanes of a vector
//   Narrow             int32 to 8 bit, several vectors at once
// and the few helpers that the other templates name.

template <class Simd, int kRows, int kVectors>
OCTET_INLINE void pin(typename Simd::I32 (&acc)[kRows][kVectors]) {
  OCTET_UNROLL for (int i = 0; i < kRows; ++i) {
    OCTET_UNROLL for (int j = 0; j < kVectors; ++j) OCTET_PIN(acc[i][j]);
  }
}

/// The 1 to 3 bytes of a row that are left when k is not a multiple of kKr, in all lanes; what is
/// beyond them meets zeros in the panel. `end` is the row's end; of a row of at least kKr bytes the
/// last kKr are loaded and moved into place, which is safe and costs little.
template <class Simd, bool kFlip>
OCTET_INLINE typename Simd::Lhs load_k_tail(const std::uint8_t* end, std::int64_t tail,
                                            bool has_group) {
  if (has_group) return Simd::template broadcast_end<kFlip>(end - kKr, 8 * (kKr - tail));
  std::uint32_t group = 0;
  for (std::int64_t i = tail; i > 0; --i) group = group << 8 | end[i - 1 - tail];
  return Simd::template set4<kFlip>(group);
}

/// acc[i][j] += one k-group of row i x vector j of the panel.
template <class Simd, int kMr, int kNv, class LoadLhs>
OCTET_INLINE void add_group(typename Simd::I32 (&acc)[kMr][kNv], const std::int8_t* panel,
                            LoadLhs load_lhs) {
  typename Simd::Rhs b[kNv];
  OCTET_UNROLL for (int j = 0; j < kNv; ++j) b[j] = Simd::load_rhs(panel + j * 4 * Simd::kLanes);
  OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
    const typename Simd::Lhs a = load_lhs(i);
    OCTET_UNROLL for (int j = 0; j < kNv; ++j) acc[i][j] = Simd::dot(acc[i][j], a, b[j]);
  }
}

/// The sums begin as the bias, which the epilogue then need not add.
template <class Simd, int kMr, int kNv>
OCTET_INLINE void begin_sums(typename Simd::I32 (&acc)[kMr][kNv], const TileArgs& args) {
  const std::int32_t* bias = args.epilogue->bias + args.term;
  OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
    const typename Simd::I32 start = Simd::I32Batch::load_unaligned(bias + j * Simd::kLanes);
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) acc[i][j] = start;
  }
}

/// Largest float32 that is given to the conversion to int32, which turns larger ones into the
/// smallest int32. Below, it turns them into that one rightly: 8 bits are left either way.
constexpr float kIntLimit = 1073741824.0f;

/// Writes the sums through the epilogue.
template <class Simd, int kMr, int kNv>
OCTET_INLINE void finish(typename Simd::I32 (&acc)[kMr][kNv], const TileArgs& args) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  const EpilogueTerms& terms = *args.epilogue;
  const std::int64_t last_columns = args.columns - (kNv - 1) * kLanes;

  if (terms.rhs_zero_point != nullptr) {
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      const I32 row_sum(args.row_sums[i]);
      OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
        const I32 zero_point = I32::load_unaligned(terms.rhs_zero_point + args.term + j * kLanes);
        acc[i][j] = I32(acc[i][j]) - zero_point * row_sum;
      }
    }
  }
  if (terms.type == DataType::kS32) {
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      auto* out = static_cast<std::int32_t*>(args.out[i]) + args.column;
      OCTET_UNROLL for (int j = 0; j < kNv - 1; ++j) {
        I32(acc[i][j]).store_unaligned(out + j * kLanes);
      }
      Simd::store_partial(out + (kNv - 1) * kLanes, acc[i][kNv - 1], last_columns);
    }
    return;
  }

  const auto scaled = [&](int i, int j) OCTET_INLINE_LAMBDA {
    return xsimd::to_float(I32(acc[i][j])) *
           F32::load_unaligned(terms.scale + args.term + j * kLanes);
  };
  if (terms.type == DataType::kF32) {
    const F32 low(terms.min), high(terms.max);
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      auto* out = static_cast<float*>(args.out[i]) + args.column;
      OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
        const F32 real = Simd::clamp(scaled(i, j), low, high);
        if (j < kNv - 1) {
          real.store_unaligned(out + j * kLanes);
        } else {
          Simd::store_partial(out + j * kLanes, Simd::bits(real), last_columns);
        }
      }
    }
    return;
  }
  const typename Simd::Narrow narrow(terms.zero_point, terms.min, terms.max, terms.type);
  const F32 int_limit(kIntLimit);
  OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
    typename Simd::I32 rounded[kNv];
    OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
      rounded[j] = xsimd::nearbyint_as_int(xsimd::min(scaled(i, j), int_limit));
    }
    narrow.template store<kNv>(static_cast<std::uint8_t*>(args.out[i]) + args.column, rounded,
                               args.columns);
  }
}

/// Sets of sums that a tile keeps for alternating k-groups, so that enough dot products are in
/// flight however small the tile is.
template <class Simd, int kMr, int kNv>
constexpr int kSumSets = kMr * kNv >= Simd::kMinSums       ? 1
                         : kMr * kNv * 2 >= Simd::kMinSums ? 2
                                                           : 4;

/// k-groups of an iteration of the dot loop: one for each set of sums, or a block.
template <class Simd, int kMr, int kNv>
constexpr int kStepGroups = Simd::kLhsGroups > 1 ? Simd::kLhsGroups : kSumSets<Simd, kMr, kNv>;

/// acc += group kGroup of each row's block x a k-group of the panel. A panel vector is loaded for
/// all rows at once: the registers are taken by the blocks.
template <int kGroup, class Simd, int kMr, int kNv>
OCTET_INLINE void add_block_group(typename Simd::I32 (&acc)[kMr][kNv],
                                  const typename Simd::LhsBlock (&a)[kMr],
                                  const std::int8_t* panel) {
  OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
    const typename Simd::Rhs b = Simd::load_rhs(panel + (kGroup * kNv + j) * 4 * Simd::kLanes);
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      acc[i][j] = Simd::template dot_group<kGroup>(acc[i][j], a[i], b);
    }
  }
}

/// kStepGroups k-groups, the first at byte k of the rows; the sets of sums take them in turn.
template <class Simd, bool kFlip, int kSets, int kMr, int kNv>
OCTET_INLINE void add_step(typename Simd::I32 (&acc)[kSets][kMr][kNv], const std::int8_t* panel,
                           const std::uint8_t* const (&rows)[kMr], std::int64_t k) {
  if constexpr (Simd::kLhsGroups == 1) {
    OCTET_UNROLL for (int s = 0; s < kSets; ++s) {
      add_group<Simd>(acc[s], panel + s * kNv * 4 * Simd::kLanes, [&](int i) OCTET_INLINE_LAMBDA {
        return Simd::template broadcast4<kFlip>(rows[i] + k + s * kKr);
      });
    }
  } else {
    static_assert(Simd::kLhsGroups == 4);
    typename Simd::LhsBlock a[kMr];
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) a[i] = Simd::template load_lhs<kFlip>(rows[i] + k);
    add_block_group<0, Simd>(acc[0], a, panel);
    add_block_group<1, Simd>(acc[1 % kSets], a, panel);
    add_block_group<2, Simd>(acc[2 % kSets], a, panel);
    add_block_group<3, Simd>(acc[3 % kSets], a, panel);
  }
}

/// rows x panel for GEMM and convolution: each row byte group is broadcast to all lanes. If
/// kPacking, steps of args.pack_job go between the k-groups: their loads, shuffles and stores use
/// what the dot products leave free, and wait for memory while those go on.
template <class Simd, int kMr, int kNv, bool kFlip, bool kPacking>
void tile(const TileArgs& args) {
  constexpr int kSets = kSumSets<Simd, kMr, kNv>;
  constexpr int kStep = kStepGroups<Simd, kMr, kNv>;
  constexpr int kGroupBytes = kNv * 4 * Simd::kLanes;
  typename Simd::I32 acc[kSets][kMr][kNv] = {};
  begin_sums<Simd>(acc[0], args);
  OCTET_UNROLL for (int s = 0; s < kSets; ++s) pin<Simd>(acc[s]);

  const std::int8_t* panel = args.panel;
  const std::int64_t tail = args.k % kKr;
  const std::int64_t rest = args.k / kKr % kStep * kKr;
  const std::int64_t steps = args.k - tail - rest;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* rows[kMr];
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      rows[i] = args.rows[tap * args.tap_stride + i] + args.row_offset + steps;
      OCTET_PIN_POINTER(rows[i]);
    }
    std::int64_t k = -steps;
    if constexpr (kPacking) {
      const std::int64_t interval = (args.pack_job->interval + kStep - 1) / kStep * kStep * kKr;
      while (k < -interval) {
        // Pointers of this stretch alone, or the packing would push them out of their registers.
        const std::uint8_t* ends[kMr];
        OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
          ends[i] = rows[i] + k + interval;
          asm("" : "+r"(ends[i]));
        }
        for (std::int64_t left = -interval; left != 0; left += kStep * kKr) {
          add_step<Simd, kFlip>(acc, panel, ends, left);
          panel += kStep * kGroupBytes;
        }
        k += interval;
        pin<Simd>(acc[0]);
        continue_packing<Simd>(*args.pack_job, 1);
      }
      OCTET_UNROLL for (int i = 0; i < kMr; ++i) asm("" : "+r"(rows[i]));
    }
    for (; k != 0; k += kStep * kKr) {
      add_step<Simd, kFlip>(acc, panel, rows, k);
      panel += kStep * kGroupBytes;
    }
    OCTET_UNROLL for (int s = 0; s < kStep - 1; ++s) {
      if (s * kKr == rest) break;
      add_group<Simd>(acc[s % kSets], panel, [&](int i) OCTET_INLINE_LAMBDA {
        return Simd::template broadcast4<kFlip>(rows[i] + s * kKr);
      });
      panel += kGroupBytes;
    }
    if (tail != 0) {
      const bool has_group = args.k >= kKr;
      add_group<Simd>(acc[0], panel, [&](int i) OCTET_INLINE_LAMBDA {
        return load_k_tail<Simd, kFlip>(rows[i] + rest + tail, tail, has_group);
      });
      panel += kGroupBytes;
    }
  }
  OCTET_UNROLL for (int s = 0; s < kSets; ++s) pin<Simd>(acc[s]);
  OCTET_UNROLL for (int s = 1; s < kSets; ++s) {
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
        using I32 = typename Simd::I32Batch;
        acc[0][i][j] = I32(acc[0][i][j]) + I32(acc[s][i][j]);
      }
    }
  }
  finish<Simd>(acc[0], args);
}

/// rows x panel where column n takes channel n of the row: each byte goes to a lane of its own.
template <class Simd, int kMr, int kNv, bool kPartial>
void depthwise_tile(const TileArgs& args) {
  constexpr int kLanes = Simd::kLanes;
  typename Simd::I32 acc[kMr][kNv];
  begin_sums<Simd>(acc, args);
  pin<Simd>(acc);
  const std::int8_t* panel = args.panel;
  const std::int64_t last_columns = args.columns - (kNv - 1) * kLanes;
  const auto flip = Simd::channel_flip(args.flip);
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* const* rows = args.rows + tap * args.tap_stride;
    typename Simd::ChannelWeights b[kNv];
    OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
      b[j] = Simd::load_channel_weights(panel + j * 4 * kLanes);
    }
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      const std::uint8_t* row = rows[i] + args.row_offset;
      OCTET_UNROLL for (int j = 0; j < kNv; ++j) {
        const auto a = kPartial && j == kNv - 1
                           ? Simd::load_channels(row + j * kLanes, last_columns)
                           : Simd::load_channels(row + j * kLanes);
        Simd::dot_channels(acc[i][j], a, b[j], flip);
      }
    }
    panel += kNv * 4 * kLanes;
  }
  finish<Simd>(acc, args);
}
template <class Simd, int kMr, int kNv>
void depthwise(const TileArgs& args) {
  if (args.columns == kNv * Simd::kLanes) {
    depthwise_tile<Simd, kMr, kNv, false>(args);
  } else {
    depthwise_tile<Simd, kMr, kNv, true>(args);
  }
}

/// A byte of a row as the kernel sees it.
template <bool kSigned>
OCTET_INLINE std::uint32_t byte_value(int byte) {
  return static_cast<std::uint32_t>(kSigned ? static_cast<std::int8_t>(byte) : byte);
}

template <class Simd, bool kFlip>
void row_sums(const RowSumArgs& args) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  for (std::int64_t i = 0; i < args.count; ++i) {
    typename Simd::I32 acc = {};
    std::uint32_t sum = 0;  // like the lanes, wraps: only the final result must fit int32
    for (std::int64_t tap = 0; tap < args.taps; ++tap) {
      const std::uint8_t* row = args.rows[tap * args.tap_stride + i] + args.row_offset;
      const std::int64_t tail = args.k % kBytes;
      row += args.k - tail;
      for (std::int64_t k = tail - args.k; k != 0; k += kBytes)
        acc = Simd::dot(acc, Simd::template load_lhs<kFlip>(row + k), Simd::ones());
      for (std::int64_t k = 0; k < tail; ++k)
        sum += byte_value<Simd::kLhsSigned>(row[k] ^ (kFlip ? 0x80 : 0));
    }
    std::int32_t lanes[Simd::kLanes];
    typename Simd::I32Batch(acc).store_unaligned(lanes);
    for (const std::int32_t lane : lanes) sum += static_cast<std::uint32_t>(lane);
    args.sums[i] = static_cast<std::int32_t>(sum);
  }
}

template <class Simd>
std::int64_t dot_peak(std::int64_t iterations) {
  typename Simd::I32 acc[Simd::kPeakSums][1] = {};
  pin<Simd>(acc);
  typename Simd::Lhs a = Simd::template set4<false>(0x01020304);
  typename Simd::Rhs b = Simd::ones();
  for (std::int64_t i = 0; i < iterations; ++i) {
    OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) {
      Simd::pin_lhs(a);  // or equal products would be computed once
      acc[j][0] = Simd::dot(acc[j][0], a, b);
    }
    pin<Simd>(acc);
  }
  OCTET_UNROLL for (int j = 0; j < Simd::kPeakSums; ++j) OCTET_CONSUME(acc[j][0]);
  return iterations * Simd::kPeakSums * Simd::kLanes * kKr * 2;
}
